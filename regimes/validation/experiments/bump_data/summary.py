"""Numbers, tables and sentences of the data needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from regimes.numerics.interface.number import Number
from regimes.numerics.interface.result import plain
from regimes.validation.experiments.bump_data.form import KINDS, DataForm
from regimes.validation.experiments.bump_data.runs import DataSearch
from regimes.validation.experiments.bump_data.search import growth, order_of
from regimes.validation.experiments.runner.along_training import log_ratio, mean_of

__all__ = ["numbers_of", "sentences", "tables_of", "verdict_of"]

_CLAIMED = {"alone": "N^2", "with stripes": "N"}


def tables_of(form: DataForm, found: Mapping[str, Sequence[Sequence[DataSearch]]]) -> dict[str, Any]:
    """Numbers needed, how they grow, how much stripes save, and each search; ``found`` by kind, N and seed."""
    needed = {kind: [[one.search.needed for one in each] for each in found[kind]] for kind in KINDS}
    slopes = {kind: growth(form.positions, needed[kind]) for kind in KINDS}
    orders = {kind: order_of(slopes[kind]) for kind in KINDS}
    rows = []
    for k, n in enumerate(form.positions):
        logs = {kind: [None if value is None else float(np.log(value)) for value in needed[kind][k]] for kind in KINDS}
        saved = [log_ratio(*pair) for pair in zip(*(needed[kind][k] for kind in KINDS), strict=True)]
        rows.append({"n": n, **{kind: asdict(mean_of(logs[kind])) for kind in KINDS}, "saved": asdict(mean_of(saved))})
    tables: dict[str, Any] = plain(
        {
            "needed": rows,
            "growth": {kind: {"slope": asdict(slopes[kind]), "order": orders[kind]} for kind in KINDS},
            "verdict": verdict_of(orders),
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


def verdict_of(orders: Mapping[str, str]) -> str:
    """Of linear with stripes and quadratic without: refuted if one is another order, undecided if one is not told."""
    if any(orders[kind] in {"N", "N^2", "neither"} - {claimed} for kind, claimed in _CLAIMED.items()):
        return "refuted"
    return "reproduced" if dict(orders) == _CLAIMED else "undecided"


def numbers_of(tables: Mapping[str, Any]) -> dict[str, Number]:
    """What was measured, as numbers with errors."""
    found = {}
    for kind, each in tables["growth"].items():
        label = f"slope of log number against log N, bumps {kind}"
        found[f"measure.slope.{kind.replace(' ', '_')}"] = _number(label, each["slope"])
    for row in tables["needed"]:
        for kind in KINDS:
            label = f"log of the number of bumps needed, {kind}, N = {row['n']}"
            found[f"measure.log_needed.{kind.replace(' ', '_')}.{row['n']}"] = _number(label, row[kind])
        label = f"log of the number alone over that with stripes, N = {row['n']}"
        found[f"measure.log_saved.{row['n']}"] = _number(label, row["saved"])
    return found


def sentences(form: DataForm, tables: Mapping[str, Any]) -> list[str]:
    """Say what was found."""
    missed = [
        f"N = {each['n']} {each['kind']}, seed {each['seed']}: {each['reason']}"
        for each in tables["searches"]
        if each["needed"] is None
    ]
    growths = "; ".join(f"{kind} {_plain(each['slope'])}, {each['order']}" for kind, each in tables["growth"].items())
    needed = "; ".join(
        f"N = {row['n']} " + ", ".join(f"{kind} {_factor(row[kind])}" for kind in KINDS) for row in tables["needed"]
    )
    saved = ", ".join(f"N = {row['n']} {_factor(row['saved'])}" for row in tables["needed"])
    span = max(form.positions) / min(form.positions)
    return [
        f"Linear with stripes, quadratic without (L10): {tables['verdict']}. Slope of the number needed: {growths}. "
        f"{len(form.positions)} N over a factor of {span:g}: a line over so short a range is no law.",
        f"Bumps needed for {form.level:g} of the held-out combinations: {needed}. Stripes save a factor: {saved}.",
        f"Searches without a number: {'; '.join(missed) if missed else 'none'}.",
    ]


def _number(label: str, each: Mapping[str, Any]) -> Number:
    reason = None if each["value"] is not None else f"only {each['count']} searches have one"
    return Number(label, each["value"], each["se"], reason=reason)


def _plain(each: Mapping[str, Any]) -> str:
    if each["value"] is None:
        return f"none ({each['count']} seeds have one)"
    return f"{each['value']:.2f}" + ("" if each["se"] is None else f" ({each['se']:.2f})")


def _factor(log: Mapping[str, Any]) -> str:
    """A logarithm as a number with the factor of one error."""
    if log["value"] is None:
        return f"not of all ({log['count']})"
    factor = "" if log["se"] is None else f" (factor {np.exp(log['se']):.2f})"
    return f"{np.exp(log['value']):.3g}{factor}"
