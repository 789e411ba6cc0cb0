"""Linear probes and dimensions of planted activations."""

import numpy as np
import pytest

pytest.importorskip("torch")

from regimes.validation.measurement.probes import linear_probe, participation_ratio


def planted(n, rng, noise):
    position = rng.uniform(0, 5, (n, 2))
    axes = np.random.default_rng(9).normal(size=(2, 40))
    return position @ axes + noise * rng.normal(size=(n, 40)), position


def test_a_linear_code_is_read_and_noise_is_not():
    rng = np.random.default_rng(0)
    one, other = planted(150, rng, 0.01), planted(80, rng, 0.01)
    assert linear_probe(*one, *other) == pytest.approx([1, 1], abs=1e-3)
    nothing = rng.normal(size=(150, 300)), rng.normal(size=(80, 300))
    assert linear_probe(nothing[0], one[1], nothing[1], other[1]).max() < 0.1  # at best nothing, at worst less
    assert linear_probe(np.ones((150, 3)), one[1], np.ones((80, 3)), other[1]).tolist() == [0, 0]


def test_what_noise_leaves_is_the_best_linear_share():
    rng = np.random.default_rng(1)
    x, y = (rng.normal(size=(4000, 1)) for _ in range(2))
    read = np.hstack([x + rng.normal(size=(4000, 1)), y**2])  # x at signal to noise 1; y in a curved code alone
    half = slice(0, 2000), slice(2000, None)
    truth = np.hstack([x, y])
    found = linear_probe(read[half[0]], truth[half[0]], read[half[1]], truth[half[1]])
    assert found == pytest.approx([0.5, 0.0], abs=0.05)


def test_the_dimension_of_equal_directions_is_their_number():
    rng = np.random.default_rng(2)
    for count, shape in ((3, (5000, 10)), (3, (60, 400))):
        axes = np.linalg.qr(rng.normal(size=(shape[1], count)))[0]
        assert participation_ratio(rng.normal(size=(shape[0], count)) @ axes.T + 7) == pytest.approx(count, rel=0.1)
    assert participation_ratio(np.ones((5, 4))) == 0
