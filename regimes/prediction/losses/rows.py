"""Rows, curves and the verdict that the losses of a model add to a prediction."""

from __future__ import annotations

import numpy as np

from regimes.numerics.interface.number import TIME, Number
from regimes.numerics.posterior.curves import PosteriorCurves
from regimes.numerics.process.schedules import Schedule
from regimes.prediction.decisions.answer import Answer
from regimes.prediction.losses.comparison import compared_losses
from regimes.prediction.losses.curve import LossCurve
from regimes.theory.formula.record import recorded

__all__ = ["loss_part"]

_CURVES = ("J_train", "J_train_se", "J_test", "J_test_se", "G", "G_se")
_EXACT = ("J_train_exact", "J_train_exact_se", "J_test_exact", "J_test_exact_se", "G_exact", "G_exact_se")


def loss_part(
    losses: LossCurve, curves: PosteriorCurves, span: tuple[float, float], collapse: Number, schedule: Schedule
) -> Answer:
    """Hold the losses against the exact empirical score; curves are over ``losses.t``, missing outside the span."""
    with recorded() as used:
        found, reasons = compared_losses(losses, curves.n, curves, span, collapse.value)
    formulas = tuple(used)
    with_exact = (*formulas, *collapse.formulas)
    numbers = {
        "losses.time": schedule.number(
            "test loss passes log n",
            found.t_C_test,
            formulas,
            interval=found.t_C_test_interval,
            covers=None if found.t_C_test_interval is None else "losses",
            reason=reasons.get("t_C_test"),
        ),
        "losses.log_n": Number("log n", found.log_n, formulas=formulas, unit="nats"),
        "losses.read_at": Number("half of the collapse time", found.read_at, formulas=collapse.formulas, unit=TIME),
        "losses.share": Number(
            "share of the gap G of the exact empirical score",
            found.share,
            error=found.share_se,
            covers=None if found.share_se is None else "losses, data and probes",
            formulas=with_exact,
            reason=reasons.get("share"),
        ),
    }
    shown = {"losses.t": found.t}
    for name in _CURVES:
        if getattr(found, name) is not None:
            shown[f"losses.{name}"] = getattr(found, name)
    place = np.searchsorted(found.t, found.exact_t)
    for name in _EXACT:
        shown[f"losses.{name}"] = np.full(found.t.size, np.nan)
        shown[f"losses.{name}"][place] = getattr(found, name)
    sentences: tuple[str, ...] = ()
    if found.share is not None and found.share_se is not None:
        verdict = "it is undecided whether it memorises" if found.verdict == "undecided" else f"it {found.verdict}"
        sentences = (
            f"at t = {found.read_at:.4f}, half of the collapse time, the model has {found.share:.4f}"
            f"({round(found.share_se * 1e4)}) of the gap G of the exact empirical score: {verdict}",
        )
    return Answer(numbers, sentences, shown)
