"""Predictions of divergences held against what was measured with exact scores."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.decisions.step_divergence import end_divergence, path_divergence
from regimes.validation.experiments.runner.denoisers import T_RANGE
from regimes.validation.experiments.steps.exact import ExactRun
from regimes.validation.experiments.steps.form import StepsForm
from regimes.validation.experiments.steps.grids import GRIDS, left_error, on_grids, snr_levels
from regimes.validation.outcome.agreement import Agreement, ChiSquare, chi_square, correlated_chi_square

__all__ = ["LAWS", "binned_end", "compared", "end_of_gaussian", "predicted_paths"]

Array = NDArray[np.float64]

LAWS = {"gaussian": "Gaussian data", "line": "mixture on the line", "hierarchy": "random hierarchy"}


def predicted_paths(form: StepsForm, name: str, run: ExactRun) -> Array:
    """Divergence of the paths, (C, G) or for each string (C, G, n)."""
    if name == "gaussian":
        return on_grids(form.calls, run.data, lambda grid: path_divergence(grid, run.data))
    known = run.found["mmse" if name == "line" else "errors"]
    return on_grids(form.calls, run.data, lambda grid: left_error(snr_levels(form.levels), known, grid))


def end_of_gaussian(measured: Array, true: Array, samples: int) -> tuple[float, float]:
    """Divergence of the final samples by their variances, with its error.

    To second order in the errors of the variances, whose mean is taken off.
    """
    ratio = true / measured
    curvature = (2 * ratio - 1) / (2 * samples)
    value = float((ratio - 1 - np.log(ratio)).sum() / 2 - curvature.sum())
    variance = ((1 - ratio) ** 2 / (2 * samples) + 2 * curvature**2).sum()
    return value, float(np.sqrt(variance))


def binned_end(chances: Array, counts: Array) -> tuple[float, float]:
    """Divergence of chances of bins from the law that was counted in them, with its error, the bias taken off."""
    samples = counts.sum()
    shares = counts / samples
    value = float((chances * np.log(chances / shares)).sum() - (chances * (1 - shares) / shares).sum() / (2 * samples))
    linear = ((chances**2 / shares).sum() - 1) / samples
    curved = (chances.size - 1) / (2 * samples**2)
    return value, float(np.sqrt(max(linear, 0.0) + curved))


def compared(form: StepsForm, runs: Mapping[str, ExactRun]) -> tuple[list[Agreement], list[ChiSquare]]:
    """All comparisons and their tests."""
    rows: list[Agreement] = []
    tests: list[ChiSquare] = []
    for name, label in LAWS.items():
        run, predicted = runs[name], predicted_paths(form, name, runs[name])
        covariance = np.diag(run.ratio_se.ravel() ** 2)
        if predicted.ndim > run.ratio.ndim:  # a mean over strings, which grids share
            covariance += np.cov(predicted.reshape(run.ratio.size, -1)) / predicted.shape[-1]
            predicted = predicted.mean(axis=-1)
        se = np.sqrt(np.diag(covariance)).reshape(run.ratio.shape)
        quantity = f"divergence of paths, {label}"
        rows += _rows(form, quantity, predicted, run.ratio, se, run.paths)
        tests.append(correlated_chi_square(quantity, (run.ratio - predicted).ravel(), covariance))
    for name, samples, ends in (
        ("gaussian", form.gaussian.samples, _gaussian_ends(form, runs["gaussian"])),
        ("line", form.line.samples, _line_ends(form, runs["line"])),
    ):
        quantity = f"divergence of final samples, {LAWS[name]}" + (" (bins)" if name == "line" else "")
        own = _rows(form, quantity, *ends, samples)
        rows += own
        tests.append(chi_square(quantity, own))
    return rows, tests


def _gaussian_ends(form: StepsForm, run: ExactRun) -> tuple[Array, Array, Array]:
    predicted = on_grids(form.calls, run.data, lambda grid: end_divergence(grid, run.data))
    variances = run.data.variances[::-1]  # those of the law fall
    true = np.asarray(compile_formula("covariance_eigenvalue", target="numpy")(T_RANGE[0], variances))
    found = np.array(
        [[end_of_gaussian(each, true, form.gaussian.samples) for each in row] for row in run.found["variances"]]
    )
    return predicted, found[..., 0], found[..., 1]


def _line_ends(form: StepsForm, run: ExactRun) -> tuple[Array, Array, Array]:
    chances, masses = run.found["chances"], run.found["masses"]
    predicted = (chances * np.log(chances / masses)).sum(axis=-1)
    found = np.array(
        [
            [binned_end(*each) for each in zip(*row, strict=True)]
            for row in zip(chances, run.found["counts"], strict=True)
        ]
    )
    return predicted, found[..., 0], found[..., 1]


def _rows(
    form: StepsForm, quantity: str, predicted: Array, measured: Array, se: Array, samples: int
) -> list[Agreement]:
    return [
        Agreement(f"{quantity}, {grid}", calls, float(predicted[i, j]), float(measured[i, j]), float(se[i, j]), samples)
        for i, calls in enumerate(form.calls)
        for j, grid in enumerate(GRIDS)
    ]
