"""Flow against a matrix exponential, readings of made-up curves, slopes, and the power of the comparison."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

torch = pytest.importorskip("torch")

from regimes.numerics.learning.noised_features import NoisedFeatures  # noqa: E402
from regimes.validation.experiments.runner.run import run_plan  # noqa: E402
from regimes.validation.experiments.training_losses import runs  # noqa: E402
from regimes.validation.experiments.training_losses.analysis import log_times, slope  # noqa: E402
from regimes.validation.experiments.training_losses.experiment import PLAN  # noqa: E402
from regimes.validation.experiments.training_losses.flow import gradient_flow  # noqa: E402
from regimes.validation.experiments.training_losses.runs import ALL_TIMES, Curves  # noqa: E402


def test_flow_is_the_solution_of_its_equation():
    """Of dA/dtau = -d^2 grad loss, integrated step by step."""
    d, p, t, rng = 3, 5, 0.2, np.random.default_rng(0)
    delta = -np.expm1(-2 * t)
    sides = []
    for _ in range(2):
        f, z = rng.standard_normal((p, 40)), rng.standard_normal((d, 40))
        sides.append(NoisedFeatures(f @ f.T / 40, (f + np.ones((p, d)) @ z) @ z.T / 40))

    def loss(A, of):
        cross = 2 * np.sqrt(delta / p) * np.trace(A @ of.overlap) / d
        return 1 + cross + delta * np.trace(A @ of.covariance @ A.T) / (p * d)

    def move(tau, flat):
        A = flat.reshape(d, p)
        gradient = 2 * np.sqrt(delta / p) * sides[0].overlap.T / d + 2 * delta * A @ sides[0].covariance / (p * d)
        return -(d**2) * gradient.ravel()

    times = np.array([0.3, 2.0, 9.0])
    found = gradient_flow(*sides, t, times)
    solved = solve_ivp(move, (0, 9), np.zeros(d * p), t_eval=times, rtol=1e-10, atol=1e-12).y.T.reshape(3, d, p)
    assert found.train == pytest.approx([loss(A, sides[0]) for A in solved], abs=1e-7)
    assert found.test == pytest.approx([loss(A, sides[1]) for A in solved], abs=1e-7)


def test_times_are_read_where_curves_pass_their_levels():
    test = 1 - 0.5 * -np.expm1(-ALL_TIMES / 5) + 0.8 * -np.expm1(-ALL_TIMES / 4e3)
    train = 1 - 0.5 * -np.expm1(-ALL_TIMES / 5)
    gen, mem = np.exp(log_times(Curves(train[None], test[None], np.zeros((1, 2))))[0])
    assert mem == pytest.approx(4e3 * np.log(2), rel=1e-2)
    fine = np.geomspace(1, 1e3, 100_000)
    fall = 0.5 * -np.expm1(-fine / 5) - 0.8 * -np.expm1(-fine / 4e3)
    assert gen == pytest.approx(fine[np.argmax(fall > 0.9 * fall.max())], rel=1e-2)
    with pytest.raises(ValueError, match="curves must cross 0.9"):
        log_times(Curves(train[None], np.where(ALL_TIMES < 1, 0.5, 1.0)[None], np.zeros((1, 2))))


def test_slopes_are_those_of_least_squares():
    n, errors = np.array([1.0, 2.0, 4.0]), np.array([0.1, 0.2, 0.3])
    found = slope(n, np.log(n) * 0.7 + 3, errors)
    assert found.value == pytest.approx(0.7)
    assert found.se == pytest.approx(np.sqrt(0.1**2 + 0.3**2) / (2 * np.log(2)))
    assert slope(n, np.array([1.0, 5.0, 2.0])).value == pytest.approx(np.polyfit(np.log(n), [1, 5, 2], 1)[0])


def test_more_of_what_copies_share_disagrees(monkeypatch):
    """The test has power: 10% more of what copies of a point share are seen in the quick form."""
    plain = runs.gaussian_features
    monkeypatch.setattr(runs, "gaussian_features", lambda given, rng: plain(replace(given, v2=1.1 * given.v2), rng))
    form = replace(PLAN.quick, draws=16, dimensions=(8,), repetitions=(2,), far=())
    assert run_plan(replace(PLAN, quick=form), quick=True, device="cpu", rng=2).verdict == "disagrees"


@pytest.mark.simulation
def test_the_equations_hold_and_descent_follows_the_flow(tiny):
    result = tiny("training-losses")
    assert result.verdict == "agrees"
    descent = result.tables["descent"]
    assert descent["extrapolated"] < 0.5 * descent["away"][1] < 0.5 * descent["away"][0] < 5e-3
    assert descent["fall"] > 0.1
