"""U-turns of random hierarchies under the exact score: three ways to one law, level by level.

sclocchi2024: belief propagation gives what a U-turn keeps. From the same noised leaves it is compared with one draw
from the posterior and with a backward run in small steps, extrapolated to none (``2 fine - coarse``), for each level
and time: symbols kept, symbols kept while the class changes, and pairs of leaves kept, from which susceptibility and
correlations follow (sclocchi2025). Beside it: the class against depth and density evolution, and chains of U-turns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regimes.numerics.estimation.streams import Stream
from regimes.validation.experiments.hierarchy_exact.chains import Chain, ChainForm, chain
from regimes.validation.experiments.hierarchy_exact.comparison import (
    QUANTITIES,
    WAYS,
    blocks_of,
    joint_test,
    mean_z_test,
)
from regimes.validation.experiments.hierarchy_exact.depths import (
    ClassByDepth,
    DepthForm,
    LevelEvolution,
    class_by_depth,
    evolved_levels,
)
from regimes.validation.experiments.hierarchy_exact.figure import panels
from regimes.validation.experiments.hierarchy_exact.runs import (
    END_SNR,
    SAMPLER,
    HierarchyModel,
    UTurnForm,
    UTurnPoint,
    u_turns,
)
from regimes.validation.experiments.hierarchy_exact.sentences import sentences
from regimes.validation.experiments.hierarchy_exact.tables import numbers, tables
from regimes.validation.experiments.runner.run import Bench, Plan
from regimes.validation.outcome.agreement import ChiSquare, correlated_chi_square
from regimes.validation.outcome.experiment import Judgement

__all__ = ["PLAN", "ExactForm"]


@dataclass(frozen=True)
class ExactForm:
    """Size of the experiment."""

    models: tuple[HierarchyModel, ...]
    u_turns: UTurnForm
    depths: DepthForm
    chains: ChainForm


@dataclass(frozen=True, eq=False)
class _Found:
    points: list[list[UTurnPoint]]  # by model and time
    depths: list[list[ClassByDepth]]
    evolved: list[LevelEvolution]
    chains: list[list[Chain]]


def _simulate(form: ExactForm, bench: Bench) -> _Found:
    points, depths, evolved, chains = [], [], [], []
    for number, model in enumerate(form.models):
        times = range(len(form.u_turns.multiples))
        points.append([u_turns(bench, number, model, form.u_turns, place) for place in times])
        evolved.append(evolved_levels(bench, number, points[-1], form.depths))
        depths.append([class_by_depth(bench, number, model, form.depths, depth) for depth in model.depths])
        every = [(depth, place) for depth in model.depths for place in range(len(form.chains.multiples))]
        chains.append([chain(bench, number, model, form.chains, *each) for each in every])
    return _Found(points, depths, evolved, chains)


def _judge(form: ExactForm, found: _Found) -> Judgement:
    points = [point for one in found.points for point in one]
    blocks = {(quantity, way): blocks_of(points, quantity, way) for way in WAYS for quantity in QUANTITIES}
    tests = [joint_test(f"{QUANTITIES[quantity]}, {WAYS[way]}", each) for (quantity, way), each in blocks.items()]
    means = {}
    for way, name in WAYS.items():
        test, *means[way] = mean_z_test(f"mean z, {name}", blocks["share", way])
        tests.append(test)
    chains = [each for one in found.chains for each in one]
    tests.append(_forgotten(chains, form.chains))
    agreement = [agreement for each in blocks.values() for block in each for agreement in block.agreement()]
    worst = max(abs(each.z) for each in agreement)
    return Judgement(
        agreement=agreement,
        tests=tests,
        sentences=sentences(found.points, found.depths, found.evolved, found.chains, tests, means, worst),
        panels=panels(found.points, found.depths, found.chains),
        numbers=numbers(found.points, found.depths, blocks),
        tables=tables(found.points, found.depths, found.evolved, chains),
    )


def _forgotten(chains: list[Chain], form: ChainForm) -> ChiSquare:
    """Whether chains far above the threshold end as unlike their start as two data points, which is exact."""
    differences, blocks = [], []
    for each in chains:
        if each.multiple == form.multiples[-1]:
            floor = np.repeat(each.floor, form.starts, axis=0)
            rest = each.kept[-1] - floor
            differences.append(rest.mean(axis=0))
            blocks.append(np.cov(rest, rowvar=False) / len(rest))
    size = sum(map(len, differences))
    covariance, start = np.zeros((size, size)), 0
    for block in blocks:
        covariance[start : start + len(block), start : start + len(block)] = block
        start += len(block)
    return correlated_chi_square("chains end as two data points", np.concatenate(differences), covariance)


_MODELS = (
    HierarchyModel(8, 2, 2, 6, threshold=0.58, depths=(4, 6, 8)),
    HierarchyModel(16, 4, 2, 5, threshold=0.123, depths=(3, 5, 7)),
    HierarchyModel(8, 6, 3, 4, threshold=0.207, depths=(2, 3, 4)),
)
_MULTIPLES = (0.4, 0.6, 0.8, 1.0, 1.25, 1.6, 2.0)

PLAN = Plan(
    name="hierarchy-exact",
    stream=Stream.HIERARCHY_EXACT,
    full=ExactForm(
        models=_MODELS,
        u_turns=UTurnForm(multiples=_MULTIPLES, rules=32, starts=128, iterated=64, step=0.04),
        depths=DepthForm(
            multiples=tuple(float(f"{0.1 * 1.2**k:.3g}") for k in range(22)),
            rules=32,
            starts=64,
            population=4000,
            repeats=4,
        ),
        chains=ChainForm(
            multiples=(0.4, 0.6, 0.8, 1.0, 1.4, 2.0), rules=16, starts=32, turns=(1, 2, 4, 8, 16, 32, 64, 128)
        ),
    ),
    quick=ExactForm(
        models=(
            HierarchyModel(8, 2, 2, 4, threshold=0.58, depths=(3, 4)),
            HierarchyModel(8, 6, 3, 2, threshold=0.207, depths=(1, 2)),
        ),
        u_turns=UTurnForm(multiples=(0.5, 1.0, 1.6), rules=8, starts=256, iterated=192, step=0.08),
        depths=DepthForm(
            multiples=tuple(float(f"{0.1 * 1.5**k:.3g}") for k in range(10)),
            rules=8,
            starts=32,
            population=1000,
            repeats=2,
        ),
        chains=ChainForm(multiples=(0.5, 2.0), rules=8, starts=32, turns=(1, 4, 16, 32)),
    ),
    simulate=_simulate,
    judge=_judge,
    fixed={"sampler": SAMPLER, "end_snr": END_SNR},
    one_thread=True,
)
