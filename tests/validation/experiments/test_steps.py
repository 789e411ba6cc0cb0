"""Grids, paths of laws, densities on a line, distances and the rule, each against something that shares nothing."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes import Hierarchy  # noqa: E402
from regimes.decisions import end_divergence, gaussian_components, path_divergence  # noqa: E402
from regimes.hierarchy import random_hierarchy  # noqa: E402
from regimes.numerics.estimation.streams import Stream  # noqa: E402
from regimes.validation.experiments.runner.along_training import Estimate  # noqa: E402
from regimes.validation.experiments.runner.helping import HELPS, claim  # noqa: E402
from regimes.validation.experiments.runner.helping import NOT_HELPS as NOT  # noqa: E402
from regimes.validation.experiments.runner.helping import NOT_TOLD as OPEN  # noqa: E402
from regimes.validation.experiments.steps.distance import energy_distance  # noqa: E402
from regimes.validation.experiments.steps.exact_comparison import binned_end, end_of_gaussian  # noqa: E402
from regimes.validation.experiments.steps.experiment import PLAN  # noqa: E402
from regimes.validation.experiments.steps.grids import (  # noqa: E402
    GRIDS,
    NAMED,
    grid_of,
    left_error,
    on_grids,
    sampler_times,
    snr_levels,
)
from regimes.validation.experiments.steps.laws import HierarchyLaw, MixtureLaw, log_ratios  # noqa: E402
from regimes.validation.experiments.steps.line import Line  # noqa: E402
from regimes.validation.experiments.steps.readings import ordered_alike, reading, readings_of  # noqa: E402
from regimes.validation.experiments.steps.summary import tables_of  # noqa: E402
from regimes.validation.experiments.steps.trained import DISTANCES, ENDS, TrainedRun  # noqa: E402
from regimes.validation.sampling import NoiseStream  # noqa: E402

DATA = gaussian_components([3.0, 0.5, 0.02])
NOISE = NoiseStream(1, Stream.STEPS)
MIXTURE = MixtureLaw(np.array([0.6, 0.4]), np.array([[-1.0], [1.5]]), np.array([0.09]))


@pytest.mark.parametrize("name", GRIDS)
def test_grids_have_the_same_ends_and_calls_and_their_own_spacing(name):
    for denoises in (False, True):
        grid = grid_of(name, 10, DATA, denoises=denoises)
        assert grid.calls == 10
        assert grid.t[[0, -1]] == pytest.approx([4.0, 0.01])
        assert sampler_times(grid).size == 11
    t, places = grid.t, np.arange(10) / 9
    even = {
        "time": t,
        "log snr": np.log(np.expm1(2 * t)),
        "karras": np.expm1(2 * t) ** (1 / 14),
        "cosine": np.arccos(np.exp(-t) * np.cos(np.pi / 2 * 0.008 / 1.008)),  # the schedule of Nichol and Dhariwal 2021
        "linear": (np.sqrt(0.1**2 + 2 * 19.9 * 2 * t) - 0.1) / 19.9,  # the variance-preserving limit of Ho et al. 2020
    }
    if name in even:
        clock = even[name]
        assert clock == pytest.approx(clock[0] + (clock[-1] - clock[0]) * places, rel=0, abs=4e-3 * clock[0])
    else:
        assert path_divergence(grid, DATA) < min(
            path_divergence(grid_of(other, 10, DATA, denoises=True), DATA) for other in NAMED
        )


def test_the_left_error_of_a_gaussian_mmse_is_its_path_divergence():
    snr = snr_levels(160)
    found = on_grids((5, 20), DATA, lambda grid: left_error(snr, DATA.mmse(snr), grid))
    assert found == pytest.approx(on_grids((5, 20), DATA, lambda grid: path_divergence(grid, DATA)), rel=1e-4)


@pytest.mark.parametrize("s", [0.01, 2.0, 40.0])
def test_a_mixture_agrees_with_quadrature_over_the_data(s):
    a = np.linspace(-4, 5, 20001)
    prior = sum(
        weight * np.exp(-((a - centre) ** 2) / 0.18) / np.sqrt(0.18 * np.pi)
        for weight, centre in ((0.6, -1.0), (0.4, 1.5))
    )
    y = np.array([-1.3, 0.2, 2.5]) * s
    weighted = prior * np.exp(a * y[:, None] - s * a**2 / 2)
    total = weighted.sum(axis=1) * (a[1] - a[0])
    assert MIXTURE.log_evidence(y[:, None], s) == pytest.approx(np.log(total), abs=1e-8)
    mean = (weighted * a).sum(axis=1) / weighted.sum(axis=1)
    assert MIXTURE.mean(y[:, None], s)[:, 0] == pytest.approx(mean, abs=1e-8)


def test_a_hierarchy_agrees_with_a_list_of_its_strings():
    rules = random_hierarchy(Hierarchy(3, 2, L=2), rng=4)
    law = HierarchyLaw(rules)
    top, low = rules.tables
    strings = [
        np.concatenate([low[pair[place]][choice] for place, choice in enumerate(choices)])
        for symbol in range(3)
        for pair in top[symbol]
        for choices in product(range(2), repeat=2)
    ]
    points = (np.array(strings)[:, :, None] == np.arange(3)).reshape(len(strings), -1)
    everywhere = MixtureLaw(np.full(len(strings), 1 / len(strings)), points.astype(float), np.zeros(12))
    y = np.random.default_rng(0).normal(size=(5, 12))
    difference = law.log_evidence(y, 0.7) - everywhere.log_evidence(y, 0.7)
    assert difference == pytest.approx(np.full(5, difference[0]), abs=1e-10)
    assert law.log_evidence(y, 3.0) - everywhere.log_evidence(y, 3.0) == pytest.approx(difference, abs=1e-10)
    assert law.mean(y, 0.7) == pytest.approx(everywhere.mean(y, 0.7), abs=1e-10)
    drawn = law.draw(NOISE, 50)
    assert {tuple(each) for each in drawn} <= {tuple(each) for each in points.astype(float)}


@pytest.mark.parametrize("name", ["cosine", "best"])
def test_log_ratios_of_gaussian_paths_have_the_mean_of_girsanov(name):
    grid = grid_of(name, 6, DATA, denoises=False)
    law = MixtureLaw(np.ones(1), np.zeros((1, 3)), DATA.variances)
    found = log_ratios(law, grid, 20_000, NOISE)
    assert found.mean() == pytest.approx(path_divergence(grid, DATA), abs=4 * found.std() / np.sqrt(found.size))


def test_densities_on_the_line_are_those_of_a_gaussian():
    variance = 0.8
    data = gaussian_components([variance])
    line = Line(MixtureLaw(np.ones(1), np.zeros((1, 1)), np.array([variance])), np.linspace(-6, 6, 801))
    assert line.mmse(2.0) == pytest.approx(variance / (1 + 2 * variance))
    grid = grid_of("karras", 6, data, denoises=False)
    truth, samples = line.density(float(grid.snr[-1])), line.samples(grid)
    assert line.divergence(truth, samples) == pytest.approx(end_divergence(grid, data), rel=1e-5)
    assert line.masses(samples, line.edges(samples, 8)) == pytest.approx(np.full(8, 1 / 8), abs=1e-12)
    below = line.masses(truth, np.array([0.0, 1.0]))
    assert below[:1] == pytest.approx([0.5], abs=1e-4)
    assert below.sum() == pytest.approx(1)


def test_divergences_that_are_measured_are_unbiased_and_know_their_error():
    rng = np.random.default_rng(5)
    true, own, samples = np.array([1.0, 2.0, 0.3]), np.array([0.8, 2.0, 0.15]), 400
    exact = (true / own - 1 - np.log(true / own)).sum() / 2
    drawn = own * rng.chisquare(samples, (2000, 3)) / samples
    found = np.array([end_of_gaussian(each, true, samples) for each in drawn])
    assert found[:, 0].mean() == pytest.approx(exact, abs=4 * found[:, 0].std() / np.sqrt(2000) + 1e-4)
    assert found[:, 1].mean() == pytest.approx(found[:, 0].std(), rel=0.06)
    chances, masses = np.array([0.5, 0.3, 0.2]), np.array([0.3, 0.4, 0.3])
    counted = rng.multinomial(1000, masses, 2000)
    binned = np.array([binned_end(chances, each) for each in counted])
    exact = (chances * np.log(chances / masses)).sum()
    assert binned[:, 0].mean() == pytest.approx(exact, abs=4 * binned[:, 0].std() / np.sqrt(2000) + 1e-4)
    assert binned[:, 1].mean() == pytest.approx(binned[:, 0].std(), rel=0.06)


def test_the_energy_distance_is_its_sum_over_pairs_and_its_level_holds():
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(7, 2)), rng.normal(1, 1, (5, 2))

    def mean(a, b):
        return np.mean([np.linalg.norm(one - other) for one in a for other in b if one is not other])

    def own(a):
        n = len(a)
        return np.sum([np.linalg.norm(one - other) for one in a for other in a]) / (n * (n - 1))

    found = energy_distance(x, y, NOISE, permutations=10)
    assert found.value == pytest.approx((2 * mean(x, y) - own(x) - own(y)) / own(y))
    above = 0
    for draw in range(120):
        same = energy_distance(
            rng.normal(size=(30, 3)), rng.normal(size=(20, 3)), NOISE.substream(draw), permutations=40
        )
        above += same.value > same.null
    assert 1 <= above <= 15
    far = energy_distance(rng.normal(size=(30, 3)), rng.normal(1, 1, (20, 3)), NOISE, permutations=60)
    assert far.value > far.null


def test_the_rule_reads_differences_over_trainings():
    assert reading(Estimate(1.0, 0.2, 3)) == HELPS  # 4.3 errors of three
    assert reading(Estimate(-1.0, 0.2, 3)) == NOT
    assert reading(Estimate(1.0, 0.25, 3)) == OPEN
    assert reading(Estimate(1.0, None, 1)) == OPEN
    assert [claim(each) for each in ([HELPS, HELPS], [HELPS, OPEN], [HELPS, NOT])] == [HELPS, OPEN, NOT]


def test_predicted_orders_are_compared_by_rank():
    rng = np.random.default_rng(7)
    one, other = rng.normal(size=(2, 3, len(GRIDS)))
    places = [[[sorted(row).index(each) for each in row] for row in values.tolist()] for values in (one, other)]
    apart = ((np.array(places[0]) - np.array(places[1])) ** 2).sum(axis=1)
    assert ordered_alike(one, other) == pytest.approx((1 - 6 * apart / (6 * 35)).mean())
    assert ordered_alike(one, np.exp(one)) == pytest.approx(1)


def planted(shift):
    """The best grid the lowest at the first number of calls, at the second above the fourth named one."""
    row = np.array([[5.0, 4.0, 3.0, 2.0, 2.5, 1.0], [5.0, 4.0, 3.0, 0.5, 2.5, 1.0]]) + shift
    known = dict.fromkeys(ENDS, 0.1)
    return TrainedRun(DATA, dict.fromkeys(DISTANCES, row), dict.fromkeys(DISTANCES, row), row, known, known)


def test_what_is_common_to_all_grids_of_a_training_is_no_error():
    runs = [planted(shift) for shift in (0.0, 3.0, 7.0)]
    values = np.array([run.nats for run in runs])
    jitter = 1e-3 * np.random.default_rng(8).normal(size=values.shape)
    readings = readings_of(values + jitter)
    assert set(readings[0].values()) == {HELPS}
    assert readings[1] == {name: NOT if name == "cosine" else HELPS for name in NAMED}
    images = replace(PLAN.quick.images[0], calls=(5, 10))
    table = tables_of(replace(PLAN.quick, images=(images,)), {}, {"digits": [replace(run) for run in runs]})
    digits = table["images"]["digits"]
    assert digits["measured"]["nats"][0][5]["value"] == pytest.approx(1 + 10 / 3)
    assert digits["ordered_alike"]["nats"]["paths"]["count"] == 3


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"calls": (2, 5)}, "at least 3 calls, got 2"),
        ({"line": replace(PLAN.quick.line, weights=(1.0,))}, "must have a weight, got 3 and 1"),
        ({"images": PLAN.quick.images * 2}, "must be there once, got digits, digits"),
        ({"left_out": ("mnist",)}, "must be among digits, got"),
    ],
)
def test_bad_forms_are_refused(changed, text):
    with pytest.raises(ValueError, match=text):
        replace(PLAN.quick, **changed)
