"""Numbers, tables and sentences of what sets the onset."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from regimes.numerics.interface.number import Number
from regimes.numerics.interface.result import plain
from regimes.validation.experiments.bump_percolation.analysis import (
    ERRORS,
    MARGIN,
    Misses,
    Runs,
    changes,
    log_onsets,
    outside,
    slopes,
    verdict,
)
from regimes.validation.experiments.bump_percolation.form import OVERLAPS, PercolationForm, Setting, changed
from regimes.validation.experiments.bump_percolation.predictions import (
    HYPOTHESES,
    Thresholds,
    overlap_name,
    widened_by,
)
from regimes.validation.experiments.bump_percolation.runs import ShareRun
from regimes.validation.experiments.runner.along_training import mean_of

__all__ = ["numbers_of", "sentences", "tables_of"]


def tables_of(form: PercolationForm, runs: Runs, thresholds: Thresholds, found: Mapping[str, Misses]) -> dict[str, Any]:
    """What was found, by setting and by hypothesis."""
    word, standing = verdict(form, runs, found)
    onsets = {s.name: log_onsets(s, runs[s.name]) for s in form.settings}
    residuals = {
        name: {
            s.name: mean_of([None if v is None else v - math.log(row[s.name]) for v in onsets[s.name]])
            for s in form.widths
        }
        for name, row in thresholds.images.items()
    }
    laws = [widened_by(form, {name: each[k] for name, each in onsets.items()}) for k in range(form.seeds)]
    tables: dict[str, Any] = plain(
        {
            "verdict": word,
            "standing": standing,
            "outside": outside(form, runs),
            "settings": [_setting(form, s, runs[s.name], onsets[s.name]) for s in form.settings],
            "thresholds": thresholds.images,
            "residuals": {name: {key: asdict(each) for key, each in row.items()} for name, row in residuals.items()},
            "hypotheses": {name: _hypothesis(each) for name, each in found.items()},
            "slopes": {name: asdict(each) for name, each in slopes(form, runs, thresholds).items()},
            "widened": {
                "v": asdict(mean_of([None if law is None else law[1] for law in laws])),
                "tau": asdict(mean_of([None if law is None else math.exp(-law[0] / (4 * math.pi)) for law in laws])),
            },
            "changes": {name: asdict(each) for name, each in changes(form, runs).items()},
        }
    )
    return tables


def numbers_of(tables: Mapping[str, Any]) -> dict[str, Number]:
    """What was measured, as numbers with errors."""
    found = {}
    for each in tables["settings"]:
        label = f"log of the kept share at the onset, {each['name']}"
        found[f"measure.log_onset.{_key(each['name'])}"] = _number(label, each["log_onset"])
    found["measure.slope"] = _number("slope of log onset against log width", tables["slopes"]["measured"])
    for name, row in tables["residuals"].items():
        for setting, each in row.items():
            label = f"log onset less that predicted, {HYPOTHESES[name]}, {setting}"
            found[f"measure.residual.{_key(name)}.{_key(setting)}"] = _number(label, each)
    for name, each in tables["changes"].items():
        label = f"log of the share at which the {name} is half-way over that of accuracy"
        found[f"measure.half_way.{name}"] = _number(label, each)
    return found


def sentences(form: PercolationForm, tables: Mapping[str, Any]) -> list[str]:
    """Say what was found."""
    widths = [each.name for each in form.widths]
    rows = {each["name"]: each for each in tables["settings"]}
    onsets = ", ".join(f"{rows[name]['sigma']:g} px {_factor(rows[name]['log_onset'])}" for name in widths)
    predicted = ", ".join(f"{overlap_name(*each)} {_value(tables['slopes'][overlap_name(*each)])}" for each in OVERLAPS)
    residuals = "; ".join(
        f"{name}: {', '.join(_value(row[each]) for each in widths)}" for name, row in tables["residuals"].items()
    )
    half = ", ".join(f"{name} {_value(each)}{_same(each)}" for name, each in tables["changes"].items())
    return [
        f"Half of the held-out images are right from a kept share on that is, for a width of: {onsets}.",
        f"Slope of its log against log width {_value(tables['slopes']['measured'])}; by percolation of the images "
        f"{predicted}.",
        f"Log onset less the log of the threshold of each overlap, widths increasing: {residuals}.",
        f"Log onset less that of {form.base.name}: {_moves(tables['hypotheses']['share'])}.",
        _verdict(tables),
        f"Log of the share at which losses and representations are half-way, over that of accuracy: {half}.",
    ]


def _verdict(tables: Mapping[str, Any]) -> str:
    word, standing = tables["verdict"], tables["standing"]
    said = {
        "not judged": "Nothing is judged: of a width the onset lies outside of the shares, or there is one seed",
        "errors too wide": "Nothing is told: three errors are more than a factor of two",
        "not explained": "Not explained: each hypothesis fails somewhere",
        "not told apart": f"Not told apart: {', '.join(HYPOTHESES[each] for each in standing)} fail nowhere",
        "explained": f"Best supported: {', '.join(HYPOTHESES[each] for each in standing)} fails nowhere",
    }[word]
    scores = sorted(
        (each["rms"], name, len(each["failed"]))
        for name, each in tables["hypotheses"].items()
        if each["rms"] is not None
    )
    closest = ", ".join(f"{name} {rms:.2f} ({failed} failed)" for rms, name, failed in scores)
    left = (
        f" Left out, with an onset outside of their shares: {', '.join(tables['outside'])}."
        if tables["outside"]
        else ""
    )
    return f"{said}.{left} Root mean square of what each misses the changes by, in the log: {closest or 'none'}."


def _moves(share: Mapping[str, Any]) -> str:
    """Changes of the onset: what a constant share misses."""
    return "; ".join(
        f"{name} {_value(each)}{', moves' if name in share['failed'] else ''}" for name, each in share["miss"].items()
    )


def _same(each: Mapping[str, Any]) -> str:
    if each["value"] is None or each["se"] is None:
        return ""
    apart = abs(each["value"]) > ERRORS * each["se"] and abs(each["value"]) > MARGIN
    return " (another share)" if apart else " (the same share)"


def _setting(
    form: PercolationForm, setting: Setting, runs: Sequence[Sequence[ShareRun]], onset: list[float | None]
) -> dict[str, Any]:
    columns = list(zip(*runs, strict=True))  # by share, then by seed
    return {
        "name": setting.name,
        "sigma": setting.sigma,
        "changed": {name: getattr(setting, name) for name in changed(setting, form.base)},
        "log_onset": asdict(mean_of(onset)),
        "share": list(setting.shares),
        "kept": [each[0].kept for each in columns],
        "right": [[run.outcomes[0, -1] for run in each] for each in columns],
        "right_kept": [[run.outcomes[1, -1] for run in each] for each in columns],
        "outcomes": [np.mean([run.outcomes[0] for run in each], axis=0).round(3) for each in columns],
        "copied": [[float(run.copied) for run in each] for each in columns],
        "loss": [[run.loss for run in each] for each in columns],
        "r2": [[float(run.r2) for run in each] for each in columns],
    }


def _hypothesis(each: Misses) -> dict[str, Any]:
    return {
        "change": {name: asdict(value) for name, value in each.change.items()},
        "miss": {name: asdict(value) for name, value in each.miss.items()},
        "se": each.se,
        "failed": each.failed,
        "rms": each.rms,
    }


def _key(name: str) -> str:
    return name.replace(" ", "_").replace(",", "").replace("=", "")


def _number(label: str, each: Mapping[str, Any]) -> Number:
    reason = None if each["value"] is not None else f"{each['count']} trainings have one, the others do not"
    return Number(label, each["value"], each["se"], reason=reason)


def _value(each: Mapping[str, Any]) -> str:
    value, se = each["value"], each["se"]
    if value is None:
        return "none"
    return f"{value:.2f}{'' if se is None else f' ({se:.2f})'}"


def _factor(log: Mapping[str, Any]) -> str:
    """A logarithm as a number with the factor of one error."""
    if log["value"] is None:
        return "outside"
    factor = "" if log["se"] is None else f" (factor {math.exp(log['se']):.2f})"
    return f"{math.exp(log['value']):.3g}{factor}"
