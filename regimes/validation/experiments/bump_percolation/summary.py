"""Numbers, tables and sentences of what sets the onset."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from regimes.numerics.interface.number import Number
from regimes.numerics.interface.result import plain
from regimes.validation.experiments.bump_percolation.analysis import Misses, values, verdict
from regimes.validation.experiments.bump_percolation.beside import changes
from regimes.validation.experiments.bump_percolation.form import PercolationForm, Setting, changed
from regimes.validation.experiments.bump_percolation.onsets import (
    Measured,
    Runs,
    log_onsets,
    mean_onset,
    rises,
)
from regimes.validation.experiments.bump_percolation.predictions import (
    HYPOTHESES,
    Thresholds,
    widened_by,
)
from regimes.validation.experiments.bump_percolation.runs import ShareRun
from regimes.validation.experiments.runner.along_training import Estimate
from regimes.validation.experiments.runner.means import number_of, text_of

__all__ = ["numbers_of", "sentences", "tables_of"]

_FALLS = "fails somewhere, predicts nothing or has errors that are too wide"


def tables_of(
    form: PercolationForm, runs: Runs, thresholds: Thresholds, found: Measured, judged: Mapping[str, Misses]
) -> dict[str, Any]:
    """What was found, by setting and by hypothesis."""
    word, standing = verdict(form, found, judged)
    residuals = {
        name: {s.name: at - math.log(row[s.name]) for s in form.widths if (at := found.inside(s.name)) is not None}
        for name, row in thresholds.images.items()
    }
    law = widened_by(form, found)
    tables: dict[str, Any] = plain(
        {
            "verdict": word,
            "standing": standing,
            "se": found.se,
            "left_out": found.left_out,
            "settings": [_setting(form, s, runs[s.name], found, thresholds) for s in form.settings],
            "thresholds": thresholds.images,
            "residuals": residuals,
            "values_off": values(form, found, thresholds),
            "hypotheses": {name: _hypothesis(each) for name, each in judged.items()},
            "slope": asdict(_slope(form, [found.inside(s.name) for s in form.widths], found.se)),
            "slopes": {
                name: _slope(form, [math.log(row[s.name]) for s in form.widths], None).value
                for name, row in thresholds.images.items()
            },
            "widened": law and {"v": law[1], "tau": math.exp(-law[0] / (4 * math.pi))},
            "changes": {name: asdict(each) | {"said": each.said} for name, each in changes(form, runs, found).items()},
        }
    )
    return tables


def numbers_of(tables: Mapping[str, Any]) -> dict[str, Number]:
    """What was measured, as numbers with errors."""
    found = {}
    for each in tables["settings"]:
        label = f"log of the kept share at the onset, {each['name']}"
        found[f"measure.log_onset.{_key(each['name'])}"] = number_of(label, each["log_onset"])
    found["measure.slope"] = number_of("slope of log onset against log width", tables["slope"])
    for name, row in tables["residuals"].items():
        for setting, each in row.items():
            label = f"log onset less that predicted, {HYPOTHESES[name]}, {setting}"
            found[f"measure.residual.{_key(name)}.{_key(setting)}"] = Number(label, each, tables["se"])
    for name, each in tables["changes"].items():
        label = f"log of the share at which the {name} is half-way over that of accuracy"
        found[f"measure.half_way.{name}"] = number_of(label, each["place"])
    return found


def sentences(form: PercolationForm, tables: Mapping[str, Any]) -> list[str]:
    """Say what was found."""
    widths = [each.name for each in form.widths]
    rows = {each["name"]: each for each in tables["settings"]}
    onsets = ", ".join(f"{rows[name]['sigma']:g} px {_share(rows[name])}" for name in widths)
    predicted = ", ".join(f"{name} {slope:.2f}" for name, slope in tables["slopes"].items())
    residuals = "; ".join(
        f"{name}: {', '.join(f'{row[each]:.2f}' if each in row else 'none' for each in widths)}"
        for name, row in tables["residuals"].items()
    )
    relative = ", ".join(f"{name} {_bound(each['log_onset_relative'])}" for name, each in rows.items())
    least = min(each["right_kept_beside"] for each in rows.values())
    sides = [s.name for s in form.settings if not set(changed(s, form.base)) - {"side"}]
    rise = ", ".join(
        f"{name} {text_of(rows[name]['rise'])} (percolation {_rise(rows[name]['rise_of_percolation'])})"
        for name in sides
    )
    half = ", ".join(
        f"{name} {text_of(each['place'])}, {each['said']} ({len(each['widths'])} widths)"
        for name, each in tables["changes"].items()
    )
    first, last = (np.mean(rows[form.base.name]["read"][k], axis=0) for k in (0, -1))
    return [
        f"Half of the held-out images are right from a kept share on that is, for a width of: {onsets}.",
        f"Slope of its log against log width {text_of(tables['slope'])}; by percolation of the images {predicted}.",
        f"Log onset less the log of the threshold of each overlap, widths increasing: {residuals}.",
        f"Log onset less that of {form.base.name}: {_moves(tables)}.",
        _verdict(form, tables),
        f"Least share right at kept positions beside an onset: {least:.2f}. Share from which on half as many are right "
        f"at held-out positions as at kept ones: {relative}.",
        f"Log of the share at which 3/4 of the held-out images are right over that of 1/4: {rise}.",
        f"Log of the share at which losses and representations are half-way, over that of accuracy: {half}.",
        f"R^2 of held-out positions at the smallest and the largest share of {form.base.name}: deepest layer "
        f"{first[0]:.2f}, {last[0]:.2f}; code of the condition {first[1]:.2f}, {last[1]:.2f}.",
    ]


def _verdict(form: PercolationForm, tables: Mapping[str, Any]) -> str:
    word, standing, judged = tables["verdict"], tables["standing"], tables["hypotheses"]
    told = ", ".join(_named(each, tables) for each in standing)
    fallen = ", ".join(name for name in judged if name not in standing)
    said = {
        "not judged": f"Nothing is judged: the onset of {form.base.name} is outside of its shares or left out, or "
        "there is one seed",
        "errors too wide": "Nothing is told: three errors are more than a factor of two",
        "not explained": f"Not explained: each hypothesis {_FALLS}",
        "not told apart": f"Not told apart by the changes: {told}; {_FALLS}: {fallen}",
        "explained": f"Best supported by the changes: {told}; {_FALLS}: {fallen}",
        "not tested everywhere": f"Nothing is told, since settings are left out: where tested, what stands is {told}; "
        f"{_FALLS}: {fallen}",
    }[word]
    scores = sorted(
        (each["rms"], name, len(each["failed"])) for name, each in judged.items() if each["rms"] is not None
    )
    closest = ", ".join(f"{name} {rms:.2f} ({failed} failed)" for rms, name, failed in scores)
    why = ", ".join(f"{name} ({reason})" for name, reason in tables["left_out"].items())
    left = f" Left out: {why}." if why else ""
    return f"{said}.{left} Root mean square of what each misses the changes by, in the log: {closest or 'none'}."


def _named(hypothesis: str, tables: Mapping[str, Any]) -> str:
    off = tables["values_off"].get(hypothesis)
    factor = "" if off is None else f" (its value is off by a factor of {math.exp(abs(off)):.1f})"
    return HYPOTHESES[hypothesis] + factor


def _moves(tables: Mapping[str, Any]) -> str:
    """Changes of the onset: what a constant share misses."""
    share = tables["hypotheses"].get("share")
    if share is None:
        return "not judged"
    sign = {0: "", 1: "above ", -1: "below "}
    error = "" if share["se"] is None else f" ({share['se']:.2f})"
    moves = "; ".join(
        f"{name} {sign[share['side'][name]]}{value:.2f}{error}{', moves' if name in share['failed'] else ''}"
        for name, value in share["miss"].items()
    )
    return moves or "none"


def _slope(form: PercolationForm, log_onsets: Sequence[float | None], se: float | None) -> Estimate:
    """Slope of log onset against log width, with its error from that of an onset; none if an onset is missing."""
    if None in log_onsets:
        return Estimate(None, None, 0)
    logs = np.log([s.sigma for s in form.widths])
    slope = np.polyfit(logs, np.array(log_onsets, dtype=np.float64), 1)[0]
    return Estimate(float(slope), None if se is None else se / math.sqrt(len(logs) * logs.var()), len(logs))


def _setting(
    form: PercolationForm,
    setting: Setting,
    runs: Sequence[Sequence[ShareRun]],
    found: Measured,
    thresholds: Thresholds,
) -> dict[str, Any]:
    columns, name = list(zip(*runs, strict=True)), setting.name  # by share, then by seed
    mean, at = found.onsets.get(name), found.inside(name)
    there = sum(not each.side for each in found.seeds[name])
    return {
        "name": name,
        "sigma": setting.sigma,
        "changed": {key: getattr(setting, key) for key in changed(setting, form.base)},
        "log_onset": asdict(Estimate(at, None if at is None else found.se, there)),
        "log_onsets": [asdict(each) for each in found.seeds[name]],
        "log_onset_mean": mean and asdict(mean),
        "log_onset_relative": (of := mean_onset(log_onsets(setting, runs, relative=True))) and asdict(of),
        "rise": asdict(rises(setting, runs)),
        "rise_of_percolation": thresholds.rises[name],
        "share": list(setting.shares),
        "kept": [each[0].kept for each in columns],
        "right": [[run.outcomes[0, -1] for run in each] for each in columns],
        "right_kept": [[run.outcomes[1, -1] for run in each] for each in columns],
        "right_kept_beside": found.right_kept[name],
        "outcomes": [np.mean([run.outcomes[0] for run in each], axis=0).round(3) for each in columns],
        "copied": [[float(run.copied) for run in each] for each in columns],
        "loss": [[run.loss for run in each] for each in columns],
        "read": [[run.read for run in each] for each in columns],
    }


def _hypothesis(each: Misses) -> dict[str, Any]:
    return asdict(each) | {"failed": each.failed, "rms": each.rms}


def _key(name: str) -> str:
    return name.replace(" ", "_").replace(",", "").replace("=", "")


def _rise(width: float | None) -> str:
    return "none" if width is None else f"{width:.2f}"


def _bound(onset: Mapping[str, Any] | None) -> str:
    """A share, or the bound on it."""
    if onset is None:
        return "none"
    return f"{({0: '', 1: '> ', -1: '< '})[onset['side']]}{math.exp(onset['log']):.3g}"


def _share(row: Mapping[str, Any]) -> str:
    """The onset with the factor of one error; a bound on it; or that it is left out."""
    se = row["log_onset"]["se"]
    factor = "" if se is None else f" (factor {math.exp(se):.2f})"
    return "left out" if row["log_onset_mean"] is None else _bound(row["log_onset_mean"]) + factor
