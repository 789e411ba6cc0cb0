"""What the denoisers of few and of many digits did, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from regimes.validation.experiments.runner.trained_case import TrainedCase, step_effect
from regimes.validation.measurement.measured import TimeRatio
from regimes.validation.outcome.agreement import ChiSquare

__all__ = ["sentences"]


def sentences(cases: Sequence[TrainedCase], findings: Mapping[str, Any], tests: Sequence[ChiSquare]) -> list[str]:
    """Say what was found."""
    words: list[str] = []
    listed = "; ".join(
        f"{test.quantity}: chi-square {test.value:.1f} over {test.dof}, p = {test.p:.2g}" for test in tests
    )
    words.append(f"The exact empirical score as a prediction of the denoiser of few digits: {listed}.")
    test = findings[cases[1].name]["exact_score_test"]
    words.append(
        f"Of the one with {cases[1].train.n} digits, for which it should fail: chi-square {test['value']:.1f} over "
        f"{test['dof']}, p = {test['p']:.2g}."
    )
    words.append(f"In size: {'; '.join(map(_size, cases))}.")
    words += [_times(case) for case in cases]
    listed = "; ".join(
        f"{case.name} {_pair(findings[case.name]['t_C_of_model'])}, by the exact empirical score on the same points "
        f"{_pair(findings[case.name]['t_C_of_exact_score'])}"
        for case in cases
    )
    words.append(f"Where J_test passes log n, whether the model collapses or not: {listed}.")
    words += [_copies(case) for case in cases]
    listed = "; ".join(_gap(case, findings[case.name]) for case in cases)
    verdict = "tells the two apart" if findings["told_apart"] else "does not tell the two apart"
    words.append(
        f"G at half of the predicted t_C {verdict} (one that memorises lies above half of that of the exact empirical "
        f"score, one that does not below, by 1.96 standard errors). {listed}."
    )
    return words


def _gap(case: TrainedCase, found: Mapping[str, Any]) -> str:
    gap = found["gap"]
    if gap is None:
        return f"{case.name}: no t_C"
    return (
        f"{case.name}: {gap['value']:.2f} ({gap['se']:.2f}) nats, {gap['share']:.2f} ({gap['share_se']:.2f}) of the "
        f"{gap['of_exact_score']:.2f} of the exact empirical score, with J_train at {gap['J_train_over_log_n']:.2f} "
        f"and J_test at {gap['J_test_over_log_n']:.2f} log n"
    )


def _size(case: TrainedCase) -> str:
    """How far the denoiser is from the exact empirical score, and how far the finite steps alone would put it."""
    measured, control = case.measurement, case.control.phi_index
    phi, ratios = measured.phi_index, {(each.measured, each.predicted): each for each in measured.ratios}
    if phi is None or phi.predicted is None or control is None:
        raise ValueError(f"{case.name}: phi_index was not measured")
    change = phi.measured - phi.predicted
    by_steps, error = step_effect(control, case.control.pairs)
    largest = int(np.abs(change).argmax())
    last = ratios.get(("measure.last_change", "collapse.last_change"))
    words = (
        f"{case.name}, phi_index off by up to {change[largest]:+.3f} ({phi.measured_se[largest]:.3f}), the exact "
        f"empirical score with the same steps by {by_steps[largest]:+.3f} ({error[largest]:.3f}) there"
    )
    return (
        words
        if last is None
        else f"{words}; last change at {_ratio(last)} of the time of the exact score on the same grid of times"
    )


def _ratio(found: TimeRatio) -> str:
    return f"{found.ratio:.2f}" + ("" if found.se is None else f" ({found.se:.2f})")


def _times(case: TrainedCase) -> str:
    measured, predicted = case.measurement.measured, case.measurement.predicted
    listed = [
        f"{name} {_time(measured.get(one))} measured, {_time(predicted.get(other))} predicted"
        for name, one, other in (
            ("crossing of phi_index", "measure.point_time", "collapse.point_time"),
            ("mean last change", "measure.last_change", "collapse.last_change"),
        )
    ]
    best = case.denoiser
    held = "" if best.held_out_loss is None else f", held-out loss {best.held_out_loss:.4f}"
    return (
        f"{case.name} (n = {case.train.n}, log n = {math.log(case.train.n):.2f}): {'; '.join(listed)}; zero of the "
        f"leave-one-out excess entropy {_time(predicted.get('collapse.leave_one_out_zero'))}. Weights of step "
        f"{best.best_step}, training loss {best.history.train_loss[-1]:.4f}{held}."
    )


def _copies(case: TrainedCase) -> str:
    found = case.generated
    return (
        f"{case.name}: {found.copies:.1%} of {found.points} generated points are near-copies (nearest training point "
        f"at less than a third of the distance of the second), {found.copies_of_test:.1%} of the test points; median "
        f"distance to the nearest training point {found.nearest:.2f}, of test points {found.nearest_of_test:.2f}."
    )


def _time(found: Any) -> str:
    if found is None or found.time is None:
        return "none"
    return f"{found.time:.3f}" + (f" ({found.se:.3f})" if found.se else "")


def _pair(found: Sequence[float] | None) -> str:
    return "none" if found is None else f"{found[0]:.3f} ({found[1]:.3f})"
