"""Mean field by level: numbers of the exact solution's companion table, limits, and the recursion written out."""

from fractions import Fraction

import numpy as np
import pytest

from regimes.numerics.hierarchy.mean_field import hierarchy_mean_field
from regimes.numerics.hierarchy.problem import Hierarchy


@pytest.mark.parametrize(
    ("given", "epsilon", "root"),
    [
        ((32, 8, 2, 8), [0.65, 0.70, 0.73, 0.76], [0.942, 0.766, 0.313, 0.046]),
        ((16, 4, 2, 6), [0.70, 0.80], [0.823, 0.250]),
    ],
)
def test_probability_of_the_root(given, epsilon, root):
    np.testing.assert_allclose(
        hierarchy_mean_field(Hierarchy(*given), epsilon).reconstruction[0], root, rtol=0, atol=0.0005
    )


def exact(v, m, s, L, n, epsilon):
    """The recursion in rational arithmetic, with sums over single symbols where the package has closed forms."""
    up = [1 - epsilon + epsilon / v]
    for level in range(L):
        parents = n if level == L - 1 else v
        tuples = v**s - 1
        other = (1 - up[0] ** s) / tuples
        right = up[0] ** s + (m - 1) * other
        wrong = m * other  # of each wrong parent
        up.insert(0, right / (right + (parents - 1) * wrong))
    down = [Fraction(1, n)]
    for level in range(L):
        parents = n if level == 0 else v
        p, q, tuples = up[level + 1], down[-1], v**s - 1
        wrong_q = (1 - q) / (parents - 1)
        chance = (m - 1) * q + (parents - 1) * m * wrong_q  # belief times rules, all but the true rule
        right = q * p ** (s - 1) + chance * (1 - p ** (s - 1)) / tuples
        wrong = chance / tuples  # of each wrong child: its siblings' weights sum to 1
        down.append(right / (right + (v - 1) * wrong))
    both = []
    for level in range(L + 1):
        symbols = n if level == 0 else v
        p, q = up[level], down[level]
        both.append(p * q / (p * q + (symbols - 1) * (1 - p) / (symbols - 1) * (1 - q) / (symbols - 1)))
    return up, down, both


@pytest.mark.parametrize(
    ("v", "m", "s", "L", "n"), [(4, 2, 2, 4, 4), (3, 5, 3, 3, 2), (8, 3, 2, 5, 20), (2, 1, 2, 3, 4)]
)
def test_recursion_in_rational_arithmetic(v, m, s, L, n):
    levels = [Fraction(1, 10), Fraction(1, 2), Fraction(9, 10), Fraction(1)]
    found = hierarchy_mean_field(Hierarchy(v, m, s, L, n), [float(e) for e in levels])
    for column, epsilon in enumerate(levels):
        up, down, both = exact(v, m, s, L, n, epsilon)
        for array, want in ((found.upward, up), (found.downward, down), (found.reconstruction, both)):
            np.testing.assert_allclose(array[:, column], [float(x) for x in want], rtol=1e-13)


def test_without_noise_all_is_known_and_at_full_noise_the_root_is_not():
    found = hierarchy_mean_field(Hierarchy(16, 4, 2, 6, 5), [0.0, 1.0])
    np.testing.assert_array_equal(found.reconstruction[:, 0], 1)
    assert found.reconstruction[0, 1] == pytest.approx(1 / 5, rel=1e-14)
    np.testing.assert_allclose(found.upward[1:, 1], 1 / 16, rtol=1e-14)
    # Size bias: below a root of v classes, (1 + (m v - 1)(v^(s-1) - 1)/(v^s - 1))/(m v)
    at_full = hierarchy_mean_field(Hierarchy(16, 4, 2, 1), 1.0).reconstruction[1, 0]
    assert at_full == pytest.approx((1 + 63 * 15 / 255) / 64, rel=1e-14)
    assert at_full > 1 / 16


def test_deep_trees_do_not_underflow():
    found = hierarchy_mean_field(Hierarchy(32, 8, 2, 300), [0.5, 0.72, 0.74, 0.99])
    assert np.all(np.isfinite(found.reconstruction))
    np.testing.assert_allclose(found.reconstruction[0], [1, 1, 1 / 32, 1 / 32], rtol=1e-12)


def test_noise_loses_information_at_every_level():
    found = hierarchy_mean_field(Hierarchy(32, 8, 2, 8), np.linspace(0, 1, 101))
    assert found.reconstruction.shape == (9, 101)
    assert np.all(np.diff(found.reconstruction, axis=1) <= 1e-15)


def test_one_class_is_known():
    np.testing.assert_allclose(
        hierarchy_mean_field(Hierarchy(8, 2, 2, 3, 1), [0.3, 1.0]).reconstruction[0], 1, rtol=1e-15
    )


@pytest.mark.parametrize(
    ("L", "epsilon", "message"),
    [
        (3, 1.5, r"epsilon \(noise of the leaves\) must lie in \[0, 1\], got 1.5"),
        (3, [0.1, np.nan], r"must lie in \[0, 1\], got nan"),
        (3, [], r"must be a number or a 1-d sequence of numbers, got shape \(0,\)"),
        (3, "high", "must be a number or a 1-d sequence of numbers, got 'high'"),
        (400, 0.5, r"s\^L must be at most 1e100, got 2\^400"),
    ],
)
def test_bad_input(L, epsilon, message):
    with pytest.raises(ValueError, match="^hierarchy_mean_field: .*" + message):
        hierarchy_mean_field(Hierarchy(8, 2, 2, L), epsilon)
