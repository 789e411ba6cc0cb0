"""A small U-Net: the denoiser of small images."""

from __future__ import annotations

import itertools
import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from regimes.numerics.interface.checks import whole_number
from regimes.validation.training.conditions import ConditionCode, ConditionEmbedding
from regimes.validation.training.initial_weights import initial_weights
from regimes.validation.training.time_embedding import TimeEmbedding

__all__ = ["SmallUNet"]

_FEATURES = 128  # of the noise level, and of a condition
_GROUPS = 8
_MOST_LEVELS = 3


class SmallUNet(nn.Module):
    """Convolutions on the image and on halved copies of it, joined on the way back.

    ``channels`` on the image itself and twice as many below. The output is zero before training, as that of
    :class:`regimes.validation.training.ResidualMLP`.

    Parameters
    ----------
    shape : tuple of int
        Channels, height and width of an image; 8 x 8 to 32 x 32 is what it is made for.
    channels : int
        Channels on the first level; a multiple of 4.
    levels : int, optional
        How often the image is halved; by default until a side has fewer than 4 pixels, three times at most.
    condition : ConditionCode, optional
        How it is told what the image is to show; by default it is told the noise level alone.
    rng : int
        Seed of the weights.

    Attributes
    ----------
    settings : dict
        What it was built with, for :func:`regimes.validation.training.load_denoiser`.

    Raises
    ------
    ValueError
        If a size is out of range, or the image cannot be halved that often.

    Notes
    -----
    After Ronneberger, Fischer, Brox 2015 and Ho, Jain, Abbeel 2020, without attention. Noise level and condition scale
    and shift the channels of each block (Perez, Strub, de Vries, Dumoulin, Courville 2018).

    Examples
    --------
    >>> network = SmallUNet((1, 8, 8), channels=8)
    >>> [tuple(network(x, torch.zeros(5)).shape) for x in (torch.zeros(5, 1, 8, 8), torch.zeros(5, 64))]
    [(5, 1, 8, 8), (5, 64)]
    """

    def __init__(
        self,
        shape: tuple[int, int, int] = (1, 8, 8),
        *,
        channels: int = 16,
        levels: int | None = None,
        condition: ConditionCode | None = None,
        rng: int = 0,
    ) -> None:
        super().__init__()
        self.shape = _checked_shape(shape)
        whole_number("SmallUNet", "channels", "channels on the first level", channels, at_least=4)
        if channels % 4:
            raise ValueError(f"SmallUNet: channels must be a multiple of 4, got {channels}")
        side = min(self.shape[1:])
        if levels is None:
            levels = sum(side / 2**level >= 4 for level in range(_MOST_LEVELS))
        whole_number("SmallUNet", "levels", "how often the image is halved", levels, at_least=0)
        if not isinstance(condition, ConditionCode | None):
            raise ValueError(f"SmallUNet: condition must be a ConditionCode, got {type(condition).__name__}")
        if 2**levels > side:
            raise ValueError(
                f"SmallUNet: levels must leave at least one pixel of {side}, got {levels}; give at most "
                f"{int(math.log2(side))}"
            )
        self.settings: dict[str, Any] = {
            "network": "SmallUNet",
            "shape": list(self.shape),
            "channels": channels,
            "levels": levels,
        }
        if condition is not None:
            self.settings["condition"] = condition.settings
        wide = 2 * channels
        sizes = [channels] + [wide] * levels
        with torch.random.fork_rng(devices=[]):  # layers draw weights of their own when they are made
            self.time = TimeEmbedding(_FEATURES)
            self.first = _convolution(self.shape[0], channels)
            down = [_Block(size, size) for size in sizes]
            up = [_Block(above + below, above) for above, below in itertools.pairwise(sizes)]
            self.down, self.up = nn.ModuleList(down), nn.ModuleList(up)
            self.halve = nn.ModuleList(
                _convolution(above, below, stride=2) for above, below in itertools.pairwise(sizes)
            )
            self.norm = _norm(channels)
            self.last = _convolution(channels, self.shape[0])
            self.condition = None if condition is None else ConditionEmbedding(_FEATURES, condition)
        initial_weights(self, rng)
        for layer in (self.last, *(block.second for block in (*down, *up))):
            for value in layer.parameters():
                nn.init.zeros_(value)

    def forward(self, x: Tensor, log_snr: Tensor, condition: Tensor | None = None) -> Tensor:
        """Prediction for each image (n, channels, height, width), or row of as many numbers, at its log-SNR (n,).

        ``condition``, shape (n, coordinates), is what each image is to show; nan, or None, where nothing is told.
        """
        if tuple(x.shape[1:]) not in {self.shape, (math.prod(self.shape),)}:
            raise ValueError(
                f"SmallUNet: x must be images of shape {self.shape} or rows of {math.prod(self.shape)} numbers, got "
                f"shape {tuple(x.shape)}; build the network for this shape"
            )
        features = self._features(log_snr, condition)
        hidden = self.down[0](self.first(x.reshape(len(x), *self.shape)), features)
        passed = []
        for halve, block in zip(self.halve, self.down[1:], strict=True):
            passed.append(hidden)
            hidden = block(halve(hidden), features)
        for block, beside in zip(reversed(self.up), reversed(passed), strict=True):
            hidden = functional.interpolate(hidden, size=beside.shape[2:])  # sides that were odd come out right
            hidden = block(torch.cat([hidden, beside], dim=1), features)
        output: Tensor = self.last(functional.silu(self.norm(hidden)))
        return output.view(x.shape)

    def _features(self, log_snr: Tensor, condition: Tensor | None) -> Tensor:
        features: Tensor = self.time(log_snr)
        if self.condition is not None:
            features = features + self.condition(condition, len(features))
        elif condition is not None:
            raise ValueError("SmallUNet: this network was built without condition; build it with one, or leave it out")
        return features


def _checked_shape(shape: tuple[int, int, int]) -> tuple[int, int, int]:
    if len(tuple(shape)) != 3:
        raise ValueError(f"SmallUNet: shape must be (channels, height, width), got {tuple(shape)}")
    channels, height, width = (
        whole_number("SmallUNet", "shape", meaning, size, at_least=least)
        for meaning, size, least in zip(("channels", "height", "width"), shape, (1, 2, 2), strict=True)
    )
    return channels, height, width


def _convolution(above: int, below: int, *, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(above, below, 3, stride=stride, padding=1)


def _norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(math.gcd(min(_GROUPS, channels // 4), channels), channels)


class _Block(nn.Module):
    def __init__(self, above: int, below: int) -> None:
        super().__init__()
        self.norm, self.middle_norm = _norm(above), _norm(below)
        self.first = _convolution(above, below)
        self.second = _convolution(below, below)
        self.time = nn.Linear(_FEATURES, 2 * below)
        self.beside = nn.Identity() if above == below else nn.Conv2d(above, below, 1)

    def forward(self, hidden: Tensor, features: Tensor) -> Tensor:
        scale, shift = self.time(features)[:, :, None, None].chunk(2, dim=1)
        middle = self.middle_norm(self.first(functional.silu(self.norm(hidden))))
        change: Tensor = self.second(functional.silu(torch.addcmul(shift, middle, 1 + scale)))
        changed: Tensor = self.beside(hidden) + change
        return changed
