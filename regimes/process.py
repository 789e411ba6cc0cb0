"""Process: clocks and noise schedules."""

from regimes.public import attach

__getattr__, __dir__ = attach(__name__, __file__)
