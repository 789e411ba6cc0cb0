"""What the times of a data set mean, in words: what is decided when, in which order, and what would change it."""

from __future__ import annotations

from dataclasses import dataclass

from regimes.numerics.interface.number import Number
from regimes.numerics.process.schedules import Schedule

__all__ = ["Verdict"]

_CLASS, _OWN_CLASS, _POINT = "speciation.class_time", "speciation.class_time_memorised", "collapse.point_time"
_DIRECTION, _LIMIT = "speciation.spectral_time", "speciation.spectral_limit"


@dataclass(frozen=True)
class Verdict:
    """The rows of a prediction, and the schedule in whose steps it speaks."""

    numbers: dict[str, Number]
    schedule: Schedule
    copies: bool
    dimensions: int

    def sentences(self) -> tuple[str, ...]:
        """In the order of the backward process."""
        return tuple(text for text in (self._classes(), self._direction(), self._point(), self._order()) if text)

    @property
    def of_bound(self) -> bool:
        """Whether the class may be decided at more noise than is said."""
        return self._time(_CLASS) is not None

    def _time(self, key: str) -> float | None:
        return self.numbers[key].value if key in self.numbers else None

    def _at(self, key: str) -> str:
        value = self.numbers[key].value
        return "" if value is None else self._place(value)

    def _place(self, t: float) -> str:
        """A time with its step, or that the schedule does not reach it."""
        step = self.schedule.at(t)
        return f"t = {t:.3g} ({f'outside {self.schedule.name}' if step is None else f'step {step.index}'})"

    def _classes(self) -> str:
        if _CLASS not in self.numbers:
            return ""
        own, bound = self._time(_OWN_CLASS), self._time(_CLASS)
        memorised = (
            ""
            if own is None
            else f"A model that has memorised these points decides the class by {self._at(_OWN_CLASS)}"
        )
        if bound is None:
            none = "No class time" if own is None else "No class time of a model that generalises"
            return f"{none}: {self.numbers[_CLASS].reason}." + (f" {memorised}, by copying." if memorised else "")
        low = (self.numbers[_CLASS].interval or (None,))[0]
        sure = "" if low is None else f", with 97.5% certainty by {self._place(low)}"
        latest = f"{self._at(_CLASS)} at the latest, as estimated{sure}"
        return f"{memorised}; one that generalises by {latest}." if memorised else f"The class is decided by {latest}."

    def _direction(self) -> str:
        if _DIRECTION not in self.numbers:
            return ""
        if self._time(_DIRECTION) is not None:
            return f"A direction of the data stands out of the noise from {self._at(_DIRECTION)} down."
        limit = self._time(_LIMIT)
        at_most = "" if limit is None or self.dimensions < 2 else f"; if there is one it appears below t = {limit:.3g}"
        return f"No time of a direction: {_sentence(self.numbers[_DIRECTION].reason)}{at_most}."

    def _point(self) -> str:
        if _POINT not in self.numbers:
            return ""
        if self._time(_POINT) is None:
            return f"No time at which a training point is decided: {self.numbers[_POINT].reason}."
        what = "one training point, or one group of near copies," if self.copies else "one training point"
        return f"A model with the exact score of these points decides for {what} by {self._at(_POINT)}."

    def _order(self) -> str:
        """Whether something new is made: what is decided before a training point is."""
        point, bound, own = self._time(_POINT), self._time(_CLASS), self._time(_OWN_CLASS)
        if point is None:
            return ""
        if bound is not None and bound > point:
            return _between(bound, point, "the class") + ("" if self._surely_first(_CLASS, _POINT) else _UNSURE)
        if own is not None and self._surely_first(_POINT, _OWN_CLASS):
            return (
                "There is no generalising regime for a model with the exact score: it decides for a training point "
                f"(t = {point:.3g}) before it decides the class (t = {own:.3g}). More points lower the first of these "
                "times; whether a trained model copies is told by its losses (--losses)."
            )
        if bound is not None or (own is not None and own <= point):
            found = "held-out points show none" if bound is None else f"the bound (t = {bound:.3g}) lies below"
            return (
                f"Whether a model that generalises decides the class before t = {point:.3g}, where one with the exact "
                f"score decides for a training point, is open: {found}. More labelled points raise it."
            )
        direction = self._time(_DIRECTION)
        if own is None and direction is not None and direction > point:
            return _between(direction, point, "a direction") + (
                "" if self._surely_first(_DIRECTION, _POINT) else _UNSURE
            )
        return ""

    def _surely_first(self, early: str, late: str) -> bool:
        """Whether the first time is the larger one, intervals included: the backward process runs from large t."""
        low, high = (self.numbers[key].interval or (self.numbers[key].value,) * 2 for key in (early, late))
        return low[0] is not None and high[1] is not None and low[0] > high[1]


_UNSURE = " Their intervals overlap, so that the order is likely, not certain."


def _between(early: float, late: float, what: str) -> str:
    return (
        f"Between t = {early:.3g} and {late:.3g} {what} is decided for most samples, and no training point for most, "
        "even with the exact score of these points: here something new can be made. More points make this stage "
        "longer, and so does a score that is less than exact; whether a trained model copies is told by its losses "
        "(--losses)."
    )


def _sentence(reason: str | None) -> str:
    """A reason as the rest of a sentence."""
    text = (reason or "unknown").rstrip(".")
    return text[0].lower() + text[1:]
