"""The score of a Gaussian mixture against torch's own distributions, autograd and 50-digit arithmetic."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes import formula  # noqa: E402
from regimes.validation.sampling.noise import NoiseStream  # noqa: E402
from regimes.validation.scores import MixtureScore, ProjectedMixtureScore  # noqa: E402

TIMES = [0.0, 1e-4, 0.3, 2.0, 12.0]


def centres(classes, d, seed=0):
    return np.random.default_rng(seed).normal(size=(classes, d)) / math.sqrt(d) * 2.5


MIXTURES = {
    "one": ([1.0], centres(1, 3), [0.7]),
    "symmetric": ([1, 1], np.array([[1.0, 0.5, -2.0], [-1.0, -0.5, 2.0]]), 0.8),
    "unbalanced": ([1, 4], np.array([[1.0, 0.5, -2.0], [-1.0, -0.5, 2.0]]), 0.8),
    "off-centre": ([2, 1], centres(2, 5) + 1.5, 1.3),
    "two widths": ([1, 2], centres(2, 6), [0.4, 1.5]),
    "five": ([1, 2, 3, 4, 5], centres(5, 16), 0.6),
    "five widths": ([5, 4, 3, 2, 1], centres(5, 16), [0.3, 0.5, 0.8, 1.2, 2.0]),
}


def distribution(weights, means, sigmas, t):
    """The noised law, by torch's distributions."""
    means, weights = torch.as_tensor(means, dtype=torch.float64), torch.as_tensor(weights, dtype=torch.float64)
    sigmas = torch.as_tensor(sigmas, dtype=torch.float64).expand(len(weights))
    deviation = torch.sqrt(sigmas**2 * math.exp(-2 * t) - math.expm1(-2 * t))
    normal = torch.distributions.Normal(math.exp(-t) * means, deviation[:, None].expand(means.shape))
    return torch.distributions.MixtureSameFamily(
        torch.distributions.Categorical(weights), torch.distributions.Independent(normal, 1)
    )


def states(means, rows=12, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return 1.5 * torch.randn(rows, means.shape[1], generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("t", TIMES)
@pytest.mark.parametrize("name", MIXTURES)
def test_score_density_posterior_and_mean(name, t):
    weights, means, sigmas = MIXTURES[name]
    score, law = MixtureScore(weights, means, sigmas), distribution(*MIXTURES[name], t)
    x = states(means).requires_grad_()
    density = law.log_prob(x)
    (gradient,) = torch.autograd.grad(density.sum(), x)
    x = x.detach()
    torch.testing.assert_close(score.log_density(x, t), density.detach(), rtol=1e-11, atol=1e-11)
    torch.testing.assert_close(score(x, t), gradient, rtol=1e-10, atol=1e-10)
    joint = law.component_distribution.log_prob(x[:, None]) + law.mixture_distribution.logits
    posterior = torch.softmax(joint, dim=1)
    torch.testing.assert_close(score.posterior(x, t), posterior, rtol=1e-9, atol=1e-12)
    # The conjugate posterior mean of each class, from precisions.
    variance = torch.as_tensor(sigmas, dtype=torch.float64).expand(len(weights))[:, None] ** 2
    precision = 1 / variance + math.exp(-2 * t) / -math.expm1(-2 * t) if t else torch.inf
    of_class = (
        (torch.as_tensor(means) / variance + math.exp(-t) * x[:, None] / -math.expm1(-2 * t)) / precision
        if t
        else x[:, None].expand(-1, len(weights), -1)
    )
    mean = (posterior[:, :, None] * of_class).sum(dim=1)
    torch.testing.assert_close(score.posterior_mean(x, t), mean, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("t", TIMES)
@pytest.mark.parametrize("name", MIXTURES)
def test_single_precision(name, t):
    score, x = MixtureScore(*MIXTURES[name]), states(MIXTURES[name][1]).float()
    assert score(x, t).dtype == torch.float32
    torch.testing.assert_close(score(x, t).double(), score(x.double(), t), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(score.posterior(x, t).double(), score.posterior(x.double(), t), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(score.posterior_mean(x, t), score.posterior_mean(x.double(), t).float())


def test_the_two_ways_to_a_pair_agree():
    """Two classes of equal width go another way than two of nearly equal width."""
    weights, means, x = [1, 3], centres(2, 40), states(centres(2, 40))
    near = MixtureScore(weights, means, [0.9, 0.9 * (1 + 1e-12)])
    torch.testing.assert_close(MixtureScore(weights, means, 0.9)(x, 0.4), near(x, 0.4), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("t", [1e-3, 0.8, 4.0])
def test_along_and_across_the_axis(t):
    """The score along m against 50 digits, and -x/Gamma_t across."""
    d, mu, sigma = 9, 1.2, 0.7
    m = np.full(d, mu)
    across = np.zeros(d)
    across[:2] = 1.0, -1.0
    x = torch.tensor(np.array([0.6 * m / (math.sqrt(d) * mu) + 0.5 * across]))
    score = MixtureScore([1, 1], [m, -m], sigma)(x, t)[0].numpy()
    along = float(formula("mixture_score").mp(0.6, t, math.sqrt(d) * mu, sigma))
    assert score @ m / (math.sqrt(d) * mu) == pytest.approx(along, rel=1e-12)
    gamma = float(formula("cluster_variance").mp(t, sigma))
    assert score @ across / 2 == pytest.approx(-0.5 / gamma, rel=1e-12)


def test_the_projection_is_the_same_law():
    d, mu, sigma = 64, 0.4, 1.1
    m = np.full(d, mu)
    full, axis = MixtureScore([1, 1], [m, -m], sigma), ProjectedMixtureScore(math.sqrt(d) * mu, sigma)
    x = torch.tensor(np.random.default_rng(0).normal(size=(50, d)))
    unit = torch.tensor(m / np.linalg.norm(m))
    u = x @ unit[:, None]
    for t in (0.0, 0.1, 1.0, 5.0):
        torch.testing.assert_close(full(x, t) @ unit[:, None], axis(u, t), rtol=1e-11, atol=1e-12)
        torch.testing.assert_close(full.posterior(x, t), axis.posterior(u, t), rtol=1e-9, atol=1e-12)
        torch.testing.assert_close(full.posterior_mean(x, t) @ unit[:, None], axis.posterior_mean(u, t))
    grid = torch.linspace(-6, 6, 7, dtype=torch.float64)[:, None].requires_grad_()
    (gradient,) = torch.autograd.grad(axis.log_density(grid, 0.3).sum(), grid)
    torch.testing.assert_close(axis(grid.detach(), 0.3), gradient)
    assert axis(u.float(), 0.3).dtype == torch.float32


def test_far_apart_classes_at_no_noise():
    d = 4096
    for sigmas in (0.1, [0.1, 0.100001]):
        score = MixtureScore([1, 1], np.stack([np.ones(d), -np.ones(d)]), sigmas)
        x = torch.ones(3, d)
        x[1] *= -1
        for t in (0.0, 1e-6, 30.0):
            assert torch.isfinite(score(x, t)).all()
            assert torch.isfinite(score.log_density(x, t)).all()
        assert score.posterior(x, 0.0)[:2].tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_results_can_be_written_in_place():
    for mixture in (MIXTURES["symmetric"], MIXTURES["five widths"], MIXTURES["five"]):
        score, x = MixtureScore(*mixture), states(mixture[1])
        expected, out = score(x, 0.5), torch.empty_like(x)
        assert score(x, 0.5, out=out) is out
        assert torch.equal(out, expected)
        score(x, 0.5, out=x)
        assert torch.equal(x, expected)


def test_points_of_any_shape():
    flat = MixtureScore([1, 2, 1], centres(3, 12), 0.5)
    image = MixtureScore([1, 2, 1], centres(3, 12).reshape(3, 1, 3, 4), 0.5)
    x = states(centres(3, 12))
    assert torch.equal(image(x.view(-1, 1, 3, 4), 0.7), flat(x, 0.7).view(-1, 1, 3, 4))
    assert image.posterior_mean(x.view(-1, 1, 3, 4), 0.7).shape == (12, 1, 3, 4)
    transposed = x.view(-1, 1, 4, 3).transpose(2, 3)
    assert not transposed.is_contiguous()
    torch.testing.assert_close(image(transposed, 0.7), image(transposed.contiguous(), 0.7))


def test_rows_do_not_depend_on_their_neighbours():
    score, x = MixtureScore([1, 1], np.stack([np.full(300, 0.2), np.full(300, -0.2)]), 1.0), torch.randn(64, 300)
    torch.testing.assert_close(score(x, 0.5)[5:6], score(x[5:6], 0.5), rtol=1e-6, atol=1e-6)


def test_draws_are_samples_with_their_labels():
    weights, means, sigmas = [0.2, 0.5, 0.3], centres(3, 4), [0.3, 1.0, 2.0]
    rows = 60000
    points, labels = MixtureScore(weights, means, sigmas).draw(rows, NoiseStream(5), dtype=torch.float64)
    counts = torch.bincount(labels, minlength=3).numpy()
    z = (counts - rows * np.array(weights)) / np.sqrt(rows * np.array(weights) * (1 - np.array(weights)))
    assert np.abs(z).max() < 4
    for k, sigma in enumerate(sigmas):
        own = (points[labels == k] - torch.tensor(means[k])).numpy() / sigma
        assert np.abs(own.mean(axis=0) * math.sqrt(len(own))).max() < 4
        assert np.abs(((own**2).mean(axis=0) - 1) * math.sqrt(len(own) / 2)).max() < 4


def test_draws_come_in_any_pieces():
    score = MixtureScore([1, 1], [[1.0, 2.0, 3.0], [-1.0, -2.0, -3.0]], 0.5)
    points, labels = score.draw(100, NoiseStream(7))
    first, second = score.draw(37, NoiseStream(7)), score.draw(63, NoiseStream(7), first_row=37)
    assert torch.equal(torch.cat([first[0], second[0]]), points)
    assert torch.equal(torch.cat([first[1], second[1]]), labels)
    assert points.dtype == torch.float32
    assert labels.dtype == torch.int64
    one, _ = ProjectedMixtureScore(3.0, 0.5).draw(10, NoiseStream(7))
    assert one.shape == (10, 1)


def test_the_score_of_drawn_points_averages_to_zero():
    """Stein's identities: E score = 0 and E x.score = -d."""
    score = MixtureScore([1, 2, 1], centres(3, 5), [0.5, 1.0, 0.8])
    points, _ = score.draw(40000, NoiseStream(3), dtype=torch.float64)
    t = 0.4
    x = math.exp(-t) * points + math.sqrt(-math.expm1(-2 * t)) * NoiseStream(4).normal(
        0, 0, 40000, (5,), dtype=torch.float64
    )
    gradient = score(x, t)
    for values in (*gradient.T, (x * gradient).sum(dim=1) + 5):
        assert abs(float(values.mean() / values.std())) * math.sqrt(40000) < 4


def test_errors():
    means = [[1.0, 0.0], [-1.0, 0.0]]
    for weights in ([], [1, 0], [1, -1], [1, np.inf], 1.0):
        with pytest.raises(ValueError, match="^MixtureScore: weights .of the classes. must be a sequence of positive"):
            MixtureScore(weights, means, 1.0)
    for wrong in ([1.0, -1.0], [[1.0]], [[np.nan, 0], [0, 0]]):
        with pytest.raises(ValueError, match=r"^MixtureScore: means .* of shape \(2, ...\), one row a weight, got"):
            MixtureScore([1, 1], wrong, 1.0)
    for sigmas in (0.0, [1, -1], [1, 1, 1], np.inf):
        with pytest.raises(ValueError, match="^MixtureScore: sigmas .* for classes that are points use EmpiricalScore"):
            MixtureScore([1, 1], means, sigmas)
    score = MixtureScore([1, 1], means, 1.0)
    with pytest.raises(
        ValueError, match=r"^MixtureScore: x must have shape \(n, 2\), one noised point a row, got \(2,"
    ):
        score(torch.zeros(2), 1.0)
    with pytest.raises(ValueError, match="^MixtureScore: x must be a tensor, got ndarray; use torch.as_tensor"):
        score(np.zeros((1, 2)), 1.0)
    with pytest.raises(ValueError, match="^MixtureScore: x must be of float32 or float64, got torch.float16; convert"):
        score(torch.zeros(1, 2).half(), 1.0)
    with pytest.raises(ValueError, match="^MixtureScore: t .* must be finite and not negative, got -1"):
        score(torch.zeros(1, 2), -1.0)
    with pytest.raises(ValueError, match="^MixtureScore: t .* must be one number, the same for all rows, got list"):
        score.posterior(torch.zeros(1, 2), [1.0, 2.0])
    for out in (torch.zeros(1, 3), torch.zeros(1, 2).double(), torch.zeros(2, 1).T):
        with pytest.raises(ValueError, match="^MixtureScore: out must be contiguous, of the shape and type of x"):
            score(torch.zeros(3, 2) if out.stride() == (1, 1) else torch.zeros(1, 2), 1.0, out=out)
    with pytest.raises(ValueError, match="^ProjectedMixtureScore: distance .* must be positive and finite, got 0"):
        ProjectedMixtureScore(0.0, 1.0)
    with pytest.raises(ValueError, match=r"^ProjectedMixtureScore: x must have shape \(n, 1\)"):
        ProjectedMixtureScore(1.0, 1.0)(torch.zeros(3, 2), 1.0)
