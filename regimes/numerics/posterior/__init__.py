"""Posterior over the points and the classes of a data set given a noised point, at every time."""

from regimes.numerics.posterior.curves import PosteriorCurves, posterior_curves

__all__ = ["PosteriorCurves", "posterior_curves"]
