"""Ideal codes in closed form, noise that is taken out again, and the homology of known shapes."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes.validation.experiments.bump_factorisation.codes import ideal_codes  # noqa: E402
from regimes.validation.experiments.bump_factorisation.experiment import PLAN  # noqa: E402
from regimes.validation.experiments.bump_factorisation.form import grid_of, training_with  # noqa: E402
from regimes.validation.experiments.bump_factorisation.homology import longest_bars  # noqa: E402
from regimes.validation.experiments.bump_factorisation.measures import measure_code  # noqa: E402

FORM = replace(PLAN.quick, side=16)
CODES = ideal_codes(grid_of(FORM))
STEPS = np.arange(9)


def test_circles_and_values_are_apart_and_differ_in_their_kernels():
    for name in ("circles", "values"):
        found = measure_code(CODES[name])
        assert (found.x, found.y) == (pytest.approx(0.5), pytest.approx(0.5))
        assert max(found.both, found.crossed, found.noise) < 1e-12
        assert found.parallel == pytest.approx(1)
    np.testing.assert_allclose(measure_code(CODES["circles"]).kernel_x, np.cos(2 * np.pi * STEPS / 16), atol=1e-12)
    np.testing.assert_allclose(measure_code(CODES["values"]).kernel_y, [1, *[-1 / 15] * 8], atol=1e-12)


def test_the_torus_in_three_dimensions_is_coupled():
    """((2 + cos y) cos x, (2 + cos y) sin x, sin y): variances 4 of x, 1/2 of y and 1/2 of both."""
    found = measure_code(CODES["torus"])
    assert (found.x, found.y, found.both) == (pytest.approx(0.8), pytest.approx(0.1), pytest.approx(0.1))
    assert found.parallel == pytest.approx((0.8 / 0.9 + 0.1 / 0.2) / 2)


def test_images_of_bumps_are_products():
    """Of b(x) b(y) with q the variance of b over the square of its mean: q of x, q of y, q^2 of both."""
    distance = np.minimum(np.arange(16), 16 - np.arange(16))
    profile = np.exp(-(distance**2) / 2)
    overlap = np.array([(profile * np.roll(profile, k)).sum() for k in range(16)])
    q = overlap[0] / overlap.mean() - 1
    found = measure_code(CODES["images"])
    assert found.x == pytest.approx(q / (2 * q + q**2))
    assert found.both == pytest.approx(q**2 / (2 * q + q**2))
    np.testing.assert_allclose(found.kernel_x, (overlap[:9] / overlap.mean() - 1) / q, atol=1e-12)


def test_what_noise_adds_is_taken_out():
    """Noise of a single image as large as all variance between positions, six images of each, forty times."""
    code = CODES["torus"]
    rng, found = np.random.default_rng(0), []
    for _ in range(40):
        noise = rng.normal(size=(6, 16, 16, 3)) * np.sqrt(5 / 3)
        each = measure_code(code + noise)
        found.append([each.x, each.both, each.noise, each.kernel_x[0], each.kernel_x[4], each.kernel_y[8]])
    exact = np.array([0.8, 0.1, 1.0, 1.0, 0.0, -1.0])
    mean, se = np.mean(found, axis=0), np.std(found, axis=0) / np.sqrt(40)
    assert np.abs((mean - exact) / np.maximum(se, 1e-9))[[0, 1, 2, 4]].max() < 4
    assert mean[[3, 5]] == pytest.approx([1, -1], abs=0.05)


def test_nothing_but_noise_and_nothing_at_all():
    nothing = measure_code(np.ones((2, 4, 4, 3)))
    assert (nothing.x, nothing.y, nothing.both) == (0, 0, 0)
    noise = measure_code(np.random.default_rng(0).normal(size=(400, 8, 8, 5)))
    assert noise.noise > 50


def test_homology_does_not_tell_coupled_from_apart():
    pytest.importorskip("gudhi")
    shapes = {name: longest_bars(code[0].reshape(256, -1)) for name, code in CODES.items()}
    assert {name: bars.torus for name, bars in shapes.items()} == {
        "circles": True,
        "values": False,
        "torus": True,
        "images": True,
    }
    # A ring of n points on the unit circle: one loop from the step to sqrt(3), in units of the step.
    angle = 2 * np.pi * np.arange(12) / 12
    ring = longest_bars(np.column_stack([np.cos(angle), np.sin(angle)]))
    assert ring.loops[0] == pytest.approx(np.sqrt(3) / (2 * np.sin(np.pi / 12)) - 1, rel=1e-6)
    assert ring.loops[1] == 0
    assert not ring.torus
    assert longest_bars(np.zeros((10, 3))).loops.tolist() == [0, 0, 0]


def test_a_training_is_told_by_its_code():
    assert training_with(FORM, "one-hot").code_size == 16
    assert training_with(FORM, "scalar").code_size == 1
