"""Clones of a learned score of two Gaussian classes: what its error explains, the loss in closed form, resuming."""

import numpy as np
import pytest
from scipy.integrate import quad

torch = pytest.importorskip("torch")

from regimes.numerics.interface.checkpoints import Checkpoints  # noqa: E402
from regimes.validation.experiments.learned_mixture.losses import closed_loss  # noqa: E402
from regimes.validation.experiments.learned_mixture.runs import LearnedClones, two_classes  # noqa: E402
from regimes.validation.experiments.runner.run import Bench  # noqa: E402
from regimes.validation.running.progress import silent  # noqa: E402
from regimes.validation.sampling import NoiseStream  # noqa: E402
from regimes.validation.scores import MixtureScore  # noqa: E402
from regimes.validation.training import loss_curve  # noqa: E402

BENCH = Bench(NoiseStream(5), torch.device("cpu"), Checkpoints(None, {}), silent, 0)


def of_another_mixture(t, d, mu):
    """phi of clones born at x_t of the mixture with mu = 1 under the exact score of the one with another mu."""
    norm, amplitude = np.sqrt(d), np.exp(-t)

    # Along the axis x_t is N(+-sqrt(d) exp(-t), 1) at sigma = 1, and P(+) is that of the other mixture.
    def integrand(z):
        u = mu * norm * amplitude * (norm * amplitude + z)
        return np.tanh(u) ** 2 * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)

    return (1 + quad(integrand, -9, 9, epsabs=1e-10)[0]) / 2


@pytest.mark.parametrize("mu", [0.85, 1.2])
def test_the_error_of_a_score_explains_its_clones(mu):
    """A score that is exact for classes at another distance, whose clones are known in closed form."""
    d, pairs = 16, 4000
    other = MixtureScore([1, 1], [np.full(d, mu), np.full(d, -mu)], 1.0)
    runs = LearnedClones(two_classes(d), other, BENCH, 0.01)
    point = runs.point(0, 0.0, pairs=pairs, step=0.02, halved=64, progress=lambda rows: None)
    expected = of_another_mixture(point.t, d, mu)
    assert abs(expected - point.theory) > 5 * point.shift_se
    assert abs(point.theory + point.shift - expected) < 3.5 * point.shift_se + 2e-3
    assert abs(point.learned - expected) < 3.5 * point.learned_se
    assert abs(point.exact - point.theory) < 3.5 * point.learned_se
    assert abs(point.learned - point.shift - point.theory) < 3.5 * point.residual_se


def test_an_exact_score_moves_nothing():
    mixture = two_classes(16)
    runs = LearnedClones(mixture, mixture, BENCH, 0.01)
    point = runs.point(0, 0.3, pairs=400, step=0.05, halved=64, progress=lambda rows: None)
    assert (point.difference, point.shift) == (0.0, 0.0)
    assert abs(point.change) < 4 * point.change_se + 1e-9


def test_the_smallest_loss_in_closed_form_is_that_of_the_exact_denoiser():
    d, t = 8, np.array([0.1, 0.6, 1.2, 2.5])
    mixture = two_classes(d)
    X = mixture.draw(20_000, NoiseStream(2))[0].numpy()
    measured = loss_curve(mixture, X[:2], t, test=X, noise=3, draws=2)
    z = (measured.test_loss - closed_loss(t, d)) / measured.test_se
    assert np.abs(z).max() < 3.5
    assert closed_loss(np.array([12.0]), d) == pytest.approx(2 * d, rel=1e-6)  # all that a point varies


@pytest.mark.simulation
def test_a_denoiser_that_knows_less_loses_information(tiny):
    found = tiny("learned-mixture")
    assert "check of the machinery" in found.statements[0]
    assert [test.quantity for test in found.tests] == [
        "phi, exact score, same steps",
        "phi, learned score",
        "phi, learned score less the effect of its error",
        "loss, exact score",
    ]
    lost = found["measure.information_learned"].value - found["measure.information_exact"].value
    assert found["measure.information_excess"].value > 0
    assert lost == pytest.approx(found["measure.information_excess"].value, rel=0.3)
