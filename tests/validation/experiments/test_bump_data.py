"""Searches on planted shares, orders of growth on planted laws."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes.datasets.composition.bump_verdicts import BumpVerdicts  # noqa: E402
from regimes.validation.experiments.bump_data.experiment import PLAN  # noqa: E402
from regimes.validation.experiments.bump_data.figure import panels  # noqa: E402
from regimes.validation.experiments.bump_data.form import KINDS, first_count, grid_of, most_of  # noqa: E402
from regimes.validation.experiments.bump_data.growth import Growth, growth, scatter_of  # noqa: E402
from regimes.validation.experiments.bump_data.runs import DataSearch, _interior  # noqa: E402
from regimes.validation.experiments.bump_data.search import Search, search  # noqa: E402
from regimes.validation.experiments.bump_data.summary import numbers_of, sentences, tables_of, verdict_of  # noqa: E402

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


def test_a_search_without_a_number_leaves_a_bound():
    none = search(rising(1000.0), 40, **OPTIONS)
    assert (none.at_least, none.at_most) == (100, None)
    all_right = search(rising(0.1), 4, **OPTIONS)
    assert (all_right.at_least, all_right.at_most) == (None, 1)
    stopped = search(lambda count: None if count > 4 else 0.1, 4, **OPTIONS)
    assert (stopped.at_least, stopped.at_most) == (4, None)
    assert search(lambda count: None, 4, **OPTIONS).at_least is None


SIZES = (8, 12, 16)


def numbers(law, *scatter):
    return [[Search((), (), law(n) * np.exp(off)) for off in scatter] for n in SIZES]


def test_growth_is_the_least_squares_slope_of_a_planted_law():
    found = numbers(lambda n: 0.3 * n**1.7, -0.1, 0.0, 0.1)
    scatter = scatter_of({"alone": found})
    assert (scatter.sd, scatter.degrees) == (pytest.approx(0.1), 6)
    one = growth(SIZES, found, scatter)
    error = 0.1 / np.sqrt(3 * np.var(np.log(SIZES)) * 3)
    assert (one.slope.value, one.slope.se) == (pytest.approx(1.7, abs=1e-4), pytest.approx(error))
    for name, order in {"1": 0, "N": 1, "N^2": 2, "N^3": 3}.items():
        assert one.away[name] == pytest.approx(abs(1.7 - order) / error, rel=1e-3)
    assert (one.order, one.refuted) == ("none", ("1", "N", "N^3"))
    assert growth(
        SIZES, numbers(lambda n: n, 0.0, 0.0), scatter_of({"alone": numbers(lambda n: n, 0.0, 0.0)})
    ) == Growth(replace(one.slope, value=None, se=None, count=6), "undecided")
    assert growth(SIZES[:1], found[:1], scatter).order == "undecided"


def test_bounds_bear_on_the_slope():
    found = numbers(lambda n: 0.7 * n**2, -0.1, 0.0, 0.1)
    scatter = scatter_of({"alone": found})
    bounded = [found[0], *([Search((), (), None, at_least=bound)] * 3 for bound in (96, 170))]
    one = growth(SIZES, bounded, scatter)
    # Slopes above fit as well: linear growth is excluded, quadratic is not told from steeper.
    assert (one.order, one.refuted) == ("N^2 or N^3", ("1", "N"))
    assert one.slope.value is None
    low = growth(SIZES, [[Search((), (), None, "already with 60", at_most=60)] * 3, *found[1:]], scatter)
    assert low.away["N^2"] < 0.2
    assert low.refuted == ("1", "N")
    all_but_one = growth(SIZES, [*found[:2], [*found[2][:2], bounded[2][0]]], scatter)
    assert all_but_one.order == "N^2"


def shown(mean, rng, scatter):
    """Shares of 128 images that pass .6 near a mean number."""
    share = rising(mean * np.exp(scatter * rng.normal()))
    return lambda count: rng.binomial(128, share(count)) / 128


def rates(alone, striped, scatter, draws=60, seed=17):
    """How often verdicts come out of searches for scattered numbers, with 128 images of each training."""
    rng, verdicts = np.random.default_rng(seed), []
    for _ in range(draws):
        found = {
            kind: [
                [
                    search(shown(law(n), rng, scatter), first_count(FORM, n), most=most_of(n), level=0.6, trainings=3)
                    for _ in range(3)
                ]
                for n in SIZES
            ]
            for kind, law in zip(KINDS, (alone, striped), strict=True)
        }
        spread = scatter_of(found)
        verdicts.append(verdict_of({kind: growth(SIZES, found[kind], spread) for kind in KINDS}))
    return {each: verdicts.count(each) / draws for each in ("reproduced", "refuted")}


def test_the_claim_if_true_is_rarely_refuted_and_if_false_rarely_reproduced():
    true = rates(lambda n: n**2 / 4, lambda n: 2 * n, 0.15)
    assert true["reproduced"] > 0.7
    assert true["refuted"] < 0.1
    # Quadratic growth up to numbers that are too large to be found.
    bounded = rates(lambda n: 0.6 * n**2, lambda n: n, 0.15)
    assert bounded["reproduced"] > 0.5
    assert bounded["refuted"] < 0.1
    swapped = rates(lambda n: 3 * n, lambda n: n**2 / 6, 0.15)
    assert swapped["refuted"] > 0.8
    assert swapped["reproduced"] == 0


def test_bumps_at_the_border_are_told_from_the_others():
    asked = np.array([[0.0, 5], [5, 15], [1, 14], [7, 7]])
    verdicts = BumpVerdicts(np.ones(4, np.int64), asked, asked, np.array([9.0, 9, 0, 9]))
    assert _interior(FORM, verdicts) == 0.5


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
            shares = tuple({"right": value, "misplaced": 1 - value, "interior": value / 2} for value in one.shares)
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
    assert tables["growth"]["alone"]["slope"]["count"] == 5
    assert tables["searches"][0]["at_least"] == 100


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
