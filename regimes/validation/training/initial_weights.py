"""Weights before training, from a seed: torch's own initialisation draws from a generator that a process shares."""

from __future__ import annotations

import torch
from torch import nn

from regimes.numerics.estimation.streams import Stream
from regimes.numerics.interface.checks import whole_number
from regimes.validation.sampling.noise import NoiseStream

__all__ = ["initial_weights"]


@torch.no_grad()
def initial_weights(module: nn.Module, rng: int) -> None:
    """Draw the weights of all linear and convolutional layers anew.

    Weights and biases are uniform within ``1/sqrt(inputs of a unit)``, which is torch's law for these layers; other
    layers keep what they have.

    Examples
    --------
    >>> first, second = nn.Linear(3, 2), nn.Linear(3, 2)
    >>> initial_weights(first, 0), initial_weights(second, 0)
    (None, None)
    >>> bool((first.weight == second.weight).all())
    True
    """
    noise = NoiseStream(whole_number("initial_weights", "rng", "seed", rng, at_least=0), Stream.INITIAL_WEIGHTS)
    for number, layer in enumerate(module.modules()):
        if not isinstance(layer, nn.Linear | nn.Conv2d) or layer.weight.is_meta:
            continue
        bound = layer.weight[0].numel() ** -0.5
        for part, values in enumerate((layer.weight, layer.bias)):
            if values is None:
                continue
            drawn = noise.substream(number, part).uniform(0, 0, values.numel(), ())
            values.copy_((2 * drawn - 1).mul_(bound).view_as(values))
