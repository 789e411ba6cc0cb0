"""Copies among samples: planted ones are counted, fresh ones are not, and what cannot be told is refused."""

import numpy as np
import pytest

from regimes.prediction.decisions.copies import copies_answer

RNG = np.random.default_rng(0)
X = 3 + RNG.normal(size=(150, 10))
LABELS = np.arange(150) % 3


@pytest.fixture(scope="module")
def found(given):
    return given.found_of(X, LABELS, scale="standard")


def fresh(count, d=10):
    return 3 + RNG.normal(size=(count, d))


def test_planted_copies_are_counted_with_their_points(given, found):
    copied = np.array([4, 4, 4, 9, 100])
    answer = copies_answer(found, np.concatenate([X[copied] + 1e-3, fresh(95)]))
    numbers = answer.numbers
    assert numbers["copies.share"].value == 0.05
    assert numbers["copies.share"].interval == pytest.approx((0.016432, 0.112835), abs=1e-6)  # any table
    assert numbers["copies.copied_points"].value == 3
    assert numbers["copies.held_out_share"].value == 0
    assert answer.curves["copies.points"] == {"point": [4, 9, 100], "count": [3, 1, 1], "class": ["1", "0", "1"]}
    assert answer.sentences[0] == (
        "5 of 100 samples (95%: 1.6 to 11.3%) are copies of 3 training points; of held-out points 0 of 150 (0.0%) "
        "would count as such."
    )
    assert not answer.warnings
    given.no_nan(answer)


def test_fresh_samples_are_none_and_the_verdict_holds_them_against_held_out_points(found):
    answer = copies_answer(found, fresh(80), held_out=fresh(50))
    assert answer.numbers["copies.found"].value == 0
    assert answer.numbers["copies.held_out_share"].label == "the same share of held-out points"
    assert "copying is not told" in answer.sentences[1]
    assert copies_answer(found, np.concatenate([X[:40], fresh(40)])).numbers["copies.found"].value == 1


def test_on_a_line_chance_copies_are_no_copying(given):
    line = given.found_of(RNG.normal(size=(200, 1)))
    answer = copies_answer(line, RNG.normal(size=(100, 1)))
    low, high = answer.numbers["copies.held_out_share"].interval
    assert low < 1 / 3 < high
    assert answer.numbers["copies.found"].value == 0
    assert "In data of so few dimensions" in answer.sentences[1]


def test_near_copies_in_the_data_count_as_one_point(given):
    double = np.concatenate([X, X[:30] + 1e-4])
    answer = copies_answer(given.found_of(double), X[:10] + 5e-5)
    assert answer.numbers["copies.copied_samples"].value == 10
    assert answer.curves["copies.points"]["point"] == list(range(10))
    assert answer.numbers["copies.held_out_share"].value == 0


def test_a_folder_gives_the_share_against_training(found, tmp_path):
    for step in (1, 2, 10):
        np.save(tmp_path / f"{step}.npy", np.concatenate([X[:step] + 1e-3, fresh(20)]))
    answer = copies_answer(found, tmp_path)
    curve = answer.curves["copies.by_checkpoint"]
    assert curve["file"] == ["1.npy", "2.npy", "10.npy"]
    assert curve["share"] == pytest.approx([1 / 21, 2 / 22, 10 / 30])
    assert answer.numbers["copies.share"].value == pytest.approx(1 / 3)
    assert "Over 3 checkpoints the share goes from 4.8% to 33.3%" in answer.sentences[2]


def test_another_scale_is_warned_of_and_other_samples_are_refused(found):
    assert "on another scale" in copies_answer(found, 1e3 * (fresh(50) - 3)).warnings[0]
    with pytest.raises(ValueError, match="as many values as a point, 10, got 4"):
        copies_answer(found, fresh(20, 4))
    with pytest.raises(ValueError, match="samples must be finite, got nan or infinity in 1 of 20, the first in row 3"):
        copies_answer(found, np.where(np.arange(20)[:, None] == 3, np.nan, fresh(20)))


def test_two_points_have_no_held_out_share(given):
    answer = copies_answer(given.found_of(X[:2]), fresh(10))
    assert "it takes three points" in answer.numbers["copies.held_out_share"].reason
    given.no_nan(answer)


def test_samples_of_a_law_with_atoms_are_not_called_copies(given):
    rng = np.random.default_rng(0)
    points, samples = rng.integers(0, 5, (500, 3)).astype(float), rng.integers(0, 5, (100, 3)).astype(float)
    answer = copies_answer(given.found_of(points, scale="none"), samples)
    assert answer.numbers["copies.share"].value > 0.9
    assert answer.numbers["copies.found"].value == 0


def test_held_out_points_that_are_none_tell_nothing(found):
    """On another scale no copy is seen among them, and points of the training are all copies."""
    samples = np.concatenate([X[:12] + 1e-3, fresh(68)])
    for held_out, reason in ((1000 * fresh(50) + 5e4, "they are unlike the points"), (X[:60], "60 of 60 are training")):
        answer = copies_answer(found, samples, held_out=held_out)
        assert answer.numbers["copies.found"].value is answer.numbers["copies.held_out_share"].value is None
        assert reason in answer.numbers["copies.held_out_share"].reason
        assert "of held-out points nothing is known" in answer.sentences[0]
    with pytest.raises(ValueError, match="copies, held-out points: a sample must have as many values"):
        copies_answer(found, samples, held_out=fresh(50, d=4))
