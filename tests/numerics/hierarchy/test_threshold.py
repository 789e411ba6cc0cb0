"""Thresholds of density evolution against earlier measurements, closed forms, one level by enumeration, and errors."""

from itertools import product

import numba
import numpy as np
import pytest
from scipy.optimize import brentq

from regimes.numerics.hierarchy.problem import Hierarchy
from regimes.numerics.hierarchy.threshold import Bisection, hierarchy_threshold
from regimes.numerics.interface.errors import NotConverged

# An earlier, independent program with populations of about 10^5: value and uncertainty
PUBLISHED = {
    ("masking", 32): (0.270, 0.002),
    ("uniform", 32): (0.1545, 0.0010),
    ("gaussian", 32): (2.585, 0.005),
    ("masking", 16): (0.512, 0.002),
    ("uniform", 16): (0.307, 0.001),
    ("gaussian", 16): (1.890, 0.003),
}


@pytest.mark.parametrize("noise", ["masking", "uniform", "gaussian"])
def test_small_model_against_an_earlier_measurement(noise):
    found = hierarchy_threshold(Hierarchy(16, 4), noise, population=2000, repeats=8)
    value, error = PUBLISHED[noise, 16]
    assert abs(found.value - value) < 4 * np.hypot(found.se, error)
    assert found.se < (0.02 if noise == "gaussian" else 0.006)


@pytest.mark.long
@pytest.mark.parametrize(("noise", "v"), PUBLISHED)
def test_default_run_against_an_earlier_measurement(noise, v):
    found = hierarchy_threshold(Hierarchy(v, v // 4), noise)
    value, error = PUBLISHED[noise, v]
    assert abs(found.value - value) < 4 * np.hypot(found.se, error)
    assert found.se < (0.006 if noise == "gaussian" else 0.003)


@pytest.mark.parametrize(("v", "m"), [(32, 8), (8, 2)])
def test_under_the_epsilon_process_it_is_close_to_mean_field(v, m):
    found = hierarchy_threshold(Hierarchy(v, m), "epsilon", population=1000, repeats=4)
    mean_field = v * (v - 2 * m + 1) / ((v - 1) * (v - m))
    assert found.value == pytest.approx(mean_field, abs=0.003)
    assert found.time is None


@pytest.mark.long
def test_growth_of_the_population_does_not_move_it():
    small, large = (
        hierarchy_threshold(Hierarchy(16, 4), "masking", population=population, repeats=repeats, rng=population)
        for population, repeats in ((300, 16), (3000, 6))
    )
    assert abs(small.value - large.value) < 4 * np.hypot(small.se, large.se)


@pytest.mark.parametrize(("v", "m"), [(8, 2), (16, 4)])
def test_one_level_by_enumeration(v, m):
    """Mean belief of a root over two masked leaves: 1, that of one known child, 1/v; half way at the threshold."""
    rng, n = np.random.default_rng(4), 20_000
    tuples = np.array(list(product(range(v), repeat=2)))
    tables = tuples[rng.random((n, v**2)).argsort(axis=1)[:, : v * m]].reshape(n, v, m, 2)
    fits = tables[..., 0] == tables[:, :1, :1, 0]
    one_child = (fits[:, 0].sum(axis=1) / fits.sum(axis=(1, 2))).mean()
    exact = brentq(lambda q: (1 - q) ** 2 + 2 * q * (1 - q) * one_child + q * q / v - (1 + 1 / v) / 2, 0, 1)
    found = hierarchy_threshold(Hierarchy(v, m), "masking", search=Bisection(depth=1), population=5000)
    assert abs(found.value - exact) < 4 * np.hypot(found.se, 0.002)
    assert found.levels == 1


def test_more_levels_sharpen_towards_the_limit():
    limit = hierarchy_threshold(Hierarchy(16, 4), "masking", population=2000, repeats=4).value
    distance = [
        abs(
            hierarchy_threshold(
                Hierarchy(16, 4), "masking", search=Bisection(depth=L), population=2000, repeats=4
            ).value
            - limit
        )
        for L in (2, 4, 8)
    ]
    assert distance[2] < 0.06
    assert distance[2] < 0.8 * distance[1] < 0.8 * distance[0]


def test_time_of_gaussian_noise():
    found = hierarchy_threshold(Hierarchy(16, 4), "gaussian", population=500, repeats=4)
    assert found.time == pytest.approx(0.5 * np.log1p(1 / found.value**2), rel=1e-12)
    slope = 1 / (found.value * (1 + found.value**2))
    assert found.time_se == pytest.approx(slope * found.se, rel=0.05)


@pytest.mark.long
def test_the_standard_error_holds_for_repeated_runs():
    runs = [hierarchy_threshold(Hierarchy(16, 4), "masking", population=200, repeats=6, rng=seed) for seed in range(12)]
    spread, claimed = np.var([run.value for run in runs], ddof=1), np.mean([run.se**2 for run in runs])
    assert 0.2 < spread / claimed < 3.2  # F with 11 and 60 degrees of freedom, 99.9% inside


def test_a_third_population_adds_its_deviation_to_the_squares():
    """The first two are the same: n (n - 1) se^2 is the sum of squares about the mean, of two and of three."""
    model, search = Hierarchy(16, 4), Bisection(tolerance=1e-8)
    two, three = (
        hierarchy_threshold(model, "masking", population=200, repeats=k, search=search, rng=3) for k in (2, 3)
    )
    last = 3 * three.value - 2 * two.value
    squares = 2 * two.se**2 + 2 * (two.value - three.value) ** 2 + (last - three.value) ** 2
    assert 6 * three.se**2 == pytest.approx(squares, rel=1e-4)


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="one thread only")
def test_threads_change_no_bit(monkeypatch):
    monkeypatch.setattr("regimes.numerics.compiled.threads._SMALL", 0)
    found, threads = [], numba.get_num_threads()
    try:
        for number in (1, 2):
            numba.set_num_threads(number)
            found.append(hierarchy_threshold(Hierarchy(8, 2), "gaussian", population=333, repeats=2))
    finally:
        numba.set_num_threads(threads)
    assert found[0] == found[1]


def test_seeds_generators_and_progress():
    seen = []

    def value(rng):
        return hierarchy_threshold(
            Hierarchy(16, 4), "uniform", population=100, repeats=2, rng=rng, progress=lambda *step: seen.append(step)
        ).value

    generator = np.random.default_rng(8)
    first, second, seeded, again = value(generator), value(generator), value(8), value(np.int64(8))
    assert seeded == again
    assert len({first, second, seeded}) == 3
    assert seen[:2] == [("threshold", 1, 2), ("threshold", 2, 2)]


@pytest.mark.parametrize(
    ("v", "m", "message"),
    [
        (8, 5, r"needs hierarchy_slope_at_one below 1; got 1.111 at \(v, m, s\) = \(8, 5, 2\): .* take fewer rules"),
        (8, 1, r"needs hierarchy_slope_at_uniform below 1; got 1.778 at .* known at any noise .* take more rules"),
    ],
)
def test_without_a_threshold_the_condition_that_fails_is_told(v, m, message):
    for noise in ("epsilon", "masking", "uniform", "gaussian"):
        with pytest.raises(ValueError, match=message):
            hierarchy_threshold(Hierarchy(v, m), noise)


def test_density_evolution_bears_out_that_there_is_none():
    from regimes.numerics.hierarchy.density_evolution import density_evolution

    lost = density_evolution(Hierarchy(8, 5, 2, 60), "masking", 0.05, population=1000, repeats=2)
    assert lost.upward[0, 0] < 0.2  # although 95% of the leaves are seen
    kept = density_evolution(Hierarchy(8, 1, 2, 60), "masking", 0.9, population=1000, repeats=2)
    assert kept.upward[0, 0] > 0.3  # although 90% of the leaves are masked


def test_a_bracket_ends_where_float64_does(monkeypatch):
    monkeypatch.setattr("regimes.numerics.hierarchy.threshold._FINEST", 1e-30)
    for noise in ("masking", "gaussian"):
        fine, finest = (
            hierarchy_threshold(
                Hierarchy(8, 2), noise, population=20, repeats=2, search=Bisection(depth=2, tolerance=tolerance)
            )
            for tolerance in (1e-12, 1e-30)
        )
        assert finest.value == pytest.approx(fine.value, rel=1e-11)


def test_an_undecided_run_says_so():
    with pytest.raises(
        NotConverged, match="hierarchy_threshold: density evolution at masking noise .*raise max_levels"
    ):
        hierarchy_threshold(Hierarchy(16, 4), "masking", population=200, search=Bisection(max_levels=2))


@pytest.mark.parametrize(
    ("noise", "options", "message"),
    [
        ("salt", {}, "hierarchy_threshold: noise must be one of .*, got 'salt'"),
        ("masking", {"population": 0}, "population .* must be at least 2, got 0"),
        ("masking", {"repeats": 1}, "repeats .* must be at least 2, got 1"),
        (
            "masking",
            {"population": 10**9},
            "hierarchy_threshold: a population of 1000000000 .* more than memory = 2 GiB; take a smaller population",
        ),
        ("masking", {"memory": 10**6}, "10000 messages .* memory = 0.000931 GiB; take a smaller"),
    ],
)
def test_bad_input(noise, options, message):
    with pytest.raises(ValueError, match=message):
        hierarchy_threshold(Hierarchy(16, 4), noise, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tolerance": 0}, "tolerance .* must be finite and at least 1e-12, got 0"),
        ({"tolerance": 1e-16}, "tolerance .* must be finite and at least 1e-12, got 1e-16"),
        ({"depth": 0}, "depth .* must be at least 1, got 0"),
        ({"max_levels": 0}, "max_levels .* must be at least 1, got 0"),
    ],
)
def test_bad_searches(options, message):
    with pytest.raises(ValueError, match="^Bisection: " + message):
        Bisection(**options)
