"""Command-line calculators."""

from regimes.cli.main import main

__all__ = ["main"]
