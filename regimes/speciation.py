"""Speciation: when a sample commits to a class."""

from regimes.public import attach

__getattr__, __dir__ = attach(__name__, __file__)
