"""Numbers, tables and sentences of losses along a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.interface.number import Number
from regimes.numerics.interface.result import plain
from regimes.validation.experiments.training_losses.analysis import READINGS, Slope, limit, log_times, slope
from regimes.validation.experiments.training_losses.form import COMPARED, LossesForm, cases_of
from regimes.validation.experiments.training_losses.runs import CaseLosses, theory_of
from regimes.validation.outcome.agreement import Agreement, ChiSquare

__all__ = ["numbers_of", "sentences", "tables_of"]

Array = NDArray[np.float64]

_WINDOW = ("last mode of the population", "first mode of the points")


def tables_of(form: LossesForm, found: Sequence[CaseLosses], descent: Mapping[str, Array]) -> dict[str, Any]:
    """By spectrum and number of points; slopes by spectrum; descent beside flow."""
    tables: dict[str, Any] = plain(
        {
            "cases": [_of_case(each, form) for each in found],
            "slopes": {spectrum: _slopes(spectrum, form, found) for spectrum in form.spectra},
            "far": {spectrum: {f"{p:g}": _far(form, spectrum, p) for p in form.far} for spectrum in form.spectra},
            "descent": _descent(form, descent),
        }
    )
    return tables


def _of_case(each: CaseLosses, form: LossesForm) -> dict[str, Any]:
    nonlinear = {}
    for d in form.dimensions:
        own, theory = each.nonlinear[d], each.equations[d]
        nonlinear[d] = {
            "times": _beside(log_times(own), log_times(theory)[0]),
            "train": _beside(own.train[:, : len(COMPARED)], theory.train[0, : len(COMPARED)]),
            "test": _beside(own.test[:, : len(COMPARED)], theory.test[0, : len(COMPARED)]),
            "modes": _beside(-np.log(own.modes), -np.log(theory.modes[0])),
        }
    once, twice = each.gaussian
    return {
        "name": each.case.name,
        "spectrum": each.case.spectrum,
        "psi_n": each.case.psi_n,
        "window": (each.window.tau_gen, each.window.tau_mem, each.window.separate),
        "times": np.exp(log_times(each.theory)[0]),
        "gaussian": {
            "times": _beside(limit(log_times(once), log_times(twice)), log_times(each.theory)[0]),
            "modes": _beside(-np.log(twice.modes), -np.log(each.theory.modes[0])),
        },
        "nonlinear": nonlinear,
    }


def _beside(values: Array, theory: Array) -> list[tuple[float, float, float]]:
    """Theory, mean and error of each column."""
    se = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    return [(float(a), float(b), float(c)) for a, b, c in zip(theory, values.mean(axis=0), se, strict=True)]


def _slopes(spectrum: str, form: LossesForm, found: Sequence[CaseLosses]) -> dict[str, Any]:
    own = [each for each in found if each.case.spectrum == spectrum]
    sides: dict[str, list[Array]] = {"gaussian": [limit(*map(log_times, each.gaussian)) for each in own]}
    sides |= {f"nonlinear, d = {d}": [log_times(each.nonlinear[d]) for each in own] for d in form.dimensions}
    psi_n, rows = np.array(form.psi_n), {}
    for place, name in enumerate(READINGS):
        theory = slope(psi_n, np.array([log_times(each.theory)[0, place] for each in own]))
        rows[name] = {"equations": vars(theory)} | {
            side: vars(_slope(psi_n, values, place)) for side, values in sides.items()
        }
    for place, what in enumerate(_WINDOW):
        edges = np.log([(each.window.tau_gen, each.window.tau_mem)[place] or np.nan for each in own])
        rows[what] = {"equations": vars(slope(psi_n, edges))}
    return rows


def _far(form: LossesForm, spectrum: str, psi_p: float) -> dict[str, float]:
    """Slopes of the equations at another number of features."""
    cases = cases_of(replace(form, spectra=(spectrum,), psi_p=psi_p))
    found, psi_n = [theory_of(case, form.levels) for case in cases], np.array(form.psi_n)
    read = np.array([log_times(curves)[0] for curves, _ in found])
    edges = np.log([(window.tau_gen, window.tau_mem or np.nan) for _, window in found])
    values = zip((*READINGS, *_WINDOW), (*read.T, *edges.T), strict=True)
    return {what: slope(psi_n, each).value for what, each in values}


def _slope(psi_n: Array, values: Sequence[Array], place: int) -> Slope:
    means = np.array([each[:, place].mean() for each in values])
    errors = np.array([each[:, place].std(ddof=1) / np.sqrt(len(each)) for each in values])
    return slope(psi_n, means, errors)


def _descent(form: LossesForm, descent: Mapping[str, Array]) -> dict[str, Any]:
    """Largest difference of losses from the flow: at both rates, and less what is in proportion to the rate."""
    flow, found = descent["flow"], descent["descent"]
    away = [float(np.abs(each - flow).max()) for each in (*found, 2 * found[1] - found[0])]
    return {
        "shrink": (form.descent.shrink, form.descent.shrink / 2),
        "away": away[:2],
        "extrapolated": away[2],
        "fall": float(1 - flow[0].min()),
    }


def numbers_of(tables: Mapping[str, Any]) -> dict[str, Number]:
    """Slopes and times, with errors."""
    rows = {}
    for spectrum, slopes in tables["slopes"].items():
        name = spectrum.replace(" ", "_").replace("^-", "").replace("/", "_")
        for what, sides in slopes.items():
            for side, each in sides.items():
                key = f"{what}.{side}".replace(" ", "_").replace("_=_", "").replace(",", "")
                label = f"slope of the logarithm of {what} on that of n, {side}, {spectrum}"
                rows[f"measure.slope.{key}.{name}"] = Number(label, each["value"], each["se"])
        for psi_p, each in tables["far"][spectrum].items():
            for what, value in each.items():
                label = f"slope of the logarithm of {what} on that of n, equations, p/d {psi_p}, {spectrum}"
                rows[f"measure.far.p{psi_p}.{what.replace(' ', '_')}.{name}"] = Number(label, value)
    for number, value in enumerate(tables["descent"]["away"]):
        label = f"largest difference of losses of descent from flow, {tables['descent']['shrink'][number]:g} a step"
        rows[f"measure.descent.{number}"] = Number(label, value)
    rows["measure.descent.extrapolated"] = Number("the same, to no step", tables["descent"]["extrapolated"])
    return rows


def sentences(tables: Mapping[str, Any], rows: Sequence[Agreement], tests: Sequence[ChiSquare]) -> list[str]:
    """Say what was found."""
    worst, descent = min(tests, key=lambda test: test.p), tables["descent"]
    said = [
        f"Equations against the flow of Gaussian matrices, as d goes to infinity: {len(tests)} tests, the smallest p "
        f"is {worst.p:.2g} ({worst.quantity}); the largest |z| is {max(abs(each.z) for each in rows):.2f} of "
        f"{len(rows)}.",
        f"Gradient descent lies within {descent['away'][0]:.1e} and {descent['away'][1]:.1e} of the flow where the "
        f"fastest mode shrinks by {descent['shrink'][0]:g} and {descent['shrink'][1]:g} a step, and within "
        f"{descent['extrapolated']:.1e} to no step; the training loss falls by {descent['fall']:.2f}.",
    ]
    for spectrum, slopes in tables["slopes"].items():
        parts = [
            f"{what}: " + ", ".join(f"{side} {_text(each)}" for side, each in sides.items())
            for what, sides in slopes.items()
        ]
        said.append(f"{spectrum}, power of n, {'; '.join(parts)}.")
        far = [
            f"{p}: " + ", ".join(f"{what} {value:.2f}" for what, value in each.items())
            for p, each in tables["far"][spectrum].items()
        ]
        said.append(f"{spectrum}, the same of the equations alone by p/d, {'; '.join(far)}.")
    return said + [_case(case) for case in tables["cases"]]


def _text(each: Mapping[str, Any]) -> str:
    return f"{each['value']:.2f}" + ("" if each["se"] is None else f" ({each['se']:.2f})")


def _case(case: Mapping[str, Any]) -> str:
    times = ", ".join(f"{name} {value:.4g}" for name, value in zip(READINGS, case["times"], strict=True))
    parts = []
    for side, of in [
        ("Gaussian", case["gaussian"]),
        *((f"nonlinear, d = {d}", v) for d, v in case["nonlinear"].items()),
    ]:
        ratios = [f"{np.exp(found - theory):.3f} ({se:.3f})" for theory, found, se in (*of["times"], *of["modes"])]
        parts.append(f"{side}: {', '.join(ratios)}")
    gen, mem, separate = case["window"]
    window = f"{gen:.3g} to {mem:.3g}" + ("" if separate else ", no gap")
    return f"{case['name']}: {times}; window of the edges {window}. Over these, in this order, {'; '.join(parts)}."
