"""Panels of U-turns: exact scores, and for each set of images the class and the bands of spatial frequency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.decisions.retained_scales import retained_share
from regimes.validation.experiments.uturns.predictions import MODELS
from regimes.validation.experiments.uturns.runs import TrainingFound
from regimes.validation.experiments.uturns.turns import SAMPLERS
from regimes.validation.outcome.agreement import Agreement
from regimes.validation.outcome.panels import Curve, Panel, curve

__all__ = ["panels"]

Array = NDArray[np.float64]
BySampler = Mapping[str, Sequence[Agreement]]


def panels(
    classes: Mapping[str, BySampler], directions: BySampler, sources: Mapping[str, Sequence[TrainingFound]]
) -> list[Panel]:
    """Draw predictions as lines, simulations as points."""
    drawn = [_exact(f"Classes: {name}", "share that keeps its class", found) for name, found in classes.items()]
    drawn.append(_exact("Directions of a Gaussian", "correlation of start and end", directions))
    for source, found in sources.items():
        drawn += [_classes(source, found, sampler) for sampler in SAMPLERS]
        drawn += [_bands(source, found, sampler) for sampler in SAMPLERS]
    return drawn


def _exact(title: str, label: str, found: BySampler) -> Panel:
    drawn: list[Curve] = []
    for group, (sampler, rows) in enumerate(found.items()):
        quantities = list(dict.fromkeys(each.quantity for each in rows))
        for number, quantity in enumerate(quantities):
            mine = [each for each in rows if each.quantity == quantity]
            t, theory, simulation, se = np.array([(e.at, e.theory, e.simulation, e.se) for e in mine]).T
            drawn.append(curve("" if number else sampler, "theory", t, theory, group=group))
            drawn.append(curve("", "simulation", t, simulation, se, group=group))
    return Panel(title, "$t$", label, tuple(drawn), log_x=True)


def _classes(source: str, found: Sequence[TrainingFound], sampler: str) -> Panel:
    drawn: list[Curve] = []
    for group, model in enumerate(MODELS):
        drawn.append(curve(f"predicted, {model}", "theory", *found[0].predicted.curve(sampler, model), group=group))
        turns = [each.turns[model][sampler] for each in found]
        drawn.append(_points(model, [each.t for each in turns], [each.survival for each in turns], group))
    return Panel(f"{source}, {sampler}", "$t$", "share that keeps its class", tuple(drawn), log_x=True)


def _bands(source: str, found: Sequence[TrainingFound], sampler: str) -> Panel:
    """Of trained denoisers; predicted is what is kept at least."""
    turns = [each.turns["trained"][sampler] for each in found]
    times = [each.t for each in turns]
    t = np.geomspace(np.min(np.concatenate(times)), np.max(np.concatenate(times)), 60)
    snr, drawn = compile_formula("snr", target="numpy")(t), []
    for group, band in enumerate(found[0].predicted.bands):
        share = retained_share(snr, band.variances, deterministic=sampler == "deterministic")
        drawn.append(curve(f"{band.low} to {band.high} cycles", "theory", t, share, group=group))
        drawn.append(_points("", times, [each.bands[:, group] for each in turns], group))
    return Panel(f"{source}, trained, {sampler}", "$t$", "correlation of start and end", tuple(drawn), log_x=True)


def _points(label: str, times: Sequence[Array], values: Sequence[Array], group: int) -> Curve:
    """Of all trainings, which have times of their own."""
    return curve(label, "simulation", np.concatenate(times), np.concatenate(values), group=group)
