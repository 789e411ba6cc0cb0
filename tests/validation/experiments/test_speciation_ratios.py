"""Ratios of measured and predicted times: scatter of trainings, errors, and when a prediction is called the best."""

import numpy as np
import pytest

pytest.importorskip("torch")

from regimes.validation.experiments.digits_speciation.comparison import (
    PairTimes,
    compare_predictions,
    crossing_agreement,
    mean_time,
    training_scatter,
)

WORDS = {"right": "right", "wrong": "wrong"}


def drawn(rng, pairs, *, trainings=2, scatter=0.05, error=0.03, off=1.2):
    """Pairs whose first prediction is right and whose second is too small by a factor."""
    found = []
    for number in range(pairs):
        true = rng.uniform(0.4, 1.2)
        times = true * np.exp(rng.normal(scale=scatter, size=trainings) + rng.normal(scale=error, size=trainings))
        measured = tuple((float(t), float(error * t)) for t in times)
        found.append(PairTimes(str(number), measured, {"right": (true, 0.0), "wrong": (true / off, 0.0)}, 600))
    return found


def test_the_scatter_of_trainings_is_what_the_clones_leave():
    pairs = drawn(np.random.default_rng(0), 4000)
    assert training_scatter(pairs)[0] == pytest.approx(0.05, rel=0.05)
    assert training_scatter(drawn(np.random.default_rng(0), 4000, scatter=0.0))[0] < 0.01
    assert training_scatter(drawn(np.random.default_rng(0), 5, trainings=1)) is None


def test_errors_of_mean_times_hold_clones_and_trainings():
    rng = np.random.default_rng(1)
    pairs = drawn(rng, 4000)
    z = [each.z for each in crossing_agreement(pairs, "right", "right", training_scatter(pairs)[0])]
    assert np.mean(np.square(z)) == pytest.approx(1.0, abs=4 * np.sqrt(2 / 4000))
    time, error = mean_time(pairs[0], 0.05)
    assert time == pytest.approx(np.sqrt(pairs[0].measured[0][0] * pairs[0].measured[1][0]))
    assert error / time == pytest.approx(np.sqrt((0.03**2 + 0.05**2) / 2))


def test_the_largest_scatter_is_above_the_true_one_in_95_of_100_cases():
    rng = np.random.default_rng(5)
    above = [training_scatter(drawn(rng, 6))[1] > 0.05 for _ in range(1000)]
    assert abs(np.mean(above) - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 1000)


def test_an_error_that_trainings_share_is_not_averaged_away():
    pair = PairTimes("0", ((1.0, 0.03), (1.0, 0.03)), {"right": (1.0, 0.0)}, 600, common=0.04)
    assert mean_time(pair, None)[1] == pytest.approx(np.sqrt(0.03**2 / 2 + 0.04**2))


def test_the_better_prediction_is_called_so_only_where_it_can_be_told():
    clear = compare_predictions(drawn(np.random.default_rng(2), 6, scatter=0.02, error=0.01), WORDS, rng=0)
    assert clear.best == "right"
    assert clear.share_best["right"] > 0.99
    assert clear.mean["wrong"] == pytest.approx(np.log(1.2), abs=0.05)
    assert clear.ratios["wrong"]["0"][0] == pytest.approx(1.2 * clear.ratios["right"]["0"][0])
    close = compare_predictions(drawn(np.random.default_rng(2), 6, off=1.01), WORDS, rng=0)
    assert max(close.share_best.values()) < 0.95
    assert sum(close.share_best.values()) == pytest.approx(1.0)
    assert clear == compare_predictions(drawn(np.random.default_rng(2), 6, scatter=0.02, error=0.01), WORDS, rng=0)


def test_errors_alone_explain_the_rms_of_a_right_prediction():
    found = compare_predictions(drawn(np.random.default_rng(3), 400), WORDS, rng=0)
    assert found.rms["right"] == pytest.approx(found.expected["right"], rel=4 / np.sqrt(800))


def test_without_a_measured_time_nothing_is_best():
    pairs = [PairTimes("0", (), {"right": (1.0, 0.0), "wrong": (1.0, 0.0)}, 10)]
    found = compare_predictions(pairs, WORDS, rng=0)
    assert found.best is None
    assert found.ratios == {"right": {}, "wrong": {}}
    assert crossing_agreement(pairs, "right", "right", None) == []
