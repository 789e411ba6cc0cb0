"""Phases by rule and the order of events, on planted trainings; the pieces of a bump's training."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes.composition import image_grid, random_subset  # noqa: E402
from regimes.validation.experiments.bump_phases.analysis import (  # noqa: E402
    difference,
    event_steps,
    phases_of,
)
from regimes.validation.experiments.bump_phases.experiment import PLAN  # noqa: E402
from regimes.validation.experiments.bump_phases.form import StepForm  # noqa: E402
from regimes.validation.experiments.bump_phases.runs import PhaseRun, _drawn  # noqa: E402
from regimes.validation.experiments.bump_phases.summary import sentences, tables_of  # noqa: E402
from regimes.validation.experiments.runner.along_training import mean_of, passage  # noqa: E402
from regimes.validation.experiments.runner.bump_models import bump_training, generated, represented  # noqa: E402
from regimes.validation.sampling import NoiseStream  # noqa: E402
from regimes.validation.training import TrainedDenoiser, TrainingHistory  # noqa: E402

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


def test_positions_are_drawn_from_the_whole_grid_and_none_twice_before_all():
    positions = np.arange(40.0).reshape(20, 2)
    drawn = _drawn(positions, 30, np.random.default_rng(0))
    assert set(map(tuple, drawn[:20])) == set(map(tuple, positions))
    assert len(set(map(tuple, drawn[20:]))) == 10
    assert drawn[:10, 0].max() > 25  # not the first of the grid


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


def test_images_go_through_the_units_of_the_network_and_back():
    """A network that predicts the noise of one image exactly generates that image, whatever it is told."""
    grid = image_grid(8, 1.0, amplitude=3.0)
    subset = random_subset(grid, count=2, rng=0)
    training = bump_training(FORM.training, subset, 0)
    assert training.points.min() == pytest.approx(-1, abs=1e-2)
    assert training.points.amax(dim=(1, 2, 3)).tolist() == pytest.approx([1, 1])
    assert training.conditions.tolist() == subset.positions.tolist()

    class One(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.unused = torch.nn.Parameter(torch.zeros(1))

        def forward(self, x, log_snr, condition):
            share = torch.sigmoid(log_snr)[:, None, None, None]
            return (x - share.sqrt() * training.points[0]) / (1 - share).sqrt()

    history = TrainingHistory(np.array([1]), np.zeros(1), None)
    settings = {"conditions": 2, "unconditional": 0.0}
    denoiser = TrainedDenoiser(One(), "eps", 1, history, settings, None, None)
    cpu = torch.device("cpu")
    images, end = generated(denoiser, grid, subset.positions, NoiseStream(1), steps=10, device=cpu)
    np.testing.assert_allclose(images, np.repeat(subset.images()[:1], 2, axis=0), atol=1e-4)
    assert end.shape == (2, 1, 8, 8)


def test_a_layer_is_read_at_its_condition():
    training = bump_training(FORM.training, random_subset(image_grid(8, 1.0), count=6, rng=0), 0)
    for layer in training.network.modules():
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.constant_(layer.weight, 0.05)  # those that end a block are zero before training
    denoiser = TrainedDenoiser(
        training.network, "eps", 1, TrainingHistory(np.array([1]), np.zeros(1), None), {}, None, None
    )
    places = training.conditions.double().numpy()
    first = represented(denoiser, "down.1", training.points, places, 0.0)
    turned = represented(denoiser, "down.1", training.points.flip(0), places[::-1].copy(), 0.0)
    np.testing.assert_allclose(turned, first[::-1], rtol=1e-4, atol=1e-5)
    assert np.abs(represented(denoiser, "down.1", training.points, 0 * places, 0.0) - first).max() > 1e-4
