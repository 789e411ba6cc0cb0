"""Training of a network to predict masked leaves from the visible ones.

Of each string 0 to N - 1 leaves are visible, each number equally often and any of them alike: the loss, a mean over 1
to N masked leaves of the mean cross entropy at them, is then the divergence of data that are generated one leaf after
the other in random order, by leaf and up to a constant.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from regimes.numerics.estimation.streams import Stream
from regimes.validation.running.progress import Progress, silent
from regimes.validation.sampling.noise import NoiseStream
from regimes.validation.training.moving_average import MovingAverage
from regimes.validation.training.training_data import training_data

__all__ = ["MaskedOptions", "TrainedOnMasks", "masked_probabilities", "train_on_masks"]

Leaves = NDArray[np.int64]

_DATA, _ORDERS, _COUNTS, _HELD_OUT = range(4)
_LARGEST_GRADIENT = 1.0
_CERTAIN = 20.0  # times a one-hot vector, at equal signal and noise: a message whose other symbols weigh 5e-13
_LEAST = 1e-12


@dataclass(frozen=True)
class MaskedOptions:
    """How a network is trained on masked leaves."""

    steps: int
    batch: int
    learning_rate: float
    ema: float
    evaluate_every: int
    warmup: int = 100


@dataclass(frozen=True, eq=False)
class TrainedOnMasks:
    """Averaged weights of the smallest held-out loss, and the losses on the way, in nats a masked leaf."""

    weights: dict[str, Tensor]
    step: NDArray[np.int64]
    train_loss: NDArray[np.float64]
    held_out_loss: NDArray[np.float64]


def masked_probabilities(network: nn.Module, leaves: Tensor, visible: Tensor) -> Tensor:
    """Probabilities (n, N, v) of the symbols of leaves given visible ones, by a network of noised one-hot leaves.

    A visible leaf sends the message of its symbol, a masked one that of no evidence.
    """
    evidence = _CERTAIN * functional.one_hot(leaves, network.v).float() * visible[:, :, None]  # type: ignore[arg-type]
    probabilities: Tensor = network(evidence, torch.zeros(len(leaves)))
    return probabilities


def train_on_masks(
    network: nn.Module,
    leaves: Leaves,
    held_out: Leaves,
    options: MaskedOptions,
    *,
    rng: int,
    progress: Progress = silent,
) -> TrainedOnMasks:
    """AdamW with warm-up, cosine decay and moving average on cross entropy, as :func:`train_denoiser` does it."""
    noise = NoiseStream(rng, Stream.TRAINING)
    points = training_data(leaves.astype(np.float64), None, noise.substream(_DATA), torch.device("cpu"))
    model = copy.deepcopy(network).train()
    average = MovingAverage(model, options.ema)
    optimiser = torch.optim.AdamW(model.parameters(), lr=options.learning_rate, weight_decay=0.0, fused=True)
    fixed = torch.from_numpy(held_out), _masks(noise.substream(_HELD_OUT), 0, *held_out.shape)
    history: list[tuple[int, float, float]] = []
    since: list[float] = []
    best, weights = math.inf, copy.deepcopy(average.model.state_dict())
    for step in range(options.steps):
        batch = points.batch(step, options.batch)[0].long()
        loss = _loss(model, batch, _masks(noise, step, *batch.shape))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), _LARGEST_GRADIENT)
        rising = min(1.0, (step + 1) / max(1, options.warmup))
        for group in optimiser.param_groups:
            group["lr"] = options.learning_rate * rising * (1 + math.cos(math.pi * step / options.steps)) / 2
        optimiser.step()
        average.update()
        since.append(float(loss.detach()))
        if (step + 1) % options.evaluate_every == 0 or step + 1 == options.steps:
            with torch.no_grad():
                found = float(_loss(average.model.eval(), *fixed))
            history.append((step + 1, float(np.mean(since)), found))
            since = []
            if found < best:
                best, weights = found, copy.deepcopy(average.model.state_dict())
        progress("training", step + 1, options.steps)
    steps, train_loss, held_out_loss = (np.array(column) for column in zip(*history, strict=True))
    return TrainedOnMasks(weights, steps, train_loss, held_out_loss)


def _masks(noise: NoiseStream, step: int, rows: int, leaves: int) -> Tensor:
    """Visible leaves of a batch: 0 to N - 1 of them, equally often, in random places."""
    place = noise.substream(_ORDERS).uniform(step, 0, rows, (leaves,)).argsort(dim=1).argsort(dim=1)
    shift = noise.substream(_COUNTS).uniform(step, 0, 1, (1,))[0]
    count = ((torch.arange(rows) + shift) * leaves / rows).floor().clamp_max(leaves - 1)
    return place < count[:, None]


def _loss(model: nn.Module, leaves: Tensor, visible: Tensor) -> Tensor:
    """Mean cross entropy of a masked leaf, every number of masked leaves alike."""
    own = masked_probabilities(model, leaves, visible).gather(2, leaves[:, :, None])[:, :, 0]
    masked = (~visible).float()
    loss: Tensor = ((-own.clamp_min(_LEAST).log() * masked).sum(dim=1) / masked.sum(dim=1)).mean()
    return loss
