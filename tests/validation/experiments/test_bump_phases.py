"""Phases by rule and the order of events, on planted trainings; the pieces of a bump's training."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes.validation.experiments.bump_phases.analysis import (  # noqa: E402
    difference,
    event_steps,
    phases_of,
)
from regimes.validation.experiments.bump_phases.experiment import PLAN  # noqa: E402
from regimes.validation.experiments.bump_phases.form import StepForm  # noqa: E402
from regimes.validation.experiments.bump_phases.runs import PhaseRun  # noqa: E402
from regimes.validation.experiments.bump_phases.summary import sentences, tables_of  # noqa: E402
from regimes.validation.experiments.runner.along_training import mean_of, passage  # noqa: E402

STEPS = (10, 100, 1000)
FORM = replace(PLAN.quick, training=replace(PLAN.quick.training, snapshots=STEPS), grids=(StepForm(1.0, 2),))


def planted(one, right, r2, seed=0):
    """Ten held-out images and ten kept ones at each step, so many with one bump and so many of those right."""
    blobs, offset = np.zeros((3, 20), np.int64), np.full((3, 20), np.nan)
    for k in range(3):
        for half in (0, 10):
            blobs[k, half : half + one[k]] = 1
            blobs[k, half + one[k] : half + 10] = 2 * (half > 0)
            offset[k, half : half + one[k]] = 3.0
            offset[k, half : half + right[k]] = 0.1
    read = np.broadcast_to(np.array(r2)[:, None, None, None], (3, 1, 3, 2)) * np.array([0, 1, 0.5])[:, None]
    return PhaseRun(
        step=1.0,
        seed=seed,
        points=48,
        blobs=blobs,
        found=np.zeros((3, 20, 2)),
        asked=np.zeros((20, 2)),
        offset=offset,
        r2=read,
        dimension=np.ones((3, 1, 3)),
        plane=np.zeros((3, 20, 2)),
        shown=np.zeros((3, 32, 32)),
    )


def test_phases_follow_the_rule():
    assert phases_of(FORM, planted((4, 5, 10), (0, 4, 5), (0, 0, 0))) == "ABC"
    assert phases_of(FORM, planted((10, 4, 10), (2, 4, 4), (0, 0, 0))) == "BAB"


def test_events_are_interpolated_in_the_logarithm_of_the_step():
    run = planted((0, 10, 10), (0, 0, 10), (0.1, 0.3, 0.7))
    events = event_steps(FORM, run, 0.4)
    assert events["one bump"] == pytest.approx(10**1.5)
    assert events["told readable"] == events["held out right"] == pytest.approx(10**2.5)
    assert events["image readable"] is None
    late = planted((0, 10, 10), (0, 0, 5), (0.1, 0.5, 0.7))
    assert event_steps(FORM, late, 0.4)["told readable"] == pytest.approx(100)
    assert event_steps(FORM, late, 0.4)["held out right"] == pytest.approx(1000)
    assert event_steps(FORM, planted((0, 0, 0), (0, 0, 0), (0, 0, 0)), 0.4)["one bump"] is None
    found = difference([event_steps(FORM, each, 0.4) for each in (run, late)], "held out right", "told readable")
    assert (found.value, found.se) == (pytest.approx(np.log(10) / 2), pytest.approx(np.log(10) / 2))


def test_a_passage_is_the_first_and_a_curve_may_fall_back():
    assert passage(STEPS, [0.0, 0.9, 0.2]) == pytest.approx(10 ** (1 + 5 / 9))
    assert passage(STEPS, [0.6, 0.0, 1.0]) == pytest.approx(10 ** (5 / 6))
    assert passage(STEPS, [0.4, 0.4, 0.4]) is None


def test_a_mean_needs_all_trainings():
    assert mean_of([1.0, None, 2.0]).value is None
    assert mean_of([1.0, None, 2.0]).count == 2
    assert mean_of([1.0, 3.0]).se == pytest.approx(1.0)


def test_what_is_said_is_what_was_found():
    runs = [planted((0, 10, 10), (0, 0, 10), (0.1, 0.3, 0.7)), planted((10, 0, 10), (0, 0, 10), (0, 0, 1), seed=1)]
    tables = tables_of(FORM, [runs])
    assert [each["shown"] for each in tables["phases"]] == [True, False]
    assert tables["in_phase"]["A"]["r2"]["value"] == pytest.approx((0.1 + 0.0) / 2)
    said = " ".join(sentences(FORM, tables))
    assert "in 1 of 2 trainings" in said
    assert "ABC, BAC" in said


def test_a_tolerance_beyond_half_a_step_is_refused():
    with pytest.raises(ValueError, match="below half of a step, .* got 0.6 for a step of 1"):
        replace(FORM, tolerance=0.6)
