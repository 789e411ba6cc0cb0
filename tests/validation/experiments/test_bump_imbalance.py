"""What is learned apart and what together, on planted trainings."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes.validation.experiments.bump_imbalance.analysis import (  # noqa: E402
    coupling,
    fine_less_coarse,
    late,
    learned_at,
    rare_late,
)
from regimes.validation.experiments.bump_imbalance.experiment import PLAN  # noqa: E402
from regimes.validation.experiments.bump_imbalance.form import Images, subset_of, training_of  # noqa: E402
from regimes.validation.experiments.bump_imbalance.runs import ImbalanceRun  # noqa: E402
from regimes.validation.experiments.bump_imbalance.summary import sentences, tables_of  # noqa: E402

STEPS = (10, 100, 1000)
FORM = replace(PLAN.quick, training=replace(PLAN.quick.training, snapshots=STEPS))


def planted(kind, x, y):
    """Images whose x and y are right where two boolean arrays, (3, n), say so; the same at both sides."""
    n = x.shape[1]
    asked = np.column_stack([np.where(np.arange(n) < n // 2, 1.0, 6.0), np.full(n, 3.0)])
    found = asked + np.where(np.stack([x, y], axis=2), 0.1, 2.0)
    return ImbalanceRun(kind, 0, np.concatenate([asked, asked]), np.concatenate([found, found], axis=1))


def first(shares, n=100):
    """That share of the images, spread over both halves."""
    order = np.argsort(np.arange(n) % (n // 2), kind="stable").argsort()
    return np.stack([order < share * n for share in shares])


def test_an_axis_is_learned_where_half_of_the_images_have_it_right():
    run = planted(Images(1, 2), first((0, 0, 1)), first((0, 0.5, 1)))
    assert learned_at(FORM, run, 0, held_out=False) == pytest.approx(10**2.5)
    assert learned_at(FORM, run, 1, held_out=True) == pytest.approx(100)
    assert fine_less_coarse(FORM, run, held_out=False) == pytest.approx(-0.5 / 3)
    alone = planted(Images(1, 1), first((0, 0.5, 1)), first((0, 0.5, 1)))
    found = late(FORM, [run, run], [alone, run], 0, held_out=False)
    assert found.value == pytest.approx(np.log(10) / 4)
    assert found.se == pytest.approx(np.log(10) / 4)
    assert learned_at(FORM, planted(Images(1, 1), first((0, 0, 0)), first((0, 0, 0))), 0, held_out=False) is None


def test_images_that_have_both_right_or_none_are_coupled():
    half, shares = np.arange(100) % 4 < 2, first((0, 0, 1))
    apart = np.stack([shares[0], np.arange(100) % 2 == 0, shares[2]])
    x = np.stack([shares[0], half, shares[2]])
    assert coupling(FORM, planted(Images(1, 1), x, x)) == pytest.approx(1)
    assert coupling(FORM, planted(Images(1, 1), x, apart)) == pytest.approx(0, abs=1e-12)
    assert coupling(FORM, planted(Images(1, 1), shares, shares)) is None  # no snapshot under way
    run = planted(Images(1, 1), x, x)
    run.found[1, 100:150] = np.nan  # no bump: wrong, and no association
    assert coupling(FORM, run) == pytest.approx(1)


def test_the_rare_half_may_be_late():
    x = np.stack([np.zeros(100, bool), np.arange(100) < 50, np.ones(100, bool)])
    run = planted(Images(1, 1, 4), x, first((0, 1, 1)))
    assert rare_late(FORM, run, 0) == pytest.approx(np.log(10))
    assert rare_late(FORM, run, 1) == pytest.approx(0)


def test_what_is_said_is_what_was_found():
    runs = {kind.name: [planted(kind, first((0, 0.5, 1)), first((0, 0, 1)))] for kind in FORM.kinds}
    said = " ".join(sentences(FORM, tables_of(FORM, runs)))
    assert "dx1,dy2: 100 and 316" in said
    assert "dx1,dy2: x 0.00, y 0.00" in said


def test_frequent_images_are_repeated_and_the_others_are_not():
    skewed, plain = training_of(FORM, FORM.skewed, 0), training_of(FORM, FORM.equal[0], 0)
    kept = subset_of(FORM, FORM.skewed, 0).positions
    told, counts = np.unique(skewed.conditions.numpy(), axis=0, return_counts=True)
    assert len(told) == len(kept)
    assert set(counts[told[:, 0] < 4]) == {4}
    assert set(counts[told[:, 0] >= 4]) == {1}
    assert len(plain.points) == len(kept)
    assert plain.digest(torch.device("cpu")) != skewed.digest(torch.device("cpu"))


def test_plans_that_compare_nothing_are_refused():
    with pytest.raises(ValueError, match="each step of an unequal grid must be that of an equal one"):
        replace(FORM, unequal=(Images(1, 4),))
    with pytest.raises(ValueError, match="tolerance must lie below half of a step"):
        replace(FORM, tolerance=0.5)
