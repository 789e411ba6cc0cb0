"""A network with the shape of a tree: the denoiser of noised one-hot leaves of a hierarchy."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from regimes.numerics.interface.checks import whole_number
from regimes.validation.scores.torch_formula import torch_formula
from regimes.validation.training.initial_weights import initial_weights

__all__ = ["TreeDenoiser"]

_HIDDEN = 2  # units of the hidden layer of a node over those of a state


class TreeDenoiser(nn.Module):
    """Layers upwards that join s children each, and layers downwards that join a parent's state with its children's.

    The weights of a level are shared by its nodes, as those of a convolution of stride s are. The network predicts the
    data point (``prediction="x0"``): of each leaf the probability of each symbol, the softmax of the leaf's own message
    and what comes down the tree. The posterior mean depends on the noise level through the messages alone, so the
    network is told nothing else. Before training nothing comes down: it is the exact denoiser of independent leaves.

    Parameters
    ----------
    v : int
        Symbols of a leaf.
    s : int
        Children of a node.
    L : int
        Levels above the leaves.
    width : int
        Numbers in the state of a node.
    rng : int
        Seed of the weights.

    Attributes
    ----------
    settings : dict
        What it was built with, for :func:`regimes.validation.training.load_denoiser`.

    Raises
    ------
    ValueError
        If a size is out of range.

    Examples
    --------
    >>> network = TreeDenoiser(3, 2, 2, width=8)
    >>> network(torch.zeros(5, 4, 3), torch.zeros(5)).shape
    torch.Size([5, 4, 3])
    """

    def __init__(self, v: int, s: int, L: int, *, width: int = 32, rng: int = 0) -> None:
        super().__init__()
        whole_number("TreeDenoiser", "v", "symbols of a leaf", v, at_least=2)
        whole_number("TreeDenoiser", "s", "children of a node", s, at_least=2)
        whole_number("TreeDenoiser", "L", "levels above the leaves", L, at_least=1)
        whole_number("TreeDenoiser", "width", "numbers in the state of a node", width, at_least=1)
        self.v, self.s, self.leaves = v, s, s**L
        self.settings: dict[str, Any] = {"network": "TreeDenoiser", "v": v, "s": s, "L": L, "width": width}
        hidden = _HIDDEN * width
        with torch.random.fork_rng(devices=[]):  # layers draw weights of their own when they are made
            self.first = nn.Linear(v, width)
            self.up = nn.ModuleList(_Node(s * width, width, hidden) for _ in range(L))
            self.root = _Node(width, width, hidden)
            self.down = nn.ModuleList(_Node((s + 1) * width, s * width, hidden) for _ in range(L))
            self.last = nn.Linear(width, v)
        initial_weights(self, rng)
        for value in self.last.parameters():
            nn.init.zeros_(value)

    def forward(self, x: Tensor, log_snr: Tensor) -> Tensor:
        """Probabilities of the symbols (n, s^L, v) of noised one-hot leaves at their log-SNR (n,)."""
        if tuple(x.shape[1:]) != (self.leaves, self.v):
            raise ValueError(
                f"TreeDenoiser: x must be noised one-hot leaves of shape (n, {self.leaves}, {self.v}), got "
                f"{tuple(x.shape)}; build the network for this hierarchy"
            )
        t = torch_formula("time_from_log_snr")(log_snr)[:, None, None]
        message = torch_formula("one_hot_log_message")(x, t)
        states = [self.first(self.v * message.softmax(dim=2) - 1)]
        for join in self.up:
            states.append(join(self._siblings(states[-1])))
        state = self.root(states.pop())
        for part in reversed(self.down):
            beside = self._siblings(states.pop())
            state = part(torch.cat([state, beside], dim=2)).reshape(len(x), self.s * beside.shape[1], -1)
        probabilities: Tensor = (message + self.last(state)).softmax(dim=2)
        return probabilities

    def _siblings(self, states: Tensor) -> Tensor:
        """States of the children of each parent side by side."""
        return states.reshape(len(states), states.shape[1] // self.s, -1)


class _Node(nn.Module):
    """A linear map and two layers beside it."""

    def __init__(self, given: int, wanted: int, hidden: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(given)
        self.straight = nn.Linear(given, wanted)
        self.first = nn.Linear(given, hidden)
        self.second = nn.Linear(hidden, wanted)

    def forward(self, states: Tensor) -> Tensor:
        states = self.norm(states)
        state: Tensor = self.straight(states) + self.second(functional.silu(self.first(states)))
        return state
