"""Points at risk: planted ones come first, near copies stand together, and two points have a reason."""

import numpy as np

from regimes.prediction.decisions.points_at_risk import points_answer

RNG = np.random.default_rng(0)


def test_isolated_points_come_first_and_near_copies_count_as_one(given):
    X = RNG.normal(size=(90, 6))
    X[7] *= 8 / np.linalg.norm(X[7])
    X[20:25] = X[30:35] + 1e-5
    X[20], X[30] = 6 * np.eye(6)[0], 6 * np.eye(6)[0] + 1e-5
    labels = np.arange(90) % 2
    answer = points_answer(given.found_of(X, labels))
    table = answer.curves["points"]
    assert table["point"][:2] == [7, 20]
    assert table["copies"][:2] == [1, 2]
    assert 30 not in table["point"]
    assert len(table["point"]) == 20
    assert np.all(np.diff(table["time"]) <= 0)
    assert np.isclose(table["distance"][0], np.sort(np.linalg.norm(X - X[7], axis=1))[1])
    assert table["rank_by_distance"][0] == 1
    assert table["class"][:2] == ["1", "0"]
    by_class = answer.curves["points.by_class"]
    assert by_class["class"] == ["0"] * 3 + ["1"] * 3
    top, median = (answer.numbers[f"points.{each}_time"] for each in ("most_at_risk", "median"))
    assert top.value == table["time"][0] > 1.5 * median.value
    assert top.interval[0] < top.value < top.interval[1]
    assert median.interval[0] < median.value < median.interval[1]
    assert answer.numbers["points.rank_correlation"].value > 0.5
    assert "number 7 of the source, counted from 0 (class 1, nearest other point at" in answer.sentences[0]
    assert "both are listed" in answer.sentences[1]
    given.no_nan(answer)


def test_two_points_are_never_told_apart_by_half(given):
    answer = points_answer(given.found_of(RNG.normal(size=(2, 3))))
    assert "half of the data" in answer.numbers["points.most_at_risk_time"].reason
    assert answer.curves["points"]["time"] == [None, None]
    given.no_nan(answer)


def test_a_distant_pair_is_returned_to_far_above_the_times_of_the_others(given):
    """The pair is half of what is near it, and each of it by a little more than half, down to where it is alone."""
    X = RNG.normal(size=(40, 1))
    X[:2] = 1000 + X[:2]
    answer = points_answer(given.found_of(X))
    assert sorted(answer.curves["points"]["point"][:2]) == [0, 1]
    assert answer.curves["points"]["time"][0] > 3 > 10 * answer.numbers["points.median_time"].value
    given.no_nan(answer)
