"""Figures of measurements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regimes.report.parts.panels import draw_panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from regimes.validation.measurement.result import TransitionMeasurement

__all__ = ["figure"]


def figure(result: TransitionMeasurement, ax: Any = None) -> Figure:
    """Draw clone probabilities and last changes, measured and predicted."""
    return draw_panels("the measurement", result.panels, ax)
