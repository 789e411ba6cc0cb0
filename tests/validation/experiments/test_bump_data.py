"""Searches on planted shares, orders of growth on planted laws."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes.validation.experiments.bump_data.experiment import PLAN  # noqa: E402
from regimes.validation.experiments.bump_data.figure import panels  # noqa: E402
from regimes.validation.experiments.bump_data.form import KINDS, first_count, grid_of, most_of  # noqa: E402
from regimes.validation.experiments.bump_data.runs import DataSearch  # noqa: E402
from regimes.validation.experiments.bump_data.search import growth, order_of, search  # noqa: E402
from regimes.validation.experiments.bump_data.summary import numbers_of, sentences, tables_of, verdict_of  # noqa: E402
from regimes.validation.experiments.runner.along_training import Estimate  # noqa: E402

FORM = replace(PLAN.full, seeds=2, trainings=8)
OPTIONS = {"most": 100, "level": 0.6, "trainings": 8}


def rising(needed):
    """Shares that pass .6 at a number, straight in its logarithm."""
    return lambda count: float(np.clip(0.6 + 0.2 * np.log2(count / needed), 0, 1))


@pytest.mark.parametrize("needed", [3.0, 11.3, 16.0, 70.0])
@pytest.mark.parametrize("first", [1, 16, 90])
def test_a_search_finds_the_number_from_below_and_from_above(needed, first):
    found = search(rising(needed), first, **OPTIONS)
    assert found.needed == pytest.approx(needed, rel=0.02)
    assert found.counts[0] == first
    last = sorted(found.counts[-2:])
    assert last[0] <= needed <= last[1]
    assert last[1] <= 2 * last[0] + 1


def test_a_search_says_why_it_has_no_number():
    assert search(rising(1000.0), 40, **OPTIONS).counts == (40, 80, 100)
    assert search(rising(1000.0), 40, **OPTIONS).reason == "not with 100"
    assert search(rising(0.1), 4, **OPTIONS).counts == (4, 2, 1)
    assert search(rising(0.1), 4, **OPTIONS).reason == "already with 1"
    assert search(rising(50.0), 2, **OPTIONS | {"trainings": 3}).reason == "not with 8"
    stopped = search(lambda count: None if count > 4 else 0.1, 4, **OPTIONS)
    assert (stopped.needed, stopped.reason) == (None, "the training on 8 has not learned")


def test_growth_is_the_power_of_a_planted_law():
    sizes = (8, 12, 16)
    needed = [[0.3 * n**1.7, 2.0 * n**1.3] for n in sizes]
    assert growth(sizes, needed).value == pytest.approx(1.5)
    assert growth(sizes, needed).se == pytest.approx(0.2)
    assert growth(sizes, [*needed[:2], [5.0, None]]).value is None


@pytest.mark.parametrize(
    ("slope", "se", "order"),
    [(1.1, 0.1, "N"), (1.8, 0.15, "N^2"), (1.5, 0.3, "both"), (1.5, 0.1, "neither"), (1.0, None, "undecided")],
)
def test_an_order_is_told_by_two_errors(slope, se, order):
    assert order_of(Estimate(slope, se, 3)) == order


@pytest.mark.parametrize(
    ("alone", "striped", "verdict"),
    [
        ("N^2", "N", "reproduced"),
        ("N", "N", "refuted"),
        ("N^2", "neither", "refuted"),
        ("both", "N", "undecided"),
        ("undecided", "N^2", "refuted"),
    ],
)
def test_the_claim_needs_both_orders(alone, striped, verdict):
    assert verdict_of({"alone": alone, "with stripes": striped}) == verdict


def test_all_sizes_have_the_same_images_and_steps():
    for n in FORM.positions:
        grid = grid_of(FORM, n)
        assert (grid.shape, grid.grid_shape, grid.dx) == ((16, 16), (n, n), 1.0)
        assert grid.x[0] + grid.x[-1] in (15, 16)
        assert first_count(FORM, n) == n**2 / 4
        assert most_of(n) == 3 * n**2 / 4


def planted(law, scatter=0.02):
    found = []
    for n in FORM.positions:
        row = []
        for seed in range(2):
            one = search(rising(law(n) * (1 + scatter * (2 * seed - 1))), first_count(FORM, n), **OPTIONS)
            shares = tuple({"right": value, "misplaced": 1 - value} for value in one.shares)
            row.append(DataSearch(n, "", seed, one, shares, tuple({"right": 1.0} for _ in shares)))
        found.append(row)
    return found


def test_what_is_said_is_what_was_found():
    found = dict(zip(KINDS, (planted(lambda n: n**2 / 4), planted(lambda n: n / 2)), strict=True))
    tables = tables_of(FORM, found)
    # Numbers are interpolated between whole counts: exact but for the rounding of halves.
    assert tables["needed"][2]["alone"]["value"] == pytest.approx(np.log(64), abs=0.03)
    assert tables["needed"][2]["saved"]["value"] == pytest.approx(np.log(8), abs=0.05)
    assert tables["growth"]["alone"]["slope"]["value"] == pytest.approx(2, abs=0.03)
    assert tables["growth"]["with stripes"]["slope"]["value"] == pytest.approx(1, abs=0.1)
    said = " ".join(sentences(FORM, tables))
    assert f"(L10): {tables['verdict']}" in said
    assert "without a number: none" in said
    assert set(numbers_of(tables)) >= {"measure.slope.alone", "measure.log_saved.16"}
    assert len(panels(FORM, found, tables)) == 3
    found["alone"][0][0] = replace(found["alone"][0][0], search=search(rising(900), 16, **OPTIONS))
    tables = tables_of(FORM, found)
    assert "N = 8 alone, seed 0: not with 100" in " ".join(sentences(FORM, tables))
    assert tables["growth"]["alone"]["order"] == "undecided"
    assert tables["verdict"] in ("undecided", "refuted")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"tolerance": 0.6}, "below half of a step, .* got 0.6"),
        ({"trainings": 1}, "two trainings and a level between 0 and 1, got 1 and 0.6"),
        ({"level": 1.0}, "got 8 and 1"),
    ],
)
def test_forms_that_ask_for_what_cannot_be_are_refused(change, text):
    with pytest.raises(ValueError, match=text):
        replace(FORM, **change)
