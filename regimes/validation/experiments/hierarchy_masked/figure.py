"""Panels of masked diffusion of hierarchies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.validation.experiments.hierarchy_masked.analysis import blocks_of, shares_kept, susceptibility
from regimes.validation.experiments.hierarchy_masked.form import MaskedForm
from regimes.validation.experiments.hierarchy_masked.plans import WAYS, steps_of
from regimes.validation.experiments.hierarchy_masked.runs import LawRun, ModelFound
from regimes.validation.outcome.panels import Curve, Kind, Panel, curve

__all__ = ["panels"]

Array = NDArray[np.float64]


def panels(form: MaskedForm, found: Sequence[ModelFound]) -> list[Panel]:
    """Draw entropies, U-turns, the class against thresholds, plans, changed blocks and susceptibility."""
    first, masked = found[0], np.array(form.masked)
    model, many = first.model, first.learned[-1]
    known = np.arange(model.leaves, dtype=float)
    entropies = [curve("exact", "theory", known, np.mean([run.curve.mean(axis=0) for run in first.exact], axis=0))]
    for group, (n, runs) in enumerate(zip(model.sizes, first.learned, strict=True), 1):
        entropies.append(_mean(f"{n} points", known, [run.curve.mean(axis=0) for run in runs], group))
    turns, classes, chis, blocks = [], [], [], []
    for group, (what, level) in enumerate((("class", 0), ("leaves", model.L))):
        posterior = np.mean([run.posterior[:, :, level].mean(axis=1) for run in first.exact], axis=0)
        turns.append(curve(f"{what}, posterior", "theory", masked, posterior, group=group))
        for n, runs in ((model.sizes[0], first.learned[0]), (model.sizes[-1], many)):
            back = [run.kept[:, :, level].mean(axis=1) for run in runs]
            turns.append(_mean(f"{what}, {n} points", masked, back, group + 2 * (n == model.sizes[0])))
    marks: list[tuple[str, float]] = []
    for group, each in enumerate(found):
        classes.append(curve(each.model.name, "theory", masked, shares_kept(each.exact, 0, "posterior"), group=group))
        share = shares_kept(each.exact, 0, "kept")
        classes.append(curve(f"{each.model.name}, U-turns", "simulation", masked, share, group=group))
        chis.append(
            curve(each.model.name, "simulation", masked, *susceptibility(each.exact, each.model.leaves), group=group)
        )
        if all(each.threshold.deep != at for _, at in marks):
            marks.append((f"({each.model.v}, {each.model.m}, {each.model.s})", each.threshold.deep))
    chis.append(
        curve(f"{model.name}, {model.sizes[-1]} points", "reference", masked, susceptibility(many, model.leaves)[0])
    )
    for group, share_masked in enumerate(form.blocks):
        for who, runs in (("exact", first.exact), (f"{model.sizes[-1]} points", many)):
            rows = blocks_of(form, runs, share_masked)
            if rows:
                x, y, se = (np.array([getattr(row, key) for row in rows]) for key in ("height", "below", "below_se"))
                kind: Kind = "simulation" if who == "exact" else "reference"
                blocks.append(curve(f"{share_masked:g} masked, {who}", kind, x, y, se, group=group))
    return [
        Panel("Cross entropy of a masked leaf", "visible leaves", "nats", tuple(entropies)),
        Panel("U-turns: symbols that come back", "masked share", "share", tuple(turns)),
        Panel("Class kept beyond chance", "masked share", "share", tuple(classes), tuple(marks)),
        Panel("Loss of unmasking several at once", "steps", "nats", tuple(_losses(form, found)), log_x=True),
        Panel("Data that obey all rules", "steps", "share", tuple(_whole(form, first)), log_x=True),
        Panel("Changed leaves below the highest changed latent", "its height", "leaves", tuple(blocks)),
        Panel("Susceptibility of changed leaves", "masked share", "chi", tuple(chis)),
    ]


def _losses(form: MaskedForm, found: Sequence[ModelFound]) -> list[Curve]:
    curves = []
    for group, each in enumerate(found):
        steps = np.array(steps_of(form, each.model), dtype=float)
        for way, name in enumerate(WAYS):
            loss = np.mean([run.by_curve[:, way].mean(axis=1) for run in each.exact], axis=0)
            kind: Kind = "theory" if name == "planned" else "reference"
            curves.append(curve(f"{each.model.name}, {name}", kind, steps, loss, group=group))
        by_strings = [run.by_strings[:, 1].mean(axis=1) for run in each.exact]
        curves.append(_mean(f"{each.model.name}, planned, by strings", steps, by_strings, group))
    return curves


def _whole(form: MaskedForm, first: ModelFound) -> list[Curve]:
    steps, curves = np.array(steps_of(form, first.model), dtype=float), []
    share = compile_formula("supported_share", target="numpy")
    least = np.mean([share(run.by_curve[:, 1].mean(axis=1)) for run in first.exact], axis=0)
    curves.append(curve("exact, planned: least", "theory", steps, least))
    laws: list[tuple[str, Sequence[LawRun]]] = [("exact", first.exact)]
    laws += [(f"{n} points", runs) for n, runs in zip(first.model.sizes, first.learned, strict=True)]
    for group, (who, runs) in enumerate(laws):
        equal, planned = ([run.whole[:, way] for run in runs] for way in range(2))
        curves.append(_mean(f"{who}, planned", steps, planned, group))
        curves.append(curve(f"{who}, equal", "reference", steps, np.mean(equal, axis=0), group=group))
    return curves


def _mean(label: str, x: Array, values: Sequence[Array], group: int) -> Curve:
    """Mean over sets of rules, with the error by their scatter."""
    rows = np.stack(values)
    error = rows.std(axis=0, ddof=1) / np.sqrt(len(rows)) if len(rows) > 1 else np.zeros(rows.shape[1])
    return curve(label, "simulation", x, rows.mean(axis=0), error, group=group)
