"""A classifier whose layers have names, and its training."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from regimes.numerics.interface.checkpoints import Checkpoints
from regimes.validation.training.initial_weights import initial_weights

__all__ = ["ClassifierForm", "Convolution", "LayeredClassifier", "kept_classifier"]

Draw = Callable[[int, int], tuple[Tensor, Tensor]]
"""``draw(step, rows)`` gives points and their classes."""


@dataclass(frozen=True)
class Convolution:
    """One layer: a convolution and the positive part of it."""

    channels: int
    kernel: tuple[int, int]
    stride: tuple[int, int]


@dataclass(frozen=True)
class ClassifierForm:
    """How a classifier is trained: AdamW with a cosine decay to zero."""

    steps: int
    batch: int
    learning_rate: float = 2e-3
    weight_decay: float = 0.01


class LayeredClassifier(nn.Module):
    """Convolutions ``layer1`` and so on, the mean over places, and ``logits``; rows of any shape are taken."""

    def __init__(self, shape: tuple[int, int, int], layers: Sequence[Convolution], classes: int, *, rng: int) -> None:
        super().__init__()
        self.shape = shape
        sizes = [shape[0], *(each.channels for each in layers)]
        self.names = tuple(f"layer{number}" for number in range(1, len(sizes)))
        with torch.random.fork_rng(devices=[]):
            for name, each, inputs in zip(self.names, layers, sizes, strict=False):
                # A kernel wider than its stride is centred; one as wide tiles the points.
                sides = zip(each.kernel, each.stride, strict=True)
                high, wide = ((kernel - 1) // 2 if kernel > stride else 0 for kernel, stride in sides)
                convolution = nn.Conv2d(inputs, each.channels, each.kernel, each.stride, (high, wide))
                self.add_module(name, nn.Sequential(convolution, nn.ReLU()))
            self.logits = nn.Linear(sizes[-1], classes)
        initial_weights(self, rng)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of each row."""
        hidden = x.reshape(len(x), *self.shape)
        for name in self.names:
            hidden = self.get_submodule(name)(hidden)
        logits: Tensor = self.logits(hidden.mean(dim=(2, 3)))
        return logits

    @torch.no_grad()
    def predict(self, x: Tensor, *, batch: int = 512) -> Tensor:
        """Class of each row."""
        return torch.cat([self(part).argmax(dim=1) for part in torch.split(x, batch)])


def kept_classifier(
    store: Checkpoints, network: LayeredClassifier, draw: Draw, form: ClassifierForm
) -> LayeredClassifier:
    """Train a classifier, or read its weights back if it was trained before."""

    def content() -> dict[str, Any]:
        _fit(network, draw, form)
        return {name: value.cpu().numpy() for name, value in network.state_dict().items()}

    found = store.piece("classifier", content)
    network.load_state_dict({name: torch.from_numpy(value) for name, value in found.items()})
    return network.eval().requires_grad_(False)


def _fit(network: LayeredClassifier, draw: Draw, form: ClassifierForm) -> None:
    rate, decay = form.learning_rate, form.weight_decay
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=decay)
    for step in range(form.steps):
        points, members = draw(step, form.batch)
        optimiser.zero_grad(set_to_none=True)
        functional.cross_entropy(network(points), members).backward()  # type: ignore[no-untyped-call]
        for group in optimiser.param_groups:
            group["lr"] = rate * (1 + math.cos(math.pi * step / form.steps)) / 2
        optimiser.step()
