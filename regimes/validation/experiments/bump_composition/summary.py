"""Numbers, tables and sentences of composition and interpolation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from regimes.numerics.interface.number import Number
from regimes.numerics.interface.result import plain
from regimes.validation.experiments.bump_composition.analysis import (
    PLACES,
    Runs,
    both_right,
    comparison,
    guessed,
    kind_of,
    learned,
    new_off,
    new_one,
    new_right,
    region_of,
)
from regimes.validation.experiments.bump_composition.claims import claims_of
from regimes.validation.experiments.bump_composition.form import CompositionForm, SetForm
from regimes.validation.experiments.bump_composition.runs import CompositionRun
from regimes.validation.experiments.runner.along_training import mean_of
from regimes.validation.experiments.runner.means import number_of, text_of

__all__ = ["numbers_of", "sentences", "tables_of"]

_MEASURES = {
    "both": "share right along both axes",
    "new": "share right along the axis of the held-out coordinate",
    "off": "median distance of the held-out coordinate, pixels, of images with one stripe",
    "one": "share with one stripe along the axis of the held-out coordinate",
}


def tables_of(form: CompositionForm, runs: Sequence[Runs]) -> dict[str, Any]:
    """What was found, by set and region, by width, and by claim; and each training."""
    tables: dict[str, Any] = plain(
        {
            "sets": [_of_set(form, each) for each in runs],
            "widths": _by_width(form, runs),
            "claims": claims_of(form, runs),
            "trainings": [_of_run(form, run) for each in runs for run in each],
        }
    )
    return tables


def numbers_of(tables: Mapping[str, Any]) -> dict[str, Number]:
    """What was measured, as numbers with errors."""
    found = {}
    for each in tables["sets"]:
        for place, kind in each["kinds"].items():
            for what, words in _MEASURES.items():
                key = f"{what}.{place}"
                label = f"{words}, {place} of {each['set']} ({kind})"
                found[f"measure.{key}.{each['set'].replace('+', '_').replace(',', '_')}"] = number_of(label, each[key])
    for each in tables["widths"]:
        for name, key in (("with stripes less without", "stripes"), ("square less cross", "square")):
            for place in PLACES:
                if f"{key}.{place}" in each:
                    label = f"composition less interpolation, {place}, width {each['width']}: {name}"
                    found[f"measure.{key}.{place}.{each['width']}"] = number_of(label, each[f"{key}.{place}"])
    return found


def sentences(form: CompositionForm, tables: Mapping[str, Any]) -> list[str]:
    """Say what was found."""
    claims, sets = tables["claims"], tables["sets"]
    missed = [f"{each['set']} ({each['learned']} of {each['trainings']})" for each in sets if not _all(each)]
    few = "; ".join(f"{name} {_both(each['shares'])}: {each['verdict']}" for name, each in claims["few"].items())
    codes = "; ".join(f"{name} {text_of(each['share'])}: {each['verdict']}" for name, each in claims["codes"].items())
    wider = "; ".join(f"{name} {_gaps_sentence(each)}" for name, each in claims["wider"].items())
    by_width = "; ".join(_width_sentence(each) for each in tables["widths"])
    regions = "; ".join(
        f"{region} of {each['set']} {_region_sentence(numbers)}"
        for each in sets
        if each["width"] == form.paper
        for region, numbers in each["regions"].items()
        if region != "trained on"
    )
    excess = ", ".join(
        f"{each['set']} {text_of(each['regions'][region]['excess'])}"
        for each in sets
        for region in PLACES["intersection"]
        if region in each["regions"]
    )
    return [
        f"Trainings that draw what they were trained on ({form.learned:g} right): "
        + ("all." if not missed else f"not all of {', '.join(missed)}; no mean is taken of these sets."),
        f"Composition is strong (L8): {claims['composition']['verdict']}. Right along both axes with all stripes, "
        f"width {form.paper}: {_both(claims['composition']['shares'])}." + (f" With few sums, {few}." if few else ""),
        f"Interpolation is weak (L9): {claims['interpolation']['verdict']}. A value never seen is right in "
        f"{text_of(claims['interpolation']['share'])} of the arms, width {form.paper}; a guess in the gap in "
        f"{claims['interpolation']['guessed']:.2f}." + (f" With other codes, {codes}." if codes else ""),
        f"The weaker the wider the gap (L9), share (guess in the gap) by width: {wider}.",
        f"Composition is stronger than interpolation: {claims['stronger']['verdict']}. A coordinate right with stripes "
        f"less without, width {form.paper}: {_both(claims['stronger']['difference'])}.",
        f"Held-out coordinate right, composition less interpolation: {by_width or 'none'}.",
        f"Right along x, y, both (product of the two; copies of the nearest training sum), width {form.paper}: "
        f"{regions or 'none'}.",
        f"Right along both axes less the product of the shares along each, intersections: {excess or 'none'}.",
    ]


def _of_set(form: CompositionForm, runs: Runs) -> dict[str, Any]:
    """Means over the trainings of a set; none unless all have learned."""
    first, good = runs[0], [learned(form, run) for run in runs]

    def mean(values: Sequence[float | None]) -> dict[str, Any]:
        return asdict(mean_of([value if fine else None for value, fine in zip(values, good, strict=True)]))

    found: dict[str, Any] = {
        "set": first.form.name,
        "width": first.form.width,
        "points": first.points,
        "trainings": len(runs),
        "learned": sum(good),
        "guessed": guessed(form, first.form.width),
        "kinds": {place: kind_of(first, parts[0]) for place, parts in PLACES.items() if parts[0] in first.regions},
        "regions": {},
    }
    for region in first.regions:
        each = [region_of(form, run, region) for run in runs]
        found["regions"][region] = {
            "kind": kind_of(first, region),
            **{name: mean([getattr(one, name) for one in each]) for name in asdict(each[0])},
            "factorised": mean([one.factorised for one in each]),
            "excess": mean([one.both - one.factorised for one in each]),
        }
    for place in found["kinds"]:
        found[f"both.{place}"] = mean([both_right(form, run, place) for run in runs])
        found[f"new.{place}"] = mean([new_right(form, run, place) for run in runs])
        found[f"off.{place}"] = mean([new_off(form, run, place) for run in runs])
        found[f"one.{place}"] = mean([new_one(form, run, place) for run in runs])
    return found


def _by_width(form: CompositionForm, runs: Sequence[Runs]) -> list[dict[str, Any]]:
    """Values seen alone or in other sums against values never seen, region and width alike."""
    by_set = {each[0].form: each for each in runs}
    found = []
    for width in sorted({each.width for each in by_set}):
        cross, striped, square = (
            SetForm("cross", width),
            SetForm("cross", width, stripes=True),
            SetForm("square", width),
        )
        pairs = {"stripes": (striped, cross), "square": (square, cross)}
        row = {
            f"{name}.{place}": asdict(comparison(form, by_set, pair, new_right, place))
            for name, pair in pairs.items()
            for place in PLACES
            if set(pair) <= set(by_set) and (name, place) != ("square", "arms")  # the arms of a square are trained on
        }
        if row:
            found.append({"width": width, **row})
    return found


def _of_run(form: CompositionForm, run: CompositionRun) -> dict[str, Any]:
    """Shares of one training at each look."""
    looks = range(len(form.looks))
    return {
        "set": run.form.name,
        "seed": run.seed,
        "step": list(form.looks),
        **{
            region: {
                axis: [getattr(region_of(form, run, region, k), axis) for k in looks] for axis in ("x", "y", "both")
            }
            for region in run.regions
        },
    }


def _all(each: Mapping[str, Any]) -> bool:
    return bool(each["learned"] == each["trainings"])


def _both(shares: Mapping[str, Any]) -> str:
    return ", ".join(f"{place} {text_of(each)}" for place, each in shares.items())


def _width_sentence(each: Mapping[str, Any]) -> str:
    words = {"stripes": "stripes shown or not", "square": "square or cross held out"}
    parts = (key.split(".") for key in each if key != "width")
    told = (f"{words[name]}, {place} {text_of(each[f'{name}.{place}'])}" for name, place in parts)
    return f"width {each['width']}: {', '.join(told)}"


def _gaps_sentence(each: Mapping[str, Any]) -> str:
    told = ", ".join(
        f"{width} {text_of(each['shares'][width])} ({guess:.2f})" for width, guess in each["guessed"].items()
    )
    return f"{told or 'none'}: {each['verdict']}"


def _region_sentence(each: Mapping[str, Any]) -> str:
    shares = ", ".join(text_of(each[name]) for name in ("x", "y", "both"))
    return f"{shares} ({text_of(each['factorised'])}; {text_of(each['copied'])})"
