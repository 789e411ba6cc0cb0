"""The random numbers of :mod:`regimes.validation.sampling.philox` by operations on tensors, for any device.

The same words, hence the same uniform numbers; normal numbers agree up to the rounding of the device's logarithm and
sine. Products of two 32-bit words are formed in int64, where they wrap as they should.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from regimes.validation.sampling.philox import LANES, MULTIPLIERS, NORMAL, ROUNDS, WEYL

__all__ = ["tiles"]

_MASK = 0xFFFFFFFF


def tiles(kind: int, tile: int, count: int, step: int, key: tuple[int, int], device: torch.device) -> Tensor:
    """Numbers of whole tiles."""
    lanes = torch.arange(LANES * tile, LANES * (tile + count), device=device)
    words = _words(lanes & _MASK, lanes >> 32, step, kind, key)
    if kind == NORMAL:
        parts = [*_box_muller(words[0], words[1]), *_box_muller(words[2], words[3])]
    else:
        parts = [(word >> 8).to(torch.float32) * 2.0**-24 for word in words]
    return torch.stack([part.view(count, LANES) for part in parts], dim=1).view(-1)


def _words(low: Tensor, high: Tensor, step: int, kind: int, key: tuple[int, int]) -> list[Tensor]:
    counter = [low, high, torch.full_like(low, step), torch.full_like(low, kind)]
    first, second = key
    for _ in range(ROUNDS):
        product_0, product_1 = counter[0] * MULTIPLIERS[0], counter[2] * MULTIPLIERS[1]
        counter = [
            ((product_1 >> 32) & _MASK) ^ counter[1] ^ first,
            product_1 & _MASK,
            ((product_0 >> 32) & _MASK) ^ counter[3] ^ second,
            product_0 & _MASK,
        ]
        first, second = (first + WEYL[0]) & _MASK, (second + WEYL[1]) & _MASK
    return counter


def _box_muller(radial: Tensor, angular: Tensor) -> tuple[Tensor, Tensor]:
    # Divided by the sum of 2^-32 and 2^-33 in float64, the words round to float32 as those of the compiled form do.
    uniform = ((radial.to(torch.float32).to(torch.float64) + 0.5) * 2.0**-32).to(torch.float32)
    radius = torch.sqrt(-2 * torch.log(uniform))
    place = (angular & 0x3FFFFFFF).to(torch.float32)
    y = place * (math.pi / 2 * 2.0**-30)
    signs = [1.0 - 2.0 * ((angular >> bit) & 1).to(torch.float32) for bit in (31, 30)]
    return radius * torch.cos(y) * signs[0], radius * torch.sin(y) * signs[1]
