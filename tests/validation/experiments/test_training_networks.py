"""Times of learning and memorising by number of images, on planted curves."""

import inspect
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes import load_dataset  # noqa: E402
from regimes.numerics.posterior.near_copies import near_copies  # noqa: E402
from regimes.validation.experiments.runner.along_training import Estimate, exponents  # noqa: E402
from regimes.validation.experiments.runner.copies_along import Copies, CopiesAlong  # noqa: E402
from regimes.validation.experiments.runner.labelled_denoisers import LabelledForm  # noqa: E402
from regimes.validation.experiments.runner.nested_sizes import NestedSizes  # noqa: E402
from regimes.validation.experiments.training_networks.analysis import beside, least, order, times_of  # noqa: E402
from regimes.validation.experiments.training_networks.clock import WARMUP, learning_time  # noqa: E402
from regimes.validation.experiments.training_networks.experiment import PLAN  # noqa: E402
from regimes.validation.experiments.training_networks.figure import panels  # noqa: E402
from regimes.validation.experiments.training_networks.runs import (  # noqa: E402
    LossesAlong,
    SourceFound,
    TrainingFound,
    source_found,
)
from regimes.validation.experiments.training_networks.summary import sentences, tables_of  # noqa: E402
from regimes.validation.training import train_denoiser  # noqa: E402

STEPS, SIZES, SAMPLES = tuple(round(8 * 2 ** (k / 4)) for k in range(41)), (10, 20, 40, 80), 10000
TRAINING = LabelledForm("planted", 10, 5, 4, STEPS[-1], 8, unconditional=1.0, snapshots=STEPS)
TIME = learning_time(STEPS, STEPS[-1])


def looked(share):
    return Copies(np.zeros(SAMPLES, int), np.zeros(SAMPLES), np.arange(SAMPLES) < round(share * SAMPLES))


def planted(share, loss):
    """Trainings whose share of copies and held-out loss are functions of seed, number of images and learning time."""
    train = load_dataset(np.random.default_rng(0).normal(size=(10, 3)), scale="none")
    near, none = near_copies(train.X), np.zeros(len(STEPS))

    def one(seed, n):
        held_out = np.array([loss(seed, n, time) for time in TIME])
        along = tuple(looked(share(seed, n, time)) for time in TIME)
        copies = CopiesAlong(TRAINING, train, near, along, looked(1.0), looked(0.0))
        return TrainingFound(copies, LossesAlong(1.0, held_out, none, held_out, none))

    trainings = {n: tuple(one(seed, n) for seed in range(3)) for n in SIZES}
    return SourceFound(NestedSizes(TRAINING, SIZES, 3, SAMPLES), trainings)


def rising(number):
    """From nothing at 1/2 to all at 32, straight in the logarithm: a tenth at 2^-.4, a fiftieth at 2^-.88."""
    return float(np.clip(np.log2(number / 0.5) / 6, 0, 1))


def valley(seed, n, time, *, bottom):
    """Falls from 1 at time 2 to the bottom at time 5n, straight in log time, then rises."""
    place = np.log(time / 2) / np.log(5 * n / 2)
    return float(np.clip(1 - (1 - bottom) * (place if place < 1 else 2 - place), 0, 1))


def test_planted_slopes_are_found():
    found = planted(lambda seed, n, time: rising(time / n / (4 + seed)), lambda seed, n, time: 0.2 + 0.8 / (1 + time))
    times = times_of(PLAN.quick, found)
    # At the level of the first copies a snapshot can lie before the corner at which the share leaves 0.
    for level, each, near in ((0.1, times.memorised, 0.002), (0.02, times.first, 0.1)):
        at = [np.log(n * (4 + seed) * 0.5 * 2 ** (6 * level)) for n in SIZES for seed in range(3)]
        assert np.ravel(list(each.values())) == pytest.approx(at, abs=near)
        assert exponents(each)[0] == pytest.approx([1.0] * 3, abs=near)
    assert exponents(times.generalised) == ([pytest.approx(0.0, abs=1e-9)] * 3, SIZES)
    steps = times_of(PLAN.quick, found, by_rate=False)
    assert steps.memorised[80] == pytest.approx(np.interp(times.memorised[80], np.log(TIME), np.log(STEPS)), abs=0.01)


def test_learning_to_a_common_level_is_told_from_learning_to_the_own_least_loss():
    # All sizes go the same way, those of more images farther: down to n^-1/2 of the start.
    found = planted(lambda *_: 0.0, lambda seed, n, time: max(n**-0.5, min(1.0, time**-0.5)))
    times = times_of(PLAN.quick, found)
    assert exponents(times.generalised)[0] == pytest.approx([0.0] * 3, abs=1e-9)
    assert min(exponents(times.generalised_alone)[0]) > 0.4
    assert exponents(times.memorised) == ([None] * 3, ())
    assert times.least_over_first[10] == [None] * 3


def test_the_least_loss_lies_before_or_after_the_copies():
    for factor, said in ((20.0, "before"), (2.0, "after")):
        found = planted(
            lambda seed, n, time, at=factor: rising(time / n / at / 1.1**seed),
            lambda seed, n, time: valley(seed, n, time, bottom=0.3),
        )
        tables = tables_of(PLAN.quick, [found])
        sizes = tables["planted"]["sizes"]
        assert [each["order"] for each in sizes.values()] == [said] * 4
        text = " ".join(sentences(PLAN.quick, tables, ["mnist"]))
        assert f"{said} the first copies" in text
        assert "Planned and not run: mnist." in text
        at = [
            rising(np.exp(time) / 20 / factor / 1.1**seed)
            for seed, time in enumerate(sizes["20"]["log time"]["least"]["values"])
        ]
        assert sizes["20"]["copies at least"]["values"] == pytest.approx(
            at, abs=0.05
        )  # at a snapshot beside the vertex
    titles = ("Copies along the training", "Losses along the training", "Times by number of images")
    drawn = [panel.title for panel in panels(PLAN.quick, [found])]
    assert all(title.startswith(f"{each}, planted") for title, each in zip(drawn, titles, strict=True))


def test_a_parabola_is_read_at_its_vertex():
    x = np.array([0.0, 1.0, 1.7, 3.0, 4.0])
    assert least(x, 0.3 * (x - 2.1) ** 2 + 5) == pytest.approx(2.1)
    assert least(x, x) is None
    assert least(x, -x) is None
    assert least(x, np.array([2.0, 1.0, 1.0, 1.0, 2.0])) == pytest.approx(1.35)  # of 0, 1, 1.7
    assert least(x, np.ones(5)) is None


def test_readings_follow_the_rule():
    for value, error, claimed, said in (
        (1.05, 0.03, 1.0, "as claimed"),
        (1.1, 0.01, 1.0, "nearly as claimed"),
        (1.35, 0.04, 1.0, "more than claimed"),
        (0.5, 0.05, 1.0, "less than claimed"),
        (0.5, 0.2, 1.0, "not told"),
        (0.02, 0.01, 0.0, "as claimed"),
        (0.1, 0.01, 0.0, "nearly as claimed"),
        (0.4, 0.02, 0.0, "more than claimed"),
    ):
        assert beside(Estimate(value, error, 3), claimed, 1.0 - claimed) == said
    assert beside(Estimate(1.0, None, 1), 1.0, 0.0) == "not told"
    assert order(Estimate(-0.5, 0.1, 3)) == "before"
    assert order(Estimate(0.5, 0.1, 3)) == "after"
    assert order(Estimate(0.1, 0.1, 3)) == order(Estimate(None, None, 2)) == "not told"


def test_learning_time_is_the_sum_of_the_rates_of_a_training(monkeypatch):
    from regimes.validation.training.training_run import TrainingRun

    rates, own = [], TrainingRun._rate
    monkeypatch.setattr(TrainingRun, "_rate", lambda run: rates.append(own(run)) or rates[-1])
    train_denoiser(Still(), np.eye(2), steps=250, batch=2, learning_rate=3e-3)
    assert learning_time((1, 50, 250), 250) == pytest.approx(
        np.cumsum(rates[::2])[[0, 49, 249]] / 3e-3
    )  # asked for matrices and for vectors
    assert inspect.signature(train_denoiser).parameters["warmup"].default == WARMUP


class Still(torch.nn.Module):
    """A network of one number."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, x, log_snr):
        return self.weight * x


@pytest.mark.simulation
def test_losses_start_at_one_and_nothing_stands_in_front(plan_of):
    from regimes.numerics.interface.checkpoints import Checkpoints
    from regimes.validation.experiments.runner.run import Bench
    from regimes.validation.sampling import NoiseStream

    form = plan_of("training-networks").quick
    bench = Bench(NoiseStream(1, PLAN.stream), torch.device("cpu"), Checkpoints(None, {}), lambda *_: None, 1)
    found = source_found(form, form.sources[0], bench)
    for n in form.sources[0].sizes:
        (one,) = found.trainings[n]
        assert one.losses.start == pytest.approx(1.0, abs=0.05)  # of noise of unit variance, by an output of zero
        assert one.losses.held_out[0] == pytest.approx(one.losses.start, abs=0.2)
        assert one.losses.held_out[-1] < one.losses.start
        assert (one.losses.held_out_se > 0).all()


def test_levels_out_of_order_are_refused():
    with pytest.raises(ValueError, match="must be increasing shares between 0 and 1, got 0.2 and 0.1"):
        replace(PLAN.quick, first=0.2)
    with pytest.raises(ValueError, match="learned must be a part between 0 and 1, got 1"):
        replace(PLAN.quick, learned=1.0)
