"""Numbers, tables and sentences of the data needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from regimes.numerics.interface.number import Number
from regimes.numerics.interface.result import plain
from regimes.validation.experiments.bump_data.form import KINDS, DataForm
from regimes.validation.experiments.bump_data.growth import Growth, growth, scatter_of
from regimes.validation.experiments.bump_data.runs import DataSearch
from regimes.validation.experiments.runner.along_training import log_ratio, mean_of
from regimes.validation.experiments.runner.means import factor_of, number_of, text_of

__all__ = ["numbers_of", "sentences", "tables_of", "verdict_of"]

_CLAIMED = {"alone": "N^2", "with stripes": "N"}


def tables_of(form: DataForm, found: Mapping[str, Sequence[Sequence[DataSearch]]]) -> dict[str, Any]:
    """Numbers needed, how they grow, how much stripes save, and each search; ``found`` by kind, N and seed."""
    needed = {kind: [[one.search.needed for one in each] for each in found[kind]] for kind in KINDS}
    searches = {kind: [[one.search for one in each] for each in found[kind]] for kind in KINDS}
    scatter = scatter_of(searches)
    growths = {kind: growth(form.positions, searches[kind], scatter) for kind in KINDS}
    rows = []
    for k, n in enumerate(form.positions):
        logs = {kind: [None if value is None else float(np.log(value)) for value in needed[kind][k]] for kind in KINDS}
        saved = [log_ratio(*pair) for pair in zip(*(needed[kind][k] for kind in KINDS), strict=True)]
        rows.append({"n": n, **{kind: asdict(mean_of(logs[kind])) for kind in KINDS}, "saved": asdict(mean_of(saved))})
    tables: dict[str, Any] = plain(
        {
            "needed": rows,
            "growth": {kind: asdict(growths[kind]) for kind in KINDS},
            "scatter": asdict(scatter),
            "verdict": verdict_of(growths),
            "interior": _interior(form, found),
            "searches": [
                {
                    "n": one.n,
                    "kind": kind,
                    "seed": one.seed,
                    **asdict(one.search),
                    "held_out": [dict(each) for each in one.held_out],
                    "kept": [each["right"] for each in one.kept],
                }
                for kind in KINDS
                for each in found[kind]
                for one in each
            ],
        }
    )
    return tables


def verdict_of(growths: Mapping[str, Growth]) -> str:
    """Of linear with stripes and quadratic without: refuted if one is far from it, reproduced if both are told."""
    if any(claimed in growths[kind].refuted for kind, claimed in _CLAIMED.items()):
        return "refuted"
    told = all(growths[kind].order == claimed for kind, claimed in _CLAIMED.items())
    return "reproduced" if told else "undecided"


def numbers_of(tables: Mapping[str, Any]) -> dict[str, Number]:
    """What was measured, as numbers with errors."""
    found = {}
    for kind, each in tables["growth"].items():
        label = f"slope of log number against log N, bumps {kind}"
        found[f"measure.slope.{kind.replace(' ', '_')}"] = number_of(label, each["slope"])
    for row in tables["needed"]:
        for kind in KINDS:
            label = f"log of the number of bumps needed, {kind}, N = {row['n']}"
            found[f"measure.log_needed.{kind.replace(' ', '_')}.{row['n']}"] = number_of(label, row[kind])
        label = f"log of the number alone over that with stripes, N = {row['n']}"
        found[f"measure.log_saved.{row['n']}"] = number_of(label, row["saved"])
    return found


def sentences(form: DataForm, tables: Mapping[str, Any]) -> list[str]:
    """Say what was found."""
    missed = [
        f"N = {each['n']} {each['kind']}, seed {each['seed']}: {each['reason']}"
        for each in tables["searches"]
        if each["needed"] is None
    ]
    growths = "; ".join(
        f"{kind} {text_of(each['slope'])}, {each['order']}"
        + (" (by bounds)" if each["slope"]["value"] is None and each["refuted"] else "")
        for kind, each in tables["growth"].items()
    )
    needed = "; ".join(
        f"N = {row['n']} " + ", ".join(f"{kind} {factor_of(row[kind])}" for kind in KINDS) for row in tables["needed"]
    )
    edges = ", ".join(f"N = {each['n']} {text_of(each)}" for each in tables["interior"])
    saved = ", ".join(f"N = {row['n']} {factor_of(row['saved'])}" for row in tables["needed"])
    span = max(form.positions) / min(form.positions)
    return [
        f"Linear with stripes, quadratic without (L10): {tables['verdict']}. Slope of the number needed: {growths}; "
        f"one scatters by a factor {np.exp(tables['scatter']['sd']):.2f} ({tables['scatter']['degrees']} degrees of "
        f"freedom). {len(form.positions)} N over a factor of {span:g}: a line over so short a range is no law.",
        f"Bumps needed, without the 2N stripes, for {form.level:g} of the held-out combinations: {needed}. Stripes "
        f"save a factor: {saved}. Right at interior positions less at all held-out ones, mean over trainings: "
        f"{edges or 'none'}.",
        f"Searches without a number: {'; '.join(missed) if missed else 'none'}.",
    ]


def _interior(form: DataForm, found: Mapping[str, Sequence[Sequence[DataSearch]]]) -> list[dict[str, Any]]:
    """Where bumps at the border of the image are cut: shares right at all other positions less those at all."""
    rows = []
    for k, n in enumerate(form.positions):
        looks = [look for kind in KINDS for one in found[kind][k] for look in one.held_out if n == form.side]
        if looks:
            rows.append({"n": n, **asdict(mean_of([look["interior"] - look["right"] for look in looks]))})
    return rows
