"""The exact score of the symmetric mixture along the axis of its centres: one dimension for any d."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from regimes.numerics.interface.checks import positive_number
from regimes.validation.sampling.noise import NoiseStream
from regimes.validation.scores.checks import checked_states, checked_time
from regimes.validation.scores.mixture import MixtureScore
from regimes.validation.scores.torch_formula import torch_formula

__all__ = ["NOISE_AFTER_SPECIATION", "ProjectedMixtureScore"]

NOISE_AFTER_SPECIATION = math.log(1e4) / 2
"""Time after t_S at which backward runs may begin with pure noise. kappa = 1e-4 there: the law of x_t is as close to it
as kappa/2 in total variation (Pinsker's inequality; chi-square is cosh(kappa) - 1), and no step makes that more."""


class ProjectedMixtureScore:
    """Score of the symmetric mixture of two classes along the axis of its centres, ``u = m.x/|m|``.

    The density factorises: across the axis the score is ``-x/Gamma_t`` and says nothing about the class, so clones,
    speciation and overlaps of the mixture in d dimensions are those of this one-dimensional law.

    Parameters
    ----------
    distance : float
        Distance ``|m| = sqrt(d) mu`` of the centres from the origin; positive.
    sigma : float
        Standard deviation of the classes; positive.

    Raises
    ------
    ValueError
        If one of them is not positive.

    Notes
    -----
    biroli2024; ``mixture_score``, derived.

    Examples
    --------
    >>> ProjectedMixtureScore(3.0, 1.0)(torch.tensor([[2.0]], dtype=torch.float64), 0.5).round(decimals=6).tolist()
    [[-0.182918]]
    """

    def __init__(self, distance: float, sigma: float) -> None:
        self.distance = positive_number("ProjectedMixtureScore", "distance", "of the centres from 0", distance)
        self.sigma = positive_number("ProjectedMixtureScore", "sigma", "standard deviation of the classes", sigma)
        self._mixture = MixtureScore([1, 1], [[self.distance], [-self.distance]], self.sigma)

    @torch.no_grad()
    def __call__(self, x: Tensor, t: float) -> Tensor:
        """Score at noised points x (n, 1) along the axis; t = 0 gives that of the data."""
        x = checked_states("ProjectedMixtureScore", x, (1,))
        time = checked_time("ProjectedMixtureScore", t, zero=True)
        score: Tensor = torch_formula("mixture_score")(x, time, self.distance, self.sigma)
        return score

    def posterior(self, x: Tensor, t: float) -> Tensor:
        """Probability of each class given x_t, of the one at ``+distance`` first: (n, 2)."""
        return self._mixture.posterior(x, t)

    def posterior_mean(self, x: Tensor, t: float) -> Tensor:
        """Mean of the data point given x_t."""
        return self._mixture.posterior_mean(x, t)

    def log_density(self, x: Tensor, t: float) -> Tensor:
        """Logarithm of the density of x_t along the axis in nats, in float64."""
        return self._mixture.log_density(x, t)

    def draw(
        self,
        rows: int,
        noise: NoiseStream,
        *,
        first_row: int = 0,
        device: torch.device | str | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> tuple[Tensor, Tensor]:
        """Draw data points (rows, 1) along the axis and their classes; see :meth:`MixtureScore.draw`."""
        return self._mixture.draw(rows, noise, first_row=first_row, device=device, dtype=dtype)
