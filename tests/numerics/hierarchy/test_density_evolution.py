"""Density evolution against enumeration of all trees with rules drawn afresh at every node, limits and slopes."""

import json
import tracemalloc
from itertools import product

import numba
import numpy as np
import pytest
from scipy.stats import chi2

from regimes.numerics.hierarchy.density_evolution import density_evolution
from regimes.numerics.hierarchy.fresh_rules import _draw_tuples, _shuffle, dense_rules, upper_level
from regimes.numerics.hierarchy.populations import leaf_population, upper_population
from regimes.numerics.hierarchy.problem import Hierarchy
from regimes.numerics.interface.result import plain

CURVES = ("reconstruction", "clone_probability", "conditional_entropy")


def random_tables(rng, n, v, m, s):
    """Rules of n nodes, shape (n, v, m, s): the first v m of all tuples in random order."""
    tuples = np.array(list(product(range(v), repeat=s)))
    order = rng.random((n, v**s)).argsort(axis=1)[:, : v * m]
    return tuples[order].reshape(n, v, m, s)


def noised(rng, leaves, noise, level, v):
    """Likelihood of every symbol of every leaf."""
    one_hot = np.eye(v)[leaves]
    if noise == "masking":
        return np.where(rng.random(leaves.shape)[..., None] < level, 1.0, one_hot)
    if noise == "gaussian":
        variance = 1 - np.exp(-2 * level)
        x = np.exp(-level) * one_hot + np.sqrt(variance) * rng.standard_normal(one_hot.shape)
        distance = ((x[..., None, :] - np.exp(-level) * np.eye(v)) ** 2).sum(axis=-1)
        return np.exp(-(distance - distance.min(axis=-1, keepdims=True)) / (2 * variance))
    observed = leaves
    if noise == "uniform":
        observed = np.where(rng.random(leaves.shape) < level, rng.integers(0, v, leaves.shape), leaves)
    return (1 - level) * np.eye(v)[observed] + level / v


def enumerate_trees(v, m, noise, level, n, seed, shared):
    """Posterior of the symbols of trees of depth 2 with s = 2, by summing over all trees: mean and se by level.

    The tables of the two nodes of level 1 are the same if shared, as in a data set, and drawn apart otherwise.
    """
    rng = np.random.default_rng(seed)
    root, left, right = (random_tables(rng, n, v, m, 2) for _ in range(3))
    if shared:
        right = left
    choices = np.array(list(product(range(v), range(m), range(m), range(m))))
    rows = np.arange(n)[:, None]
    pair = root[rows, choices[:, 0], choices[:, 1]]
    quads = [left[rows, pair[..., 0], choices[:, 2]], right[rows, pair[..., 1], choices[:, 3]]]
    leaves = np.concatenate(quads, axis=2)
    true = rng.integers(0, len(choices), n)
    messages = noised(rng, leaves[np.arange(n), true], noise, level, v)
    weight = np.prod([messages[rows, i, leaves[..., i]] for i in range(4)], axis=0)
    weight /= weight.sum(axis=1, keepdims=True)
    found = []
    for symbols in (np.broadcast_to(choices[None, :, :1], (n, len(choices), 1)), pair, leaves):
        nodes = symbols.shape[2]
        values = np.zeros((3, n))
        for i in range(nodes):
            P = np.stack([(weight * (symbols[..., i] == a)).sum(axis=1) for a in range(v)], axis=1)
            right_one = P[np.arange(n), symbols[np.arange(n), true, i]]
            values += np.array([right_one, (P**2).sum(axis=1), -np.log(right_one)]) / nodes
        found.append([values.mean(axis=1), values.std(axis=1, ddof=1) / np.sqrt(n)])
    return np.array(found).transpose(1, 2, 0)  # (mean and se, quantity, level)


NOISES = [("epsilon", 0.5), ("masking", 0.4), ("uniform", 0.35), ("gaussian", 0.35)]


@pytest.mark.parametrize(("v", "m"), [(3, 1), (4, 2)])
@pytest.mark.parametrize(("noise", "level"), NOISES)
def test_all_levels_against_enumeration_with_fresh_rules(v, m, noise, level):
    (exact, exact_se) = enumerate_trees(v, m, noise, level, n=20_000, seed=3, shared=False)
    result = density_evolution(Hierarchy(v, m, 2, 2), noise, level, population=5000)
    for exact_row, se_row, curve in zip(exact, exact_se, CURVES, strict=True):
        mean, se = getattr(result, curve)[:, 0], getattr(result, f"{curve}_se")[:, 0]
        z = (mean - exact_row) / np.hypot(se, se_row)
        assert np.abs(z).max() < 4, (curve, z)  # 20000 trees against 8 populations of 5000


@pytest.mark.parametrize(("noise", "level"), NOISES)
def test_sharing_the_rules_of_a_level_changes_little(noise, level):
    """Two nodes of level 1 with one table: the one thing in which density evolution differs from a data set."""
    (fresh, fresh_se), (shared, shared_se) = (
        enumerate_trees(4, 2, noise, level, n=20_000, seed=5, shared=shared) for shared in (False, True)
    )
    assert np.abs(shared - fresh)[0].max() < 0.012 + 4 * np.hypot(fresh_se, shared_se)[0].max()


@pytest.mark.parametrize(("v", "m", "s"), [(3, 1, 2), (4, 2, 2), (3, 2, 3)])
@pytest.mark.parametrize(("noise", "level"), NOISES)
def test_one_level_of_rules_against_the_posterior(v, m, s, noise, level):
    """Exact also for a data set: with one level no rules are shared."""
    n, rng = 20_000, np.random.default_rng(8)
    tables = random_tables(rng, n, v, m, s)
    leaves = tables[np.arange(n), 0, 0]
    messages = noised(rng, leaves, noise, level, v)
    terms = np.ones((n, v, m))
    for i in range(s):
        terms *= messages[np.arange(n)[:, None, None], i, tables[..., i]]
    belief = terms[:, 0].sum(axis=1) / terms.sum(axis=(1, 2))
    result = density_evolution(Hierarchy(v, m, s, 1), noise, level, population=5000)
    z = (result.upward[0, 0] - belief.mean()) / np.hypot(result.upward_se[0, 0], belief.std() / np.sqrt(n))
    assert abs(z) < 4  # 20000 rule sets against 8 populations of 5000


def test_without_noise_all_is_known():
    for noise in ("epsilon", "masking", "uniform"):
        result = density_evolution(Hierarchy(8, 2, 3, 3), noise, 0.0, population=200, repeats=2)
        assert np.all(result.reconstruction == 1)
        assert np.all(result.conditional_entropy == 0)


@pytest.mark.parametrize("classes", [None, 3])
def test_without_leaves_the_root_is_at_chance_and_lower_levels_above_it(classes):
    """A symbol that many rules use is more often the true one: size bias, by the mean of a hypergeometric law."""
    v, m, s = 4, 2, 2
    result = density_evolution(Hierarchy(v, m, s, 2, classes), "masking", 1.0, population=20_000)
    roots = classes or v
    np.testing.assert_allclose(result.reconstruction[0], 1 / roots, rtol=1e-14)
    np.testing.assert_allclose(result.upward[1:], 1 / v, rtol=1e-14)
    drawn = roots * m
    expected = (1 + (drawn - 1) * (v ** (s - 1) - 1) / (v**s - 1)) / drawn
    z = (result.reconstruction[1, 0] - expected) / result.reconstruction_se[1, 0]
    assert abs(z) < 5  # 8 populations of 20000; Student's t with 7 degrees of freedom


@pytest.mark.parametrize("noise", ["masking", "uniform", "gaussian"])
def test_for_real_noise_the_reconstruction_is_the_clone_probability(noise):
    result = density_evolution(Hierarchy(8, 2, 2, 4), noise, [0.15, 0.3], population=4000, repeats=8)
    difference = result.reconstruction - result.clone_probability
    error = np.hypot(result.reconstruction_se, result.clone_probability_se) + 1e-12
    assert np.abs(difference / error).max() < 5
    assert np.all(np.diff(result.reconstruction, axis=1) < 0)


@pytest.mark.parametrize(("v", "m", "s"), [(8, 2, 2), (16, 4, 2), (5, 3, 3)])
def test_slopes_at_both_fixed_points(v, m, s):
    """A little information, and a little noise, grow by these factors a level, whatever the law of the messages."""
    at_uniform = s * (v - 1) * v ** (s - 1) / (m * (v**s - 1))
    at_one = s * m * (v - 1) / (v**s - 1)
    result = density_evolution(Hierarchy(v, m, s, 2), "epsilon", [1e-4, 1 - 1e-4], population=20_000)
    doubt, excess = 1 - result.upward[:, 0], result.upward[:, 1] - 1 / v
    for ratio, slope, error, below in (
        (doubt[:-1] / doubt[1:], at_one, result.upward_se[:-1, 0], doubt[1:]),
        (excess[:-1] / excess[1:], at_uniform, result.upward_se[:-1, 1], excess[1:]),
    ):
        assert np.all(np.abs(ratio - slope) < 5 * error / below + 0.002 * slope)


def test_against_mean_field_under_the_epsilon_process():
    # the root in mean field: .823 and .250
    result = density_evolution(Hierarchy(16, 4, 2, 6), "epsilon", [0.70, 0.80], population=3000, repeats=4)
    assert result.reconstruction[0] == pytest.approx([0.823, 0.250], abs=0.015)


def test_against_exact_belief_propagation_averaged_over_rules():
    """200 rule sets with 64 samples of each; sharing the rules of a level adds up to .01 near the threshold."""
    from regimes.numerics.hierarchy.belief_propagation import belief_propagation
    from regimes.numerics.hierarchy.rules import HierarchyRules

    v, m, s, L, n, instances = 16, 4, 2, 6, 64, 200
    rng = np.random.default_rng(11)
    for level in (0.7, 0.8):
        found = np.empty((instances, L + 1))
        for k in range(instances):
            tables = [random_tables(rng, 1, v, m, s)[0] for _ in range(L)]
            tree = [rng.integers(v, size=(n, 1))]
            for table in tables:
                tree.append(table[tree[-1], rng.integers(m, size=tree[-1].shape)].reshape(n, -1))
            beliefs = belief_propagation(HierarchyRules(tables), noised(rng, tree[-1], "epsilon", level, v))
            for depth in range(L + 1):
                own = np.take_along_axis(beliefs.marginals[depth], tree[depth][..., None], axis=2)
                found[k, depth] = own.mean()
        result = density_evolution(Hierarchy(v, m, s, L), "epsilon", level, population=10_000)
        se = np.hypot(found.std(axis=0, ddof=1) / np.sqrt(instances), result.reconstruction_se[:, 0])
        assert np.all(np.abs(found.mean(axis=0) - result.reconstruction[:, 0]) < 0.01 + 4 * se)


def test_both_ways_of_drawing_rules_agree():
    v, m, s, n = 6, 3, 3, 20_000
    rng = np.random.default_rng(2)
    children = rng.dirichlet(np.ones(v), n)
    children[np.arange(n), 0] += 1.0
    children /= children.sum(axis=1, keepdims=True)
    members = np.stack([rng.permutation(n) for _ in range(s)])
    found = []
    for dense in (True, False):
        out = np.empty((n, v))
        upper_level(children, members, v, m, dense, np.uint64(7 + dense), out)
        np.testing.assert_allclose(out.sum(axis=1), 1, rtol=1e-12)
        found.append(out)
    for moment in (1, 2):
        values = [(out**moment)[:, 0] for out in found]
        error = np.hypot(*(value.std(ddof=1) / np.sqrt(n) for value in values))
        assert abs(values[0].mean() - values[1].mean()) / error < 4


@pytest.mark.parametrize("dense", [True, False])
def test_drawn_tuples_are_distinct_and_uniform(dense):
    """Each of the tuples but the true one is in the drawn set equally often, and equally often in its second place."""
    v, s, drawn, trials = 3, 3, 9, 6000
    size, counts = v**s, np.zeros((2, v**s))
    slots, marks = np.empty(32, np.uint64), np.zeros(32, np.int64)
    for trial in range(trials):
        stream = np.random.SeedSequence(trial).generate_state(1, np.uint64)[0]
        if dense:
            codes = np.arange(size)
            _shuffle(stream, drawn, np.empty(drawn, np.int32), codes)
            codes = codes[:drawn]
        else:
            tuples = np.empty((drawn, s), np.int32)
            _draw_tuples(stream, drawn, v, tuples, slots, marks, trial + 1)
            codes = tuples @ v ** np.arange(s)
        assert codes[0] == 0
        assert len(set(codes.tolist())) == drawn
        counts[0, codes] += 1
        counts[1, codes[1]] += 1
    for row, expected, variance in (
        (counts[0, 1:], trials * (drawn - 1) / (size - 1), 1 - (drawn - 1) / (size - 1)),
        (counts[1, 1:], trials / (size - 1), 1.0),
    ):
        statistic = ((row - expected) ** 2).sum() / (expected * variance)
        assert 1e-4 < chi2.sf(statistic, size - 2) < 1 - 1e-4


def test_tuples_of_a_huge_space_are_distinct_and_cost_no_table():
    v, m, s = 64, 8, 8
    assert not dense_rules(v, s, v * m)
    tuples = np.empty((v * m, s), np.int32)
    _draw_tuples(np.uint64(1), v * m, v, tuples, np.empty(1024, np.uint64), np.zeros(1024, np.int64), 1)
    assert len(np.unique(tuples, axis=0)) == v * m
    assert set(np.unique(tuples)) == set(range(v))
    result = density_evolution(Hierarchy(v, m, s, 2), "masking", [0.1, 0.99], population=200, repeats=2)
    assert result.reconstruction[0, 0] > 0.99
    assert result.reconstruction[0, 1] < 0.2


def test_every_rule_in_use_tells_nothing():
    """With all v^s tuples a known child leaves every parent possible: m = v^(s-1)."""
    result = density_evolution(Hierarchy(3, 3, 2, 1), "masking", [0.0, 0.5], population=2000, repeats=4)
    exact = 0.25 + 0.5 * enumerate_one_child(3, 3) + 0.25 / 3
    assert result.upward[0, 0] == 1
    assert abs(result.upward[0, 1] - exact) < 0.015


def enumerate_one_child(v, m):
    """Mean belief in the root when one of its two children is known, over 20000 tables."""
    tables = random_tables(np.random.default_rng(4), 20_000, v, m, 2)
    fits = tables[..., 0] == tables[:, :1, :1, 0]
    return float((fits[:, 0].sum(axis=1) / fits.sum(axis=(1, 2))).mean())


def test_leaves_have_the_law_of_the_noise():
    v, n = 5, 40_000
    for noise, level in NOISES:
        found = leaf_population(v, noise, level, n, np.random.default_rng(1))
        drawn = noised(np.random.default_rng(2), np.zeros(n, dtype=np.int64), noise, level, v)
        drawn /= drawn.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)
        values = (np.array([x[:, 0], x[:, 1], x[:, 0] ** 2, x[:, 1] * x[:, 2]]) for x in (found, drawn))
        for a, b in zip(*values, strict=True):
            assert abs(a.mean() - b.mean()) < 4 * np.hypot(a.std(), b.std()) / np.sqrt(n) + 1e-4


def test_standard_errors_are_those_of_repeated_runs():
    runs = [
        density_evolution(Hierarchy(4, 2, 2, 3), "masking", 0.5, population=300, repeats=4, rng=seed)
        for seed in range(60)
    ]
    for curve in ("upward", *CURVES):
        spread = np.var([getattr(run, curve)[:3, 0] for run in runs], axis=0, ddof=1)
        claimed = np.mean([getattr(run, f"{curve}_se")[:3, 0] ** 2 for run in runs], axis=0)
        assert np.all((spread / claimed > 0.5) & (spread / claimed < 1.9))  # 59 against 180 degrees of freedom


def test_a_third_population_adds_its_deviation_to_the_squares():
    """The first two are the same: n (n - 1) se^2 is the sum of squares about the mean, of two and of three."""
    model = Hierarchy(4, 2, 2, 2)
    two, three = (density_evolution(model, "uniform", 0.3, population=100, repeats=k, rng=3) for k in (2, 3))
    for curve in ("upward", *CURVES):
        pair, mean = getattr(two, curve), getattr(three, curve)
        last = 3 * mean - 2 * pair
        squares = 2 * getattr(two, f"{curve}_se") ** 2 + 2 * (pair - mean) ** 2 + (last - mean) ** 2
        np.testing.assert_allclose(6 * getattr(three, f"{curve}_se") ** 2, squares, rtol=1e-9)


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="one thread only")
@pytest.mark.parametrize(("v", "m", "s"), [(8, 2, 2), (8, 2, 4)])
def test_threads_change_no_bit(v, m, s, monkeypatch):
    monkeypatch.setattr("regimes.numerics.compiled.threads._SMALL", 0)
    found, threads = [], numba.get_num_threads()
    try:
        for number in (1, 2):
            numba.set_num_threads(number)
            found.append(
                json.dumps(plain(density_evolution(Hierarchy(v, m, s, 3), "gaussian", [0.2, 0.4], population=777)))
            )
    finally:
        numba.set_num_threads(threads)
    assert found[0] == found[1]


def test_seeds_and_generators():
    def value(rng):
        return density_evolution(Hierarchy(4, 2, 2, 2), "uniform", 0.3, population=100, repeats=2, rng=rng).upward[0, 0]

    generator = np.random.default_rng(8)
    first, second, seeded, again = value(generator), value(generator), value(8), value(np.int64(8))
    assert seeded == again
    assert len({first, second, seeded}) == 3


def test_an_interrupt_passes_through():
    def stop(*step):
        assert step == ("density evolution", 1, 4)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        density_evolution(Hierarchy(4, 2, 2, 2), "masking", [0.3, 0.5], population=100, repeats=2, progress=stop)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((Hierarchy(4, 2, 2, 2), "salt", 0.5), {}, "density_evolution: noise must be one of .*, got 'salt'"),
        ((Hierarchy(4, 2, 2, 2), "masking", [0.5, 1.5]), {}, r"must lie in \[0, 1\], got 1.5"),
        ((Hierarchy(4, 2, 2, 2), "gaussian", 0.0), {}, "must be at least 1e-300 and finite, got 0"),
        ((Hierarchy(4, 2, 2, 2), "masking", []), {}, "levels must be a number or a 1-d sequence"),
        ((Hierarchy(4, 2, 2, 2), "masking", 0.5), {"population": 1}, "population .* must be at least 2, got 1"),
        ((Hierarchy(4, 2, 2, 2), "masking", 0.5), {"repeats": 1}, "repeats .* must be at least 2, got 1"),
        (
            (Hierarchy(4, 2, 2, 2), "masking", [[0.5], [1, 2]]),
            {},
            "levels must be a number or a 1-d sequence of numbers",
        ),
        ((Hierarchy(4, 2, 2, 2), "masking", "x"), {}, "levels must be a number or a 1-d sequence of numbers, got 'x'"),
        ((Hierarchy(4, 2, 2, 2), "masking", 0.5), {"memory": 0.5}, r"memory \(bytes\) must be a whole number, got 0.5"),
        (
            (Hierarchy(32, 8, 2, 8), "masking", 0.5),
            {"population": 10**9},
            r"of 1000000000 messages of 32 symbols would take 3.\d*e\+03 GiB, .* = 2 GiB; take a smaller population",
        ),
        (
            (Hierarchy(2000, 10**6, 3, 2), "masking", 0.5),
            {"population": 2},
            r"tuples that are the rules .*; take fewer rules",
        ),
        ((Hierarchy(4, 2, 2, 2), "masking", 0.5), {"rng": "x"}, r"rng \(seed\) must be a whole number, got 'x'"),
    ],
)
def test_bad_input(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        density_evolution(*arguments, **options)


@pytest.mark.parametrize("noise", ["masking", "gaussian"])
def test_the_memory_that_is_asked_for_is_about_that_which_is_used(noise):
    """Peak of what is allocated, within the limit at which a run is refused, and not far below it."""
    arguments, options = (Hierarchy(16, 4, 2, 3), noise, 0.3), {"population": 20_000, "repeats": 2}
    density_evolution(*arguments, population=10, repeats=2)
    tracemalloc.start()
    density_evolution(*arguments, **options)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    with pytest.raises(ValueError, match="take a smaller population, or raise memory"):
        density_evolution(*arguments, **options, memory=int(0.9 * peak))
    density_evolution(*arguments, **options, memory=int(1.5 * peak) + 2**20)


@pytest.mark.parametrize("v", [3, 200])  # with tables of all tuples, and without
def test_children_that_no_rule_joins_tell_nothing(v):
    # Certain of one wrong symbol each: of the v tuples drawn few hold a given pair, and no other has any weight.
    children = np.zeros((600, v))
    children[np.arange(600), 1 + np.arange(600) % (v - 1)] = 1.0
    messages = upper_population(children, 1, 2, np.random.default_rng(0))
    np.testing.assert_allclose(messages.sum(axis=1), 1.0)
    known = messages.max(axis=1) == 1
    assert 0 < known.sum() < 600
    np.testing.assert_array_equal(messages[~known], np.full(((~known).sum(), v), 1 / v))
