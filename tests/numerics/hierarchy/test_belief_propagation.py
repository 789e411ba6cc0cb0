"""Belief propagation against enumeration of every tree, 50 digits, a log-domain recursion, and its own samples."""

import itertools
import math
import re

import mpmath
import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from regimes.numerics.hierarchy.belief_propagation import belief_propagation, sample_posterior
from regimes.numerics.hierarchy.noise import leaf_messages
from regimes.numerics.hierarchy.rules import HierarchyRules
from regimes.numerics.hierarchy.score import hierarchy_score

MOST_TREES = 50_000
MOST_WEIGHTS = 100_000  # trees times samples
NOISES = ("epsilon", "masking", "uniform", "gaussian")


# The oracle: every tree of the model, one by one.


def all_trees(rules):
    """Root symbols with every choice of a rule at every node: for each level an array (trees, nodes)."""
    trees = [np.arange(rules.classes)[:, None]]
    for table in rules.tables:
        last = trees[-1]
        choices = np.array(list(itertools.product(range(rules.m), repeat=last.shape[1])))
        children = table[last[:, None, :], choices[None]]
        trees = [np.repeat(symbols, len(choices), axis=0) for symbols in trees]
        trees.append(children.reshape(len(trees[0]), -1))
    return tuple(trees)


def number_of_nodes(s, depth):
    return (s**depth - 1) // (s - 1)


def enumerate_posterior(rules, messages, prior=None):
    """Log-evidence, marginals of every level, and the posterior of every tree: (n, trees), zero where contradictory.

    Mantissas and exponents of the messages are multiplied apart, so that nothing under- or overflows.
    """
    trees = all_trees(rules)
    messages = np.asarray(messages, dtype=np.float64)
    prior = np.full(rules.classes, 1 / rules.classes) if prior is None else np.asarray(prior, dtype=np.float64)
    prior = np.broadcast_to(prior, (len(messages), rules.classes))
    weight, power = np.frexp(prior[:, trees[0][:, 0]])
    mantissa, exponent = np.frexp(messages)
    for leaf in range(rules.leaves):
        weight = weight * mantissa[:, leaf, trees[-1][:, leaf]]
        power = power + exponent[:, leaf, trees[-1][:, leaf]]
    top = np.where(weight > 0, power, -(2**30)).max(axis=1, keepdims=True)
    weight = np.ldexp(weight, np.maximum(power - top, -5000))
    total = weight.sum(axis=1, keepdims=True)
    possible = total[:, 0] > 0
    log_evidence = np.full(len(messages), -np.inf)
    log_evidence[possible] = (
        np.log(total[possible, 0])
        + math.log(2) * top[possible, 0]
        - number_of_nodes(rules.s, rules.L) * math.log(rules.m)
    )
    posterior = weight / np.where(possible[:, None], total, 1)
    return log_evidence, tree_marginals(rules, trees, posterior), posterior


def tree_marginals(rules, trees, posterior):
    return [
        np.stack([posterior @ (symbols == a) for a in range(rules.symbols(level))], axis=2)
        for level, symbols in enumerate(trees)
    ]


def exact_posterior(rules, log_messages, prior=None):
    """The same for one sample given by logarithms of any size, in 50 digits."""
    trees = all_trees(rules)
    prior = np.full(rules.classes, 1 / rules.classes) if prior is None else prior
    with mpmath.workdps(50):
        logs = [[mpmath.mpf(float(value)) for value in leaf] for leaf in log_messages]
        weights = [
            mpmath.mpf(float(prior[root])) * mpmath.exp(mpmath.fsum(logs[leaf][a] for leaf, a in enumerate(leaves)))
            for root, leaves in zip(trees[0][:, 0].tolist(), trees[-1].tolist(), strict=True)
        ]
        total = mpmath.fsum(weights)
        log_evidence = mpmath.log(total) - number_of_nodes(rules.s, rules.L) * mpmath.log(rules.m)
        posterior = np.array([float(weight / total) for weight in weights])
    return float(log_evidence), [m[0] for m in tree_marginals(rules, trees, posterior[None])], posterior


# Models and evidence.


def random_rules(v, m, s, depth, classes, seed):
    generator = np.random.default_rng(seed)
    tuples = np.array(list(itertools.product(range(v), repeat=s)))
    symbols = [classes] + [v] * (depth - 1)
    return HierarchyRules([generator.permutation(tuples)[: k * m].reshape(k, m, s) for k in symbols], v=v)


def random_trees(rules, n, generator):
    trees = [generator.integers(rules.classes, size=(n, 1))]
    for table in rules.tables:
        chosen = generator.integers(rules.m, size=trees[-1].shape)
        trees.append(table[trees[-1], chosen].reshape(n, -1))
    return tuple(trees)


@st.composite
def models(draw, most_trees=MOST_TREES):
    s = draw(st.integers(2, 4))
    depth = draw(st.integers(1, 3)) if s < 4 else 1
    v = draw(st.integers(2, 4))
    nodes = number_of_nodes(s, depth)
    m = draw(st.integers(1, max(k for k in range(1, v ** (s - 1) + 1) if k**nodes <= most_trees)))
    classes = draw(st.integers(1, min(v**s // m, most_trees // m**nodes)))
    return random_rules(v, m, s, depth, classes, draw(st.integers(0, 2**32)))


def number_of_trees(rules):
    return rules.classes * rules.m ** number_of_nodes(rules.s, rules.L)


def batch_sizes(rules):
    return st.sampled_from([n for n in (1, 3, 17) if n == 1 or n * number_of_trees(rules) <= MOST_WEIGHTS])


@st.composite
def evidence(draw, rules):
    """Messages (n, d, v) of any spread and scale, some zero; half of the time a tree is kept possible."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    n = draw(batch_sizes(rules))
    decades = draw(st.sampled_from([0, 1, 3, 30, 150]))
    messages = 10 ** (decades * generator.uniform(-1, 1, (n, rules.leaves, rules.v))) * generator.uniform(0.5, 1)
    messages *= 10 ** generator.uniform(-100, 100, (n, rules.leaves, 1))
    kept = random_trees(rules, n, generator)[-1][:, :, None] == np.arange(rules.v)
    zero = generator.random(messages.shape) < draw(st.sampled_from([0, 0.2, 0.6, 0.9]))
    messages[zero & ~kept if draw(st.booleans()) else zero] = 0
    return messages


@st.composite
def priors(draw, rules, n):
    kind = draw(st.sampled_from(["default", "model", "sample"]))
    if kind == "default":
        return None
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    weight = generator.gamma(0.5, size=(n, rules.classes) if kind == "sample" else rules.classes) + 1e-9
    return weight / weight.sum(axis=-1, keepdims=True)


def assert_equal(beliefs, log_evidence, marginals, *, absolute=1e-12):
    np.testing.assert_allclose(beliefs.log_evidence, log_evidence, rtol=1e-12, atol=1e-12)
    assert sorted(beliefs.marginals) == list(range(len(marginals)))
    for level, expected in enumerate(marginals):
        assert beliefs.marginals[level].shape == expected.shape
        np.testing.assert_allclose(beliefs.marginals[level], expected, rtol=0, atol=absolute)


def assert_equals_enumeration(rules, beliefs, messages, prior=None):
    assert_equal(beliefs, *enumerate_posterior(rules, messages, prior)[:2])


def logarithm(messages):
    with np.errstate(divide="ignore"):
        return np.log(messages)


def rounding_of_logs(rules, messages):
    """Error of a weight exp(sum of logs) to be expected when logarithms of this size are rounded and added."""
    logs = logarithm(messages)
    return 1e-12 + 2 * rules.leaves * 2.0**-52 * np.abs(logs[np.isfinite(logs)]).max()


# Equality with enumeration.


@settings(max_examples=100)
@given(st.data())
def test_beliefs_equal_enumeration(data):
    rules = data.draw(models())
    messages = data.draw(evidence(rules))
    prior = data.draw(priors(rules, len(messages)))
    log_evidence, marginals, _ = enumerate_posterior(rules, messages, prior)
    possible = np.isfinite(log_evidence)
    if not possible.all():
        for log, given_messages in ((False, messages), (True, logarithm(messages))):
            with pytest.raises(ValueError, match="sample") as caught:
                belief_propagation(rules, given_messages, prior=prior, log=log)
            assert int(re.search(r"sample (\d+)", str(caught.value))[1]) in np.flatnonzero(~possible)
        messages = messages[possible]
        prior = prior if prior is None or prior.ndim == 1 else prior[possible]
    if possible.any():
        expected = log_evidence[possible], [marginal[possible] for marginal in marginals]
        assert_equal(belief_propagation(rules, messages, prior=prior), *expected)
        in_logs = belief_propagation(rules, logarithm(messages), prior=prior, log=True)
        assert_equal(in_logs, *expected, absolute=rounding_of_logs(rules, messages))


@pytest.mark.parametrize("v", [2, 3, 4])
@pytest.mark.parametrize(("s", "depth"), [(2, 1), (2, 2), (2, 3), (3, 1), (3, 2), (3, 3), (4, 1)])
def test_every_number_of_rules(v, s, depth):
    """Every m for which the trees can be counted, each with another number of classes."""
    generator = np.random.default_rng([v, s, depth])
    nodes = number_of_nodes(s, depth)
    for m in range(1, v ** (s - 1) + 1):
        if m**nodes > MOST_TREES // 5:
            break
        most = min(v**s // m, max(1, MOST_TREES // 5 // m**nodes))
        classes = next((k for k in generator.integers(1, most + 1, 5).tolist() if k != v), 1)
        rules = random_rules(v, m, s, depth, classes, m)
        leaves = random_trees(rules, 3, generator)[-1]
        messages = leaf_messages(leaves, "uniform", generator.uniform(), v, rng=generator)
        messages *= generator.uniform(0.5, 2, messages.shape)
        prior = generator.dirichlet(np.ones(classes), 3)
        assert_equals_enumeration(rules, belief_propagation(rules, messages, prior=prior), messages, prior)


@pytest.mark.parametrize("scale", [1e-320, 1e-310, 1e-300, 1e-150, 1e150, 1e300, 5e307])
def test_messages_of_any_scale(scale):
    """Up to subnormal numbers, of which a sum has no finite inverse, and numbers of which the sum is infinite."""
    rules = random_rules(4, 3, 2, 2, 3, 3)
    generator = np.random.default_rng(4)
    messages = generator.uniform(0.2, 3, (5, rules.leaves, rules.v))
    messages[::2] *= scale
    messages[1, 0] *= scale
    beliefs = belief_propagation(rules, messages)
    assert_equals_enumeration(rules, beliefs, messages)
    for i in range(5):
        assert_equals_enumeration(rules, belief_propagation(rules, messages[i : i + 1]), messages[i : i + 1])
    draws = sample_posterior(rules, messages, draws=3000, rng=1)
    for i in range(5):
        counts = np.bincount(draws[0][:, i, 0], minlength=rules.classes).astype(float)
        assert chi_square_p(counts, beliefs.marginals[0][i, 0]) > 1e-4


def test_a_prior_is_given_up_to_a_factor():
    rules = random_rules(3, 2, 2, 2, 4, 4)
    messages = np.random.default_rng(0).uniform(size=(4, 4, 3))
    prior = np.array([0.125, 0.5, 0.25, 0.125])
    expected = belief_propagation(rules, messages, prior=prior)
    assert_equals_enumeration(rules, expected, messages, prior)
    for factor in (1e-300, 1e-5, 7, 1e300):
        beliefs = belief_propagation(rules, messages, prior=factor * prior)
        assert_equal(beliefs, expected.log_evidence, list(expected.marginals.values()))


@settings(max_examples=60)
@given(st.data(), st.sampled_from(NOISES), st.floats(0, 1))
def test_beliefs_equal_enumeration_under_every_noise(data, noise, level):
    rules = data.draw(models())
    generator = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    trees = random_trees(rules, data.draw(batch_sizes(rules)), generator)
    level = 0.02 + 2 * level if noise == "gaussian" else level
    messages = leaf_messages(trees[-1], noise, level, rules.v, rng=generator)
    assert_equals_enumeration(rules, belief_propagation(rules, messages), messages)
    if noise == "masking" and level == 0:
        for truth, marginal in zip(trees, belief_propagation(rules, messages).marginals.values(), strict=True):
            assert np.array_equal(marginal, truth[:, :, None] == np.arange(marginal.shape[2]))


@settings(max_examples=40)
@given(st.data())
def test_small_probabilities_have_relative_accuracy(data):
    rules = data.draw(models(5000))
    generator = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    messages = 10 ** generator.uniform(-3, 3, (5, rules.leaves, rules.v))
    _, marginals, _ = enumerate_posterior(rules, messages)
    beliefs = belief_propagation(rules, messages)
    for level, expected in enumerate(marginals):
        np.testing.assert_allclose(beliefs.marginals[level], expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("gap", [50, 150, 350, 400, 700, 1000, 1e5])
def test_evidence_buried_under_the_smallest_float(gap):
    """Log messages 0, gap or 2 gaps apart, so that what decides in the end first looks impossible."""
    sizes = [(3, 3, 2, 2, 3), (2, 2, 2, 3, 2), (3, 1, 2, 3, 4), (4, 2, 3, 1, 5)]
    for case, (v, m, s, depth, classes) in enumerate(sizes):
        rules = random_rules(v, m, s, depth, classes, case)
        generator = np.random.default_rng([case, int(gap)])
        logs = -gap * generator.integers(0, 3, (6, rules.leaves, v)) + generator.normal(size=(6, rules.leaves, v))
        prior = np.exp(-min(gap, 500) * generator.uniform(size=(6, classes)))
        prior /= prior.sum(axis=1, keepdims=True)
        beliefs = belief_propagation(rules, logs, log=True, prior=prior)
        rounding = 1e-12 + 2 * rules.leaves * 2.0**-52 * np.abs(logs).max()
        for i in range(6):
            log_evidence, marginals, _ = exact_posterior(rules, logs[i], prior[i])
            np.testing.assert_allclose(beliefs.log_evidence[i], log_evidence, rtol=1e-12, atol=1e-12)
            for level, expected in enumerate(marginals):
                np.testing.assert_allclose(beliefs.marginals[level][i], expected, rtol=0, atol=rounding)
        messages = np.exp(logs)
        if messages.min() > 1e-300:
            root = belief_propagation(rules, messages, prior=prior).marginals[0]
            np.testing.assert_allclose(root, beliefs.marginals[0], rtol=0, atol=rounding)


@pytest.mark.parametrize(
    "form", ["Fortran", "reversed", "strided", "transposed", "float32", "integer", "list", "read-only"]
)
def test_messages_in_any_form(form):
    rules = random_rules(3, 2, 2, 3, 4, 1)
    generator = np.random.default_rng(2)
    plain = generator.integers(1, 9, (5, rules.leaves, rules.v)).astype(np.float64)
    if form not in ("integer", "float32"):
        plain *= generator.uniform(0.5, 2, plain.shape)
    wide = np.full((10, 2 * rules.leaves, 2 * rules.v), np.nan)
    wide[::2, ::2, ::2] = plain
    frozen = plain.copy()
    frozen.setflags(write=False)
    given_messages = {
        "Fortran": np.asfortranarray(plain),
        "reversed": np.ascontiguousarray(plain[::-1, ::-1, ::-1])[::-1, ::-1, ::-1],
        "strided": wide[::2, ::2, ::2],
        "transposed": np.ascontiguousarray(plain.transpose(1, 2, 0)).transpose(2, 0, 1),
        "float32": plain.astype(np.float32),
        "integer": plain.astype(np.int64),
        "list": plain.tolist(),
        "read-only": frozen,
    }[form]
    expected = belief_propagation(rules, plain)
    result = belief_propagation(rules, given_messages)
    assert_equals_enumeration(rules, result, plain)
    assert np.array_equal(result.log_evidence, expected.log_evidence)
    for level, marginal in expected.marginals.items():
        assert np.array_equal(result.marginals[level], marginal)
    draws = zip(sample_posterior(rules, given_messages, rng=3), sample_posterior(rules, plain, rng=3), strict=True)
    assert all(np.array_equal(one, other) for one, other in draws)


def test_the_input_is_left_as_it_was():
    rules = random_rules(3, 2, 2, 2, 3, 1)
    messages, prior = np.random.default_rng(2).uniform(1, 2, (4, 4, 3)), np.array([0.2, 0.3, 0.5])
    before = messages.copy(), prior.copy()
    belief_propagation(rules, messages, prior=prior)
    belief_propagation(rules, messages, log=True, prior=prior)
    sample_posterior(rules, messages, prior=prior)
    hierarchy_score(rules, messages, 0.3, prior=prior)
    assert np.array_equal(messages, before[0])
    assert np.array_equal(prior, before[1])


def test_chosen_levels_are_those_of_all_levels():
    rules = random_rules(4, 2, 2, 3, 3, 5)
    messages = np.random.default_rng(1).uniform(size=(3, rules.leaves, rules.v))
    everything = belief_propagation(rules, messages)
    for levels in ((0,), (3,), (1, 3), (2, 0)):
        some = belief_propagation(rules, messages, levels=levels)
        assert set(some.marginals) == set(levels)
        assert np.array_equal(some.log_evidence, everything.log_evidence)
        for level in levels:
            assert np.array_equal(some.marginals[level], everything.marginals[level])


# The Gaussian score.


def squared_distances(rules, x, t):
    """|x - exp(-t) a|^2 for every one-hot datum a, from coordinates: (n, trees)."""
    data = np.eye(rules.v)[all_trees(rules)[-1]]
    steps = x[:, None] - math.exp(-t) * data[None]
    return np.einsum("nkdv,nkdv->nk", steps, steps), data


@settings(max_examples=60)
@given(st.data(), st.floats(0.05, 3))
def test_score_is_the_gradient_of_the_enumerated_log_density(data, t):
    rules = data.draw(models(3000))
    generator = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    variance = -math.expm1(-2 * t)
    clean = np.eye(rules.v)[random_trees(rules, 3, generator)[-1]]
    x = math.exp(-t) * clean + math.sqrt(variance) * generator.normal(size=clean.shape)
    prior = data.draw(priors(rules, 3))
    roots = all_trees(rules)[0][:, 0]
    distance, points = squared_distances(rules, x, t)
    shares = np.broadcast_to(1 / rules.classes if prior is None else prior, (3, rules.classes))[:, roots]
    nearest = distance.min(axis=1, keepdims=True)
    weight = shares * np.exp(-(distance - nearest) / (2 * variance))
    log_density = (
        np.log(weight.sum(axis=1))
        - nearest[:, 0] / (2 * variance)
        - number_of_nodes(rules.s, rules.L) * math.log(rules.m)
        - x[0].size / 2 * math.log(2 * math.pi * variance)
    )
    mean = np.einsum("nk,kdv->ndv", weight / weight.sum(axis=1, keepdims=True), points)
    gradient = -(x - math.exp(-t) * mean) / variance
    result = hierarchy_score(rules, x, t, prior=prior)
    # The exponent of a weight is a sum over the leaves of about |x|^2/variance, each rounded.
    rounding = 1e-12 + 2.0**-52 * float(distance.max()) / variance
    np.testing.assert_allclose(result.log_density, log_density, rtol=1e-12, atol=rounding)
    np.testing.assert_allclose(result.posterior_mean, mean, rtol=0, atol=rounding)
    np.testing.assert_allclose(result.score, gradient, rtol=0, atol=rounding / variance * max(1, np.abs(x).max()))


def mixture_density(rules, x, t, prior):
    """Density of the noised data at the coordinates x (d v numbers), in the working precision of mpmath."""
    decay, variance = mpmath.exp(-t), -mpmath.expm1(-2 * t)
    trees = all_trees(rules)
    total = mpmath.mpf(0)
    for root, leaves in zip(trees[0][:, 0].tolist(), trees[-1].tolist(), strict=True):
        ones = {leaf * rules.v + a for leaf, a in enumerate(leaves)}
        distance = mpmath.fsum((value - decay * (k in ones)) ** 2 for k, value in enumerate(x))
        total += prior[root] * mpmath.exp(-distance / (2 * variance))
    return total / rules.m ** number_of_nodes(rules.s, rules.L) / (2 * mpmath.pi * variance) ** (len(x) / 2)


@pytest.mark.parametrize("t", [1e-6, 1e-3, 0.3, 2.0])
def test_score_is_a_finite_difference_in_fifty_digits(t):
    """Central differences of step 1e-20: truncated at 1e-40/t^3 at most, rounded at 1e-60/1e-20.

    The points are drawn off the data, so that at small t every leaf contradicts the others by up to 1e6 in the log.
    """
    rules, prior = random_rules(3, 2, 2, 2, 3, 7), np.array([0.5, 0.125, 0.375])
    x = np.random.default_rng(3).normal(size=(2, rules.leaves, rules.v))
    result = hierarchy_score(rules, x, t, prior=prior)
    with mpmath.workdps(60):
        step, time = mpmath.mpf(10) ** -20, mpmath.mpf(t)
        weights = [mpmath.mpf(float(value)) for value in prior]
        for i in range(2):
            centre = [mpmath.mpf(float(value)) for value in x[i].ravel()]
            expected_log = mpmath.log(mixture_density(rules, centre, time, weights))
            np.testing.assert_allclose(result.log_density[i], float(expected_log), rtol=1e-12)
            for k in range(len(centre)):
                sides = []
                for sign in (1, -1):
                    moved = [value + sign * step * (place == k) for place, value in enumerate(centre)]
                    sides.append(mpmath.log(mixture_density(rules, moved, time, weights)))
                gradient = float((sides[0] - sides[1]) / (2 * step))
                # Rounding of the exponents, of size 1/t, acts on the mean; the mean enters the score divided by 2 t.
                rounding = 1e-12 + 4 * rules.leaves * 2.0**-52 / t
                assert abs(result.score[i].ravel()[k] - gradient) < 1e-12 * abs(gradient) + rounding / min(2 * t, 1)


# Contradictions and bad input.


def contradicting_masks():
    """Messages of three samples with known leaves, the middle one not a datum of the rules."""
    rules = random_rules(3, 2, 2, 2, 3, 4)
    data = {tuple(leaves) for leaves in all_trees(rules)[-1].tolist()}
    wrong = next(leaves for leaves in itertools.product(range(3), repeat=4) if leaves not in data)
    leaves = random_trees(rules, 3, np.random.default_rng(0))[-1]
    leaves[1] = wrong
    return rules, np.eye(3)[leaves]


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("solve", [belief_propagation, sample_posterior])
def test_contradictory_evidence_names_the_sample(solve, log):
    rules, masks = contradicting_masks()
    silent = np.ones((40, 4, 3))
    silent[37, 2] = 0
    small = np.where(masks[1:2] > 0, 1, 0) * 1e-200
    excluded = np.eye(3)[random_trees(rules, 1, np.random.default_rng(5))[-1]]
    root = int(enumerate_posterior(rules, excluded)[1][0][0, 0].argmax())
    against = np.full(3, 0.5)
    against[root] = 0
    for messages, prior, culprit in ((masks, None, 1), (silent, None, 37), (small, None, 0), (excluded, against, 0)):
        with pytest.raises(ValueError, match=rf"sample {culprit}\b"):
            solve(rules, logarithm(messages) if log else messages, prior=prior, log=log)


def test_a_class_of_prior_zero_never_occurs():
    rules = random_rules(3, 2, 2, 2, 4, 4)
    messages = np.random.default_rng(0).uniform(size=(4, 4, 3))
    prior = np.array([0.5, 0, 0.25, 0.25])
    assert_equals_enumeration(rules, belief_propagation(rules, messages, prior=prior), messages, prior)
    assert 1 not in sample_posterior(rules, messages, prior=prior, draws=200)[0]


BAD_MESSAGES = {
    "nan": lambda messages: messages.__setitem__((1, 2, 0), np.nan),
    "negative": lambda messages: messages.__setitem__((1, 2, 0), -1e-3),
    "infinite": lambda messages: messages.__setitem__((1, 2, 0), np.inf),
    "minus infinite": lambda messages: messages.__setitem__((1, 2, 0), -np.inf),
}


@pytest.mark.parametrize("solve", [belief_propagation, sample_posterior])
def test_bad_messages(solve):
    rules = random_rules(3, 2, 2, 2, 3, 4)
    name = solve.__name__
    for spoil in BAD_MESSAGES.values():
        messages = np.ones((2, 4, 3))
        spoil(messages)
        with pytest.raises(ValueError, match=f"{name}: messages"):
            solve(rules, messages)
    for spoil in (BAD_MESSAGES["nan"], BAD_MESSAGES["infinite"]):
        logs = np.zeros((2, 4, 3))
        spoil(logs)
        with pytest.raises(ValueError, match=f"{name}: messages"):
            solve(rules, logs, log=True)
    for shape in ((4, 3), (2, 4), (2, 5, 3), (2, 4, 4), (2, 3, 4), (1, 2, 4, 3), (2, 4, 0)):
        with pytest.raises(ValueError, match=rf"{name}: messages.*{re.escape(str(shape))}"):
            solve(rules, np.ones(shape))


@pytest.mark.parametrize("solve", [belief_propagation, sample_posterior])
@pytest.mark.parametrize(
    "wrong",
    [np.ones((2, 4, 3)) * 1j, np.full((2, 4, 3), "a"), [[[1, 2, 3]], [[1]]], None],
    ids=["complex", "text", "ragged", "nothing"],
)
def test_messages_that_are_no_numbers(solve, wrong):
    with pytest.raises(ValueError, match="messages"):
        solve(random_rules(3, 2, 2, 2, 3, 4), wrong)


@pytest.mark.parametrize("solve", [belief_propagation, sample_posterior, hierarchy_score])
@pytest.mark.parametrize(
    "prior",
    [
        [-0.1, 0.6, 0.5],
        [0.0, 0.0, 0.0],
        [[0.2, 0.3, 0.5], [0.0, 0.0, 0.0]],
        [np.nan, 0.5, 0.5],
        [np.inf, 0, 0],
        [0.5, 0.5],
        [0.25] * 4,
        [[0.2, 0.3, 0.5]] * 3,
        [[[0.2, 0.3, 0.5]] * 2],
        0.5,
    ],
)
def test_bad_prior(solve, prior):
    rules = random_rules(3, 2, 2, 2, 3, 4)
    with pytest.raises(ValueError, match="prior must"):
        solve(rules, np.ones((2, 4, 3)), *((0.3,) if solve is hierarchy_score else ()), prior=prior)


def test_bad_levels_draws_and_times():
    rules = random_rules(3, 2, 2, 2, 3, 4)
    messages = np.ones((2, 4, 3))
    for levels in ((3,), (-1,), (0, 7)):
        with pytest.raises(ValueError, match="belief_propagation: levels"):
            belief_propagation(rules, messages, levels=levels)
    for levels in (0, "a", "01", b"01", np.array(1)):
        with pytest.raises(ValueError, match="belief_propagation: levels must be a sequence of levels of the tree"):
            belief_propagation(rules, messages, levels=levels)
    with pytest.raises(ValueError, match=r"hierarchy_score: t .* must be one number, .* got an array of shape \(2,\)"):
        hierarchy_score(rules, messages, np.full(2, 0.3))
    with pytest.raises(ValueError, match=r"got \(2, 12\); reshape it: x\.reshape\(-1, 4, 3\)"):
        hierarchy_score(rules, messages.reshape(2, -1), 0.3)
    for solve, more in ((belief_propagation, ()), (sample_posterior, ()), (hierarchy_score, (0.3,))):
        with pytest.raises(ValueError, match=rf"{solve.__name__}: rules must be HierarchyRules, got tuple; make them"):
            solve(rules.tables, messages, *more)
    for draws in (0, -2):
        with pytest.raises(ValueError, match="sample_posterior: draws"):
            sample_posterior(rules, messages, draws=draws)
    for t in (0, -1, np.nan, np.inf):
        with pytest.raises(ValueError, match=r"hierarchy_score: .*\bt\b"):
            hierarchy_score(rules, messages, t)
    for bad in (np.nan, np.inf, -np.inf):
        x = messages.copy()
        x[0, 1, 2] = bad
        with pytest.raises(ValueError, match="hierarchy_score: x"):
            hierarchy_score(rules, x, 0.3)
    for shape in ((4, 3), (2, 5, 3), (2, 4, 4)):
        with pytest.raises(ValueError, match="hierarchy_score: x"):
            hierarchy_score(rules, np.ones(shape), 0.3)


# Depth.


def upward_logs(table, children):
    """Log messages of the parents from those of the children (n, nodes s, v), nothing normalised."""
    n, s = len(children), table.shape[2]
    grouped = children.reshape(n, -1, s, children.shape[2])
    return np.logaddexp.reduce(sum(grouped[:, :, i][:, :, table[:, :, i]] for i in range(s)), axis=3) - math.log(
        table.shape[1]
    )


def with_leaf_known(rules, ups, leaf, symbol):
    """Log message of the root when one leaf is known: only the nodes above the leaf change."""
    changed = np.full_like(ups[-1][:, leaf], -np.inf)
    changed[:, symbol] = ups[-1][:, leaf, symbol]
    for level in range(rules.L - 1, -1, -1):
        first = leaf // rules.s * rules.s
        children = ups[level + 1][:, first : first + rules.s].copy()
        children[:, leaf - first] = changed
        changed, leaf = upward_logs(rules.tables[level], children)[:, 0], leaf // rules.s
    return changed


@pytest.mark.parametrize(("v", "m", "noise", "level"), [(2, 2, "epsilon", 0.4), (3, 2, "epsilon", 0.9)])
def test_depth_twenty_does_not_underflow(v, m, noise, level):
    rules = random_rules(v, m, 2, 20, v, 3)
    messages = leaf_messages(random_trees(rules, 2, np.random.default_rng(1))[-1], noise, level, v, rng=2)
    prior = np.arange(1, v + 1) / (v * (v + 1) / 2)
    ups = [np.log(messages)]
    for table in rules.tables[::-1]:
        ups.insert(0, upward_logs(table, ups[0]))
    root = ups[0][:, 0] + np.log(prior)
    log_evidence = np.logaddexp.reduce(root, axis=1)
    assert (log_evidence < -1e5).all()
    beliefs = belief_propagation(rules, messages, prior=prior, levels=(0, 10, 20) if v == 2 else (0, 10))
    np.testing.assert_allclose(beliefs.log_evidence, log_evidence, rtol=1e-12)
    # The reference subtracts logarithms of up to 2e6, whose rounding is 2e-10.
    np.testing.assert_allclose(beliefs.marginals[0][:, 0], np.exp(root - log_evidence[:, None]), rtol=0, atol=1e-8)
    for leaf in (0, 1, 54321, 2**20 - 1) if v == 2 else ():
        for symbol in range(v):
            known = np.logaddexp.reduce(with_leaf_known(rules, ups, leaf, symbol) + np.log(prior), axis=1)
            np.testing.assert_allclose(
                beliefs.marginals[20][:, leaf, symbol], np.exp(known - log_evidence), rtol=0, atol=1e-8
            )
    for marginal in beliefs.marginals.values():
        np.testing.assert_allclose(marginal.sum(axis=2), 1, rtol=0, atol=1e-14)


# Posterior samples.


def chi_square_p(counts, probability):
    """p-value of counts against probabilities, cells with fewer than 5 expected counts pooled."""
    assert not counts[probability == 0].any()
    expected = probability * counts.sum()
    large = expected >= 5
    observed, wanted = counts[large], expected[large]
    if (~large).any():
        pooled = expected[~large].sum()
        if pooled >= 5 or len(wanted) == 0:
            observed, wanted = np.append(observed, counts[~large].sum()), np.append(wanted, pooled)
        else:
            smallest = wanted.argmin()
            observed[smallest] += counts[~large].sum()
            wanted[smallest] += pooled
    return 1.0 if len(wanted) == 1 else chi2.sf(((observed - wanted) ** 2 / wanted).sum(), len(wanted) - 1)


def assert_obeys(rules, tree):
    for level, table in enumerate(rules.tables):
        parents = tree[level].reshape(-1)
        children = tree[level + 1].reshape(-1, rules.s)
        assert (table[parents] == children[:, None, :]).all(axis=2).any(axis=1).all()


@pytest.mark.parametrize("gap", [0, 400])
@pytest.mark.parametrize("size", [(2, 2, 2, 2, 2), (3, 2, 2, 2, 4), (3, 3, 3, 1, 5), (2, 1, 2, 3, 3)])
def test_draws_of_whole_trees_follow_the_joint_posterior(size, gap):
    """Chi-square over every tree; with a gap, among evidence that a product of floats would lose."""
    v, m, s, depth, classes = size
    rules = random_rules(*size, 11)
    generator = np.random.default_rng([v, m, s, gap])
    logs = generator.normal(size=(3, rules.leaves, v)) - gap * generator.integers(0, 3, (3, rules.leaves, v))
    prior = generator.dirichlet(np.full(classes, 2.0), 3)
    draws = 20000
    sampled = sample_posterior(rules, logs, log=True, prior=prior, draws=draws, rng=12)
    assert [symbols.shape for symbols in sampled] == [(draws, 3, s**level) for level in range(depth + 1)]
    assert all(symbols.dtype.kind in "iu" for symbols in sampled)
    trees = np.concatenate(all_trees(rules), axis=1)
    index = {tuple(row): place for place, row in enumerate(trees.tolist())}
    flat = np.concatenate(sampled, axis=2)
    for i in range(3):
        counts = np.zeros(len(trees))
        rows, repeats = np.unique(flat[:, i], axis=0, return_counts=True)
        for row, repeat in zip(rows.tolist(), repeats, strict=True):
            counts[index[tuple(row)]] = repeat
        assert chi_square_p(counts, exact_posterior(rules, logs[i], prior[i])[2]) > 1e-4


def test_draws_at_every_node_follow_its_marginal():
    rules = random_rules(4, 3, 2, 5, 5, 2)
    generator = np.random.default_rng(4)
    messages = leaf_messages(random_trees(rules, 4, generator)[-1], "epsilon", 0.7, 4)
    marginals = belief_propagation(rules, messages).marginals
    sampled = sample_posterior(rules, messages, draws=4000, rng=5)
    assert_obeys(rules, sampled)
    smallest, nodes = 1.0, 0
    for level, symbols in enumerate(sampled):
        for i, node in np.ndindex(symbols.shape[1:]):
            counts = np.bincount(symbols[:, i, node], minlength=rules.symbols(level)).astype(float)
            smallest, nodes = min(smallest, chi_square_p(counts, marginals[level][i, node])), nodes + 1
    assert smallest > 1e-4 / nodes


@pytest.mark.parametrize(("noise", "level"), [("epsilon", 0.6), ("masking", 0.4), ("uniform", 0.3), ("gaussian", 0.5)])
def test_uturn_by_sampling_agrees_with_the_marginals(noise, level):
    """Two draws agree with probability sum P^2; so do the truth and a draw, if the messages are the likelihoods.

    The difference from sum P^2 has mean zero in each sample, so its mean over samples is held to 4.5 standard errors.
    The epsilon-process centres its message on the truth, and only the draws are compared.
    """
    n = 6000
    rules = random_rules(5, 2, 2, 4, 5, 8)
    truth = random_trees(rules, n, np.random.default_rng(9))
    messages = leaf_messages(truth[-1], noise, level, 5, rng=10)
    marginals = belief_propagation(rules, messages).marginals
    first, second = zip(*sample_posterior(rules, messages, draws=2, rng=11), strict=True)
    assert_obeys(rules, first)
    for place in range(rules.L + 1):
        agreement = (marginals[place] ** 2).sum(axis=2)
        for other in (second,) if noise == "epsilon" else (second, truth):
            excess = ((first[place] == other[place]) - agreement).mean(axis=1)
            assert abs(excess.mean()) < 4.5 * excess.std(ddof=1) / math.sqrt(n) + 1e-12


# Reproducibility.


@pytest.fixture
def threads(monkeypatch):
    monkeypatch.setattr("regimes.numerics.compiled.threads._SMALL", 0)
    before = numba.get_num_threads()
    yield numba.set_num_threads
    numba.set_num_threads(before)


def as_bytes(rules, messages):
    beliefs = belief_propagation(rules, messages)
    draws = sample_posterior(rules, messages, draws=3, rng=6)
    score = hierarchy_score(rules, messages, 0.4)
    arrays = [beliefs.log_evidence, *beliefs.marginals.values(), *draws, score.score, score.log_density]
    return [np.ascontiguousarray(array).tobytes() for array in arrays]


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="one thread only")
@pytest.mark.parametrize(("size", "n"), [((8, 4, 2, 6, 8), 133), ((3, 2, 3, 3, 5), 37), ((5, 4, 4, 2, 7), 3)])
def test_same_bytes_for_any_number_of_threads(size, n, threads):
    rules = random_rules(*size, 1)
    messages = leaf_messages(random_trees(rules, n, np.random.default_rng(2))[-1], "uniform", 0.4, size[0], rng=3)
    threads(1)
    alone = as_bytes(rules, messages)
    threads(2)
    assert as_bytes(rules, messages) == alone


def test_a_sample_has_the_same_bytes_alone_and_in_a_batch():
    rules = random_rules(4, 3, 2, 4, 5, 1)
    messages = np.random.default_rng(2).uniform(size=(37, rules.leaves, 4))
    together = belief_propagation(rules, messages)
    for i in (0, 5, 16, 36):
        alone = belief_propagation(rules, messages[i : i + 1])
        assert alone.log_evidence[0] == together.log_evidence[i]
        for level, marginal in together.marginals.items():
            assert np.array_equal(alone.marginals[level][0], marginal[i])


def test_draws_are_named_by_their_seed():
    rules = random_rules(4, 2, 2, 4, 4, 1)
    messages = np.ones((20, rules.leaves, 4))
    one, again, other = (np.concatenate(sample_posterior(rules, messages, rng=seed), axis=2) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    generator = np.random.default_rng(3)
    first, second = (sample_posterior(rules, messages, rng=generator)[-1] for _ in range(2))
    assert not np.array_equal(first, second)
    assert np.array_equal(first, sample_posterior(rules, messages, rng=np.random.default_rng(3))[-1])
