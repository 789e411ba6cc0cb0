"""What a prediction for a hierarchy holds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.interface.plain import plain_fields

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from regimes.numerics.hierarchy.transition import HierarchyTransition

__all__ = ["HierarchyLevels", "HierarchyPrediction", "NoiseThreshold", "Susceptibility"]

Array = NDArray[np.float64]

SCHEMA = 1


@dataclass(frozen=True)
class NoiseThreshold:
    """Noise at which a deep hierarchy stops being reconstructed.

    Attributes
    ----------
    noise : str
        Kind of noise.
    value : float or None
        epsilon, masked or replaced fraction, or ``sqrt(snr)`` for Gaussian noise; None where there is none.
    se : float or None
        Standard error; None for the epsilon-process, whose mean-field value is exact arithmetic.
    time, time_se : float or None
        Ornstein-Uhlenbeck time of the threshold with its standard error, for Gaussian noise.
    steps : dict or None
        The threshold as ``step`` of ``steps`` of a ``schedule``: the one asked for, for Gaussian noise, and as many
        steps that mask evenly, for masking; None for the others and where there is no threshold.
    method : str
        ``"mean field"`` or ``"density evolution"``.
    averaged_over : str
        ``"random rules"``: one set of rules differs, the one that was given too.
    """

    noise: str
    value: float | None
    se: float | None
    time: float | None
    time_se: float | None
    steps: dict[str, Any] | None
    method: str
    averaged_over: str = "random rules"


@dataclass(frozen=True, eq=False)
class HierarchyLevels:
    """Probability that the symbol of each level is reconstructed, against noise.

    Attributes
    ----------
    noise : str
        Kind of noise.
    unit : str
        Meaning of ``noise_level``.
    noise_level : ndarray, shape (E,)
        Levels of noise.
    mean_field : ndarray, shape (L + 1, E)
        By level, 0 the root. For other noise than the epsilon-process, the epsilon-process of the same mean belief
        at the leaves, from which real noise is known to differ.
    density_evolution, density_evolution_se : ndarray, shape (L + 1, E), or None
        With the law of the messages, for other noise than the epsilon-process.
    exact, exact_se : ndarray, shape (L + 1, E), or None
        By belief propagation, averaged over sets of rules, with the standard error over them (over samples for one).
    clone_probability, conditional_entropy : ndarray, shape (L + 1, E), or None
        From the same beliefs: probability that two clones share the symbol, and ``-log P(true symbol)`` in nats; with
        ``clone_probability_se`` and ``conditional_entropy_se``.
    exact_thresholds : tuple of float or None, or None
        By level, where half of the normalised clone probability is lost, in units of ``noise_level``: interpolated
        between the noise levels of the curves, so no better than these are dense.
    exact_thresholds_se : tuple of float or None, or None
        Jackknife error over sets of rules; None for one set.
    """

    noise: str
    unit: str
    noise_level: Array
    mean_field: Array
    density_evolution: Array | None
    density_evolution_se: Array | None
    exact: Array | None = None
    exact_se: Array | None = None
    clone_probability: Array | None = None
    clone_probability_se: Array | None = None
    conditional_entropy: Array | None = None
    conditional_entropy_se: Array | None = None
    exact_thresholds: tuple[float | None, ...] | None = None
    exact_thresholds_se: tuple[float | None, ...] | None = None


@dataclass(frozen=True, eq=False)
class Susceptibility:
    """Correlated change of the leaves under a U-turn: chi = sum_ij C_ij / sum_i C_ii of changed and unchanged leaves.

    Attributes
    ----------
    mean_field : ndarray, shape (E,)
        Of the two-state chain, at the noise levels of the curves; nan where no leaf can change. For other noise than
        the epsilon-process, that of the epsilon-process of the same mean belief at the leaves, from which real noise
        differs.
    exact, exact_se : ndarray, shape (E,), or None
        From samples by belief propagation, covariances within a set of rules; the error is over sets of rules (over
        samples for one).
    diverges : bool or None
        Whether chi grows without bound with depth at the transition: lambda^2 > s. None without a transition.
    """

    mean_field: Array
    exact: Array | None
    exact_se: Array | None
    diverges: bool | None


@dataclass(frozen=True, eq=False)
class HierarchyPrediction:
    """When each level of a hierarchy is forgotten.

    Attributes
    ----------
    model : dict
        v, m, s, L, classes and the number of leaves d.
    transition : HierarchyTransition
        The mean-field transition, or why there is none.
    threshold : NoiseThreshold
        For the noise asked for.
    levels : HierarchyLevels
        Reconstruction of each level against noise.
    susceptibility : Susceptibility
        Of the leaves, against noise.
    settings : dict
        Instances, samples, population and seed.
    reasons : dict
        Why a part is missing.
    sources : dict
        Formulas behind the parts.
    """

    model: dict[str, int]
    transition: HierarchyTransition
    threshold: NoiseThreshold
    levels: HierarchyLevels
    susceptibility: Susceptibility
    settings: dict[str, Any]
    reasons: dict[str, str]
    sources: dict[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON.

        Returns
        -------
        dict
            The attributes, arrays as lists, nan as None; ``schema`` numbers the format.
        """
        return {
            "schema": SCHEMA,
            "model": self.model,
            "transition": self.transition.to_dict(),
            "threshold": asdict(self.threshold),
            "levels": plain_fields(self.levels, finite=True),
            "susceptibility": plain_fields(self.susceptibility, finite=True),
            "settings": self.settings,
            "reasons": self.reasons,
            "sources": self.sources,
        }

    def plot(self, ax: Any = None) -> Figure:
        """Draw reconstruction per level and the susceptibility against noise.

        Parameters
        ----------
        ax : sequence of two matplotlib.axes.Axes, optional
            Where to draw reconstruction and susceptibility; a new figure otherwise.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.
        """
        from regimes.report.hierarchy.figure import plot_hierarchy

        return plot_hierarchy(self, ax=ax)
