"""Panels: what guidance does in each band of log snr, and accuracy against distance of trained denoisers."""

from __future__ import annotations

from typing import Any

import numpy as np

from regimes.numerics.compiled.compile import compile_formula
from regimes.validation.experiments.guidance_window.exact import MixtureFound
from regimes.validation.experiments.guidance_window.mixtures import PROCESSES
from regimes.validation.experiments.guidance_window.summary import GuidanceFound
from regimes.validation.outcome.panels import Curve, Panel, curve

__all__ = ["panels"]


def panels(tables: dict[str, Any], found: GuidanceFound) -> list[Panel]:
    """Draw each mixture, and each source at each weight."""
    return [
        *map(_mixture, found.mixtures),
        *(
            _source(name, weight, each["places"])
            for name, of in tables["sources"].items()
            for weight, each in of["weights"].items()
        ),
    ]


def _mixture(each: MixtureFound) -> Panel:
    """Divergence by band, and the class information that a band holds, both as shares of their sums."""
    middles = np.array(list(each.bands.values()))
    drawn: list[Curve] = []
    for process in PROCESSES:
        moved = np.array([each.limits[process][band]["divergence"] for band in each.bands])
        kind = "theory" if process == PROCESSES[0] else "reference"
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


def _source(name: str, weight: str, places: dict[str, Any]) -> Panel:
    drawn = [
        curve(
            place,
            "simulation",
            [of["distance"]["value"]],
            [of["accuracy"]["value"]],
            [of["accuracy"]["se"] or 0.0],
            group=group,
        )
        for group, (place, of) in enumerate(places.items())
    ]
    return Panel(f"{name}, weight {weight}", "distance from held-out images", "accuracy", tuple(drawn))
