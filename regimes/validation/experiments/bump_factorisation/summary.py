"""Numbers, tables and sentences of how layers write x and y."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from regimes.numerics.interface.number import Number
from regimes.numerics.interface.result import plain
from regimes.validation.experiments.bump_factorisation import embedding, homology
from regimes.validation.experiments.bump_factorisation.embedding import Plane
from regimes.validation.experiments.bump_factorisation.form import FactorisationForm
from regimes.validation.experiments.bump_factorisation.rules import RULES, called
from regimes.validation.experiments.bump_factorisation.runs import MOMENTS, FactorisationRun, Reading
from regimes.validation.experiments.runner.along_training import Estimate, mean_of

__all__ = ["ByTold", "numbers_of", "sentences", "tables_of"]

ByTold = Mapping[str, Sequence[FactorisationRun]]
"""Trainings by what they are told: ``waves1``, ``waves8``."""

_NAMES = {
    "apart": "share of variance that is of x or of y alone",
    "parallel": "cosine of displacements by one feature at two values of the other, the smaller of the two",
    "crossed": "squared cosine of x on y",
    "crossing": "squared cosine of x on y over that of shared directions, 1/D",
    "next": "cosine of neighbouring values of a feature",
    "quarter": "cosine of values a quarter of the side apart",
    "noise": "variance of an image over that of positions",
}
_SAID = ("parallel", "crossing", "next")
_REPORTED = ("factorised", "orthogonal", "discontinuous")  # all three, liang2024b
_WHERE = ("At pure noise", "At the generated image", "At that image, before training")


def tables_of(
    form: FactorisationForm, ideal: Mapping[str, Reading], runs: ByTold, planes: Mapping[str, Plane]
) -> dict[str, Any]:
    """What was found, for ideal codes and by what was told, layer and moment."""
    tables: dict[str, Any] = plain(
        {
            "rules": {word: f"{name} {side} {threshold:g}" for word, (name, side, threshold) in RULES.items()},
            "ideal": {name: _of_readings(form, [each]) for name, each in ideal.items()},
            "layers": {
                told: {
                    layer: {
                        moment: _of_readings(form, [run.readings[layer][moment] for run in each]) for moment in MOMENTS
                    }
                    for layer in form.layers
                }
                for told, each in runs.items()
            },
            "right": {
                told: {side: mean_of([getattr(run, side) for run in each]) for side in ("kept", "held_out")}
                for told, each in runs.items()
            },
            "trust": {name: _trust([each]) for name, each in planes.items()}
            | {
                f"{layer}, {told}": _trust([run.planes[layer] for run in each])
                for told, each in runs.items()
                for layer in each[0].planes
                if all(layer in run.planes for run in each)  # pieces may be older than an installation of UMAP
            },
        }
    )
    return tables


def numbers_of(tables: Mapping[str, Any]) -> dict[str, Number]:
    """What was measured at the generated image, as numbers with errors."""
    found = {}
    for told, layers in tables["layers"].items():
        for layer, moments in layers.items():
            for name, label in _NAMES.items():
                each = moments["end"][name]
                reason = None if each["value"] is not None else "x or y has no variance beyond noise in a training"
                found[f"measure.{name}.{told}.{layer}"] = Number(
                    f"{label}, {told}, {layer}", each["value"], each["se"], reason=reason
                )
    return found


def sentences(form: FactorisationForm, tables: Mapping[str, Any]) -> list[str]:
    """Say what was found."""
    rules = "; ".join(f"{word}: {rule}" for word, rule in tables["rules"].items())
    said = [
        "Three numbers each: parallel (cosine of displacements), crossing (squared cosine of x on y over that of "
        "directions that are shared) and next (cosine of neighbouring values). Ideal codes: "
        f"{_listed(tables['ideal'])}.",
        f"Rules, passed by two standard errors: {rules}.",
    ]
    if not homology.available():
        said.append("Homology was not computed: gudhi (extra homology) is not installed.")
    for told, layers in tables["layers"].items():
        right = tables["right"][told]
        said += [
            f"{where}, {told}: {_listed({layer: each[moment] for layer, each in layers.items()})}."
            for moment, where in zip(MOMENTS, _WHERE, strict=True)
        ]
        at_end = {layer: set(each["end"]["called"]) for layer, each in layers.items()}
        whole = [layer for layer, words in at_end.items() if words.issuperset(_REPORTED)]
        coupled = [layer for layer, words in at_end.items() if "coupled" in words]
        said.append(
            f"Of {told}, {', '.join(_REPORTED)} at once at the generated image: {', '.join(whole) or 'none'}; coupled: "
            f"{', '.join(coupled) or 'none'}."
        )
        said.append(
            f"Right images, {told}: {_value(right['kept'])} at kept positions, {_value(right['held_out'])} at "
            "held-out ones."
        )
    if form.planes and not embedding.available():
        said.append("No plane was drawn: umap-learn (extra embedding) is not installed.")
    if tables["trust"]:
        trusted = "; ".join(f"{name} {', '.join(map(_value, each))}" for name, each in tables["trust"].items())
        said.append(f"Trustworthiness of neighbours by UMAP and in the first two principal axes: {trusted}.")
    return said


def _of_readings(form: FactorisationForm, readings: Sequence[Reading]) -> dict[str, Any]:
    rows = [_numbers(form, each) for each in readings]
    found: dict[str, Any] = {name: mean_of([row[name] for row in rows]) for name in _NAMES}
    kernel = [_kernel(each) for each in readings]
    bars = [each.bars for each in readings if each.bars is not None]
    return found | {
        "called": called({name: vars(each) for name, each in found.items()}),
        "kernel": [mean_of([None if each is None else each[k] for each in kernel]) for k in range(form.side // 2 + 1)],
        "torus": sum(each.torus for each in bars) / len(bars) if len(bars) == len(readings) else None,
        "loops": [each.loops for each in bars],
        "voids": [each.voids for each in bars],
    }


def _trust(planes: Sequence[Plane]) -> list[Estimate]:
    return [mean_of([float(each.trust[k]) for each in planes]) for k in (0, 1)]


def _numbers(form: FactorisationForm, reading: Reading) -> dict[str, float | None]:
    measures, kernel = reading.measures, _kernel(reading)
    of_x, of_y = measures.parallel
    crossed, dimension = measures.crossed, measures.dimension
    return {
        "apart": measures.apart,
        "parallel": None if of_x is None or of_y is None else min(of_x, of_y),
        "crossed": crossed,
        "crossing": None if crossed is None or dimension is None else crossed * dimension,
        "next": None if kernel is None else kernel[1],
        "quarter": None if kernel is None else kernel[form.side // 4],
        "noise": measures.noisy,
    }


def _kernel(reading: Reading) -> list[float] | None:
    """Mean of the kernels of x and of y; None unless both are there."""
    of_x, of_y = reading.measures.kernels
    return None if of_x is None or of_y is None else [float(each) for each in (of_x + of_y) / 2]


def _listed(rows: Mapping[str, Mapping[str, Any]]) -> str:
    return "; ".join(f"{name} {_measured(each)}" for name, each in rows.items())


def _measured(each: Mapping[str, Any]) -> str:
    if all(each[name]["value"] is None for name in _SAID):
        return "no x and y beyond noise"
    words = ", ".join([*each["called"], *_shape(each["torus"])])
    return ", ".join(_value(each[name]) for name in _SAID) + (f" ({words})" if words else "")


def _shape(share: float | None) -> list[str]:
    """Whether the means are a torus; nothing where homology was not computed."""
    if share is None:
        return []
    return ["a torus" if share == 1 else "no torus" if share == 0 else f"a torus in {share:.0%}"]


def _value(each: Mapping[str, Any]) -> str:
    if each["value"] is None:
        return "none"
    return f"{each['value']:.2f}" + ("" if each["se"] is None else f"({round(100 * each['se'])})")
