"""What a denoiser is trained on: points in turn, or fresh ones without end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from regimes.validation.sampling.noise import NoiseStream
from regimes.validation.training.conditions import checked_conditions

__all__ = ["Draw", "TrainingData", "training_data"]

Draw = Callable[[int, NoiseStream, int], Tensor]
"""Gives fresh points: ``draw(rows, noise, step)``, of shape (rows, ...), from the numbers of that step alone."""

_ROWS, _SPLIT, _PROBE = 0, 1, 2  # substreams
_PROBES = 4096

Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class TrainingData:
    """Source of the batches of a training."""

    points: Tensor | None  # (n, ...): training points, on the device; None where fresh ones are drawn
    held_out: Tensor | None  # (n', ...): points that the training never sees
    training_rows: Indices | None  # of the array that was given; None where it was not split
    held_out_rows: Indices | None
    draw: Draw | None
    noise: NoiseStream  # source of the order of the points
    device: torch.device  # where batches are put
    conditions: Tensor | None = None  # (n, c), of the training points
    held_out_conditions: Tensor | None = None

    def batch(self, step: int, rows: int) -> tuple[Tensor, Tensor | None]:
        """Points of one step and their conditions: the training points in random orders one by one, or fresh ones."""
        if self.points is None:
            return self._drawn(self.noise.substream(_ROWS), step, rows), None
        n = len(self.points)
        first, last = step * rows, (step + 1) * rows
        orders = [self._order(number) for number in range(first // n, (last - 1) // n + 1)]
        chosen = torch.cat(orders)[first % n : first % n + rows].to(self.device)
        return self.points[chosen], None if self.conditions is None else self.conditions[chosen]

    def probe(self) -> NDArray[np.float64]:
        """Points whose mean and covariance stand for those of the data."""
        points = self.points
        if points is None:
            points = self._drawn(self.noise.substream(_PROBE), 0, _PROBES)
        return points.double().cpu().numpy()

    def _order(self, number: int) -> Tensor:
        assigned = 0 if self.points is None else len(self.points)
        drawn = self.noise.substream(_ROWS).uniform(number, 0, assigned, ())
        return torch.argsort(drawn, stable=True)

    def _drawn(self, noise: NoiseStream, step: int, rows: int) -> Tensor:
        if self.draw is None:
            raise ValueError("train_denoiser: there are neither points nor a function that draws them")
        drawn: Any = self.draw(rows, noise, step)
        if not isinstance(drawn, Tensor) or drawn.ndim < 2 or len(drawn) != rows or not drawn.is_floating_point():
            given = (
                f"shape {tuple(drawn.shape)} of {drawn.dtype}" if isinstance(drawn, Tensor) else type(drawn).__name__
            )
            raise ValueError(
                f"train_denoiser: draw(rows, noise, step) must give a float tensor of shape ({rows}, ...), got {given}"
            )
        if not bool(torch.isfinite(drawn).all()):
            raise ValueError(f"train_denoiser: draw must give finite points, got nan or inf in step {step}")
        return drawn.to(self.device, torch.float32)


def training_data(
    data: ArrayLike | Tensor | Draw,
    held_out: float | ArrayLike | Tensor | None,
    noise: NoiseStream,
    device: torch.device,
    conditions: ArrayLike | Tensor | None = None,
) -> TrainingData:
    """Check the data of a training and set the held-out points apart."""
    draw: Any = data if callable(data) else None
    points = None if draw is not None else _points("data", data).to(device)
    told = None if conditions is None else _conditions(conditions, points, held_out).to(device)
    if held_out is None or np.ndim(held_out) > 0:
        beside = None if held_out is None else _points("held_out", held_out).to(device)
        if points is not None and beside is not None and points.shape[1:] != beside.shape[1:]:
            raise ValueError(
                f"train_denoiser: held_out must have points of shape {tuple(points.shape[1:])} like data, got "
                f"{tuple(beside.shape[1:])}"
            )
        return TrainingData(points, beside, None, None, draw, noise, device, told)
    share = float(held_out)  # type: ignore[arg-type]
    if points is None:
        raise ValueError(
            f"train_denoiser: held_out must be points where data are drawn, got {share:g}; draw some, and pass them"
        )
    count = round(share * len(points))
    if not (0 < share < 1 and 1 <= count <= len(points) - 2):
        raise ValueError(
            f"train_denoiser: held_out (share of the points) must leave at least 2 of {len(points)} points to train on "
            f"and 1 to hold out, got {share:g}; None holds none out"
        )
    order = np.argsort(noise.substream(_SPLIT).uniform(0, 0, len(points), ()).numpy(), kind="stable")
    apart, kept = np.sort(order[:count]), np.sort(order[count:])
    sides = (None, None) if told is None else (told[kept], told[apart])
    return TrainingData(points[kept], points[apart], kept, apart, None, noise, device, *sides)


def _conditions(conditions: Any, points: Tensor | None, held_out: Any) -> Tensor:
    if points is None:
        raise ValueError("train_denoiser: conditions belong to points, got a function that draws them; give points")
    if held_out is not None and np.ndim(held_out) > 0:
        raise ValueError(
            "train_denoiser: held_out must be a share where points have conditions, got points; put them into data "
            "with their conditions, and give their share"
        )
    return checked_conditions("train_denoiser", conditions, len(points))


def _points(name: str, values: Any) -> Tensor:
    points = values if isinstance(values, Tensor) else torch.from_numpy(np.asarray(values, dtype=np.float64))
    least = 2 if name == "data" else 1
    if points.ndim < 2 or len(points) < least or points[0].numel() == 0 or points.is_complex():
        raise ValueError(
            f"train_denoiser: {name} must be at least {least} points, an array of shape (n, ...), got shape "
            f"{tuple(points.shape)}"
        )
    points = points.detach().float()
    if not bool(torch.isfinite(points).all()):
        row = int((~torch.isfinite(points)).flatten(1).any(dim=1).to(torch.int8).argmax())
        raise ValueError(
            f"train_denoiser: {name} must be finite in float32, got nan or inf in row {row}; drop such points"
        )
    return points
