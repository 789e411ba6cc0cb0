"""U-turns from the same noised leaves in three ways: the posterior's marginals, one draw from it, a backward run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regimes.datasets.hierarchy.parse import parse_leaves
from regimes.datasets.hierarchy.rules import random_hierarchy
from regimes.datasets.hierarchy.sample import HierarchySample, sample_hierarchy
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.hierarchy.belief_propagation import sample_posterior
from regimes.numerics.hierarchy.noise import gaussian_log_messages
from regimes.numerics.hierarchy.problem import Hierarchy
from regimes.numerics.hierarchy.rules import HierarchyRules
from regimes.numerics.hierarchy.uturns.kept import Kept, expected_kept, observed_kept
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.sampling import backward, backward_times, coupled_steps, noised
from regimes.validation.scores import HierarchyBeliefScore

__all__ = ["END_SNR", "SAMPLER", "HierarchyModel", "UTurnForm", "UTurnPoint", "rules_of", "source_of", "u_turns"]

Array = NDArray[np.float64]

SAMPLER = "exponential"  # smallest change by halving the step of three, on other seeds
END_SNR = 40.0
"""Of the last state, whose most probable leaves are the end: no leaf is in doubt by more than 1e-5."""

_WAYS = ("exact", "once", "fine", "coarse")
_QUANTITIES = ("share", "changed", "squares")
_RULES, _STARTS = 0, 1


@dataclass(frozen=True)
class HierarchyModel:
    """Parameters of a random hierarchy, with times in units of the threshold of deep trees."""

    v: int
    m: int
    s: int
    L: int
    threshold: float  # Ornstein-Uhlenbeck time at which density evolution stops to know the root, rounded
    depths: tuple[int, ...]  # two or more, of the class against depth and of chains; L among them

    @property
    def name(self) -> str:
        """The numbers, as labels have them."""
        return f"({self.v}, {self.m}, {self.s}, {self.L})"

    def hierarchy(self, depth: int | None = None) -> Hierarchy:
        """The problem, at another depth if one is given."""
        return Hierarchy(self.v, self.m, self.s, self.L if depth is None else depth)


@dataclass(frozen=True)
class UTurnForm:
    """How many U-turns at which times."""

    multiples: tuple[float, ...]  # times in units of the threshold
    rules: int  # sets of rules
    starts: int  # data points for each of them, at each time
    iterated: int  # of them that go back in small steps too
    step: float  # of log snr; another run takes it doubled


@dataclass(frozen=True, eq=False)
class UTurnPoint:
    """What the U-turns at one time keep, in each way; rows are starts, in the order of the rules."""

    model: HierarchyModel
    t: float
    multiple: float
    kept: dict[str, Kept]  # "exact", "once", "fine", "coarse", "iterated": 2 fine - coarse
    valid: dict[str, Array]  # share of the nodes of each level that obey the rules, of "fine" and "coarse"
    belief: float  # mean of what a leaf's own message says of its symbol
    rules: int

    def exact_for(self, way: str) -> Kept:
        """The exact law for the starts of one way, the first ones of each set of rules."""
        if way == "once":
            return self.kept["exact"]
        rows = len(self.kept[way].share) // self.rules
        return Kept(*(_first(getattr(self.kept["exact"], each), self.rules, rows) for each in _QUANTITIES))


def source_of(bench: Bench, *part: int) -> np.random.Generator:
    """Random numbers of one part of the experiment."""
    return generator(Stream.HIERARCHY_EXACT, bench.seed, "hierarchy-exact", *part)


def rules_of(bench: Bench, number: int, hierarchy: Hierarchy, place: int) -> HierarchyRules:
    """A set of rules of a model, the same at every time."""
    return random_hierarchy(hierarchy, rng=source_of(bench, _RULES, number, hierarchy.L, place))


def u_turns(bench: Bench, number: int, model: HierarchyModel, form: UTurnForm, place: int) -> UTurnPoint:
    """U-turns of a model at one of the times of the form."""
    multiple = form.multiples[place]
    t = multiple * model.threshold

    def compute() -> dict[str, Any]:
        found: list[dict[str, Array]] = []
        for each in range(form.rules):
            rules = rules_of(bench, number, model.hierarchy(), each)
            source = source_of(bench, _STARTS, number, place, each)
            turns = _Turns(bench.of(number, place, each), rules, sample_hierarchy(rules, form.starts, rng=source), t)
            found.append(turns.without_steps(source) | turns.in_steps(form))
            bench.report(f"U-turns of {model.name} at {multiple:g} of the threshold", each + 1, form.rules)
        return {key: np.concatenate([one[key] for one in found]) for key in found[0]}

    arrays = bench.store.piece(f"uturns,model={number},time={place}", compute)
    kept = {way: Kept(*(arrays[f"{way}_{each}"] for each in _QUANTITIES)) for way in _WAYS}
    pairs = [(getattr(kept["fine"], each), getattr(kept["coarse"], each)) for each in _QUANTITIES]
    kept["iterated"] = Kept(*(2 * fine - coarse for fine, coarse in pairs))
    valid = {way: arrays[f"{way}_valid"] for way in ("fine", "coarse")}
    return UTurnPoint(model, t, multiple, kept, valid, float(arrays["belief"].mean()), form.rules)


class _Turns:
    """U-turns of some data points of one set of rules."""

    def __init__(self, bench: Bench, rules: HierarchyRules, data: HierarchySample, t: float) -> None:
        self.bench, self.rules, self.data, self.t = bench, rules, data, t
        a = torch.from_numpy(data.one_hot()).to(bench.device, torch.float32)
        self.x = noised(a, t, noise=bench.noise.substream(0))
        self.messages = gaussian_log_messages(self.x.double().cpu().numpy(), t)

    def without_steps(self, source: np.random.Generator) -> dict[str, Array]:
        """The exact law given x_t, and a draw from the posterior."""
        exact = expected_kept(self.rules, self.messages, self.data.tree, rng=source)
        drawn = sample_posterior(self.rules, self.messages, log=True, rng=source)
        likelihood = np.exp(self.messages - self.messages.max(axis=2, keepdims=True))
        own = np.take_along_axis(likelihood, self.data.leaves[:, :, None].astype(np.intp), axis=2)[:, :, 0]
        once = observed_kept(self.data.tree, [level[0] for level in drawn])
        belief = (own / likelihood.sum(axis=2)).mean(axis=1)
        return _named("exact", exact) | _named("once", once) | {"belief": belief}

    def in_steps(self, form: UTurnForm) -> dict[str, Array]:
        """Backward runs with both steps on one path of the noise."""
        score, start = HierarchyBeliefScore(self.rules), [level[: form.iterated] for level in self.data.tree]
        end = float(compile_formula("time_from_log_snr", target="numpy")(math.log(END_SNR)))
        span = math.log(END_SNR) - float(compile_formula("log_snr", target="numpy")(self.t))
        times = backward_times(self.t, end=end, steps=math.ceil(span / (2 * form.step)), spacing="log-snr")
        result: dict[str, Array] = {}
        for way in ("fine", "coarse"):
            noise = self.bench.noise.substream(1)
            steps = coupled_steps(times, SAMPLER, noise, coarse=way == "coarse")
            state = backward(score, self.x[: form.iterated], **steps)
            parsed = parse_leaves(self.rules, _leaves(score.posterior_mean(state, end)))
            result |= _named(way, observed_kept(start, parsed.tree)) | {f"{way}_valid": parsed.valid}
        return result


def _leaves(posterior: Tensor) -> NDArray[np.int64]:
    return np.asarray(posterior.argmax(dim=2).cpu().numpy())


def _named(way: str, kept: Kept) -> dict[str, Array]:
    return {f"{way}_{each}": getattr(kept, each) for each in _QUANTITIES}


def _first(rows: Array, groups: int, count: int) -> Array:
    return rows.reshape(groups, -1, rows.shape[1])[:, :count].reshape(-1, rows.shape[1])
