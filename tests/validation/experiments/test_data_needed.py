"""The number of images at which copying ends, on planted shares."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes import load_dataset  # noqa: E402
from regimes.numerics.posterior.near_copies import near_copies  # noqa: E402
from regimes.validation.experiments.copied_points.experiment import PLAN as COPIED_POINTS  # noqa: E402
from regimes.validation.experiments.data_needed.analysis import (  # noqa: E402
    decades_above,
    exponents,
    half_numbers,
    n_star_helps,
    surely_copied,
    what_decides,
)
from regimes.validation.experiments.data_needed.experiment import PLAN  # noqa: E402
from regimes.validation.experiments.data_needed.runs import Advised, SourceFound  # noqa: E402
from regimes.validation.experiments.data_needed.summary import sentences, tables_of  # noqa: E402
from regimes.validation.experiments.runner.along_training import Estimate  # noqa: E402
from regimes.validation.experiments.runner.copies_along import Copies, CopiesAlong  # noqa: E402
from regimes.validation.experiments.runner.labelled_denoisers import LabelledForm  # noqa: E402
from regimes.validation.experiments.runner.nested_sizes import NestedSizes  # noqa: E402

STEPS, SIZES, SAMPLES = (100, 200, 400, 800, 1600), (10, 20, 40, 80), 10000
TRAINING = LabelledForm("planted", 10, 5, 4, STEPS[-1], 8, unconditional=1.0, snapshots=STEPS)


def looked(share):
    return Copies(np.zeros(SAMPLES, int), np.zeros(SAMPLES), np.arange(SAMPLES) < round(share * SAMPLES))


def planted(share, *, n_star=9.0, copies=1.0):
    """Trainings whose share of copies is a function of seed, number of images and step."""
    train = load_dataset(np.random.default_rng(0).normal(size=(10, 3)), scale="none")
    near = near_copies(train.X)
    trainings = {
        n: tuple(
            CopiesAlong(
                TRAINING, train, near, tuple(looked(share(seed, n, step)) for step in STEPS), looked(1.0), looked(0.0)
            )
            for seed in range(3)
        )
        for n in SIZES
    }
    whole = Advised(1000, n_star, 0.3, copies)
    return SourceFound(NestedSizes(TRAINING, SIZES, 3, SAMPLES), trainings, whole, (Advised(10, np.nan, np.nan, 1.0),))


def rising(number):
    """From nothing at 1/2 to all at 32, straight in the logarithm."""
    return float(np.clip(np.log2(number / 0.5) / 6, 0, 1))


def by_passes(seed, n, step):
    return rising(step / n / (10 + seed))


def test_the_number_of_half_copies_is_read_between_sizes():
    found = planted(by_passes)
    # One half at 4 in units of 10 + seed passes: n = 800/(4 (10 + seed)) at the fourth snapshot.
    assert half_numbers(found, 3) == pytest.approx([np.log10(800 / 4 / (10 + seed)) for seed in range(3)], abs=1e-3)
    assert half_numbers(found, 0) == [None] * 3  # fewer images than the smallest size
    assert half_numbers(planted(lambda seed, n, step: 0.9), 4) == [None] * 3


def test_passes_are_told_from_steps():
    values, reached = exponents(planted(by_passes), 0.1)
    assert reached == (20, 40, 80)  # of 10 images more are copies at the first snapshot
    assert values == pytest.approx([1.0] * 3, abs=0.01)
    values, reached = exponents(planted(lambda seed, n, step: rising(step / (100 + seed))), 0.5)
    assert reached == SIZES
    assert values == pytest.approx([0.0] * 3, abs=1e-6)
    values, reached = exponents(planted(lambda seed, n, step: rising(step / n**2) if n < 40 else 0.0), 0.5)
    assert reached == (10, 20)
    assert values == pytest.approx([2.0] * 3, abs=0.01)
    assert exponents(planted(lambda seed, n, step: 0.0), 0.1) == ([None] * 3, ())


def test_readings_follow_the_rule():
    for value, error, said in (
        (1.0, 0.1, "passes"),
        (0.5, 0.05, "passes in part"),
        (0.0, 0.1, "steps"),
        (2.0, 0.1, "n beyond passes"),
        (0.5, 0.5, "not told"),
    ):
        assert what_decides(Estimate(value, error, 3)) == said
    assert what_decides(Estimate(1.0, None, 1)) == "not told"
    far, near, none = Estimate(3.0, 0.1, 3), Estimate(0.2, 0.1, 3), Estimate(None, None, 0)
    assert n_star_helps(far, far) == "does not help"
    assert n_star_helps(near, near) == "helps"
    assert n_star_helps(near, far) == n_star_helps(none, none) == "not told"


def test_n_star_lies_between_what_is_sure_and_the_bound():
    found = planted(by_passes)
    least, most = decades_above(found, 3)
    half = np.mean(half_numbers(found, 3))
    assert surely_copied(found.whole, found.parts) == 1000
    assert least.value == pytest.approx(3 - half)
    assert most.value == pytest.approx(9 - half)
    unsure = planted(by_passes, n_star=np.nan, copies=np.nan)
    assert surely_copied(unsure.whole, unsure.parts) == 10
    assert decades_above(unsure, 3)[1].value is None
    assert surely_copied(replace(unsure.whole, copies=0.0), ()) is None


def test_what_is_said_is_what_was_planted():
    tables = tables_of(PLAN.quick, [planted(by_passes)])
    said = " ".join(sentences(tables, ["mnist"]))
    assert (
        "planted: n* as an answer to how many images end the copying of a trained model: does not help. It lies 1."
        in said
    )
    assert "n* is 10^9.0 at most, and 1000 are copied" in said
    assert "held-out images 0.000 (0.000), exact score 1.000 (0.000)" in said
    assert "Planned and not run: mnist." in said
    assert tables["planted"]["sizes"]["40"]["passes"] == [20.0, 40.0, 80.0, 160.0, 320.0]


def test_trainings_are_shared_with_copied_points():
    for form, other in ((PLAN.full, COPIED_POINTS.full), (PLAN.quick, COPIED_POINTS.quick)):
        for one, two in zip(form.sources, other.sources, strict=True):
            assert two.training in [one.of_size(n) for n in one.sizes]


def test_plans_that_compare_nothing_are_refused():
    source = PLAN.quick.sources[0]
    with pytest.raises(ValueError, match="sizes must increase, two at least"):
        replace(source, sizes=(16, 4))
    with pytest.raises(ValueError, match="must keep snapshots, got none"):
        replace(source, training=replace(source.training, snapshots=()))
    with pytest.raises(ValueError, match="level must be a share between 0 and 1, got 1"):
        replace(PLAN.quick, level=1.0)
