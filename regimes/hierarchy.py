"""Hierarchy: when a sample commits to a feature of a tree of features."""

from regimes.public import attach

__getattr__, __dir__ = attach(__name__, __file__)
