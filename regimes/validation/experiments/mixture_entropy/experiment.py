"""Excess entropy of two Gaussian classes: the random energy model at finite d and n against data drawn in full.

biroli2024, figure 3, for mu = sigma = 1. The simulation draws a data set in d dimensions and takes the posterior over
its points exactly; it is repeated with fresh data, so that the errors include the draw of the data. The theory samples
the same law through three numbers a point. One noise serves all times: curves are compared with the full covariance.

Compared at the times at which theory puts f^e/alpha from 0.02 to 0.98, by Hotelling's test with the sum of the
covariance over redraws of the data and of that of the theory's own sampling, and the degrees of freedom of
krishnamoorthy2004 for two estimated covariances. The probability that two clones share the training point is compared
alike, the zero of the leave-one-out curve by its z-score.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from regimes.numerics.estimation.streams import Stream
from regimes.numerics.interface.number import TIME, Number
from regimes.validation.experiments.mixture_entropy.figure import panels
from regimes.validation.experiments.mixture_entropy.runs import (
    LEVELS,
    MU,
    SIGMA,
    EntropyCase,
    EntropyForm,
    entropy_case,
)
from regimes.validation.experiments.runner.run import Bench, Plan
from regimes.validation.outcome.agreement import Agreement, ChiSquare, chi_square, correlated_chi_square
from regimes.validation.outcome.experiment import Judgement

__all__ = ["PLAN"]

_FAR = 0.01
_COMPARED = {"excess_entropy": "f^e/alpha", "clone_index": "phi_index"}


def _simulate(form: EntropyForm, bench: Bench) -> list[EntropyCase]:
    return [entropy_case(d, form, bench) for d in form.dimensions]


def _judge(form: EntropyForm, cases: list[EntropyCase]) -> Judgement:
    agreement = [each for case in cases for name in _COMPARED for each in _pointwise(case, name)]
    zeros = [_zero(case) for case in cases]
    tests = [_hotelling(case, name) for name in _COMPARED for case in cases]
    tests.append(chi_square("zero of the leave-one-out f", zeros))
    found = [_found(case, form, zero) for case, zero in zip(cases, zeros, strict=True)]
    return Judgement(
        agreement=[*agreement, *zeros],
        tests=tests,
        sentences=_sentences(found, tests, agreement),
        panels=panels(cases, form),
        numbers={key: number for case in found for key, number in _numbers(case).items()},
        tables={"cases": found},
    )


PLAN = Plan(
    name="mixture-entropy",
    stream=Stream.MIXTURE_ENTROPY,
    full=EntropyForm((64, 256, 1024), n=20_000, redraws=100, probes=512, samples=10_000, pilot=512),
    quick=EntropyForm((64, 256), n=8_000, redraws=24, probes=256, samples=1500, pilot=256),
    simulate=_simulate,
    judge=_judge,
    fixed={"mu": MU, "sigma": SIGMA, "levels": LEVELS},
)


def _numbers(case: dict[str, Any]) -> dict[str, Number]:
    """Zeros of the leave-one-out excess entropy, by simulation and by theory."""
    d = case["d"]
    return {
        f"measure.zero_{side}.d_{d}": Number(
            f"zero of the leave-one-out excess entropy, d = {d}, {side}",
            case[f"zero_{side}"],
            case[f"zero_{side}_se"],
            unit=TIME,
        )
        for side in ("simulation", "theory")
    }


def _pointwise(case: EntropyCase, name: str) -> list[Agreement]:
    theory, simulation = case.theory, case.simulation
    se = np.sqrt(np.diag(theory.covariance[name]) + np.diag(simulation.covariance[name]))
    return [
        Agreement(
            f"{_COMPARED[name]}, d = {case.d}",
            float(case.t[k]),
            float(theory.mean[name][k]),
            float(simulation.mean[name][k]),
            float(se[k]),
            simulation.draws,
        )
        for k in np.flatnonzero(case.compared)
    ]


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
        f"zero of the leave-one-out f, d = {case.d}",
        theory,
        theory,
        simulation,
        math.hypot(one, other),
        case.simulation.draws,
    )


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
        "with_class_information": case.formula.corrected[case.compared].tolist(),
    }


def _sentences(cases: Sequence[dict[str, Any]], tests: Sequence[ChiSquare], points: Sequence[Agreement]) -> list[str]:
    worst = min(tests, key=lambda test: test.p)
    first = (
        f"{len(tests)} tests; the smallest p is {worst.p:.2g} ({worst.quantity}). Single points are not independent: "
        f"their largest |z| is {max(abs(each.z) for each in points):.2f} of {len(points)}."
    )
    return [first, *(_sentence(case) for case in cases)]


def _sentence(case: dict[str, Any]) -> str:
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
