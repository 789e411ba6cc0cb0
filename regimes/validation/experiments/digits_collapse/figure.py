"""Panels of the denoisers of few and of many digits."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from regimes.validation.experiments.runner.information_gap import Gap
from regimes.validation.experiments.runner.trained_case import TrainedCase
from regimes.validation.measurement.figure import last_change_curves
from regimes.validation.outcome.panels import Curve, Kind, Panel, curve

__all__ = ["panels"]

_LOWEST = -1.0  # drawn of the leave-one-out entropy, which goes far below its zero


def panels(cases: Sequence[TrainedCase]) -> list[Panel]:
    """Draw phi_index, last changes, excess entropy and information of both denoisers."""
    index: list[Curve] = []
    last: list[Curve] = []
    entropy: list[Curve] = []
    gaps: list[Curve] = []
    marks = []
    for group, case in enumerate(cases):
        label, measured = f"n = {case.train.n}", case.measurement
        drawn, phi = measured.predictions.curves, measured.phi_index
        span = float(measured.t[-1])
        if phi is not None:
            inside = drawn["t"] < 1.3 * span
            index.append(curve(label, "theory", drawn["t"][inside], drawn["clone_index"][inside], group=group))
            index.append(curve("", "simulation", measured.t, phi.measured, phi.measured_se, group=group))
            wide = (drawn["t"] < 4 * span) & (drawn["leave_one_out"] > _LOWEST)
            entropy.append(
                curve(f"{label}, $f^e$", "theory", drawn["t"][wide], drawn["excess_entropy"][wide], group=group)
            )
            entropy.append(
                curve("own point left out", "reference", drawn["t"][wide], drawn["leave_one_out"][wide], group=group)
            )
        if measured.last_change is not None and measured.last_change_exact is not None:
            last += last_change_curves(measured.last_change, measured.last_change_exact, label, "", group=group)
        t_C = measured.predicted["collapse.leave_one_out_zero"].time
        if t_C is not None:
            marks.append((f"$t_C$, {label}", t_C))
        log_n = math.log(case.train.n)
        # J of a denoiser that errs grows without bound where snr does: only the part of interest is drawn.
        kinds: tuple[tuple[str, Gap, Kind], ...] = (
            ("", case.gap, "simulation"),
            (", exact score", case.exact_gap, "theory"),
        )
        for of_points in (case.gap.train, case.gap.test):
            share = 1 - of_points / log_n
            seen = (case.gap.t > 0.3 * float(measured.t[0])) & (case.gap.t < 4 * span) & (share > _LOWEST)
            entropy.append(curve("", "simulation", case.gap.t[seen], share[seen], group=group))
        for what, of, kind in kinds:
            near = (of.t > 0.3 * float(measured.t[0])) & (np.abs(of.gap) < 4 * log_n)
            bars = of.gap_se[near] / log_n if kind == "simulation" else None
            gaps.append(curve(f"{label}{what}", kind, of.t[near], of.gap[near] / log_n, bars, group=group))
    return [
        Panel("Two clones share their training point", "$t$", r"$\phi_{index}$", tuple(index), tuple(marks)),
        Panel("Last change of the nearest training point", "$t$", "P(last change > t)", tuple(last), tuple(marks)),
        Panel(
            "Excess entropy: lines from the data, points from losses",
            "$t$",
            r"$f/\alpha$",
            tuple(entropy),
            tuple(marks),
            log_x=True,
        ),
        Panel("Gap between test and training points", "$t$", r"$G/\log n$", tuple(gaps), tuple(marks), log_x=True),
    ]
