"""Numbers, tables and sentences of simulated spectra."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from regimes.numerics.interface.number import Number
from regimes.numerics.interface.result import plain
from regimes.validation.experiments.training_spectrum.analysis import effective_dimension, off, widest_gap
from regimes.validation.experiments.training_spectrum.form import KINDS, SpectrumForm
from regimes.validation.experiments.training_spectrum.runs import CaseFound
from regimes.validation.outcome.agreement import Agreement, ChiSquare

__all__ = ["numbers_of", "sentences", "tables_of"]

_TARGET = 0.03
_MEAN = 1e-9  # an odd activation has one by rounding
_PARTS = {"bulk": False, "floor": True}


def tables_of(found: Sequence[CaseFound], form: SpectrumForm, noise: Mapping[str, float]) -> dict[str, Any]:
    """By case, dimension and kind of matrix."""
    tables: dict[str, Any] = plain({"cases": [_of_case(each, form) for each in found], "noise": dict(noise)})
    return tables


def _of_case(each: CaseFound, form: SpectrumForm) -> dict[str, Any]:
    given = each.spectrum.problem
    expected = each.spectrum.atom_weight * given.features * np.array([1, 2])
    return {
        "name": each.case.name,
        "key": each.case.key,
        "levelled": not each.case.spectrum.startswith("k"),
        "floor": each.spectrum.atom,
        "atom_weight": each.spectrum.atom_weight,
        "atom_counted": bool((each.floor == np.round(expected)[:, None]).all()),
        "bulks": [(bulk.low, bulk.high, bulk.weight) for bulk in each.spectrum.bulks[:8]],
        "dimensions": {d: _of_dimension(each, d) for d in form.dimensions},
    }


def _of_dimension(each: CaseFound, d: int) -> dict[str, Any]:
    spectrum = each.spectra[d]
    gap = widest_gap(spectrum)
    kinds = {}
    for kind in KINDS:
        values = each.eigenvalues[kind, d]
        if abs(spectrum.problem.mean) > _MEAN and kind != "gaussian":
            values = values[:, :-1]  # the eigenvalue of the mean
        part: dict[str, Any] = {
            "ends": [_over(values[:, 0], spectrum.atom if spectrum.atom_weight else spectrum.bulks[0].low)]
        }
        part["ends"].append(_over(values[:, -1], spectrum.bulks[-1].high))
        for name, of_gaussian in (("equations", False), ("gaussian", True)):
            if of_gaussian and kind == "gaussian":
                continue
            found = off(each, kind, d, of_gaussian=of_gaussian)
            part[name] = {which: found.worst(floor=floor) for which, floor in _PARTS.items()}
        if gap is not None:
            below = (each.eigenvalues[kind, d] < gap[0]).mean(axis=1)
            part["below_gap"] = (gap[1], *_mean(below))
        if spectrum.atom_weight > 0:
            part["below_bulks"] = _mean((each.eigenvalues[kind, d] < spectrum.bulks[0].low).mean(axis=1))
        kinds[kind] = part
    return {"effective": effective_dimension(each.case.spectrum, d), "kinds": kinds}


def _over(values: np.ndarray[Any, Any], edge: float) -> tuple[float, float]:
    """Mean distance over the edge, and the deviation of one matrix."""
    return float(values.mean() / edge - 1), float(values.std(ddof=1) / edge)


def _mean(values: np.ndarray[Any, Any]) -> tuple[float, float]:
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(values.size))


def numbers_of(tables: Mapping[str, Any]) -> dict[str, Number]:
    """Where quantiles are most off, by kind of matrix, dimension and case."""
    rows = {}
    for case in tables["cases"]:
        for d, of in case["dimensions"].items():
            for kind, part in of["kinds"].items():
                for which, worst in part["equations"].items():
                    if worst is not None:
                        words = "at the floor" if which == "floor" else "beyond the floor"
                        rows[f"measure.off.{which}.{kind.replace(' ', '_')}.d{d}.{case['key']}"] = Number(
                            f"where quantiles {words} are most off the equations, less 1, {kind}, d = {d}, "
                            f"{case['name']}",
                            worst[1],
                            worst[2],
                        )
    for activation, value in tables["noise"].items():
        rows[f"measure.series.{activation}"] = Number(
            f"largest change of an eigenvalue by a mean over noise taken twice as far, {activation}", value
        )
    return rows


def sentences(
    tables: Mapping[str, Any], rows: Sequence[Agreement], tests: Sequence[ChiSquare], form: SpectrumForm
) -> list[str]:
    """Say what was found."""
    worst = min(tests, key=lambda test: test.p)
    counted = "; ".join(f"{test.quantity} p = {test.p:.2g}" for test in tests[-2:])
    said = [
        f"Equations against Gaussian matrices, as d goes to infinity: {len(tests)} tests, the smallest p is "
        f"{worst.p:.2g} ({worst.quantity}); {counted}. The largest |z| is {max(abs(each.z) for each in rows):.2f} of "
        f"{len(rows)}.",
        "The number of eigenvalues at the floor is p - n - d in "
        + ("every" if all(case["atom_counted"] for case in tables["cases"]) else "not every")
        + " Gaussian matrix.",
        f"The mean over noise leaves at most {max(tables['noise'].values()):.1e} in an eigenvalue.",
    ]
    said += [_within(tables, d, kind) for d in form.dimensions for kind in KINDS[1:]]
    return said + [_case(case) for case in tables["cases"]]


def _within(tables: Mapping[str, Any], d: int, kind: str) -> str:
    parts = [case["dimensions"][str(d)]["kinds"][kind] for case in tables["cases"]]
    own = [part["equations"] for part, case in zip(parts, tables["cases"], strict=True) if case["levelled"]]
    bulk = [abs(each["bulk"][1]) for each in own]
    floor = [abs(each["floor"][1]) for each in own if each["floor"] is not None]
    count = sum(value < _TARGET for value in bulk)
    text = (
        f"Nonlinear features of one and two levels, {kind}, d = {d}: quantiles beyond the floor within {_TARGET:.0%} "
    )
    text += f"in {count} of {len(bulk)} cases, at most {max(bulk):.1%} off"
    return text + (f"; at the floor at most {max(floor):.0%}." if floor else ".")


def _case(case: Mapping[str, Any]) -> str:
    parts = []
    for d, of in case["dimensions"].items():
        values = []
        for kind in KINDS[1:]:
            share, value, se = of["kinds"][kind]["gaussian"]["bulk"]
            values.append(f"{kind} {value:+.1%} ({se:.1%}) at share {share:g}")
        parts.append(f"d = {d} (effectively {of['effective']:.0f}): {', '.join(values)}")
    return f"{case['name']}, most off Gaussian matrices beyond the floor: {'; '.join(parts)}."
