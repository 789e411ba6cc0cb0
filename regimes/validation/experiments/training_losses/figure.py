"""Panels of losses against training time, and of times against the number of points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regimes.validation.experiments.training_losses.analysis import READINGS, limit, log_times
from regimes.validation.experiments.training_losses.form import COMPARED, TIMES, LossesForm
from regimes.validation.experiments.training_losses.runs import CaseLosses
from regimes.validation.outcome.panels import Curve, Panel, curve

__all__ = ["panels"]

_EVERY = 7


def panels(found: Sequence[CaseLosses], form: LossesForm) -> list[Panel]:
    """Of each spectrum training and test losses, then both times."""
    drawn = []
    for spectrum in form.spectra:
        own = [each for each in found if each.case.spectrum == spectrum]
        drawn += [_losses(own, name) for name in ("train", "test")]
        drawn.append(_times(own, form))
    return drawn


def _losses(own: Sequence[CaseLosses], name: str) -> Panel:
    """Nonlinear features of the largest dimension, over equations of the same."""
    drawn: list[Curve] = []
    inside = slice(len(COMPARED), len(COMPARED) + TIMES.size)
    d = max(own[0].nonlinear)
    for group, each in enumerate(own):
        theory, values = getattr(each.equations[d], name)[0, inside], getattr(each.nonlinear[d], name)[:, inside]
        drawn.append(curve(f"n/d = {each.case.psi_n:g}", "theory", TIMES, theory, group=group))
        se = values.std(axis=0, ddof=1) / np.sqrt(len(values))
        shown = slice(group * 2, None, _EVERY)
        drawn.append(curve("", "simulation", TIMES[shown], values.mean(axis=0)[shown], se[shown], group=group))
    which = {"train": "training", "test": "test"}[name]
    title = f"{own[0].case.spectrum}: {which} loss, nonlinear, d = {d}"
    return Panel(title, "training time", f"{which} loss", tuple(drawn), log_x=True)


def _times(own: Sequence[CaseLosses], form: LossesForm) -> Panel:
    """Logarithms over the number of points for each dimension."""
    drawn: list[Curve] = []
    psi_n = np.array(form.psi_n)
    for group, name in enumerate(READINGS):
        theory = [log_times(each.theory)[0, group] / np.log(10) for each in own]
        drawn.append(curve(name, "theory", psi_n, theory, group=group))
        values = [limit(*map(log_times, each.gaussian))[:, group] / np.log(10) for each in own]
        drawn.append(
            curve(
                "",
                "simulation",
                psi_n,
                [each.mean() for each in values],
                [each.std(ddof=1) / np.sqrt(each.size) for each in values],
                group=group,
            )
        )
    last = drawn[2]
    drawn.append(curve("in proportion to n", "reference", psi_n, last.y[0] + np.log10(psi_n / psi_n[0]), group=1))
    title = f"{own[0].case.spectrum}: times, Gaussian, less 1/d"
    return Panel(title, "points for each dimension, n/d", "log10 of training time", tuple(drawn), log_x=True)
