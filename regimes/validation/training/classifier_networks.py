"""Networks of one shape trained side by side: those of a cross-validation, and those that keep all points."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from regimes.validation.sampling.noise import NoiseStream

__all__ = ["ClassifierOptions", "Networks", "fit_networks"]

_WEIGHTS, _ORDER, _NOISE = 0, 1, 2  # substreams
_MOST_POINTS = 512


@dataclass(frozen=True)
class ClassifierOptions:
    """How the networks of a classifier are trained."""

    folds: int  # parts of the cross-validation
    networks: int  # networks for each part, and as many for all points
    width: int  # units of each of two hidden layers
    steps: int  # steps of AdamW with a cosine decay to zero
    learning_rate: float
    weight_decay: float
    noise: float  # standard deviation of the noise on the points


class Networks:
    """Several networks of one shape, computed together."""

    def __init__(self, weights: list[Tensor], biases: list[Tensor]) -> None:
        self.weights, self.biases = weights, biases
        self.count = len(weights[0])

    def __call__(self, x: Tensor) -> Tensor:
        """Logits of every network."""
        hidden = x.expand(self.count, *x.shape[-2:])
        for number, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            hidden = torch.baddbmm(bias, functional.silu(hidden) if number else hidden, weight)
        return hidden

    def last(self, count: int) -> Networks:
        """Take the last of them out."""
        kept = ([each[-count:].detach().clone() for each in part] for part in (self.weights, self.biases))
        return Networks(*kept)


def fit_networks(
    points: Tensor, members: Tensor, fold: Tensor, options: ClassifierOptions, noise: NoiseStream
) -> Networks:
    """Train networks that do not see one fold, for each fold, and networks that see all points."""
    (n, d), classes, device = points.shape, int(members.max()) + 1, points.device
    left_out = torch.arange(options.folds + 1, device=device).repeat_interleave(options.networks)[:, None]
    model = _initial((d, options.width, options.width, classes), len(left_out), noise.substream(_WEIGHTS), device)
    groups: list[dict[str, Any]] = [{"params": model.weights}, {"params": model.biases, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=options.learning_rate, weight_decay=options.weight_decay)
    batch = min(n, _MOST_POINTS)
    for step in range(options.steps):
        drawn = noise.substream(_ORDER).uniform(step, 0, n, ())
        chosen = torch.argsort(drawn, stable=True)[:batch].to(device)
        z = noise.substream(_NOISE).normal(step, 0, batch, (d,), device=device)
        logits = model(points[chosen] + options.noise * z)
        target = members[chosen].repeat(model.count)
        losses = functional.cross_entropy(logits.reshape(-1, classes), target, reduction="none").view(-1, batch)
        seen = fold[chosen] != left_out
        optimiser.zero_grad(set_to_none=True)
        ((losses * seen).sum(dim=1) / seen.sum(dim=1).clamp(min=1)).sum().backward()  # type: ignore[no-untyped-call]
        for group in optimiser.param_groups:
            group["lr"] = options.learning_rate * (1 + math.cos(math.pi * step / options.steps)) / 2
        optimiser.step()
    return model


def _initial(sizes: tuple[int, ...], count: int, noise: NoiseStream, device: torch.device) -> Networks:
    weights, biases = [], []
    for layer, (inputs, outputs) in enumerate(itertools.pairwise(sizes)):
        drawn = noise.uniform(layer, 0, count, (inputs, outputs), device=device)
        weights.append(((2 * drawn - 1) * inputs**-0.5).requires_grad_(True))
        biases.append(torch.zeros(count, 1, outputs, device=device, requires_grad=True))
    return Networks(weights, biases)
