"""Training sets counted by hand, and shares and claims on planted trainings."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes.composition import copying_baseline  # noqa: E402
from regimes.validation.experiments.bump_composition.analysis import (  # noqa: E402
    both_right,
    guessed,
    kind_of,
    new_off,
    new_one,
    new_right,
    region_of,
)
from regimes.validation.experiments.bump_composition.claims import CHANCE, claims_of, verdict_of, wider_verdict  # noqa: E402
from regimes.validation.experiments.bump_composition.experiment import PLAN  # noqa: E402
from regimes.validation.experiments.bump_composition.figure import panels  # noqa: E402
from regimes.validation.experiments.bump_composition.form import SetForm, training_set  # noqa: E402
from regimes.validation.experiments.bump_composition.runs import CompositionRun, _nearest  # noqa: E402
from regimes.validation.experiments.bump_composition.shares import angle, pooled_shares  # noqa: E402
from regimes.validation.experiments.bump_composition.summary import numbers_of, sentences, tables_of  # noqa: E402
from regimes.validation.experiments.runner.pooled import Scatter, pooled  # noqa: E402

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
    for seed in range(20):  # without stripes sums show every value, which 8 of 36 seldom do
        kept = training_set(FORM, SetForm("cross", 2, few=8), seed).kept
        assert len(kept.positions) == 8
        assert all(len(set(kept.positions[:, axis])) == 6 for axis in (0, 1))


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
    run.stripes[1, :4, 0] = 2
    assert new_one(FORM, run, "arms") == pytest.approx((0.6 + 1) / 2)
    assert new_off(FORM, run, "intersection") == pytest.approx((0.55 + 0.1) / 2)
    assert both_right(FORM, planted(SQUARE, {}), "arms") is None
    assert new_right(FORM, planted(BAND, {"x arm": (3, 10)}), "arms") == 0.3


def test_scatter_is_pooled_and_nothing_lies_beyond_none():
    scatter = pooled([[1.0, 3.0], [0.0, 2.0, 4.0], [9.0]])
    assert (scatter.sd, scatter.degrees) == (pytest.approx(np.sqrt(10 / 3)), 3)
    assert pooled([[1.0, 1.0]], least=0.5) == Scatter(0.5, 1)
    # Student's t of 3 degrees of freedom: 3.182.
    error = scatter.sd / 2
    assert [scatter.side(sign * 3.18 * error, [1.0], 4) for sign in (1, -1)] == [0, 0]
    assert [scatter.side(sign * 3.19 * error, [1.0], 4) for sign in (1, -1)] == [1, -1]
    assert scatter.side(3.19 * error, [1.0, -1.0], 4) == 0
    assert pooled([[5.0], [4.0]]).side(1.0, [1.0], 3) == pooled([[1.0, 1.0]]).side(1.0, [1.0], 3) == 0


@pytest.mark.parametrize(
    ("sides", "rising", "verdict"),
    [
        ([1, 1], {}, "reproduced"),
        ([1, 0], {}, "undecided"),
        ([0, -1], {}, "refuted"),
        ([1, None], {}, "undecided"),
        ([], {}, "undecided"),
        ([1], {"if_true": True}, "undecided: still rising"),
        ([1], {"if_false": [True]}, "reproduced"),
        ([-1], {"if_false": [True]}, "undecided: still rising"),
        ([-1, 1], {"if_false": [False, True]}, "refuted"),
    ],
)
def test_a_verdict_needs_all_sides(sides, rising, verdict):
    assert verdict_of(sides, **rising) == verdict


GAPS = [SetForm("cross", width) for width in (1, 2, 4, 8)]
OTHERS = [SetForm("band", width) for width in range(1, 8)]


def rates(shares, judge, draws=300, seed=11, before=1.0):
    """How often verdicts come out of 128 images of each of three trainings, with scatter from training to training."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(draws):
        drawn = {each: rng.beta(30 * p, 30 * (1 - p), 3) for each, p in shares.items()}
        last, earlier = (
            {each: rng.binomial(128, part * p) / 128 for each, p in drawn.items()} for part in (1.0, before)
        )
        found.append(judge(pooled_shares(last, earlier, 128)))
    return {each: found.count(each) / draws for each in set(found)}


def test_chance_placement_is_not_called_weaker_the_wider():
    def judge(arms):
        return wider_verdict(PLAN.full, arms, GAPS)

    others = {each: 0.1 * each.width for each in OTHERS}
    chance = rates(others | {each: guessed(PLAN.full, each.width) for each in GAPS}, judge)
    assert chance.get("reproduced", 0) < 0.06
    assert chance[CHANCE] > 0.75
    weaker = rates(others | dict(zip(GAPS, (0.95, 0.6, 0.3, 0.1), strict=True)), judge)
    assert weaker["reproduced"] > 0.9
    flat = rates(others | dict.fromkeys(GAPS, 0.3), judge)
    assert flat["undecided"] > 0.9
    rises = rates(others | dict(zip(GAPS, (0.1, 0.3, 0.5, 0.7), strict=True)), judge)
    assert rises["refuted"] > 0.9
    none = pooled_shares(dict.fromkeys(GAPS, [0.0] * 3), dict.fromkeys(GAPS, [0.0] * 3), 128)
    assert judge(none) == "undecided"


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, ("undecided", 0.9)), (0.2, ("reproduced", 0.9)), (0.8, ("refuted", 0.9))]
)
def test_a_share_is_told_from_one_half_where_it_differs(share, expected):
    half, chosen = angle(0.5), GAPS[2]

    def judge(arms):
        return verdict_of([arms.side({chosen: -1}, -half)], if_true=chosen in arms.rising)

    shares = {each: 0.1 * each.width for each in OTHERS} | {chosen: share}
    assert rates(shares, judge)[expected[0]] > expected[1]
    assert rates(shares, judge, before=0.5).get("reproduced", 0) < 0.2  # it has doubled since the last look but one


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
    third, twenty = SetForm("cross", 3), SetForm("cross", 2, few=25)
    shares = {STRIPED: (10, 10), CROSS: (2, 2), SQUARE: (10, 9), BAND: (1, 1), WIDE: (0, 0), FEW: (0, 1)}
    claims = claims_of(FORM, found_of(shares | {third: (1, 1)}))
    assert claims["composition"]["verdict"] == "reproduced"
    assert claims["few"]["cross2,few5+stripes"]["verdict"] == "refuted"
    # All were wrong at the look before.
    assert {claims[each]["verdict"] for each in ("interpolation", "stronger")} == {"undecided: still rising"}
    assert claims["wider"]["all sums"]["widths"] == [2, 3, 4]
    assert claims["wider"]["all sums"]["shares"][3].value == pytest.approx(0.1)
    never = claims_of(FORM, found_of(shares | {CROSS: (0, 0)}))
    assert {never[each]["verdict"] for each in ("interpolation", "stronger")} == {"reproduced"}
    other = claims_of(FORM, found_of(shares | {STRIPED: (0, 0), CROSS: (10, 9)}))
    assert {other[each]["verdict"] for each in ("composition", "interpolation", "stronger")} == {"refuted"}
    scalar = replace(CROSS, code="scalar")
    coded = claims_of(FORM, found_of(shares | {scalar: (10, 9)}))
    assert coded["interpolation"] == claims["interpolation"]
    assert coded["codes"]["cross2,scalar"]["verdict"] == "refuted"
    equal = claims_of(FORM, found_of({CROSS: (2, 2), third: (1, 1), twenty: (1, 1)}))["wider"]
    assert {name: each["widths"] for name, each in equal.items()} == {"all sums": [2, 3], "25 sums": [2, 3]}
    alone = claims_of(FORM, found_of({SQUARE: (9, 9)}))
    assert {alone[each]["verdict"] for each in ("composition", "interpolation", "stronger")} == {"undecided"}
    assert alone["wider"]["all sums"]["verdict"] == "undecided"


def test_what_is_said_is_what_was_found():
    shares = {STRIPED: (9, 10), CROSS: (2, 3), SQUARE: (10, 10), WIDE: (0, 1)}
    runs = found_of(shares)
    tables = tables_of(FORM, runs)
    said = " ".join(sentences(FORM, tables))
    assert "(0.9 right): all." in said
    assert "(L8): reproduced. Right along both axes with all stripes, width 2: arms 0.95 (0.05)" in said
    assert "by width: all sums 2 0.25 (0.05) (0.27), 4 0.05 (0.05) (0.16): undecided" in said
    assert "stronger than interpolation: undecided: still rising. A coordinate right with" in said
    assert "width 2: stripes shown or not, arms 0.70 (0.00)" in said
    assert "product of the shares along each, intersections: cross2+stripes 0.04 (0.04), cross2 0.18" in said
    assert "x arm of cross2 0.25 (0.05), 1.00 (0.00), 0.25 (0.05) (0.25 (0.05); 0.00 (0.00))" in said
    numbers = numbers_of(tables)
    assert numbers["measure.new.arms.cross4"].value == pytest.approx(0.05)
    assert numbers["measure.one.arms.cross4"].value == 1
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
    assert "intersections: cross2+stripes 0.04 (0.04), cross2 none (1 trainings have one)." in " ".join(
        sentences(FORM, tables)
    )
    along = next(panel for panel in panels(FORM, runs) if "step of training" in panel.x_label)
    assert along.curves[2].y[-1] == pytest.approx(0.3)  # of the one that has learned


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"tolerance": 0.5}, "below half of a step, .* got 0.5 for a step of 1"),
        ({"sets": (SetForm("disc", 2),)}, "one of band, square, cross, got 'disc'"),
        ({"sets": (SetForm("cross", 2, few=5),)}, "must show each of the 6 values outside the shape, got 5"),
        ({"sets": (SetForm("cross", 2, stripes=True, few=40),)}, "few must be 1 to 36"),
        ({"sets": (SetForm("cross", 9),)}, "some positions must be held out and some kept"),
        ({"looks": (7,)}, "looks must be snapshots of the training"),
    ],
)
def test_forms_that_ask_for_what_cannot_be_are_refused(change, text):
    with pytest.raises(ValueError, match=text):
        replace(FORM, **change)
