"""Curves of the excess entropy of two Gaussian classes: by theory at finite d and n, and of data drawn in full.

Times are chosen by theory alone, from a pilot run of it that no comparison uses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from regimes.numerics.collapse.random_energy import sampled_excess_entropy
from regimes.numerics.estimation.roots import curve_crossings
from regimes.numerics.posterior.curves import posterior_curves
from regimes.numerics.speciation.problem import Mixture
from regimes.prediction.collapse.predict import predict_collapse
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.sampling import NoiseStream

__all__ = [
    "CURVES",
    "LEVELS",
    "MU",
    "SIGMA",
    "ClosedForms",
    "EntropyCase",
    "EntropyForm",
    "EntropySide",
    "closed_forms",
    "entropy_case",
]

Array = NDArray[np.float64]

MU = SIGMA = 1.0
LEVELS = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.98)
"""Values of f^e/alpha at whose predicted times theory and simulation are compared."""
CURVES = ("excess_entropy", "clone_index", "leave_one_out")

_AROUND_ZERO = np.array([0.92, 0.96, 1.0, 1.04, 1.08])  # in units of the predicted zero
_PILOT_START, _PILOT_END = 0.4, 0.99  # in units of t_C; value of f^e/alpha in closed form
_PILOT_TIMES = 32
_DIGITS = 4
_THEORY, _REDRAW = 0, 1  # keys of seeds
_NUDGE = 1e-2  # standard errors


@dataclass(frozen=True)
class EntropyForm:
    """Size of the experiment."""

    dimensions: tuple[int, ...]
    n: int  # points of a data set
    redraws: int  # data sets
    probes: int  # pairs of noised points of each
    samples: int  # of the theory
    pilot: int  # of its pilot run


@dataclass(frozen=True, eq=False)
class ClosedForms:
    """What the calculator says at given times, for d to infinity and with class information at finite d."""

    t: Array
    t_C: float
    t_C_corrected: float | None
    t_C_finite_size: float | None
    excess_entropy: Array
    corrected: Array  # f^e/alpha with class information


def closed_forms(d: int, n: int, t: Array) -> ClosedForms:
    """Closed forms of the mixture; the one place that asks the calculator."""
    found = predict_collapse(Mixture(d, MU, SIGMA, n), t=t)
    return ClosedForms(
        t=found.curves["t"],
        t_C=float(found["collapse.time_closed_form"].value or np.nan),
        t_C_corrected=found["collapse.time_with_classes"].value,
        t_C_finite_size=found["collapse.leave_one_out_zero"].value,
        excess_entropy=found.curves["excess_entropy"],
        corrected=found.curves["excess_entropy_with_classes"],
    )


@dataclass(frozen=True, eq=False)
class EntropySide:
    """Means of the curves and their covariance over times, by name of the curve; from how many draws."""

    mean: dict[str, Array]
    covariance: dict[str, Array]
    draws: int


@dataclass(frozen=True, eq=False)
class EntropyCase:
    """All that was found at one dimension."""

    d: int
    t: Array  # (T,)
    compared: NDArray[np.bool_]  # which times are those of the levels
    near_zero: NDArray[np.bool_]  # which lie around the zero of the leave-one-out curve
    formula: ClosedForms  # at these times
    pilot: Mapping[str, Array]  # theory at more times with fewer samples, for figures
    theory: EntropySide
    simulation: EntropySide

    def zero(self, side: EntropySide) -> tuple[float, float]:
        """Time of the zero of the leave-one-out curve, and its standard error by linear propagation."""
        near = self.near_zero
        t, values = self.t[near], side.mean["leave_one_out"][near]
        covariance = side.covariance["leave_one_out"][np.ix_(near, near)]
        root = _zero(t, values)
        steps = _NUDGE * np.sqrt(np.diag(covariance))
        slope = np.array([_zero(t, values + step) - root for step in np.diag(steps)]) / steps
        return root, float(np.sqrt(slope @ covariance @ slope))


def entropy_case(d: int, form: EntropyForm, bench: Bench) -> EntropyCase:
    """Compute theory and simulation at one dimension; the seed of the noise also seeds the theory and the probes."""
    noise, where, pieces, report = bench.noise, bench.device, bench.store, bench.report
    seeds = np.random.default_rng([noise.stream, noise.seed, _THEORY, d]).integers(2**32, size=2).tolist()

    def theory(t: Array, samples: int, seed: int, part: str) -> Callable[[], dict[str, Array]]:
        def compute() -> dict[str, Array]:
            result = sampled_excess_entropy(
                Mixture(d, MU, SIGMA, form.n),
                t,
                samples=samples,
                rng=seed,
                progress=lambda *counts: report(part, *counts[-2:]),
            )
            names = [name for curve in CURVES for name in (curve, f"{curve}_covariance")]
            return {"t": t} | {name: getattr(result, name) for name in names}

        return compute

    def redraw(i: int) -> Callable[[], dict[str, Array]]:
        return lambda: _redraw(d, i, t, form, noise, where)

    pilot = pieces.piece(f"pilot,d={d}", theory(_pilot_times(d, form.n), form.pilot, seeds[0], f"times, d = {d}"))
    t, compared, near_zero = _times(pilot)
    sampled = pieces.piece(f"theory,d={d}", theory(t, form.samples, seeds[1], f"theory, d = {d}"))
    redraws: dict[str, list[Array]] = {name: [] for name in CURVES}
    for i in range(form.redraws):
        found = pieces.piece(f"redraw,d={d},{i}", redraw(i))
        for name in CURVES:
            redraws[name].append(found[name])
        report(f"data, d = {d}", i + 1, form.redraws)
    return EntropyCase(
        d=d,
        t=t,
        compared=compared,
        near_zero=near_zero,
        formula=closed_forms(d, form.n, t),
        pilot=pilot,
        theory=EntropySide(
            {name: sampled[name] for name in CURVES},
            {name: sampled[f"{name}_covariance"] for name in CURVES},
            form.samples,
        ),
        simulation=EntropySide(
            {name: np.mean(redraws[name], axis=0) for name in CURVES},
            {name: np.cov(np.array(redraws[name]).T) / form.redraws for name in CURVES},
            form.redraws,
        ),
    )


def _pilot_times(d: int, n: int) -> Array:
    """From where hardly any sample is undecided to where hardly any is decided."""
    start = closed_forms(d, n, np.ones(1)).t_C
    far = np.geomspace(1.0, 1e3, 300) * start
    formula = closed_forms(d, n, far).corrected
    return np.geomspace(_PILOT_START * far[0], far[np.argmax(formula > _PILOT_END)], _PILOT_TIMES)


def _times(pilot: Mapping[str, Array]) -> tuple[Array, NDArray[np.bool_], NDArray[np.bool_]]:
    """Predicted times of the levels and around the zero, rounded; which of them are the one, which the other."""
    place = np.log(pilot["t"])
    levels = np.exp(np.interp(LEVELS, np.maximum.accumulate(pilot["excess_entropy"]), place))
    zero = np.exp(np.interp(0.0, np.maximum.accumulate(pilot["leave_one_out"]), place))
    rounded = [[float(f"{t:.{_DIGITS}g}") for t in times] for times in (levels, zero * _AROUND_ZERO)]
    times = np.unique(np.concatenate(rounded))
    return times, np.isin(times, rounded[0]), np.isin(times, rounded[1])


def _redraw(d: int, i: int, t: Array, form: EntropyForm, noise: NoiseStream, where: torch.device) -> dict[str, Array]:
    """Curves of one data set, drawn in all dimensions."""
    own = noise.substream(d, i)
    side = torch.where(own.uniform(0, 0, form.n, (1,), device=where) < 0.5, -1.0, 1.0)
    points = MU * side + SIGMA * own.normal(1, 0, form.n, (d,), device=where)
    probes = np.random.default_rng([noise.stream, noise.seed, _REDRAW, d, i])
    curves = posterior_curves(points.cpu().numpy(), t, probes=form.probes, rng=probes, groups=0)
    return {name: getattr(curves, name) for name in CURVES}


def _zero(t: Array, values: Array) -> float:
    crossings = curve_crossings(t, values, 0.0)
    if crossings.size == 0:
        raise ValueError(
            f"mixture-entropy: the leave-one-out excess entropy must change sign between t = {t[0]:.4g} and "
            f"{t[-1]:.4g}, got {values[0]:.3g} and {values[-1]:.3g}; draw more data sets or probes"
        )
    return float(crossings[-1])
