"""Panels of the excess entropy of two Gaussian classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.mixture_entropy.runs import EntropyCase, EntropyForm, closed_forms
from regimes.validation.outcome.panels import Curve, Panel, curve

__all__ = ["panels"]


def panels(cases: Sequence[EntropyCase], form: EntropyForm) -> list[Panel]:
    """Draw the excess entropy, its deviation from theory, its leave-one-out zero, and clones."""
    return [
        Panel(
            f"$n = {form.n}$, $\\mu = \\sigma = 1$",
            "$t/t_C$",
            r"excess entropy $f^e(t)/\alpha$",
            tuple(_curves(cases, form, "excess_entropy")),
            (("$t_C$", 1.0),),
            log_x=True,
        ),
        Panel(
            "Deviation from theory",
            "$t/t_C$",
            r"difference of $f^e/\alpha$",
            tuple(_deviations(cases)),
            (("$t_C$", 1.0),),
            log_x=True,
        ),
        Panel(
            "Own point left out",
            "$t/t_C$",
            r"leave-one-out $f(t)/\alpha$",
            tuple(_around_zero(cases)),
            (("$t_C$", 1.0),),
        ),
        Panel(
            "Clones",
            "$t/t_C$",
            r"$\phi_{\mathrm{index}}(t)$",
            tuple(_curves(cases, form, "clone_index")),
            (("$t_C$", 1.0),),
            log_x=True,
        ),
    ]


def _curves(cases: Sequence[EntropyCase], form: EntropyForm, name: str) -> list[Curve]:
    drawn = []
    for group, case in enumerate(cases):
        t_C, pilot = case.formula.t_C, case.pilot
        drawn.append(curve(f"$d = {case.d}$", "theory", pilot["t"] / t_C, pilot[name], group=group))
        drawn.append(_measured(case, name, case.compared, group))
        if name == "excess_entropy":
            formula = closed_forms(case.d, form.n, pilot["t"])
            shown = formula.excess_entropy >= 0
            label = "closed form, $d$ to infinity" if group == 0 else ""
            x, y = formula.t[shown] / t_C, formula.excess_entropy[shown]
            drawn.append(curve(label, "reference", x, y, group=group))
    return drawn


def _deviations(cases: Sequence[EntropyCase]) -> list[Curve]:
    drawn = []
    for group, case in enumerate(cases):
        theory, at, formula = case.theory.mean["excess_entropy"], case.compared, case.formula
        x = case.t[at] / formula.t_C
        both = [np.diag(side.covariance["excess_entropy"]) for side in (case.theory, case.simulation)]
        difference = (case.simulation.mean["excess_entropy"] - theory)[at]
        se = np.sqrt(both[0] + both[1])[at]
        drawn.append(curve(f"data, $d = {case.d}$", "simulation", x, difference, se, group=group))
        label = "closed form with class information" if group == 0 else ""
        bias = np.maximum(case.formula.corrected, 0.0) - theory
        drawn.append(curve(label, "reference", x, bias[at], group=group))
    return drawn


def _around_zero(cases: Sequence[EntropyCase]) -> list[Curve]:
    drawn = []
    for group, case in enumerate(cases):
        near, t_C = case.near_zero, case.formula.t_C
        values = case.theory.mean["leave_one_out"][near]
        drawn.append(curve(f"$d = {case.d}$", "theory", case.t[near] / t_C, values, group=group))
        drawn.append(_measured(case, "leave_one_out", near, group))
        label = "closed form with class information" if group == 0 else ""
        drawn.append(curve(label, "reference", case.t[near] / t_C, case.formula.corrected[near], group=group))
    return drawn


def _measured(case: EntropyCase, name: str, where: NDArray[np.bool_], group: int) -> Curve:
    se = np.sqrt(np.diag(case.simulation.covariance[name]))[where]
    x = case.t[where] / case.formula.t_C
    return curve("", "simulation", x, case.simulation.mean[name][where], se, group=group)
