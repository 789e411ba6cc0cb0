"""Panels: what guidance does in each band of log snr, and accuracy against distance of trained denoisers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regimes.numerics.compiled.compile import compile_formula
from regimes.validation.experiments.guidance_window.exact import MixtureFound
from regimes.validation.experiments.guidance_window.form import GuidanceForm
from regimes.validation.experiments.guidance_window.generated import GuidedTraining
from regimes.validation.experiments.guidance_window.mixtures import PROCESSES
from regimes.validation.experiments.guidance_window.places import NONE
from regimes.validation.experiments.guidance_window.summary import GuidanceFound
from regimes.validation.outcome.panels import Curve, Kind, Panel, curve

__all__ = ["panels"]


def panels(form: GuidanceForm, found: GuidanceFound) -> list[Panel]:
    """Draw each mixture, and each source at each weight."""
    drawn = [_mixture(each) for each in found.mixtures]
    for name, runs in found.sources.items():
        if all(run.found for run in runs):
            drawn += [_source(name, f"{weight:g}", runs) for weight in form.weights]
    return drawn


def _mixture(each: MixtureFound) -> Panel:
    """Divergence by band, and the class information that a band holds, both as shares of their sums."""
    middles = np.array(list(each.bands.values()))
    drawn: list[Curve] = []
    for process in PROCESSES:
        moved = np.array([each.limits[process][band]["divergence"] for band in each.bands])
        kind: Kind = "theory" if process == PROCESSES[0] else "reference"
        drawn.append(curve(f"guided, variance {process}", kind, middles, moved / moved.sum(), group=0))
    order = np.argsort(each.log_snr)
    edges = middles[0] + (middles[1] - middles[0]) * (np.arange(len(middles) + 1) - 0.5)
    held = np.diff(np.interp(edges, each.log_snr[order], each.information[order]))
    drawn.append(curve("class information", "theory", middles, held / held.sum(), group=1))
    log_snr = compile_formula("log_snr", target="numpy")
    marks = tuple((name, float(log_snr(t))) for name, t in (("high", each.high), ("low", each.low)))
    return Panel(
        f"{each.form.name}: guidance in one band alone", "log snr", "share of the sum over bands", tuple(drawn), marks
    )


def _source(name: str, weight: str, runs: Sequence[GuidedTraining]) -> Panel:
    """What each place adds to accuracy and to distance over none; errors are those of accuracy."""
    drawn = []
    for group, place in enumerate(each for each in runs[0].found[weight] if each != NONE):
        gained = {
            key: np.array([run.found[weight][place][key] - run.found[weight][NONE][key] for run in runs])
            for key in ("distance", "accuracy")
        }
        error = float(gained["accuracy"].std(ddof=1) / np.sqrt(len(runs))) if len(runs) > 1 else 0.0
        x, y = ([each.mean()] for each in gained.values())
        drawn.append(curve(place, "simulation", x, y, [error], group=group))
    return Panel(
        f"{name}, weight {weight}, beside no guidance",
        "rise of the distance from held-out images",
        "rise of accuracy",
        tuple(drawn),
    )
