"""Losses per noise level, their table, and the information behind them."""

import numpy as np
import pytest
from scipy import integrate, special

torch = pytest.importorskip("torch")

from regimes.collapse import posterior_curves  # noqa: E402
from regimes.validation.running.torch_threads import torch_threads_kept  # noqa: E402
from regimes.validation.sampling import NoiseStream  # noqa: E402
from regimes.validation.training import (  # noqa: E402
    LossCurve,
    ResidualMLP,
    information_from_losses,
    loss_curve,
    train_denoiser,
)

VARIANCES = np.array([3.0, 1.0, 0.2])
TIMES = np.geomspace(0.02, 6.0, 30)


def snr_of(t):
    return 1 / np.expm1(2 * np.asarray(t))


def gaussian_score(x, t):
    """Exact score of centred Gaussian data of these variances."""
    return -x / torch.tensor(np.exp(-2 * t) * VARIANCES - np.expm1(-2 * t))


def gaussian_points(n, seed):
    return np.random.default_rng(seed).normal(size=(n, 3)) * np.sqrt(VARIANCES)


class Empirical:
    """Exact denoiser of some points, from the softmax written out in float64."""

    def __init__(self, points):
        self.points = points

    def posterior_mean(self, x, t):
        distance = np.sum((x.numpy()[:, None] - np.exp(-t) * self.points) ** 2, axis=2)
        return torch.from_numpy(special.softmax(-distance / (-2 * np.expm1(-2 * t)), axis=1) @ self.points)


def test_losses_of_gaussian_data_are_the_closed_form():
    """mmse = sum lambda/(1 + snr lambda), J = 1/2 sum log(1 + snr lambda); train and test alike, so that G is 0."""
    curve = loss_curve(gaussian_score, gaussian_points(1500, 0), TIMES, test=gaussian_points(1500, 1), draws=2)
    snr = snr_of(TIMES)[:, None]
    np.testing.assert_allclose(curve.snr, snr[:, 0], rtol=1e-12)
    mmse, J = (VARIANCES / (1 + snr * VARIANCES)).sum(axis=1), np.log1p(snr * VARIANCES).sum(axis=1) / 2
    assert np.abs((curve.test_loss - mmse) / curve.test_se).max() < 4
    found = information_from_losses(curve)
    assert np.abs((found.test - J) / found.test_se).max() < 4
    assert found.errors == "covariance"
    assert max(found.train_tail, found.test_tail) < 1e-2 * J.min()
    assert max(found.train_quadrature.max(), found.test_quadrature.max()) < 1e-3 * J.max()
    # Training points are given: what they have above the law's average is no error of the noise.
    own = np.hypot(found.gap_se, np.sqrt(np.diag(between(curve.t, curve.n_train))))
    assert np.abs(found.gap / own).max() < 4


def between(t, n):
    """Covariance over the choice of n Gaussian points of the loss integrated: a^2 enters with 1/(1 + snr lambda)^2."""
    snr = snr_of(t)[:, None]
    weight = 0.5 * (1 - 1 / (1 + snr * VARIANCES)) / VARIANCES  # 1/2 int_0^snr dsnr/(1 + snr lambda)^2
    return np.einsum("ki,li,i->kl", weight, weight, 2 * VARIANCES**2) / n


def test_errors_are_those_of_repeated_noise():
    """Given points: a linear denoiser has the loss sum (a^2 + snr lambda^2)/(1 + snr lambda)^2 there."""
    a = gaussian_points(20, 0)
    a -= a.mean(axis=0)  # without a signal the denoiser says 0
    t = np.geomspace(0.05, 6.0, 25)
    snr = snr_of(t)[:, None]
    mean = (((a**2).mean(axis=0) + snr * VARIANCES**2) / (1 + snr * VARIANCES) ** 2).sum(axis=1)
    exact = np.array(
        [
            integrate.quad(
                lambda s: (((a**2).mean(axis=0) + s * VARIANCES**2) / (1 + s * VARIANCES) ** 2).sum() / 2,
                0,
                end,
                limit=200,
            )[0]
            for end in snr[:, 0]
        ]
    )
    none = np.zeros_like(mean)
    of_mean = information_from_losses(
        LossCurve(t, snr[:, 0], mean, none, None, None, (a**2).sum(axis=1).mean(), None)
    ).train
    z, z_of_integral = [], []
    for seed in range(300):
        curve = loss_curve(gaussian_score, a, t, noise=seed, draws=3)
        found = information_from_losses(curve)
        assert np.all(np.abs(of_mean - exact) < 0.1 * found.train_se)
        z.append((curve.train_loss - mean) / curve.train_se)
        z_of_integral.append((found.train - exact) / found.train_se)
    for values in (np.array(z), np.array(z_of_integral)):
        assert np.abs(values.mean(axis=0)).max() * np.sqrt(300) < 4.5
        # Errors of 60 noises are themselves known to some percent: a t law with about 40 degrees of freedom.
        assert np.all(np.abs(values.std(axis=0) - 1) < 0.2)


def test_a_denoiser_that_has_memorised_knows_at_most_log_n():
    """J_train = log n - H(index | x_t), the entropy from another method; on other points it goes on growing."""
    n, generator = 40, np.random.default_rng(0)
    X, others = generator.normal(size=(2, n, 4))
    t = np.geomspace(0.005, 7.0, 40)
    curve = loss_curve(Empirical(X), X, t, test=others, draws=20)
    found = information_from_losses(curve)
    with torch_threads_kept():  # bytes of other tests depend on their number
        theory = posterior_curves(X, t, probes=20_000)
    entropy, error = theory.excess_entropy * np.log(n), theory.excess_entropy_se * np.log(n)
    se = np.sqrt(found.train_se**2 + error**2 + found.train_quadrature**2)
    z = (found.train - (np.log(n) - entropy)) / np.maximum(se, 1e-6)
    assert np.abs(z).max() < 4
    assert found.train.max() < np.log(n) + 4 * se.max()
    assert found.test[0] > 5 * np.log(n)
    assert found.gap[0] > 5 * found.gap_se[0]
    assert np.allclose(found.gap, found.test - found.train)


def test_a_trained_denoiser_is_taken_and_is_never_better_than_the_exact_one():
    a = gaussian_points(400, 0)
    trained = train_denoiser(ResidualMLP(3, width=8), a, steps=60, batch=64, device="cpu")
    calls = []
    t = np.geomspace(0.02, 3.5, 8)
    curve = loss_curve(
        trained, a, t, test=gaussian_points(400, 5), draws=2, progress=lambda part, *done: calls.append(done)
    )
    exact = loss_curve(gaussian_score, a, t, test=gaussian_points(400, 5), draws=2)  # the same points and noise
    assert np.all(curve.test_loss > exact.test_loss - 0.02 * exact.test_loss)
    assert np.all(curve.test_loss < 1.1 * exact.test_loss)
    assert calls[-1] == (2 * 2 * 400 * 8,) * 2
    assert trained.score().posterior_mean(torch.zeros(1, 3), 0.5).shape == (1, 3)


def test_the_noise_is_the_same_whatever_the_batch_and_images_are_taken():
    a = gaussian_points(50, 0)
    whole, parts = (loss_curve(gaussian_score, a, [0.1, 1.0], draws=3, batch=batch) for batch in (None, 7))
    np.testing.assert_allclose(whole.train_loss, parts.train_loss, rtol=1e-12)
    np.testing.assert_allclose(whole.train_covariance, parts.train_covariance, rtol=1e-9)
    images = loss_curve(
        lambda x, t: gaussian_score(x.flatten(1), t).view_as(x), a.reshape(50, 1, 3), [0.1, 1.0], draws=3
    )
    np.testing.assert_allclose(images.train_loss, whole.train_loss, rtol=1e-12)
    other = loss_curve(gaussian_score, a, [0.1, 1.0], draws=3, noise=NoiseStream(4))
    assert other.train_loss[0] != whole.train_loss[0]


def curves():
    a = gaussian_points(60, 0)
    return (
        loss_curve(gaussian_score, a, TIMES, test=gaussian_points(40, 1), draws=2),
        loss_curve(gaussian_score, a, TIMES, draws=2),
    )


def test_the_table_comes_back(tmp_path):
    for curve in curves():
        curve.save_csv(tmp_path / "losses.csv")
        lines = (tmp_path / "losses.csv").read_text().splitlines()
        assert lines[0] == "t,snr,train_loss,train_se,test_loss,test_se"
        assert len(lines) == 2 + TIMES.size
        assert lines[-1].startswith("inf,0.0,")
        loaded = LossCurve.load_csv(tmp_path / "losses.csv")
        for name in ("t", "snr", "train_loss", "train_se", "test_loss", "test_se"):
            first, second = getattr(curve, name), getattr(loaded, name)
            assert (first is None) == (second is None)
            assert first is None or first.tolist() == second.tolist()
        assert (loaded.train_variance, loaded.test_variance) == (curve.train_variance, curve.test_variance)
        assert loaded.train_covariance is loaded.test_covariance is None
        # Errors at all times might be one and the same: the bound is above the error with the covariance.
        own, read = information_from_losses(curve), information_from_losses(loaded)
        np.testing.assert_allclose(read.train, own.train, rtol=1e-12)
        assert np.all(read.train_se >= own.train_se * (1 - 1e-9))
        assert read.errors == "bound"


def test_a_score_in_float32_and_its_own_errors():
    a, net = gaussian_points(30, 0), torch.nn.Linear(3, 3, bias=False)
    with torch.no_grad():
        net.weight.copy_(-torch.eye(3))
    found = loss_curve(lambda x, t: net(x.float()).to(x), a, [0.5, 1.0])  # as the error advises
    np.testing.assert_allclose(found.train_loss, loss_curve(lambda x, t: -x, a, [0.5, 1.0]).train_loss, rtol=1e-5)

    def failing(x, t):
        raise RuntimeError("something else")

    with pytest.raises(RuntimeError, match="^something else$"):
        loss_curve(failing, a, [1.0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda a: loss_curve(gaussian_score, a, [1.0, 0.5]), "t .Ornstein-Uhlenbeck times. must increase"),
        (lambda a: loss_curve(gaussian_score, a, [0.0]), "must be positive"),
        (lambda a: loss_curve(gaussian_score, a, [1.0], draws=1), "draws .noises a point. must be at least 2"),
        (
            lambda a: loss_curve(gaussian_score, a, [1.0], test=a[:, :2]),
            "test must have points of shape .3,., got .2,.",
        ),
        (lambda a: loss_curve(gaussian_score, a * np.nan, [1.0]), "X must be finite"),
        (
            lambda a: loss_curve(lambda x, t: x[:, :1], a, [1.0]),
            "must give a tensor of the shape of x, .80, 3., got .80, 1.",
        ),
        (lambda a: loss_curve(lambda x, t: x * np.nan, a, [1.0]), "gave nan or infinite points at t = 1"),
        (
            lambda a: loss_curve(lambda x, t: torch.nn.Linear(3, 3)(x), a, [1.0]),
            r"must take float64 points, and failed: .*; .* the function lambda x, t: score\(x.float\(\), t\).to\(x\)",
        ),
        (
            lambda a: information_from_losses(loss_curve(gaussian_score, a, [1.0])),
            "the curve must have at least 2 times, got 1",
        ),
    ],
)
def test_errors_say_what_to_do(call, message):
    with pytest.raises(ValueError, match=message):
        call(gaussian_points(10, 0))
