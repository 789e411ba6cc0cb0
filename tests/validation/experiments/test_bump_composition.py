"""Training sets counted by hand, and shares and claims on planted trainings."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes.composition import copying_baseline  # noqa: E402
from regimes.validation.experiments.bump_composition.analysis import (  # noqa: E402
    both_right,
    kind_of,
    new_off,
    new_right,
    region_of,
)
from regimes.validation.experiments.bump_composition.claims import claims_of, verdict_of  # noqa: E402
from regimes.validation.experiments.bump_composition.experiment import PLAN  # noqa: E402
from regimes.validation.experiments.bump_composition.figure import panels  # noqa: E402
from regimes.validation.experiments.bump_composition.form import SetForm, training_set  # noqa: E402
from regimes.validation.experiments.bump_composition.runs import CompositionRun, _nearest  # noqa: E402
from regimes.validation.experiments.bump_composition.summary import numbers_of, sentences, tables_of  # noqa: E402
from regimes.validation.experiments.runner.along_training import Estimate  # noqa: E402

STRIPED, CROSS, SQUARE, BAND = (
    SetForm("cross", 2, stripes=True),
    SetForm("cross", 2),
    SetForm("square", 2),
    SetForm("band", 2),
)
WIDE, FEW = SetForm("cross", 4), SetForm("cross", 2, stripes=True, few=5)
FORM = replace(PLAN.quick, learned=0.9, sets=(STRIPED, CROSS, SQUARE, BAND, WIDE, FEW), looked=10, seeds=2)
ARMS = {"x arm": 12, "y arm": 12, "intersection": 4}


def planted(which, right, seed=0, both=None):
    """Ten images of each region, so many right along x and along y; the first are right unless ``both`` says less."""
    trained = training_set(FORM, which, seed)
    regions = trained.regions()
    asked = np.concatenate([np.resize(each, (10, 2)) for each in regions.values()])
    offset = np.full((2, len(asked), 2), 1.0)
    for number, name in enumerate(regions):
        for axis, count in enumerate(right.get(name, (10, 10))):
            rows = 10 * number + np.arange(10)
            chosen = rows[10 - count :] if both == "apart" and axis else rows[:count]
            offset[1, chosen, axis] = 0.1
    ones = np.ones(offset.shape, np.int64)
    return CompositionRun(
        form=which,
        seed=seed,
        points=len(trained.positions),
        regions=tuple(regions),
        asked=asked,
        seen=trained.seen(asked),
        copied=_nearest(trained.kept.positions, asked),
        stripes=ones,
        found=asked + offset,
        offset=offset,
        rest=np.zeros(offset.shape[:2]),
        shown=np.zeros((8 * len(regions), 64)),
    )


@pytest.mark.parametrize(
    ("which", "sizes", "points"),
    [
        (CROSS, ARMS | {"trained on": 36}, 36),
        (STRIPED, ARMS | {"trained on": 36}, 36 + 16),
        (SQUARE, {"intersection": 4, "trained on": 60}, 60),
        (BAND, {"x arm": 16, "trained on": 48}, 48),
        (FEW, ARMS | {"trained on": 5}, 5 + 16),
        (SetForm("cross", 3), {"x arm": 15, "y arm": 15, "intersection": 9, "trained on": 25}, 25),
    ],
)
def test_regions_hold_what_lies_in_them(which, sizes, points):
    trained = training_set(FORM, which, 0)
    regions = trained.regions()
    assert {name: len(each) for name, each in regions.items()} == sizes
    assert len(trained.images) == len(trained.positions) == points
    values = {2: {3, 4}, 3: {2, 3, 4}}[which.width]
    for name, each in regions.items():
        in_x, in_y = (np.isin(each[:, k], list(values)) for k in (0, 1))
        if name != "trained on":
            assert (in_x == (name != "y arm")).all()
        if which.shape != "band" and name != "trained on":
            assert (in_y == (name != "x arm")).all()
    told = {tuple(each) for each in trained.positions.tolist()}
    held = [tuple(each) for name, rows in regions.items() if name != "trained on" for each in rows.tolist()]
    assert not told & set(held)


def test_what_a_region_tests_is_read_from_the_images():
    kinds = {each: [kind_of(planted(each, {}), name) for name in planted(each, {}).regions] for each in FORM.sets}
    assert kinds[STRIPED] == kinds[FEW] == ["composition"] * 3 + ["trained on"]
    assert kinds[SQUARE] == ["composition", "trained on"]
    assert kinds[BAND] == ["interpolation of x", "trained on"]
    assert kinds[CROSS] == [*(f"interpolation of {each}" for each in ("x", "y", "x and y")), "trained on"]


def test_few_sums_are_others_for_another_seed():
    one, other = (training_set(FORM, FEW, seed).kept.kept for seed in (0, 1))
    assert (one != other).any()
    assert not (one & training_set(FORM, CROSS, 0).kept.held_out.kept).any()


def test_copies_are_right_along_the_axis_that_was_seen_and_never_along_both():
    for which, right in (
        (CROSS, {"x arm": (0, 1), "y arm": (1, 0), "intersection": (0, 0)}),
        (BAND, {"x arm": (0, 1)}),
    ):
        run = planted(which, {})
        for name, (x, y) in right.items():
            region = region_of(FORM, run, name)
            assert (region.copied_x, region.copied_y, region.copied) == (x, y, 0)
    region = region_of(FORM, planted(SQUARE, {}), "intersection")
    assert region.copied_x + region.copied_y == pytest.approx(1)
    assert region.copied == copying_baseline(training_set(FORM, SQUARE, 0).kept, FORM.tolerance) == 0


def test_shares_are_counted_along_each_axis_and_both():
    run = planted(CROSS, {"x arm": (4, 9), "y arm": (8, 2), "intersection": (5, 6)}, both="apart")
    region = region_of(FORM, run, "x arm")
    assert (region.x, region.y, region.both, region.factorised) == (0.4, 0.9, 0.3, pytest.approx(0.36))
    assert (region.x_off, region.y_off) == (1.0, 0.1)
    assert both_right(FORM, run, "arms") == pytest.approx((0.3 + 0.0) / 2)
    assert new_right(FORM, run, "arms") == pytest.approx((0.4 + 0.2) / 2)
    assert new_right(FORM, run, "intersection") == pytest.approx(0.55)
    assert new_right(FORM, run, "arms", 0) == 0
    assert new_off(FORM, run, "arms") == 1.0
    assert new_off(FORM, run, "intersection") == pytest.approx((0.55 + 0.1) / 2)
    assert both_right(FORM, planted(SQUARE, {}), "arms") is None
    assert new_right(FORM, planted(BAND, {"x arm": (3, 10)}), "arms") == 0.3


@pytest.mark.parametrize(
    ("values", "above", "below"),
    [
        (((0.8, 0.1), (0.9, 0.1)), "reproduced", "refuted"),
        (((0.8, 0.1), (0.6, 0.1)), "undecided", "refuted"),
        (((0.8, 0.1), (0.2, 0.1)), "refuted", "refuted"),
        (((0.4, 0.1), (0.6, 0.1)), "undecided", "undecided"),
        (((0.8, 0.1), (0.9, None)), "undecided", "undecided"),
    ],
)
def test_a_claim_is_judged_by_two_errors(values, above, below):
    found = [Estimate(value, se, 3) for value, se in values]
    assert verdict_of(found, 0.5, above=True) == above
    assert verdict_of(found, 0.5, above=False) == below


def found_of(shares):
    """Two trainings of each set with held-out coordinates right in nearly that many of ten images."""
    return [
        [
            planted(which, {"x arm": (n, 10), "y arm": (10, n), "intersection": (n, n)}, seed)
            for seed, n in enumerate(each)
        ]
        for which, each in shares.items()
    ]


def test_claims_follow_the_rules_stated():
    shares = {STRIPED: (9, 10), CROSS: (2, 3), SQUARE: (10, 10), BAND: (1, 1), WIDE: (0, 1), FEW: (3, 4)}
    claims = claims_of(FORM, found_of(shares))
    assert claims["composition"]["verdict"] == "reproduced"
    assert claims["few"]["cross2,few5+stripes"]["verdict"] == "refuted"
    assert claims["interpolation"]["verdict"] == "reproduced"
    assert claims["wider"]["widths"] == [2, 4]
    assert claims["wider"]["difference"].value == pytest.approx(0.2)
    assert claims["wider"]["verdict"] == "reproduced"
    other = claims_of(FORM, found_of(shares | {STRIPED: (3, 2), CROSS: (9, 8), WIDE: (10, 10)}))
    assert {other[each]["verdict"] for each in ("composition", "interpolation", "wider")} == {"refuted"}
    scalar = replace(CROSS, code="scalar")
    coded = claims_of(FORM, found_of(shares | {scalar: (9, 10)}))
    assert coded["interpolation"] == claims["interpolation"]
    assert coded["codes"]["cross2,scalar"]["verdict"] == "refuted"
    alone = claims_of(FORM, found_of({SQUARE: (9, 9)}))
    assert {alone[each]["verdict"] for each in ("composition", "interpolation", "wider")} == {"undecided"}


def test_what_is_said_is_what_was_found():
    shares = {STRIPED: (9, 10), CROSS: (2, 3), SQUARE: (10, 10), WIDE: (0, 1)}
    runs = found_of(shares)
    tables = tables_of(FORM, runs)
    said = " ".join(sentences(FORM, tables))
    assert "(0.9 right): all." in said
    assert "(L8): reproduced. Right along both axes with all stripes, width 2: arms 0.95 (0.05)" in said
    assert "width 2: stripes shown or not, arms 0.70 (0.00)" in said
    assert "product of the shares along each: 0.0" in said
    assert "x arm of cross2 0.25 (0.05), 1.00 (0.00), 0.25 (0.05) (0.25 (0.05); 0.00 (0.00))" in said
    numbers = numbers_of(tables)
    assert numbers["measure.new.arms.cross4"].value == pytest.approx(0.05)
    assert numbers["measure.square.intersection.2"].value == pytest.approx(0.75)
    width = next(panel for panel in panels(FORM, runs) if panel.title == "Held-out coordinate right, arms")
    assert {tuple(each.x) for each in width.curves if each.label.startswith("cross")} == {(2.0,), (2.0, 4.0)}


def test_a_training_that_has_not_learned_is_no_result():
    runs = found_of({STRIPED: (9, 10), CROSS: (2, 3)})
    runs[1][0] = planted(CROSS, {"trained on": (8, 10)})
    tables = tables_of(FORM, runs)
    assert "not all of cross2 (1 of 2); no mean" in " ".join(sentences(FORM, tables))
    assert tables["claims"]["interpolation"]["verdict"] == "undecided"
    assert tables["sets"][1]["new.arms"]["value"] is None
    assert tables["excess"]["largest"]["at"].endswith("of cross2+stripes")
    assert tables_of(FORM, runs[1:])["excess"] == {"mean": {"value": None, "se": None, "count": 0}, "largest": None}
    assert "over all held-out regions." in " ".join(sentences(FORM, tables_of(FORM, runs[1:])))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"tolerance": 0.5}, "below half of a step, .* got 0.5 for a step of 1"),
        ({"sets": (SetForm("disc", 2),)}, "one of band, square, cross, got 'disc'"),
        ({"sets": (SetForm("cross", 2, few=5),)}, "few sums need all stripes, .* got cross2,few5"),
        ({"sets": (SetForm("cross", 2, stripes=True, few=40),)}, "few must be 1 to 36"),
        ({"sets": (SetForm("cross", 9),)}, "some positions must be held out and some kept"),
        ({"looks": (7,)}, "looks must be snapshots of the training"),
    ],
)
def test_forms_that_ask_for_what_cannot_be_are_refused(change, text):
    with pytest.raises(ValueError, match=text):
        replace(FORM, **change)
