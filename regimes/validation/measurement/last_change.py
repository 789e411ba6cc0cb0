"""When the nearest data point changes for the last time: along backward paths, and by the exact law of forward ones.

Seen from its end, a backward path under the exact empirical score is a forward path from a data point drawn uniformly.
In ``y = exp(t) x`` and ``u = exp(2t) - 1`` that is a Brownian motion which starts at the data point, and the nearest
point is the one in whose Voronoi cell y lies: the last change is the first exit from the own cell. At the moment of the
exit y lies on a face, and is beyond it at any later u with probability 1/2, hence outside of the convex cell, so that

    2 M(t) - 1 <= P(last change > t) <= M(t),    M(t) = E max_nu P(nu | x_t).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from regimes.numerics.compiled.compile import compile_formula
from regimes.validation.measurement.blocks import Blocks
from regimes.validation.measurement.clones import SimulatedModel, draw_points
from regimes.validation.measurement.nearest import NearestPoint
from regimes.validation.sampling.backward import backward, noised
from regimes.validation.sampling.noise import Noise, NoiseStream
from regimes.validation.sampling.times import backward_times, decreasing_times

__all__ = ["LastChange", "exact_last_change", "measure_last_change", "path_times"]

Array = NDArray[np.float64]

_START, _PATH = range(2)
_OF_TIME, _OF_SIGNAL = 1 / 8, 1 / 5
_GRID = 4096
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, eq=False)
class LastChange:
    """Times of the last change of the nearest data point, seen on a grid of times."""

    # (N,): middle of the step in which it happens; the first time of the grid where the nearest point never changes
    time: Array
    unchanged: int  # number of paths on which it never changes
    index: NDArray[np.int64]  # (N,): data point nearest to the end
    classes: NDArray[np.int64] | None = None  # (N,): class of the end

    @property
    def mean(self) -> float:
        """Mean time."""
        return float(self.time.mean())

    @property
    def mean_se(self) -> float:
        """Standard error of the mean."""
        return float(self.time.std(ddof=1) / np.sqrt(self.time.size))

    def quantiles(self) -> dict[str, float]:
        """Times below which 5, 25, 50, 75 and 95% of the changes lie."""
        return {
            f"{share:g}": float(value)
            for share, value in zip(QUANTILES, np.quantile(self.time, QUANTILES), strict=True)
        }

    def later_than(self, t: ArrayLike) -> Array:
        """Share of paths whose last change comes before t on the way back, at a larger time."""
        return np.asarray((self.time[:, None] > np.asarray(t, dtype=np.float64)).mean(axis=0))

    def curve(self) -> tuple[Array, Array]:
        """``P(last change > t)`` for a figure: steps of the grid count half at their middle."""
        middle, count = np.unique(self.time, return_counts=True)
        return middle, 1 - (np.cumsum(count) - count / 2) / self.time.size

    def summary(self) -> dict[str, Any]:
        """Mean, quantiles and counts; the single paths are left out."""
        return {
            "mean": self.mean,
            "mean_se": self.mean_se,
            "quantiles": self.quantiles(),
            "unchanged": self.unchanged,
            "paths": self.time.size,
        }


def path_times(start: float, low: float, *, end: float = 0.0, steps: int, Lambda: float) -> Array:
    """Times of paths from pure noise.

    Down to ``low``, steps are short both in t, without which samplers would change the variance of the noise, and in
    ``log(1 + Lambda snr)``, which counts from where the data stand out of it. From there, even steps of t.

    Examples
    --------
    >>> path_times(4.0, 0.5, steps=8, Lambda=10.0).round(2).tolist()
    [4.0, 3.09, 2.28, 1.68, 1.26, 0.94, 0.7, 0.5, 0.25, 0.0]
    """
    late = backward_times(low, end=end, steps=max(1, round(_OF_SIGNAL * steps)))
    t = np.geomspace(start, low, _GRID)
    signal = np.log1p(Lambda * compile_formula("snr", target="numpy")(t))
    place = _OF_TIME * (start - t) + _OF_SIGNAL * (signal - signal[0])
    early = np.linspace(0.0, place[-1], max(1, round(steps * float(place[-1]))) + 1)
    return decreasing_times("path_times", np.concatenate([np.interp(early[:-1], place, t), late]))


def measure_last_change(
    model: SimulatedModel,
    times: ArrayLike,
    *,
    paths: int,
    noise: NoiseStream,
    every: int = 1,
    steps_noise: Noise | None = None,
    blocks: Blocks | None = None,
    name: str = "last-change",
) -> LastChange:
    """Follow the nearest data point along backward paths that begin as pure noise, at a time at which the data are.

    With ``every`` it is looked at after so many steps only; ``steps_noise`` replaces the noise of the steps: what
    couples runs with different steps. Last changes feel the step more than clones do: between two points a and b, the
    spread of a step lacks the share ``|a - b|^2 dsnr/4``. With a share of 1/4, ``P(last change > t)`` was found 0.01 to
    0.02 below the exact law.
    """
    t = decreasing_times("measure_last_change", times)
    if every < 1 or (t.size - 1) % every:
        raise ValueError(f"measure_last_change: every must divide the number of steps, {t.size - 1}, got {every}")
    start = noise.substream(_START)
    path = noise.substream(_PATH) if steps_noise is None else steps_noise
    points, kept = model.points, blocks or Blocks()
    shape = tuple(points.shape[1:])

    def follow(first: int, rows: int, piece: str) -> dict[str, NDArray[Any]]:
        now, last = (
            torch.full((rows,), -1, device=points.device),
            torch.zeros(rows, dtype=torch.int64, device=points.device),
        )

        def watch(step: int, time: float, x: Tensor, first_row: int) -> None:
            if step % every:
                return
            here = slice(first_row - first, first_row - first + len(x))
            found = model.nearest(x, time)
            if step > 0:
                last[here] = torch.where(found != now[here], step // every, last[here])
            now[here] = found

        x = start.normal(0, first, rows, shape, device=points.device, dtype=points.dtype)
        ends = backward(
            model.score,
            x,
            t,
            sampler=model.sampler,
            noise=path,
            first_row=first,
            memory=kept.batch_memory(points),
            watch=watch,
        )
        found = {"step": last.cpu().numpy(), "index": now.cpu().numpy()}
        if model.classify is not None:
            found["classes"] = np.asarray(model.classify(ends).cpu().numpy(), dtype=np.int64)
        return found

    return _on_grid(kept.run(follow, points, paths, name), t[::every])


def exact_last_change(
    points: Tensor,
    times: ArrayLike,
    *,
    paths: int,
    noise: NoiseStream,
    nearest: NearestPoint,
    blocks: Blocks | None = None,
    name: str = "exact-last-change",
) -> LastChange:
    """Draw from the law of the last change under the exact empirical score, seen on the same grid of times.

    Forward paths are drawn without error at the times of the grid, and no score is needed: the law is that of the first
    exit of a Brownian motion from the Voronoi cell in which it starts (derived at the top of this module). The backward
    process is taken to begin at the exact law of the first time.
    """
    t = decreasing_times("exact_last_change", times)
    start, path = noise.substream(_START), noise.substream(_PATH)

    def follow(first: int, rows: int, piece: str) -> dict[str, NDArray[Any]]:
        x = points[draw_points(len(points), start, first, rows).to(points.device)]
        at = t.size - 1
        if t[at] > 0:
            x = noised(x, float(t[at]), noise=path, first_row=first, step=at)
        own = nearest(x, float(t[at]))
        left = torch.zeros(rows, dtype=torch.int64, device=points.device)
        for step in range(at, 0, -1):
            x = noised(x, float(t[step - 1] - t[step]), noise=path, first_row=first, step=step - 1)
            found = nearest(x, float(t[step - 1]))
            left = torch.where((found != own) & (left == 0), step, left)
            if bool((left > 0).all()):
                break
        return {"step": left.cpu().numpy(), "index": own.cpu().numpy()}

    return _on_grid((blocks or Blocks()).run(follow, points, paths, name), t)


def _on_grid(joined: dict[str, NDArray[Any]], t: Array) -> LastChange:
    step = joined["step"]
    middle = np.concatenate([t[:1], (t[:-1] + t[1:]) / 2])
    return LastChange(middle[step], int(np.count_nonzero(step == 0)), joined["index"], joined.get("classes"))
