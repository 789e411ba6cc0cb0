"""All questions of one data set: every number has a value or a reason, and is the same when asked for alone."""

import math
from dataclasses import replace

import numpy as np
import pytest

from regimes import Advice, advise, load_dataset, noise_schedule
from regimes.prediction.decisions.advise import QUESTIONS
from regimes.prediction.losses.curve import LossCurve

LOSSES = ("train_loss", "train_se", "test_loss", "test_se")


@pytest.fixture(scope="module")
def iris():
    return advise("iris", samples=load_dataset("iris", scale="none").X + 4.0, schedule="karras")


def test_every_question_is_answered_with_numbers_of_its_name(iris):
    assert [text.split(":")[0] for text in iris.sentences] == list(QUESTIONS)
    for key, number in iris.numbers.items():
        assert key.split(".")[0] in QUESTIONS or key == "collapse.time"
        assert number.value is not None or number.reason, key
        assert number.value is None or math.isfinite(number.value), key


def test_an_advice_comes_back_from_its_dictionary(iris):
    assert Advice.from_dict(iris.to_dict()) == iris


def test_a_question_alone_has_the_same_numbers(iris):
    alone = advise("iris", only=["uturn", "steps"], schedule="karras")
    for key, number in alone.numbers.items():
        assert iris[key] == number, key
    assert [text.split(":")[0] for text in alone.sentences] == ["steps", "uturn"]


def test_the_steps_asked_for_are_those_of_the_schedule(iris):
    assert iris.curves["steps.own_sigma"].size == iris.curves["steps.best_sigma"].size
    assert iris["steps.path_divergence.best"].value < iris["steps.path_divergence.own"].value


def test_losses_of_the_gaussian_of_the_points_cost_what_it_costs():
    data = load_dataset("iris")
    variances = np.linalg.eigvalsh(np.cov(data.X.T))
    t = np.geomspace(2e-4, 6, 50)
    snr = 1 / np.expm1(2 * t)
    loss = (variances / (1 + snr[:, None] * variances)).sum(axis=1)
    losses = LossCurve(t, snr, loss, 0 * t, loss, 1e-3 * loss, None, variances.sum())
    advice = advise("iris", only=["steps", "data"], schedule=noise_schedule("karras", inference_steps=8), losses=losses)
    for grid in ("own", "best"):
        number = advice[f"steps.model_divergence.{grid}"]
        assert number.value == pytest.approx(advice[f"steps.path_divergence.{grid}"].value, rel=1e-3)
        assert number.interval[0] < number.value < number.interval[1]
        assert "frozen_loss_divergence" in number.formulas
    assert advice["data.log10_n_star"].covers == "losses, one-sided 95%"
    assert "its own steps add" in advice.sentences[0]
    short = replace(losses, **{name: getattr(losses, name)[20:] for name in ("t", "snr", *LOSSES)})
    left = advise("iris", only="steps", schedule="karras", losses=short)
    assert "measure them down to it" in left["steps.model_divergence.own"].reason
    assert "cannot be said: the losses end at" in left.sentences[0]
    with pytest.raises(ValueError, match="leave steps and data out"):
        advise("iris", only="training", losses=losses)
    with pytest.raises(ValueError, match="advise: losses must be those on other points"):
        advise("iris", losses=replace(losses, test_loss=None, test_se=None))
    with pytest.raises(ValueError, match="advise: losses must be those of a model trained on the points"):
        advise("iris", losses=replace(losses, n_train=20))
    assert (
        "of other points or of another scale"
        in advise("iris", only="data", losses=replace(losses, train_variance=1.0)).warnings[0]
    )


def test_losses_that_are_means_over_dimensions_bound_nothing():
    """A Gaussian in 16 dimensions at little noise: the mean over dimensions integrates to less than log n."""
    X = np.random.default_rng(0).normal(size=(200, 16))
    t = np.geomspace(4e-5, 5, 40)
    snr = 1 / np.expm1(2 * t)
    sums, means = (LossCurve(t, snr, loss, 0 * t, loss, 0 * t, None, None) for loss in (16 / (1 + snr), 1 / (1 + snr)))
    found, refused = (advise(X, scale="none", only="data", losses=each) for each in (sums, means))
    assert found["data.log10_n_star"].covers == "losses, one-sided 95%"
    assert refused["data.log10_n_star"].covers == "data, one-sided 95%"
    assert refused["data.exact_score_copies"].value == found["data.exact_score_copies"].value == 1
    assert any("of another scale; they are not used" in said for said in refused.warnings)
    assert not any("scale" in said for said in found.warnings)
    few = LossCurve(t[:20], snr[:20], *2 * (1 / (1 + snr[:20]), 0 * t[:20]), None, None)  # none of next to no signal
    late = advise(X, scale="none", only="data", losses=few)
    assert late["data.log10_n_star"] == refused["data.log10_n_star"]


@pytest.mark.parametrize("n", [2, 3, 9])
def test_few_points_have_reasons(n):
    advice = advise(np.random.default_rng(n).standard_normal((n, 5)), scale="none")
    assert all(number.value is not None or number.reason for number in advice.numbers.values())
    assert not any("nan" in text or "None" in text for text in advice.sentences)
