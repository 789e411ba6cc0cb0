"""Learning: when random features trained by gradient flow come to generalise, and when they memorise."""

from regimes.public import attach

__getattr__, __dir__ = attach(__name__, __file__)
