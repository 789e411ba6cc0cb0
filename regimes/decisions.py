"""Decisions: where to step, what a sampler keeps, which points are copied, on which noise to train."""

from regimes.public import attach

__getattr__, __dir__ = attach(__name__, __file__)
