"""What losses of a model say of its collapse, in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from regimes.report.parts.columns import columns, shown_rows, with_error

if TYPE_CHECKING:
    from rich.console import RenderableType

    from regimes.prediction.losses.comparison import LossComparison

__all__ = ["loss_parts"]


def loss_parts(losses: LossComparison) -> list[RenderableType]:
    """Curves in brief and the verdict.

    Parameters
    ----------
    losses : LossComparison
        The result.

    Returns
    -------
    list of rich renderable
        For a terminal.
    """
    heads = ["t (OU)", "J train", *([] if losses.G is None else ["J test", "G"]), "G, exact score"]
    table = columns(*heads)
    exact = {float(t): k for k, t in enumerate(losses.exact_t)}
    for i in shown_rows(losses.t.size):
        cells = [f"{losses.t[i]:.4f}", with_error(losses.J_train[i], losses.J_train_se[i])]
        for values, errors in ((losses.J_test, losses.J_test_se), (losses.G, losses.G_se)):
            if values is not None and errors is not None:
                cells.append(with_error(values[i], errors[i]))
        k = exact.get(float(losses.t[i]))
        table.add_row(*cells, "-" if k is None else with_error(losses.G_exact[k], losses.G_exact_se[k]))
    parts: list[RenderableType] = [Text(f"losses of the model, in nats (log n = {losses.log_n:.4f})"), table]
    if losses.share is not None and losses.share_se is not None:
        verdict = "it is undecided whether it memorises" if losses.verdict == "undecided" else f"it {losses.verdict}"
        parts.append(
            Text(
                f"at t = {losses.read_at:.4f}, half of the collapse time, the model has "
                f"{with_error(losses.share, losses.share_se)} of the gap G of the exact empirical score: {verdict}",
                style="bold",
            )
        )
    return parts
