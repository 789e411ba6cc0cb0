"""How much is trained and measured, and the data of each set of rules."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from regimes.datasets.hierarchy.rules import random_hierarchy
from regimes.datasets.hierarchy.sample import HierarchySample, sample_hierarchy
from regimes.numerics.hierarchy.problem import Hierarchy
from regimes.numerics.hierarchy.rules import HierarchyRules
from regimes.validation.experiments.runner.shared_trainings import shared_trainings
from regimes.validation.running.progress import Progress
from regimes.validation.training import TreeDenoiser
from regimes.validation.training.masked_training import MaskedOptions, train_on_masks
from regimes.validation.training.training_state import load_tensors, tensor_bytes

__all__ = ["MaskedForm", "MaskedModel", "RulesData", "rules_data", "trained_network"]

Leaves = NDArray[np.int64]

_SETS = 64  # runs with other seeds share nothing
_PARTS = 4
_TRAIN, _HELD_OUT, _STRINGS, _TURNS = range(_PARTS)


@dataclass(frozen=True)
class MaskedModel:
    """A hierarchy, and on how many data of it networks are trained."""

    v: int
    m: int
    s: int
    L: int
    rules: int  # sets of rules; data are drawn anew with each
    sizes: tuple[int, ...] = ()  # training points
    trained: int = 0  # sets of rules with networks, first weights drawn anew

    @property
    def name(self) -> str:
        """The numbers, as labels have them."""
        return f"({self.v}, {self.m}, {self.s}, {self.L})"

    @property
    def hierarchy(self) -> Hierarchy:
        """The problem."""
        return Hierarchy(self.v, self.m, self.s, self.L)

    @property
    def leaves(self) -> int:
        """N."""
        return int(self.s**self.L)

    def entropy(self, height: int | None = None) -> float:
        """Nats of the leaves below a node of equally likely symbols, the whole tree's by default."""
        height = self.L if height is None else height
        nodes = sum(self.s**depth for depth in range(height))
        return float(np.log(self.v) + nodes * np.log(self.m))


@dataclass(frozen=True)
class MaskedForm:
    """Size of the experiment."""

    models: tuple[MaskedModel, ...]
    width: int  # of the networks
    training: MaskedOptions
    held_out: int  # points that choose the weights
    strings: int  # data with one order each, behind the entropies; as many others behind the losses of plans
    masked: tuple[float, ...]  # shares of masked leaves of U-turns
    turns: int  # at each of them, for a set of rules
    blocks: tuple[float, ...]  # some of the shares: those of the table of changed blocks
    steps: tuple[int, ...]  # of unmasking
    generated: int  # data for each way of unmasking and set of rules
    population: int  # of density evolution
    repeats: int


@dataclass(frozen=True, eq=False)
class RulesData:
    """Rules of one number, and their data; smaller training sets are the beginnings of the largest."""

    number: int
    rules: HierarchyRules
    train: Leaves
    held_out: Leaves
    strings: Leaves  # neither trained on nor used to choose weights
    turns: HierarchySample  # likewise


def rules_data(form: MaskedForm, model: MaskedModel, seed: int, place: int) -> RulesData:
    """Draw rules and data."""
    number = _SETS * seed + place
    rules = random_hierarchy(model.hierarchy, rng=number)
    counts = (max(model.sizes, default=1), form.held_out, 2 * form.strings, form.turns * len(form.masked))
    drawn = [sample_hierarchy(rules, count, rng=_PARTS * number + part) for part, count in enumerate(counts)]
    train, held_out, strings = (np.asarray(drawn[part].leaves, dtype=np.int64) for part in range(_TURNS))
    return RulesData(number, rules, train, held_out, strings, drawn[_TURNS])


def trained_network(
    form: MaskedForm, model: MaskedModel, data: RulesData, n: int, progress: Progress
) -> tuple[nn.Module, dict[str, NDArray[np.float64]]]:
    """Network of n points with its losses: trained, or read back if it was before."""
    network = TreeDenoiser(model.v, model.s, model.L, width=form.width, rng=data.number)
    settings = {"masked": network.settings, "rng": data.number} | asdict(form.training)

    def train() -> dict[str, NDArray[np.uint8]]:
        found = train_on_masks(
            network, data.train[:n], data.held_out, form.training, rng=data.number, progress=progress
        )
        losses = {name: torch.from_numpy(getattr(found, name)) for name in ("step", "train_loss", "held_out_loss")}
        return {"network": tensor_bytes({"weights": found.weights, "losses": losses})}

    kept = load_tensors(shared_trainings(settings, data.train[:n], data.held_out).piece("network", train)["network"])
    network.load_state_dict(kept["weights"])
    losses = {name: value.double().numpy() for name, value in kept["losses"].items()}
    return network.eval().requires_grad_(False), losses
