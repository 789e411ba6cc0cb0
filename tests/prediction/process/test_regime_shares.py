"""Shares of the steps of a sampler: counted on a schedule whose times are known."""

import numpy as np
import pytest

from regimes import Number, Schedule
from regimes.prediction.process.regime_shares import share_rows, share_sentence

T = np.linspace(0.1, 2.0, 20)[::-1]
SAMPLER = Schedule("own", T, np.exp(-2 * T), "a test")
CLASS, OWN, DIRECTION = "speciation.class_time", "speciation.class_time_memorised", "speciation.spectral_time"
POINT = "collapse.point_time"


@pytest.mark.parametrize(
    ("times", "shares", "words"),
    [
        # 20 steps, at 2.0, 1.9, ... 0.1: a step at the time itself is the last of those before it
        (
            {CLASS: 1.5, POINT: 0.32},
            [0.3, 0.55, 0.15],
            "30% come before the class is decided, 55% between, and 15% after",
        ),
        ({CLASS: None, OWN: 1.05, POINT: 0.32}, [0.5, 0.35, 0.15], "50% come before the class is decided"),
        (
            {CLASS: None, DIRECTION: 1.05},
            [0.5, 0.5],
            "before a direction stands out, and 50% after a direction stands out",
        ),
        ({OWN: 0.2, POINT: 0.32}, [0.85, 0.15], "before a training point is decided, and 15% after a training point"),
        ({CLASS: 5.0, POINT: 4.0}, [0.0, 0.0, 1.0], "0% come before the class is decided, 0% between, and 100% after"),
        ({"speciation.leading": 1.05}, [0.5, 0.5], "50% come before the class is decided, and 50% after the class"),
        ({"collapse.time_closed_form": 0.32}, [0.85, 0.15], "85% come before a training point is decided"),
        (
            {"classes.root": 1.5, "classes.merge.1": 0.32},
            [0.3, 0.55, 0.15],
            "before the first classes part, 55% between, and 15% after all classes have parted",
        ),
        ({CLASS: None, POINT: None}, [], ""),
        ({}, [], ""),
    ],
)
def test_shares_of_the_steps(times, shares, words):
    rows = share_rows({key: Number("a time", value) for key, value in times.items()}, SAMPLER)
    assert [number.value for number in rows.values()] == pytest.approx(shares)
    assert words in "".join(share_sentence(rows, SAMPLER))


def test_a_first_time_that_is_a_bound_makes_its_shares_bounds():
    rows = share_rows({CLASS: Number("a time", 1.5), POINT: Number("a time", 0.32)}, SAMPLER)
    (said,) = share_sentence(rows, SAMPLER, bound=True)
    assert "at most 30% come before the class is decided, at least 55% between, and 15% after" in said
    (said,) = share_sentence(share_rows({CLASS: Number("a time", 1.5)}, SAMPLER), SAMPLER, bound=True)
    assert "at most 30% come before the class is decided, and at least 70% after" in said
    (said,) = share_sentence(share_rows({CLASS: Number("", 0.2), POINT: Number("", 0.5)}, SAMPLER), SAMPLER, bound=True)
    assert "at most" not in said  # the point comes first, and its time is none
