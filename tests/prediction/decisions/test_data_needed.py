"""How many data: against the closed form of Gaussian points, below and above the collapse time."""

import numpy as np
import pytest

from regimes.prediction.decisions.data_needed import data_answer
from regimes.prediction.losses.curve import LossCurve
from regimes.prediction.losses.held_out import held_out_losses

X = np.random.default_rng(0).normal(size=(300, 8))


@pytest.fixture(scope="module")
def found(given):
    return given.found_of(X)


def exact(t):
    return 4 * np.log1p(1 / np.expm1(2 * t)) / np.log(10)


def test_above_the_collapse_time_it_is_an_estimate(given, found):
    answer = data_answer(found, given.steps(1.0, 0.4))
    number = answer.numbers["data.log10_n_star"]
    assert number.interval[0] < exact(0.4) < number.interval[1] < np.log10(300)
    assert abs(number.value - exact(0.4)) < 0.1
    assert answer.numbers["data.exact_score_copies"].value == 0
    assert (
        "not decided for a training point at the sampler's smallest noise, t = 0.4 (sigma = 1.11, step 1 of 2)"
        in answer.sentences[0]
    )
    assert "log10_critical_samples" in number.formulas
    given.no_nan(answer)


def test_below_it_is_an_upper_limit(given, found):
    answer = data_answer(found, given.steps(1.0, 0.01, np.inf))
    number = answer.numbers["data.log10_n_star"]
    assert number.interval == (None, number.value)
    assert number.covers == "data, one-sided 95%"
    assert exact(0.01) < number.value < 1.1 * exact(0.01)
    assert abs(number.estimate / exact(0.01) - 1) < 0.03
    assert answer.numbers["data.exact_score_copies"].value == 1
    assert answer.sentences[0].startswith(
        "A model with the exact score of these 300 points has decided for a training point"
    )
    assert "at most" in answer.sentences[1]
    times = answer.curves["data.collapse_times"]
    assert times["n"] == [37, 75, 150, 300]
    assert np.all(np.diff(times["t"]) < 0)
    of_all = 0.5 * np.log1p(1 / (300**0.25 - 1))
    assert times["t"][-1] == pytest.approx(of_all, rel=0.15)
    bound = answer.curves["data.collapse_bound"]
    assert np.interp(exact(0.5), bound["log10_n"], bound["t"]) == pytest.approx(0.5, rel=0.05)


def test_the_step_at_zero_noise_is_not_taken(given, found):
    answer = data_answer(found, given.steps(1.0, 0.01, 0.0))
    assert answer.numbers["data.smallest_noise"].value == 0.01
    assert "reaches t = 0" in answer.warnings[0]
    none = data_answer(found, given.steps(np.inf))
    assert "pure noise alone" in none.numbers["data.log10_n_star"].reason
    given.no_nan(none)


@pytest.mark.parametrize("n", [2, 5])
def test_few_points_have_a_reason_and_the_exact_score_a_verdict(given, n):
    answer = data_answer(given.found_of(X[:n]), given.steps(1.0, 1e-4))
    assert "at least 8 points" in answer.numbers["data.log10_n_star"].reason
    assert answer.numbers["data.exact_score_copies"].value == 1
    given.no_nan(answer)


def losses_of(loss, variance, smallest=0.005):
    t = np.geomspace(smallest, 5, 40)
    snr = 1 / np.expm1(2 * t)
    values = loss(snr)
    return held_out_losses(LossCurve(t, snr, values, 0 * t, values, 0.001 * values, None, variance), 1.0)


def test_losses_of_a_model_bound_it_where_they_are_smaller(given, found):
    """The mmse of these eight directions; a model with twice the loss; losses that end above the noise."""
    steps = given.steps(1.0, 0.01, np.inf)
    of_data = data_answer(found, steps).numbers["data.log10_n_star"]
    exactly = data_answer(found, steps, losses=losses_of(lambda snr: 8 / (1 + snr), 8.0))
    number = exactly.numbers["data.log10_n_star"]
    assert number.covers == "losses, one-sided 95%"
    assert number.interval == (None, number.value)
    assert exact(0.01) < number.value < 1.01 * exact(0.01) < of_data.value
    assert number.estimate == pytest.approx(exact(0.01), rel=1e-4)
    assert "an upper bound from the losses of the model" in exactly.sentences[1]
    assert {"information_slope", "log10_critical_samples"} <= set(number.formulas)
    poor = data_answer(found, steps, losses=losses_of(lambda snr: 16 / (1 + snr), 16.0))
    assert poor.numbers["data.log10_n_star"] == of_data
    short = data_answer(found, steps, losses=losses_of(lambda snr: 8 / (1 + snr), 8.0, smallest=0.05))
    assert short.numbers["data.log10_n_star"] == of_data
    assert "the losses end at t = 0.05" in short.warnings[-1]
    above = given.steps(1.0, 0.4)
    assert (
        data_answer(found, above, losses=losses_of(lambda snr: 8 / (1 + snr), 8.0)).numbers
        == data_answer(found, above).numbers
    )
