"""U-turns of hierarchical data, exact or by a denoiser, seen by a classifier with a layer for each level."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regimes.datasets.hierarchy.rules import random_hierarchy
from regimes.datasets.hierarchy.sample import sample_hierarchy
from regimes.numerics.hierarchy.problem import Hierarchy
from regimes.numerics.hierarchy.rules import HierarchyRules
from regimes.prediction.hierarchy.features.cosines import layer_cosines
from regimes.prediction.hierarchy.features.result import FeatureTransitions, judged_layers
from regimes.validation.experiments.features.images import layer_names, layer_rows, turned_rows
from regimes.validation.experiments.features.trainings import SourceFound, half_times, source_found
from regimes.validation.experiments.runner.layered_classifier import (
    ClassifierForm,
    Convolution,
    LayeredClassifier,
    kept_classifier,
)
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.experiments.runner.shared_trainings import shared_denoiser, shared_trainings
from regimes.validation.experiments.runner.tree_denoisers import TreeForm, one_hot, tree_training
from regimes.validation.measurement.features import turned
from regimes.validation.running.progress import renamed
from regimes.validation.running.torch_threads import torch_threads_kept
from regimes.validation.sampling import noised
from regimes.validation.sampling.samplers import Score
from regimes.validation.scores import HierarchyBeliefScore

__all__ = ["SAMPLER", "HierarchyForm", "HierarchyFound", "Tree", "hierarchy_features", "tree_found"]

Array = NDArray[np.float64]

SAMPLER = "exponential"
"""With as many steps in log-SNR nearer to belief propagation than ancestral steps (pilot: 40 as near as 120)."""

_TURN, _POINTS, _FRESH = range(3)
_TEST = 4096
_FAR = 10.0  # where nothing is left of the start


@dataclass(frozen=True)
class HierarchyForm:
    """Size of a part on hierarchical data."""

    name: str  # of what is kept and reported
    v: int
    m: int
    s: int
    L: int
    points: int
    t: tuple[float, ...]
    steps: int  # of a way back
    end: float  # from where the last step goes to 0
    width: int  # channels of each layer of the classifier
    classifier: ClassifierForm
    trainings: int  # each with rules and points of its own
    denoiser: TreeForm | None = None  # of most points; the exact score if there is none


@dataclass(frozen=True, eq=False)
class HierarchyFound:
    """What was found of one set of rules."""

    accuracy: float  # of the classifier on fresh data
    layers: FeatureTransitions  # of the classifier, the leaves as they are first
    levels: FeatureTransitions  # of the symbols themselves, the leaves first
    kept: Array  # (T, L + 1, n): share of the nodes of each level, root first, with the symbol of the start
    expected: Array  # (T, L + 1, n): its mean given x_t, by belief propagation
    exact_shares: Array  # (L + 1, T): by belief propagation, as shares of the smallest time, leaves first

    @property
    def exact_times(self) -> Array:
        """Where they are one half, (L + 1,)."""
        return half_times(self.layers.curves["t"], self.exact_shares)


@dataclass(frozen=True, eq=False)
class Tree:
    """What was found of all sets of rules under one score."""

    form: HierarchyForm
    layers: SourceFound
    levels: SourceFound
    found: list[HierarchyFound]


def tree_found(form: HierarchyForm, found: list[HierarchyFound]) -> Tree:
    """Put all sets of rules together."""
    layers, levels = [each.layers for each in found], [each.levels for each in found]
    return Tree(form, source_found(form.name, layers), source_found(f"{form.name} levels", levels), found)


def hierarchy_features(form: HierarchyForm, number: int, bench: Bench) -> HierarchyFound:
    """Draw rules and points, train the networks, turn the points and compare."""
    seed = bench.seed_of(number)
    rules = random_hierarchy(Hierarchy(form.v, form.m, form.s, form.L, form.v), rng=seed)
    sample = sample_hierarchy(rules, form.points, rng=np.random.default_rng([seed, _POINTS]))
    network = _classifier(form, rules, seed, bench)
    score, x = HierarchyBeliefScore(rules), one_hot(sample).to(bench.device)
    model = score if form.denoiser is None else _denoiser(form.denoiser, form.name, rules, seed, bench)
    with torch_threads_kept():  # the first start of compiled kernels would change it, and last bits with it
        score(x[:1], form.t[0])
    kept, expected, ends = [], [], []
    for place, t in enumerate(form.t):
        found = _turn(
            form, model, score, x, t, sample.tree, bench.of(_TURN, place), f"{form.name}-{number},turn-{place}"
        )
        bench.report(f"{form.name}, {number}: U-turns", place + 1, len(form.t))
        kept.append(found["kept"])
        expected.append(found["expected"])
        ends.append((torch.from_numpy(found["end"]).to(x), [found[f"symbols-{level}"] for level in range(form.L + 1)]))
    times = np.array(form.t)
    start, turns = _by_symbol(x), [_by_symbol(end) for end, _ in ends]
    of_layers = [
        layer_cosines("features", name, layer_rows(network, name, start), turned_rows(network, name, turns))
        for name in layer_names(network)
    ]
    of_levels = [
        layer_cosines(
            "features",
            f"level {level}",
            _channels(sample.tree[level], rules.symbols(level)),
            (_channels(symbols[level], rules.symbols(level)) for _, symbols in ends),
        )
        for level in range(form.L, -1, -1)
    ]
    beyond = _far_shares(score, x, _FAR, sample.tree, bench)
    exact = np.array(expected).mean(axis=2)
    shares = (exact - beyond) / (exact[0] - beyond)
    return HierarchyFound(
        _accuracy(form, rules, network, seed, bench),
        judged_layers(times, of_layers, source="classifier of a hierarchy"),
        judged_layers(times, of_levels, source="symbols of a hierarchy"),
        np.array(kept),
        np.array(expected),
        shares[:, ::-1].T,
    )


def _far_shares(score: HierarchyBeliefScore, x: Tensor, t: float, tree: Any, bench: Bench) -> Array:
    """Mean probability of the symbols of the start far out, where only their frequencies are known."""
    x_t = noised(x, t, noise=bench.of(_FRESH).noise)
    return np.asarray(_expected(score, x_t, t, tree).mean(axis=1))


def _turn(
    form: HierarchyForm,
    model: Score,
    score: HierarchyBeliefScore,
    x: Tensor,
    t: float,
    tree: Any,
    bench: Bench,
    name: str,
) -> dict[str, NDArray[Any]]:
    """U-turns at one time; what belief propagation expects of each given its x_t, and the symbols at the end."""

    def compute() -> dict[str, Any]:
        end = turned(model, x, t, steps=form.steps, end=form.end, noise=bench.noise, sampler=SAMPLER)
        x_t = noised(x, t, noise=bench.noise.substream(0))  # the way out of these U-turns
        symbols = [_found(score, end, form.end, level) for level in range(form.L + 1)]
        kept = np.stack([(one == other).mean(axis=1) for one, other in zip(symbols, tree, strict=True)])
        found = {"end": end.cpu().numpy(), "kept": kept, "expected": _expected(score, x_t, t, tree)}
        return found | {f"symbols-{level}": each for level, each in enumerate(symbols)}

    return bench.store.piece(name, compute)


def _posterior(score: HierarchyBeliefScore, x: Tensor, t: float, level: int) -> Array:
    rows = score.posterior(x.double(), t, level=level).cpu().numpy()
    return np.asarray(rows.reshape(len(x), -1, score.rules.symbols(level)))


def _found(score: HierarchyBeliefScore, end: Tensor, t: float, level: int) -> NDArray[np.intp]:
    return np.asarray(_posterior(score, end, t, level).argmax(axis=2), dtype=np.intp)


def _expected(score: HierarchyBeliefScore, x_t: Tensor, t: float, tree: Any) -> Array:
    """Mean probability of the true symbols of each level, (L + 1, n)."""
    shares = []
    for level, symbols in enumerate(tree):
        places = np.asarray(symbols, dtype=np.int64)[:, :, None]
        shares.append(np.take_along_axis(_posterior(score, x_t, t, level), places, axis=2).mean(axis=(1, 2)))
    return np.stack(shares)


def _denoiser(form: TreeForm, name: str, rules: HierarchyRules, seed: int, bench: Bench) -> Score:
    training = tree_training(form, rules, seed, form.sizes[-1])
    return shared_denoiser(
        training, device=bench.device, progress=renamed(bench.report, f"{name}, {seed}: training")
    ).score()


def _classifier(form: HierarchyForm, rules: HierarchyRules, seed: int, bench: Bench) -> LayeredClassifier:
    layers = [Convolution(form.width, (1, form.s), (1, form.s))] * form.L
    network = LayeredClassifier((form.v, 1, rules.leaves), layers, form.v, rng=seed).to(bench.device)
    settings = {"width": form.width, "classifier": asdict(form.classifier), "seed": seed, "device": str(bench.device)}
    store = shared_trainings(settings, *rules.tables)

    def draw(step: int, rows: int) -> tuple[Tensor, Tensor]:
        fresh = sample_hierarchy(rules, rows, rng=np.random.default_rng([seed, _FRESH, step]))
        labels = torch.from_numpy(np.asarray(fresh.labels, dtype=np.int64)).to(bench.device)
        return _by_symbol(one_hot(fresh).to(bench.device)), labels

    return kept_classifier(store, network, draw, form.classifier)


def _accuracy(form: HierarchyForm, rules: HierarchyRules, network: LayeredClassifier, seed: int, bench: Bench) -> float:
    fresh = sample_hierarchy(rules, _TEST, rng=np.random.default_rng([seed, _FRESH]))
    classes = network.predict(_by_symbol(one_hot(fresh).to(bench.device)))
    return float((classes.cpu().numpy() == fresh.labels).mean())


def _by_symbol(x: Tensor) -> Tensor:
    """Leaves as the classifier takes them, (n, v, d)."""
    return x.transpose(1, 2)


def _channels(symbols: Any, count: int) -> NDArray[np.float32]:
    """Symbols of a level as one-hot channels, (n, v, nodes)."""
    return np.eye(count, dtype=np.float32)[np.asarray(symbols, dtype=np.intp)].transpose(0, 2, 1)
