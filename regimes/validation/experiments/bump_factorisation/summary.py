"""Numbers, tables and sentences of how layers write x and y."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from regimes.numerics.interface.number import Number
from regimes.numerics.interface.result import plain
from regimes.validation.experiments.bump_factorisation.form import FactorisationForm
from regimes.validation.experiments.bump_factorisation.runs import MOMENTS, FactorisationRun, Reading
from regimes.validation.experiments.runner.along_training import mean_of

__all__ = ["ByCode", "numbers_of", "sentences", "tables_of"]

ByCode = Mapping[str, Sequence[FactorisationRun]]
"""Trainings by the code of their condition."""

_NAMES = {
    "apart": "share of variance that is of x or of y alone",
    "crossed": "squared cosine of x on y",
    "parallel": "cosine of displacements",
    "next": "cosine of neighbouring values of x",
    "quarter": "cosine of values of x a quarter of the side apart",
    "noise": "variance of an image over that of positions",
}


def tables_of(form: FactorisationForm, ideal: Mapping[str, Reading], runs: ByCode) -> dict[str, Any]:
    """What was found, for ideal codes and by code of the condition, layer and moment."""
    tables: dict[str, Any] = plain(
        {
            "ideal": {name: _numbers(form, each) | {"torus": _torus([each])} for name, each in ideal.items()},
            "layers": {
                code: {
                    layer: {moment: _of_layer(form, each, layer, moment) for moment in MOMENTS} for layer in form.layers
                }
                for code, each in runs.items()
            },
            "right": {
                code: {side: mean_of([getattr(run, side) for run in each]) for side in ("kept", "held_out")}
                for code, each in runs.items()
            },
        }
    )
    return tables


def numbers_of(form: FactorisationForm, tables: Mapping[str, Any]) -> dict[str, Number]:
    """What was measured at the generated image, as numbers with errors."""
    found = {}
    for code, layers in tables["layers"].items():
        for layer, moments in layers.items():
            for name, label in _NAMES.items():
                each = moments["end"][name]
                found[f"measure.{name}.{code}.{layer}"] = Number(f"{label}, {code}, {layer}", each["value"], each["se"])
    return found


def sentences(form: FactorisationForm, tables: Mapping[str, Any]) -> list[str]:
    """Say what was found."""
    ideal = "; ".join(f"{name} {_exact(each)}{_shape(each['torus'])}" for name, each in tables["ideal"].items())
    said = [
        "Share of variance that is of x or of y alone, squared cosine of x on y, cosines of neighbouring values and of "
        f"values a quarter of the side apart. Ideal codes: {ideal}."
    ]
    for code, layers in tables["layers"].items():
        right = tables["right"][code]
        for moment, where in zip(MOMENTS, ("At pure noise", "At the generated image"), strict=True):
            listed = "; ".join(f"{layer} {_measured(each[moment])}" for layer, each in layers.items())
            said.append(f"{where}, told by {code}: {listed}.")
        said.append(
            f"Right images, told by {code}: {_value(right['kept'])} at kept positions, {_value(right['held_out'])} at "
            "held-out ones."
        )
    return said


def _numbers(form: FactorisationForm, reading: Reading) -> dict[str, float]:
    measures, quarter = reading.measures, form.side // 4
    return {
        "apart": measures.x + measures.y,
        "crossed": measures.crossed,
        "parallel": measures.parallel,
        "next": float(measures.kernel_x[1] + measures.kernel_y[1]) / 2,
        "quarter": float(measures.kernel_x[quarter] + measures.kernel_y[quarter]) / 2,
        "noise": measures.noise,
    }


def _of_layer(form: FactorisationForm, runs: Sequence[FactorisationRun], layer: str, moment: str) -> dict[str, Any]:
    readings = [run.readings[layer][moment] for run in runs]
    rows = [_numbers(form, each) for each in readings]
    found: dict[str, Any] = {name: mean_of([row[name] for row in rows]) for name in _NAMES}
    kernel = [(each.measures.kernel_x + each.measures.kernel_y) / 2 for each in readings]
    return found | {
        "kernel": [mean_of([float(each[k]) for each in kernel]) for k in range(form.side // 2 + 1)],
        "torus": _torus(readings),
        "loops": [None if each.bars is None else each.bars.loops for each in readings],
        "voids": [None if each.bars is None else each.bars.voids for each in readings],
    }


def _torus(readings: Sequence[Reading]) -> float | None:
    """Share of readings whose means have the homology of a torus; None where it was not computed."""
    found = [each.bars.torus for each in readings if each.bars is not None]
    return sum(found) / len(found) if len(found) == len(readings) else None


def _exact(each: Mapping[str, float]) -> str:
    return ", ".join(f"{each[name]:.2f}" for name in ("apart", "crossed", "next", "quarter"))


def _measured(each: Mapping[str, Any]) -> str:
    return ", ".join(_value(each[name]) for name in ("apart", "crossed", "next", "quarter")) + _shape(each["torus"])


def _shape(share: float | None) -> str:
    if share is None:
        return ""
    return " (a torus)" if share == 1 else " (no torus)" if share == 0 else f" (a torus in {share:.0%})"


def _value(each: Mapping[str, Any]) -> str:
    if each["value"] is None:
        return "none"
    return f"{each['value']:.2f}" + ("" if each["se"] is None else f"({round(100 * each['se'])})")
