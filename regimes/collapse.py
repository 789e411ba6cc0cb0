"""Collapse: when a sample commits to a training point."""

from regimes.public import attach

__getattr__, __dir__ = attach(__name__, __file__)
