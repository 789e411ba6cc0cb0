"""Excess entropy of two Gaussian classes: the random energy model at finite d and n against data drawn in full.

biroli2024, figure 3, for mu = sigma = 1. The simulation draws a data set in d dimensions and takes the posterior over
its points exactly; it is repeated with fresh data, so that the errors include the draw of the data. The theory samples
the same law through three numbers a point. One noise serves all times: curves are compared with the full covariance.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.collapse.calculator import predict_collapse
from regimes.validation.experiments.mixture_entropy.runs import (
    LEVELS,
    MU,
    SIGMA,
    EntropyCase,
    EntropyForm,
    entropy_case,
)
from regimes.validation.outcome.agreement import Agreement, ChiSquare, chi_square, correlated_chi_square
from regimes.validation.outcome.experiment import Curve, ExperimentResult, Panel, Progress, conclude, curve
from regimes.validation.running.checkpoints import Checkpoints
from regimes.validation.sampling import NoiseStream, choose_device

__all__ = ["mixture_entropy"]

Array = NDArray[np.float64]

_STREAM = 2
_FAR = 0.01
_COMPARED = {"excess_entropy": "f^e/alpha", "clone_index": "phi_index"}

_FULL = EntropyForm((64, 256, 1024), n=20_000, redraws=100, probes=512, samples=10_000, pilot=512)
_QUICK = EntropyForm((64, 256), n=8_000, redraws=24, probes=256, samples=1500, pilot=256)


def mixture_entropy(
    *,
    quick: bool = False,
    device: str | None = None,
    rng: int = 0,
    checkpoint: str | Path | None = None,
    progress: Progress | None = None,
    _form: EntropyForm | None = None,
) -> ExperimentResult:
    """Hold the excess entropy of a Gaussian mixture, predicted at finite d and n, against data drawn in full.

    Parameters
    ----------
    quick : bool
        8000 points in 64 and 256 dimensions in place of 20 000 in 64, 256 and 1024, with fewer draws.
    device : str, optional
        Of torch, for drawing the data; their posterior is computed on the CPU.
    rng : int
        Seed.
    checkpoint : path, optional
        Folder that keeps what is finished.
    progress : callable, optional
        Called with (part, done, total).

    Returns
    -------
    ExperimentResult
        ``findings["cases"]``: for each dimension the zero of the leave-one-out excess entropy by theory and by
        simulation, with the closed forms that predict it, and the curves of the closed forms at the compared times.

    Raises
    ------
    ValueError
        If an option is unusable, or the checkpoint belongs to another run.

    Notes
    -----
    Compared at the times at which theory puts f^e/alpha from 0.02 to 0.98, by Hotelling's test with the sum of the
    covariance over redraws of the data and of that of the theory's own sampling, and the degrees of freedom of
    krishnamoorthy2004 for two estimated covariances. The probability that two clones share the training point is
    compared alike, the zero of the leave-one-out curve by its z-score.
    """
    started = time.perf_counter()
    form, where = _form or (_QUICK if quick else _FULL), choose_device(device)
    settings = {"quick": quick, "seed": rng, "device": str(where), "mu": MU, "sigma": SIGMA, "levels": list(LEVELS)}
    settings |= asdict(form) | {"dimensions": list(form.dimensions)}
    pieces = Checkpoints(checkpoint, settings)
    report = progress or (lambda part, done, total: None)
    cases = [entropy_case(d, form, NoiseStream(rng, _STREAM), where, pieces, report) for d in form.dimensions]

    agreement = [each for case in cases for name in _COMPARED for each in _pointwise(case, name)]
    zeros = [_zero(case) for case in cases]
    tests = [_hotelling(case, name) for name in _COMPARED for case in cases]
    tests.append(chi_square("zero of the leave-one-out f", zeros))
    findings = {"cases": [_found(case, form, zero) for case, zero in zip(cases, zeros, strict=True)]}
    return conclude(
        "mixture-entropy", settings, started,
        agreement=[*agreement, *zeros], tests=tests, statements=_statements(findings["cases"], tests, agreement),
        findings=findings, panels=_panels(cases, form),
    )  # fmt: skip


def _pointwise(case: EntropyCase, name: str) -> list[Agreement]:
    theory, simulation = case.theory, case.simulation
    se = np.sqrt(np.diag(theory.covariance[name]) + np.diag(simulation.covariance[name]))
    return [
        Agreement(
            f"{_COMPARED[name]}, d = {case.d}", float(case.t[k]), float(theory.mean[name][k]),
            float(simulation.mean[name][k]), float(se[k]), simulation.draws,
        )
        for k in np.flatnonzero(case.compared)
    ]  # fmt: skip


def _hotelling(case: EntropyCase, name: str) -> ChiSquare:
    """Compare the curve at all times at once: both covariances are estimated, from few redraws and many samples."""
    place = np.ix_(case.compared, case.compared)
    sides = (case.simulation, case.theory)
    parts = [side.covariance[name][place] for side in sides]
    total = parts[0] + parts[1]
    scale = np.sqrt(np.diag(total))
    inverse = np.linalg.inv(total / np.outer(scale, scale))
    spread = 0.0
    for part, side in zip(parts, sides, strict=True):
        share = part / np.outer(scale, scale) @ inverse
        spread += float(np.trace(share @ share) + np.trace(share) ** 2) / (side.draws - 1)
    difference = (case.simulation.mean[name] - case.theory.mean[name])[case.compared]
    freedom = difference.size * (difference.size + 1) / spread
    return correlated_chi_square(f"{_COMPARED[name]}, d = {case.d}", difference, total, draws=int(freedom) + 1)


def _zero(case: EntropyCase) -> Agreement:
    (theory, one), (simulation, other) = (case.zero(side) for side in (case.theory, case.simulation))
    return Agreement(
        f"zero of the leave-one-out f, d = {case.d}", theory, theory, simulation, math.hypot(one, other),
        case.simulation.draws,
    )  # fmt: skip


def _found(case: EntropyCase, form: EntropyForm, zero: Agreement) -> dict[str, Any]:
    formula, theory = case.formula, case.theory
    return {
        "d": case.d,
        "n": form.n,
        "t_C": formula.t_C,
        "t_C_corrected": formula.t_C_corrected,
        "t_C_finite_size": formula.t_C_finite_size,
        "zero_theory": zero.theory,
        "zero_theory_se": case.zero(theory)[1],
        "zero_simulation": zero.simulation,
        "zero_simulation_se": case.zero(case.simulation)[1],
        "t": case.t[case.compared].tolist(),
        "excess_entropy": theory.mean["excess_entropy"][case.compared].tolist(),
        "excess_entropy_se": np.sqrt(np.diag(theory.covariance["excess_entropy"]))[case.compared].tolist(),
        "asymptotic": formula.excess_entropy[case.compared].tolist(),
        "with_class_information": _corrected(case)[case.compared].tolist(),
    }


def _corrected(case: EntropyCase) -> Array:
    return np.asarray(case.formula.excess_entropy_corrected, dtype=np.float64)


def _statements(cases: Sequence[dict[str, Any]], tests: Sequence[ChiSquare], points: Sequence[Agreement]) -> list[str]:
    worst = min(tests, key=lambda test: test.p)
    first = (
        f"{len(tests)} tests; the smallest p is {worst.p:.2g} ({worst.quantity}). Single points are not independent: "
        f"their largest |z| is {max(abs(each.z) for each in points):.2f} of {len(points)}."
    )
    return [first, *(_statement(case) for case in cases)]


def _statement(case: dict[str, Any]) -> str:
    zero, se, t_C = case["zero_simulation"], case["zero_simulation_se"], case["t_C"]
    finite = case["t_C_finite_size"]
    text = (
        f"d = {case['d']}: the leave-one-out f of data vanishes at t = {zero:.4f} +/- {se:.4f}, "
        f"{100 * (zero / t_C - 1):.1f}% above the asymptotic t_C = {t_C:.4f}; theory {case['zero_theory']:.4f} +/- "
        f"{case['zero_theory_se']:.4f}"
    )
    if finite is not None:
        text += f", finite-size formula {finite:.4f} ({100 * (finite / zero - 1):+.2f}%)"
    text += ". The closed form of f^e/alpha with class information, 0 below its root, is "
    bias = np.abs(np.maximum(case["with_class_information"], 0.0) - case["excess_entropy"])
    late = [t for t, far in zip(case["t"], bias > _FAR, strict=True) if far]
    if not late:
        return text + f"within {_FAR} at all compared times."
    return text + f"off by up to {bias.max():.3f}, and by more than {_FAR} up to t = {late[-1] / t_C:.2f} t_C."


def _panels(cases: Sequence[EntropyCase], form: EntropyForm) -> list[Panel]:
    return [
        Panel(
            f"$n = {form.n}$, $\\mu = \\sigma = 1$", "$t/t_C$", r"excess entropy $f^e(t)/\alpha$",
            tuple(_curves(cases, form, "excess_entropy")), (("$t_C$", 1.0),), log_x=True,
        ),
        Panel(
            "Deviation from theory", "$t/t_C$", r"difference of $f^e/\alpha$", tuple(_deviations(cases)),
            (("$t_C$", 1.0),), log_x=True,
        ),
        Panel(
            "Own point left out", "$t/t_C$", r"leave-one-out $f(t)/\alpha$", tuple(_around_zero(cases)),
            (("$t_C$", 1.0),),
        ),
        Panel(
            "Clones", "$t/t_C$", r"$\phi_{\mathrm{index}}(t)$", tuple(_curves(cases, form, "clone_index")),
            (("$t_C$", 1.0),), log_x=True,
        ),
    ]  # fmt: skip


def _curves(cases: Sequence[EntropyCase], form: EntropyForm, name: str) -> list[Curve]:
    drawn = []
    for group, case in enumerate(cases):
        t_C, pilot = case.formula.t_C, case.pilot
        drawn.append(curve(f"$d = {case.d}$", "theory", pilot["t"] / t_C, pilot[name], group=group))
        drawn.append(_measured(case, name, case.compared, group))
        if name == "excess_entropy":
            formula = predict_collapse(case.d, form.n, SIGMA, mu=MU, t=pilot["t"])
            shown = formula.excess_entropy >= 0
            label = "closed form, $d$ to infinity" if group == 0 else ""
            x, y = formula.t[shown] / t_C, formula.excess_entropy[shown]
            drawn.append(curve(label, "reference", x, y, group=group))
    return drawn


def _deviations(cases: Sequence[EntropyCase]) -> list[Curve]:
    drawn = []
    for group, case in enumerate(cases):
        theory, at, formula = case.theory.mean["excess_entropy"], case.compared, case.formula
        x = case.t[at] / formula.t_C
        both = [np.diag(side.covariance["excess_entropy"]) for side in (case.theory, case.simulation)]
        difference = (case.simulation.mean["excess_entropy"] - theory)[at]
        se = np.sqrt(both[0] + both[1])[at]
        drawn.append(curve(f"data, $d = {case.d}$", "simulation", x, difference, se, group=group))
        label = "closed form with class information" if group == 0 else ""
        bias = np.maximum(_corrected(case), 0.0) - theory
        drawn.append(curve(label, "reference", x, bias[at], group=group))
    return drawn


def _around_zero(cases: Sequence[EntropyCase]) -> list[Curve]:
    drawn = []
    for group, case in enumerate(cases):
        near, t_C = case.near_zero, case.formula.t_C
        values = case.theory.mean["leave_one_out"][near]
        drawn.append(curve(f"$d = {case.d}$", "theory", case.t[near] / t_C, values, group=group))
        drawn.append(_measured(case, "leave_one_out", near, group))
        label = "closed form with class information" if group == 0 else ""
        drawn.append(curve(label, "reference", case.t[near] / t_C, _corrected(case)[near], group=group))
    return drawn


def _measured(case: EntropyCase, name: str, where: NDArray[np.bool_], group: int) -> Curve:
    se = np.sqrt(np.diag(case.simulation.covariance[name]))[where]
    x = case.t[where] / case.formula.t_C
    return curve("", "simulation", x, case.simulation.mean[name][where], se, group=group)
