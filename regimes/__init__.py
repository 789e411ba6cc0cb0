"""Predicts, from theory, when a diffusion model makes up its mind."""

from regimes.public import attach

__version__ = "0.1.0"
__getattr__, __dir__ = attach(__name__, __file__)
