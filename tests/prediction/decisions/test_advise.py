"""All questions of one data set: every number has a value or a reason, and is the same when asked for alone."""

import math

import numpy as np
import pytest

from regimes import Advice, advise, load_dataset
from regimes.prediction.decisions.advise import QUESTIONS


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


@pytest.mark.parametrize("n", [2, 3, 9])
def test_few_points_have_reasons(n):
    advice = advise(np.random.default_rng(n).standard_normal((n, 5)), scale="none")
    assert all(number.value is not None or number.reason for number in advice.numbers.values())
    assert not any("nan" in text or "None" in text for text in advice.sentences)
