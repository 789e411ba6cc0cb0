"""Whether it holds: predictions held against simulation."""

from regimes.validation.agreement import Agreement

__all__ = ["Agreement"]
