"""Where a measured clone probability crosses a level, and how well that is known."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.checks import positive_times, real_array

__all__ = ["MeasuredTime", "measured_crossing"]

_FEWEST_CROSSING = 0.95
_FEWEST_TIMES = 3


@dataclass(frozen=True)
class MeasuredTime:
    """A time read off a simulation.

    Attributes
    ----------
    time : float or None
        Ornstein-Uhlenbeck time.
    se : float or None
        Standard error over the simulated samples.
    reason : str or None
        Why one of the two is None.
    """

    time: float | None
    se: float | None = None
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON.

        Returns
        -------
        dict
            The attributes.
        """
        return asdict(self)


def measured_crossing(
    t: ArrayLike, values: ArrayLike, level: float, replicates: ArrayLike, *, what: str = "the clone probability"
) -> MeasuredTime:
    """Time at which a measured curve that falls with t passes a level, with its standard error.

    The values are made monotone by isotonic regression and joined by a monotone cubic in log t, so that noise adds no
    crossings; the same is done to each replicate, and the error is the deviation of their crossings.

    Parameters
    ----------
    t : array_like, shape (T,)
        Increasing times, three at least.
    values : array_like, shape (T,)
        The curve.
    level : float
        The level.
    replicates : array_like, shape (B, T)
        Bootstrap draws of the curve, two at least.
    what : str
        Name of the curve in reasons.

    Returns
    -------
    MeasuredTime
        ``time`` is None, with the reason, where the curve stays on one side; ``se`` is None where more than one in
        twenty replicates does.

    Raises
    ------
    ValueError
        If shapes disagree, times do not increase, or something is not finite.

    Examples
    --------
    >>> t = np.linspace(0.5, 1.5, 11)
    >>> noise = np.random.default_rng(0).normal(scale=0.01, size=(200, 11))
    >>> found = measured_crossing(t, np.exp(-t), 0.4, np.exp(-t) + noise)
    >>> round(found.time, 3), round(found.se, 2)
    (0.916, 0.02)
    """
    times = positive_times("measured_crossing", t)
    curve = real_array("measured_crossing", "values", values)
    draws = real_array("measured_crossing", "replicates", replicates)
    if times.size < _FEWEST_TIMES or not np.all(np.diff(times) > 0):
        raise ValueError(
            f"measured_crossing: t must hold at least {_FEWEST_TIMES} increasing times, got {times.tolist()}"
        )
    if curve.shape != times.shape or draws.ndim != 2 or draws.shape[1:] != times.shape or len(draws) < 2:
        raise ValueError(
            f"measured_crossing: values must have shape ({times.size},) and replicates (B, {times.size}) with B >= 2, "
            f"got {curve.shape} and {draws.shape}"
        )
    if not (np.isfinite(curve).all() and np.isfinite(draws).all()):
        raise ValueError(f"measured_crossing: {what} must be finite; leave out times at which it is not known")
    place = np.log(times)
    time = _crossing(place, curve, level)
    if time is None:
        side = "above" if curve[-1] > level else "below"
        return MeasuredTime(
            None, None,
            f"{what} stays {side} {level:.3g} for t from {times[0]:.3g} to {times[-1]:.3g} (it goes from "
            f"{curve[0]:.3g} to {curve[-1]:.3g})",
        )  # fmt: skip
    crossings = [_crossing(place, draw, level) for draw in draws]
    found = np.array([each for each in crossings if each is not None])
    if found.size < _FEWEST_CROSSING * len(draws):
        return MeasuredTime(
            time,
            None,
            f"{what} crosses {level:.3g} too near an end of the times to tell the error; measure farther out",
        )
    return MeasuredTime(time, float(found.std(ddof=1)))


def _crossing(place: NDArray[np.float64], curve: NDArray[np.float64], level: float) -> float | None:
    from scipy.interpolate import PchipInterpolator
    from scipy.optimize import isotonic_regression

    falling = np.asarray(isotonic_regression(curve, increasing=False).x)
    if not falling[0] > level > falling[-1]:
        return None
    above, below = int(np.flatnonzero(falling > level)[-1]), int(np.flatnonzero(falling < level)[0])
    if below - above > 1:  # a plateau on the level itself
        return float(np.exp((place[above + 1] + place[below - 1]) / 2))
    # Between two knots the cubic depends on one more on either side; it falls, so that bisection finds the one root.
    near = slice(max(above - 1, 0), below + 2)
    return float(np.exp(PchipInterpolator(place[near], falling[near]).solve(level, extrapolate=False)[0]))
