"""The score of a finite data set against brute force in float64, for small and large times."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from regimes.validation.sampling.noise import NoiseStream  # noqa: E402
from regimes.validation.scores import EmpiricalScore, MixtureScore  # noqa: E402

TIMES = [1e-4, 1e-3, 0.01, 0.1, 1.0, 10.0]


def data(n, d, seed=0, *, offset=0.0):
    return np.random.default_rng(seed).normal(size=(n, d)) + offset


def noised(points, t, rows=40, seed=1):
    rng = np.random.default_rng(seed)
    chosen = points[rng.integers(len(points), size=rows)]
    return math.exp(-t) * chosen + math.sqrt(-math.expm1(-2 * t)) * rng.normal(size=chosen.shape)


def brute_force(points, x, t, weights=None):
    """Posterior and score by explicit differences."""
    delta = -math.expm1(-2 * t)
    squares = np.sum((x[:, None] - math.exp(-t) * points[None]) ** 2, axis=2)
    joint = -squares / (2 * delta) + (0 if weights is None else np.log(weights))
    posterior = np.exp(joint - joint.max(axis=1, keepdims=True))
    posterior /= posterior.sum(axis=1, keepdims=True)
    return posterior, (math.exp(-t) * posterior @ points - x) / delta


@pytest.mark.parametrize("t", TIMES)
@pytest.mark.parametrize(("n", "d"), [(1, 2), (7, 2), (300, 8), (500, 64)])
def test_double_precision(n, d, t):
    points = data(n, d)
    x = noised(points, t)
    posterior, gradient = brute_force(points, x, t)
    score, states = EmpiricalScore(points), torch.tensor(x)
    scale = 1 / math.sqrt(-math.expm1(-2 * t))
    np.testing.assert_allclose(score(states, t).numpy(), gradient, rtol=1e-9, atol=1e-9 * scale)
    np.testing.assert_allclose(score.posterior(states, t).numpy(), posterior, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(score.posterior_mean(states, t).numpy(), posterior @ points, rtol=1e-9, atol=1e-10)
    assert score.nearest(states, t).tolist() == posterior.argmax(axis=1).tolist()


@pytest.mark.parametrize("t", TIMES)
@pytest.mark.parametrize("d", [2, 16, 64])
def test_single_precision(d, t):
    """States are rounded before both, so that the arithmetic alone differs."""
    points = data(400, d).astype(np.float32)
    x = noised(points, t).astype(np.float32)
    posterior, gradient = brute_force(points.astype(np.float64), x.astype(np.float64), t)
    score, states = EmpiricalScore(points), torch.tensor(x)
    assert score(states, t).dtype == score.posterior(states, t).dtype == torch.float32
    np.testing.assert_allclose(score.posterior(states, t).numpy(), posterior, rtol=2e-3, atol=1e-6)
    # The score is of the size 1/sqrt(Delta_t); e^{-t} E[a | x] - x cancels in float32 to |x|/Delta_t 2^-24, and a
    # log-weight may err by 1e-3.
    delta = -math.expm1(-2 * t)
    atol = 1e-3 / math.sqrt(delta) + 4 * np.abs(x).max() / delta * 2**-24
    np.testing.assert_allclose(score(states, t).numpy(), gradient, rtol=0, atol=atol)


@pytest.mark.parametrize("t", [1e-4, 1e-3, 0.01, 0.1])
def test_near_points_keep_their_odds_in_single_precision(t):
    """Pairs closer than the noise: float32 products alone lose the odds, the default does not."""
    points = data(200, 256)
    points[100:] = points[:100] + data(100, 256, seed=5) * math.sqrt(-math.expm1(-2 * t)) / 16
    points = points.astype(np.float32)
    x = noised(points, t).astype(np.float32)
    posterior, _ = brute_force(points.astype(np.float64), x.astype(np.float64), t)
    assert ((posterior > 0.05) & (posterior < 0.95)).sum() > 20
    error = {
        products: np.abs(EmpiricalScore(points, products=products).posterior(torch.tensor(x), t).numpy() - posterior)
        for products in ("auto", "double", "single")
    }
    assert error["double"].max() < 1e-5
    assert error["auto"].max() < 5e-4
    assert error["single"].max() > error["double"].max()


def test_the_data_need_not_be_centred():
    points, weights = data(60, 5, offset=1000.0), np.random.default_rng(3).uniform(0.2, 2, 60)
    for t in (0.01, 1.0):
        x = noised(points, t)
        posterior, gradient = brute_force(points, x, t, weights)
        score = EmpiricalScore(points, weights=weights)
        np.testing.assert_allclose(score.posterior(torch.tensor(x), t).numpy(), posterior, rtol=1e-6, atol=1e-10)
        np.testing.assert_allclose(score(torch.tensor(x), t).numpy(), gradient, rtol=1e-6, atol=1e-6)


def test_a_mixture_of_narrow_classes_is_the_same():
    points, weights = data(5, 3), [0.1, 0.2, 0.3, 0.25, 0.15]
    empirical, mixture = EmpiricalScore(points, weights=weights), MixtureScore(weights, points, 1e-7)
    x = torch.tensor(noised(points, 0.5))
    torch.testing.assert_close(empirical(x, 0.5), mixture(x, 0.5), rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(empirical.posterior(x, 0.5), mixture.posterior(x, 0.5), rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(empirical.posterior_mean(x, 0.5), mixture.posterior_mean(x, 0.5), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("t", [1e-6, 1e-9, 1e-12, 1e-20])
def test_the_posterior_becomes_certain_as_the_noise_vanishes(t, dtype):
    points = data(50, 6)
    x = torch.tensor(points[[3, 8]] * math.exp(-t), dtype=dtype) + 0.01
    score = EmpiricalScore(points, weights=np.linspace(1, 2, 50))
    assert score.posterior(x, t)[:, [3, 8]].tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert score.posterior(x, t).sum(dim=1).tolist() == [1.0, 1.0]
    assert score.nearest(x, t).tolist() == [3, 8]
    assert score.draw_index(x, t, NoiseStream(0)).tolist() == [3, 8]
    torch.testing.assert_close(score.posterior_mean(x, t), torch.tensor(points[[3, 8]], dtype=dtype))
    gradient = score(x, t)
    assert torch.isfinite(gradient).all()
    torch.testing.assert_close(
        gradient * t, torch.full_like(x, -0.005), rtol=1e-3, atol=1e-7 if dtype is torch.float64 else 1e-6
    )


def test_the_nearest_point_without_noise():
    points = data(40, 3)
    x = points + 1e-3
    distance = np.sum((x[:, None] - points) ** 2, axis=2)
    for dtype in (torch.float32, torch.float64):
        assert EmpiricalScore(points).nearest(torch.tensor(x, dtype=dtype), 0.0).tolist() == distance.argmin(1).tolist()


def test_equal_points_share():
    points = np.repeat(data(4, 3), 2, axis=0)
    score = EmpiricalScore(points)
    posterior = score.posterior(torch.tensor(noised(points, 0.1)), 0.1)
    torch.testing.assert_close(posterior[:, ::2], posterior[:, 1::2])


@given(st.integers(1, 30), st.integers(1, 5), st.floats(-8, 2), st.integers(0, 2**31))
def test_any_size_and_time(n, d, log_t, seed):
    t, points = math.exp(log_t), data(n, d, seed)
    x = noised(points, t, rows=3, seed=seed + 1)
    _, gradient = brute_force(points, x, t)
    found = EmpiricalScore(points)(torch.tensor(x), t).numpy()
    np.testing.assert_allclose(found, gradient, rtol=1e-7, atol=1e-7 / math.sqrt(-math.expm1(-2 * t)))


def test_blocks_do_not_change_the_result():
    points, t = data(100, 8), 0.3
    x, noise = torch.tensor(noised(points, t, rows=600)), NoiseStream(11)
    whole = EmpiricalScore(points)
    pieces = EmpiricalScore(points, memory=40000)
    torch.testing.assert_close(pieces(x, t), whole(x, t), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(pieces.posterior_mean(x, t), whole.posterior_mean(x, t), rtol=1e-12, atol=1e-12)
    assert torch.equal(pieces.nearest(x, t), whole.nearest(x, t))
    drawn = whole.draw_index(x, t, noise, step=2)
    assert torch.equal(pieces.draw_index(x, t, noise, step=2), drawn)
    later = whole.draw_index(x[200:], t, noise, step=2, first_row=200)
    assert torch.equal(later, drawn[200:])


def test_drawn_indices_follow_the_posterior():
    points, t, rows = data(6, 3), 0.8, 40000
    x = torch.tensor(noised(points, t, rows=1)).expand(rows, -1)
    score = EmpiricalScore(points, weights=[1, 2, 3, 4, 5, 6])
    posterior = score.posterior(x[:1], t)[0].numpy()
    counts = torch.bincount(score.draw_index(x, t, NoiseStream(2)), minlength=6).numpy()
    z = (counts - rows * posterior) / np.sqrt(rows * posterior * (1 - posterior) + 1e-9)
    assert np.abs(z[posterior > 1e-3]).max() < 4


def test_points_of_any_shape():
    points, t = data(30, 12), 0.4
    x = torch.tensor(noised(points, t))
    flat, image = EmpiricalScore(points), EmpiricalScore(torch.tensor(points).view(-1, 1, 3, 4))
    assert torch.equal(image(x.view(-1, 1, 3, 4), t), flat(x, t).view(-1, 1, 3, 4))
    assert torch.equal(image.posterior_mean(x.view(-1, 1, 3, 4), t), flat.posterior_mean(x, t).view(-1, 1, 3, 4))
    strided = x.view(-1, 1, 4, 3).transpose(2, 3)
    torch.testing.assert_close(image(strided, t), image(strided.contiguous(), t))


def test_errors():
    for wrong in (np.ones(3), np.ones((0, 3)), [[np.nan, 1.0]]):
        with pytest.raises(ValueError, match=r"^EmpiricalScore: points must be finite, of shape \(n, ...\), one data"):
            EmpiricalScore(wrong)
    for weights in ([1.0], [1.0, 0.0], [1.0, np.inf]):
        with pytest.raises(ValueError, match="^EmpiricalScore: weights must be 2 positive finite numbers, one a point"):
            EmpiricalScore(np.eye(2), weights=weights)
    with pytest.raises(ValueError, match="^EmpiricalScore: products must be one of auto, double, single, got 'half'"):
        EmpiricalScore(np.eye(2), products="half")
    score = EmpiricalScore(np.eye(2))
    with pytest.raises(ValueError, match=r"^EmpiricalScore: x must have shape \(n, 2\), one noised point a row, got"):
        score(torch.zeros(3, 4), 1.0)
    with pytest.raises(
        ValueError, match="^EmpiricalScore: t .* must be positive and finite, got 0; the data themselves"
    ):
        score(torch.zeros(3, 2), 0.0)
    with pytest.raises(ValueError, match="^EmpiricalScore: t .* must be finite and not negative, got nan"):
        score.nearest(torch.zeros(3, 2), float("nan"))
    with pytest.raises(
        ValueError, match=r"^EmpiricalScore: t must be so large that \|a\|\^2/Delta_t stays below 1e\+30"
    ):
        score(torch.zeros(3, 2), 1e-40)
    with pytest.raises(
        ValueError, match="^EmpiricalScore: one row of the posterior would take .* use fewer data points"
    ):
        EmpiricalScore(np.ones((1000, 2)), memory=1000)(torch.zeros(1, 2), 1.0)
    with pytest.raises(ValueError, match="^EmpiricalScore: the whole posterior would take .* ask for fewer rows"):
        EmpiricalScore(data(1000, 2), memory=100000).posterior(torch.zeros(1000, 2), 1.0)
