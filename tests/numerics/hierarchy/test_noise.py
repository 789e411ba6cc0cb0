"""Messages of noised leaves against the likelihoods of what was observed."""

import numpy as np
import pytest

from regimes.numerics.hierarchy.noise import gaussian_log_messages, leaf_messages
from regimes.numerics.hierarchy.rules import HierarchyRules

V = 4
RULES = HierarchyRules([[[[0, 1]], [[1, 0]]]], v=V)
LEAVES = np.random.default_rng(0).integers(0, V, (500, 40))


def observed(messages: np.ndarray) -> np.ndarray:
    return messages.argmax(axis=2)


def test_masked_leaves_say_nothing_and_the_others_all() -> None:
    messages = leaf_messages(LEAVES, "masking", 0.3, V, rng=1)
    hidden = np.all(messages == 1 / V, axis=2)
    error = np.sqrt(0.3 * 0.7 / hidden.size)
    assert abs(hidden.mean() - 0.3) < 4.5 * error
    np.testing.assert_array_equal(messages[~hidden], np.eye(V)[LEAVES[~hidden]])


def test_masks_of_less_noise_are_part_of_those_of_more() -> None:
    less, more = (np.all(leaf_messages(LEAVES, "masking", f, V, rng=1) == 1 / V, axis=2) for f in (0.2, 0.6))
    assert np.all(more[less])


def test_replaced_leaves_are_uniform_with_the_own_symbol_counted() -> None:
    fraction = 0.4
    messages = leaf_messages(LEAVES, "uniform", fraction, V, rng=2)
    seen = observed(messages)
    kept = 1 - fraction + fraction / V
    assert abs((seen == LEAVES).mean() - kept) < 4.5 * np.sqrt(kept * (1 - kept) / seen.size)
    others = np.bincount(((seen - LEAVES) % V)[seen != LEAVES], minlength=V)[1:]
    assert ((others - others.mean()) ** 2 / others.mean()).sum() < 20  # chi-square, 2 degrees of freedom
    np.testing.assert_allclose(np.sort(messages[0, 0])[::-1], [kept, *[fraction / V] * (V - 1)], rtol=1e-15)


@pytest.mark.parametrize("t", [0.02, 0.3, 2.0])
def test_gaussian_messages_are_the_normalised_densities(t: float) -> None:
    """Bayes' rule with the density of x_t for each symbol, on x drawn here."""
    rng = np.random.default_rng(3)
    amplitude, variance = np.exp(-t), 1 - np.exp(-2 * t)
    x = amplitude * np.eye(V)[LEAVES[:3]] + np.sqrt(variance) * rng.standard_normal((3, 40, V))
    distance = ((x[:, :, None, :] - amplitude * np.eye(V)) ** 2).sum(axis=3)
    likelihood = np.exp(-(distance - distance.min(axis=2, keepdims=True)) / (2 * variance))
    log_messages = gaussian_log_messages(x, t)
    message = np.exp(log_messages - log_messages.max(axis=2, keepdims=True))
    np.testing.assert_allclose(message, likelihood, rtol=1e-9)


@pytest.mark.parametrize("noise", ["masking", "uniform", "gaussian"])
def test_messages_are_honest(noise: str) -> None:
    """Among leaves that give a symbol the belief b, a share b has it: calibration in ten bins."""
    messages = leaf_messages(np.tile(LEAVES, (4, 1)), noise, 0.4, V, rng=4)
    true = np.tile(LEAVES, (4, 1))[:, :, None] == np.arange(V)
    for low in np.arange(0, 1, 0.1):
        among = (messages >= low) & (messages < low + 0.1 + 1e-9)
        if among.sum() < 100:
            continue
        expected, found = messages[among].mean(), true[among].mean()
        # Up to V entries of one leaf may lie in one bin, and are not independent.
        error = np.sqrt(V * max(expected * (1 - expected), 1e-12) / among.sum())
        assert abs(found - expected) < 4.5 * error


def test_the_limits() -> None:
    for noise in ("epsilon", "masking", "uniform"):
        np.testing.assert_array_equal(leaf_messages(LEAVES, noise, 0.0, V), np.eye(V)[LEAVES])
        np.testing.assert_allclose(leaf_messages(LEAVES, noise, 1.0, V), 1 / V, rtol=1e-15)
    np.testing.assert_array_equal(leaf_messages(LEAVES, "gaussian", 1e-5, V), np.eye(V)[LEAVES])
    np.testing.assert_allclose(leaf_messages(LEAVES, "gaussian", 40.0, V), 1 / V, rtol=1e-12)


def test_a_seed_gives_the_same_noise_and_not_that_of_its_generator() -> None:
    first, second = (leaf_messages(LEAVES, "gaussian", 0.5, V, rng=7) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    own = leaf_messages(LEAVES, "gaussian", 0.5, V, rng=np.random.default_rng(7))
    assert not np.array_equal(first, own)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((LEAVES, "salt", 0.5, V), "noise must be one of epsilon, masking, uniform, gaussian, got 'salt'"),
        ((LEAVES, "epsilon", -0.1, V), r"epsilon of the epsilon-process\) must lie in \[0, 1\], got -0.1"),
        ((LEAVES, "uniform", np.nan, V), r"must lie in \[0, 1\], got nan"),
        ((LEAVES, "gaussian", np.inf, V), "must be at least 1e-300 and finite, got inf"),
        ((LEAVES, "masking", 0.5, 3), "symbols must lie between 0 and 2, got 0 to 3"),
        ((LEAVES, "masking", 0.5, 1), r"v \(number of symbols\) must be at least 2, got 1"),
        ((LEAVES, "masking", "a", V), r"the level of masking noise \(.*\) must be one number, got 'a'"),
        ((LEAVES, "masking", "0.5", V), "must be one number, got '0.5'"),
        ((LEAVES, "masking", None, V), "must be one number, got None"),
        ((LEAVES, "gaussian", [0.5, 0.6], V), r"must be one number, got an array of shape \(2,\)"),
        ((LEAVES, "masking", 0.5, RULES), r"v \(number of symbols\) must be a whole number, got rules; give rules\.v"),
        ((LEAVES, "masking", 0.5, [4]), r"v \(number of symbols\) must be a whole number, got \[4\]"),
        ((LEAVES - 1, "masking", 0.5, V), "got -1 to 2; a leaf that is masked already .* make its message of ones"),
        (([[0, 1], [0]], "masking", 0.5, V), "leaves must be one array of shape .* rows of unlike length"),
        ((LEAVES[0], "masking", 0.5, V), r"leaves must be whole numbers, shape \(n, d\), got int64 of shape \(40,\)"),
        ((LEAVES + 0.5, "masking", 0.5, V), "leaves must be whole numbers"),
    ],
)
def test_what_is_out_of_range_is_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        leaf_messages(*arguments)
