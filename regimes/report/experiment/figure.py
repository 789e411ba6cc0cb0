"""Figures of experiments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regimes.report.parts.panels import draw_panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from regimes.validation.outcome.experiment import ExperimentResult

__all__ = ["figure"]


def figure(result: ExperimentResult, ax: Any = None) -> Figure:
    """Draw each panel of an experiment; the result knows what is in them."""
    return draw_panels(result.problem.name, result.panels, ax)
