"""What is learned apart and what together, on planted trainings."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes.composition import image_grid, random_subset  # noqa: E402
from regimes.validation.experiments.bump_imbalance.analysis import (  # noqa: E402
    coupling,
    fine_less_coarse,
    gap,
    learned_at,
    rare_late,
    shares,
)
from regimes.validation.experiments.bump_imbalance.experiment import PLAN  # noqa: E402
from regimes.validation.experiments.bump_imbalance.form import Images, subset_of, training_of  # noqa: E402
from regimes.validation.experiments.bump_imbalance.readings import (  # noqa: E402
    claim,
    compared,
    finer,
    late,
    reading,
    readings_of,
)
from regimes.validation.experiments.bump_imbalance.runs import ImbalanceRun  # noqa: E402
from regimes.validation.experiments.bump_imbalance.summary import sentences, tables_of  # noqa: E402
from regimes.validation.experiments.runner.along_training import Estimate, interval  # noqa: E402
from regimes.validation.experiments.runner.bump_models import bump_training  # noqa: E402

STEPS = (10, 100, 1000)
FORM = replace(PLAN.quick, training=replace(PLAN.quick.training, snapshots=STEPS))
POINTS = {(1, 1): 48, (2, 2): 12, (1, 2): 24}
CPU = torch.device("cpu")


def planted(kind, x, y, seed=0):
    """Images whose x and y are right where two boolean arrays, (3, n), say so; the same at both sides."""
    n = x.shape[1]
    asked = np.column_stack([np.where(np.arange(n) < n // 2, 1.0, 6.0), np.full(n, 3.0)])
    found = asked + np.where(np.stack([x, y], axis=2), 0.1, 2.0)
    points = POINTS[kind.dx, kind.dy]
    return ImbalanceRun(kind, seed, points, np.concatenate([asked, asked]), np.concatenate([found, found], axis=1))


def first(of, n=400):
    """That share of the images at each snapshot, spread evenly over both halves."""
    order = np.argsort(np.arange(n) % (n // 2), kind="stable").argsort()
    return np.stack([order < share * n for share in of])


def drawn(rng, x, y, n=4000):
    """Right x and y, drawn with given chances for each image, at the second snapshot of three."""
    none, whole = np.zeros(n, bool), np.ones(n, bool)
    return [np.stack([none, rng.random(n) < each, whole]) for each in (x, y)]


def test_an_axis_is_learned_where_half_of_the_images_with_one_bump_have_it_right():
    run = planted(Images(1, 2), first((0, 0, 1)), first((0, 0.5, 1)))
    assert learned_at(FORM, run, 0) == pytest.approx(10**2.5)
    assert learned_at(FORM, run, 1) == pytest.approx(100)
    assert gap(FORM, run) == pytest.approx(np.log(10) / 2)
    assert fine_less_coarse(FORM, run, held_out=False) == pytest.approx(-0.5 / 3)
    assert learned_at(FORM, planted(Images(1, 1), first((0, 0, 0)), first((0, 0, 0))), 0) is None


def test_images_without_one_bump_are_left_out_and_too_few_say_nothing():
    run = planted(Images(1, 1), first((0, 0.5, 1)), first((0, 0.25, 1)))
    right = run.right(FORM.tolerance, held_out=False)[1, :, 0]
    none = np.flatnonzero(~right)[::2]  # half of the wrong ones
    run.found[1, 400 + none] = np.nan
    assert shares(FORM, run)[1] == pytest.approx([200 / 300, 100 / 300])
    assert shares(FORM, run, held_out=True)[1] == pytest.approx([0.5, 0.25])
    run.found[2, 419:] = np.nan  # 19 of those that are all right
    assert shares(FORM, run)[2].tolist() == [0, 0]
    run.found[:] = np.nan
    assert fine_less_coarse(FORM, run, held_out=False) is None


def test_axes_that_are_right_together_are_coupled_and_independent_ones_are_not():
    rng = np.random.default_rng(901)
    x, y = drawn(rng, 0.5, 0.3)
    apart = coupling(FORM, planted(Images(1, 1), x, y))
    assert abs(apart.total) < 3 / np.sqrt(4000)
    assert abs(apart.within) < 4 / np.sqrt(2000)
    # At these shares right y can lie within right x at most.
    assert apart.most == pytest.approx(np.sqrt(0.3 / 0.7), abs=0.05)
    assert apart.share == pytest.approx(0.4, abs=0.02)
    assert apart.snapshots == 1
    inside = coupling(FORM, planted(Images(1, 1), x, x & y))
    assert inside.total == pytest.approx(inside.most)
    whole = coupling(FORM, planted(Images(1, 1), x, x))
    assert (whole.total, whole.within, whole.most) == pytest.approx((1, 1, 1))


def test_positions_of_unequal_difficulty_fake_a_correlation_but_not_within_positions():
    rng = np.random.default_rng(902)
    chance = np.where(np.arange(4000) // 2 % 2, 0.8, 0.2)  # of a position, two images each
    found = coupling(FORM, planted(Images(1, 1), *drawn(rng, chance, chance)))
    assert found.total == pytest.approx(0.36, abs=0.05)  # variance of the chances over that of right ones
    assert abs(found.within) < 4 / np.sqrt(2000 * 0.64)


def test_a_correlation_needs_room_and_twenty_bumps():
    half = np.arange(400) % 4 < 2
    x = np.stack([half, half, half])
    assert coupling(FORM, planted(Images(1, 1), x, x)) is None  # both images of a position alike
    y = np.stack([np.arange(400) % 3 == 0] * 3)
    assert coupling(FORM, planted(Images(1, 1), y, y)).snapshots == 3
    assert coupling(FORM, planted(Images(1, 1), first((0, 0.05, 1)), first((0, 0.05, 1)))) is None
    run = planted(Images(1, 1), y, y)
    run.found[:, 419:] = np.nan
    assert coupling(FORM, run) is None


def test_the_rare_half_may_be_late():
    x = np.stack([np.zeros(400, bool), np.arange(400) < 200, np.ones(400, bool)])
    run = planted(Images(1, 1, 4), x, first((0, 1, 1)))
    assert rare_late(FORM, run, 0) == pytest.approx(np.log(10))
    assert rare_late(FORM, run, 1) == pytest.approx(0)


def trainings(unequal, skewed=((0, 1, 1), (0, 1, 1))):
    """Three trainings of each kind: both axes of step 1 learned at 10^2.5, of step 2 at 100."""
    slow, fast = (0, 0, 1), (0, 0.5, 1)
    of = {
        "dx1,dy1": (slow, slow),
        "dx2,dy2": (fast, fast),
        "dx1,dy2": unequal,
        "dx1,dy1,often4": skewed,
    }
    kinds = {kind.name: kind for kind in FORM.kinds}
    return {name: [planted(kinds[name], *map(first, each), seed) for seed in range(3)] for name, each in of.items()}


def test_a_factorised_learner_is_told_from_one_whose_pace_is_set_by_the_number_of_images():
    apart = trainings(((0, 0, 1), (0, 0.5, 1)))
    found = compared(FORM, apart)
    assert found["gap"] == found["gap.apart"] == pytest.approx([np.log(10) / 2] * 3)
    assert found["gap.from_apart"] == pytest.approx([0] * 3)
    for axis, by_number in ((0, 0.25), (1, -0.25)):
        own, number = late(FORM, apart, Images(1, 2), axis)
        assert own.value == pytest.approx(0, abs=1e-12)
        assert number.value == pytest.approx(by_number * np.log(10))  # 24 images lie half way between 12 and 48
    shared = trainings(((0, 1 / 3, 1), (0, 1 / 3, 1)))  # half way between steps 100 and 10^2.5
    assert compared(FORM, shared)["gap"] == pytest.approx([0] * 3)
    own, number = late(FORM, shared, Images(1, 2), 0)
    assert number.value == pytest.approx(0, abs=0.02)
    assert own.value < 0


def test_intervals_are_those_of_student():
    low, high = interval(Estimate(1.0, 0.1, 3))
    assert (low, high) == pytest.approx((1 - 0.43027, 1 + 0.43027), abs=1e-5)
    assert interval(Estimate(1.0, None, 1)) is None
    assert interval(Estimate(None, None, 2)) is None


def test_readings_follow_the_rule():
    above, within, far = Estimate(1, 0.1, 3), Estimate(0.1, 0.1, 3), Estimate(-1, 0.1, 3)
    assert reading(above, within) == "coupled"
    assert reading(above, above) == "coupled in part"
    assert reading(within, above) == reading(far, above) == "apart"
    assert reading(within, within) == reading(above, Estimate(1, None, 1)) == "not told"
    assert claim(["coupled", "coupled in part", "coupled"]) == "reproduced"
    assert claim(["apart"] * 3) == "refuted"
    assert claim(["apart", "coupled", "coupled"]) == claim(["not told"] * 3) == "not settled"
    assert [finer(each) for each in (above, within, far)] == [
        "refuted, it is the more accurate",
        "not told",
        "reproduced, it is the less accurate",
    ]


def test_a_correlation_that_positions_may_fake_is_not_read_as_coupling():
    values = {key: [0.3, 0.31, 0.29] for key in ("gap", "gap.from_apart", "correlation", "correlation.to_together")}
    values |= {"rare.y": [0.0, 0.1, -0.1], "rare.to_together": [1.0, 1.1, 0.9]}
    said = readings_of(values | {"correlation.within": [0.3, 0.32, 0.28]})
    assert said == {"gap": "coupled in part", "correlation": "coupled in part", "rare": "apart"}
    assert readings_of(values | {"correlation.within": [0.3, -0.3, 0.1]})["correlation"] == "not told"


def test_what_is_said_is_what_was_found():
    said = " ".join(sentences(FORM, tables_of(FORM, trainings(((0, 0, 1), (0, 0.5, 1))))))
    assert "dx1,dy2 (24 images): x 316 (factor 1.00), y 100 (factor 1.00), in passes 422 and 133" in said
    assert "over that of y: 1.15 (0.00); apart 1.15 (0.00), together 0" in said
    assert "Coupling of x and y: not settled (gap: apart; correlation: not told;" in said


def test_frequent_images_are_repeated_and_trainings_with_equal_steps_are_those_of_bump_phases():
    skewed, plain = training_of(FORM, FORM.skewed, 0), training_of(FORM, FORM.equal[0], 0)
    subset = subset_of(FORM, FORM.skewed, 0)
    told, counts = np.unique(skewed.conditions.numpy(), axis=0, return_counts=True)
    assert len(told) == subset.n
    assert set(counts[told[:, 0] < 4]) == {4}
    assert set(counts[told[:, 0] >= 4]) == {1}
    same = random_subset(image_grid(8, 1.0), 0.75, rng=0)
    theirs = bump_training(FORM.training, same.grid, same.images(), same.positions, 0)
    assert plain.digest(CPU) == theirs.digest(CPU) != skewed.digest(CPU)


def test_plans_that_compare_nothing_are_refused():
    with pytest.raises(ValueError, match="each step of an unequal or a skewed grid must be that of an equal one"):
        replace(FORM, unequal=(Images(1, 4),))
    with pytest.raises(ValueError, match="along x must be the smaller"):
        replace(FORM, unequal=(Images(2, 1),))
    with pytest.raises(ValueError, match="tolerance must lie below half of a step"):
        replace(FORM, tolerance=0.5)
    with pytest.raises(ValueError, match="looked must be even, and at least 20, got 10"):
        replace(FORM, looked=10)
