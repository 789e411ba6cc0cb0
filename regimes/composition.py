"""Composition: how many data connect the compositions of features into one piece."""

from regimes.public import attach

__getattr__, __dir__ = attach(__name__, __file__)
