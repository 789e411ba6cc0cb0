"""The linear denoiser in front of a network, against the textbook's one."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes.validation.training import Preconditioned, ResidualMLP, linear_start  # noqa: E402

SHRINKAGE = 0.01


def covariance(points):
    """Sample covariance with the shrinkage that is documented."""
    C = np.cov(points.T, bias=True)
    return (1 - SHRINKAGE) * C + SHRINKAGE * np.trace(C) / len(C) * np.eye(len(C))


def data(n=300, d=6):
    generator = np.random.default_rng(0)
    return generator.normal(size=(n, d)) @ generator.normal(size=(d, d)) + 3.0 * generator.normal(size=d)


class Constant(torch.nn.Module):
    """Gives the same vector for every row, and keeps its argument."""

    def __init__(self, vector):
        super().__init__()
        self.vector, self.seen = vector, None

    def forward(self, x, log_snr):
        self.seen = x
        return self.vector.expand_as(x)


@pytest.mark.parametrize("t", [0.01, 0.3, 1.0, 4.0])
def test_without_its_network_it_is_the_best_linear_denoiser(t):
    """E[z | x] of a Gaussian by inversion of the covariance of x, in float64."""
    X = data()
    C, m = covariance(X), X.mean(axis=0)
    x = np.random.default_rng(1).normal(size=(5, 6)) * 2
    noised = np.exp(-2 * t) * C - np.expm1(-2 * t) * np.eye(6)
    exact = np.sqrt(-np.expm1(-2 * t)) * np.linalg.solve(noised, (x - np.exp(-t) * m).T).T
    model = linear_start(ResidualMLP(6, width=8), X)
    level = torch.full((5,), -np.log(np.expm1(2 * t)), dtype=torch.float32)
    found = model(torch.tensor(x, dtype=torch.float32), level).detach().numpy()
    np.testing.assert_allclose(found, exact, rtol=2e-4, atol=2e-4 * np.abs(exact).max())


@pytest.mark.parametrize("t", [0.05, 0.5, 2.0])
def test_the_network_is_in_units_of_what_the_linear_denoiser_leaves(t):
    """Error of the linear denoiser by simulation, projected on the axes; and the input of order one."""
    X, count = data(), 200_000
    C, m = covariance(X), X.mean(axis=0)
    generator = np.random.default_rng(2)
    a, z = generator.multivariate_normal(m, C, size=count), generator.normal(size=(count, 6))
    delta = -np.expm1(-2 * t)
    x = np.exp(-t) * a + np.sqrt(delta) * z
    noised = np.exp(-2 * t) * C + delta * np.eye(6)
    error = z - np.sqrt(delta) * np.linalg.solve(noised, (x - np.exp(-t) * m).T).T
    _, axes = np.linalg.eigh(C)
    left = (error @ axes).var(axis=0)
    level = torch.full((1,), -np.log(np.expm1(2 * t)), dtype=torch.float32)
    x_row = torch.tensor(x[:1], dtype=torch.float32)
    model = linear_start(Constant(torch.zeros(6)), X)
    zero = model(x_row, level)
    for k in range(6):
        model.network.vector = torch.tensor(axes[:, k], dtype=torch.float32)
        change = ((model(x_row, level) - zero)[0].numpy() @ axes) ** 2
        assert change[k] == pytest.approx(left[k], rel=4 * (2 / count) ** 0.5 + 1e-3)
        assert np.delete(change, k).max() < 1e-8
    scale = model.network.seen.numpy() / x[:1]
    np.testing.assert_allclose(scale**-2, np.trace(noised) / 6, rtol=1e-4)


def test_shapes_are_kept_and_flat_directions_are_not_believed():
    X = data(30, 4)
    X[:, 2] = 1.0
    model = linear_start(ResidualMLP(4, width=8), X.reshape(30, 2, 2))
    assert model(torch.zeros(3, 2, 2), torch.zeros(3)).shape == (3, 2, 2)
    variances = model.get_buffer("variances").numpy()
    assert variances.min() == pytest.approx(SHRINKAGE * np.var(X, axis=0).mean(), rel=1e-5)
    assert model.settings["of"]["network"] == "ResidualMLP"
    assert linear_start(Constant(torch.zeros(4)), X).settings is None


def test_many_dimensions_share_one_variance():
    X = np.random.default_rng(0).normal(size=(5, 1025)) * 2
    model = linear_start(Constant(torch.zeros(1025)), X)
    x = torch.ones(1, 1025)
    expected = np.sqrt(0.5) * (1 - np.sqrt(0.5) * X.mean(axis=0)) / (0.5 * X.var(axis=0).mean() + 0.5)
    np.testing.assert_allclose(model(x, torch.zeros(1))[0].numpy(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: linear_start(ResidualMLP(3), np.ones((4, 3))), "the 4 points must differ, got variance 0"),
        (lambda: linear_start(ResidualMLP(3), np.eye(3), shrinkage=0), "shrinkage must lie above 0 and at most at 1"),
        (lambda: linear_start(ResidualMLP(3), np.eye(3), memory=100), "covariance would take"),
        (
            lambda: Preconditioned(ResidualMLP(3), torch.zeros(3), torch.ones(3))(torch.zeros(1, 4), torch.zeros(1)),
            "x must have d = 3 numbers a row, got shape .1, 4.",
        ),
    ],
)
def test_errors_say_what_to_do(make, text):
    with pytest.raises(ValueError, match=text):
        make()
