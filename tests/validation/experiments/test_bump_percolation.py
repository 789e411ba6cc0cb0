"""The onset with the kept share: planted curves of each hypothesis are known for what they are, mixtures are not."""

import math
from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from regimes.datasets.composition.selection import random_subset
from regimes.numerics.estimation.streams import Stream

torch = pytest.importorskip("torch")

from regimes.validation.experiments.bump_percolation.analysis import misses, values, verdict  # noqa: E402
from regimes.validation.experiments.bump_percolation.beside import changes  # noqa: E402
from regimes.validation.experiments.bump_percolation.experiment import PLAN  # noqa: E402
from regimes.validation.experiments.bump_percolation.form import Setting, changed, log_shares  # noqa: E402
from regimes.validation.experiments.bump_percolation.onsets import Measured, Onset, measured  # noqa: E402
from regimes.validation.experiments.bump_percolation.predictions import (  # noqa: E402
    HYPOTHESES,
    line_threshold,
    predictions,
    thresholds_of,
)
from regimes.validation.experiments.bump_percolation.runs import ShareRun, _read  # noqa: E402
from regimes.validation.experiments.bump_percolation.summary import sentences, tables_of  # noqa: E402
from regimes.validation.experiments.runner.bump_models import bump_training  # noqa: E402
from regimes.validation.sampling import NoiseStream  # noqa: E402

FORM = PLAN.full
SCATTER = (-0.05, 0.0, 0.05)
ONSET, STEPS = math.log(0.3), math.log(300)


@cache
def thresholds():
    return thresholds_of(FORM)


def planted(onsets, times=None, scatter=SCATTER, kept=None):
    """Runs whose accuracy passes one half at given logs of the share, the scatter of the seeds put on top."""
    found = {}
    for setting in FORM.settings:
        logs, snapshots = log_shares(setting), setting.training(FORM.training).snapshots
        learned = np.clip(0.5 + 0.5 * (np.log(snapshots) - (times or constant(STEPS))[setting.name]), 0, 1)
        right = (kept or {}).get(setting.name, 1.0)
        found[setting.name] = [
            [run(at, onsets[setting.name] + more, learned, right) for at in logs] for more in scatter
        ]
    return found


def run(at, onset, learned, kept=1.0, beside=None):
    right = float(np.clip(0.5 + 0.9 * (at - onset), 0, 1))
    change = right if beside is None else beside(at)
    outcomes = np.array([[0, 0, 1 - right, right], [0, 0, 1 - kept, kept]])
    gap = math.exp(2 * (1 - change))
    return ShareRun(10, outcomes, np.array([gap, 1.0]), np.array([change, 0.6]), np.array(0.0), learned)


def constant(value=ONSET):
    return {each.name: value for each in FORM.settings}


def by(hypothesis, times=None, base=ONSET):
    """Log onset of each setting if the hypothesis is true of its changes."""
    onsets = {name: Onset(value) for name, value in constant(base).items()}
    row = predictions(FORM, thresholds(), Measured({}, onsets, 0.01, 0.01, times or constant(STEPS), {}, {}))[
        hypothesis
    ]
    return {name: min(0.0, base + value - row[FORM.base.name]) if value else 0.0 for name, value in row.items()}


def judged(runs):
    found = measured(FORM, runs)
    return verdict(FORM, found, misses(FORM, found, thresholds()))


def told(runs):
    found = measured(FORM, runs)
    tables = tables_of(FORM, runs, thresholds(), found, misses(FORM, found, thresholds()))
    return tables, " ".join(sentences(FORM, tables))


@pytest.mark.parametrize("hypothesis", sorted(set(HYPOTHESES) - {"widened"}))
def test_planted_changes_of_a_hypothesis_are_known_on_the_plan(hypothesis):
    times = {s.name: STEPS + 0.4 * math.log(s.sigma) + 0.3 * (s.code == "one-hot") for s in FORM.settings}
    found, standing = judged(planted(by(hypothesis, times), times))
    # Overlaps have thresholds that run alike on these widths, and like those of images that noise widens.
    alike = set(thresholds().images) - {"product 0.05"}
    assert hypothesis in standing
    assert set(standing) <= (alike | {"widened"} if hypothesis in alike else {hypothesis})
    assert found == ("explained" if len(standing) == 1 else "not told apart")


@pytest.mark.parametrize(("v", "standing"), [(4, "widened"), (16, "share")])
def test_images_widened_by_more_than_the_bumps_look_like_a_share(v, standing):
    """Area of a disc that percolates, 4 eta_c/lambda, of images of width sqrt(sigma^2 + v)."""
    area = (4.51235 * math.exp(-ONSET) - 2.3) / (1 + v)
    onsets = {s.name: math.log(4.51235 / (area * (s.sigma**2 + v) + 2.3)) for s in FORM.settings}
    assert judged(planted(onsets)) == ("explained", [standing])
    law = told(planted(onsets))[0]["widened"]
    assert law == (None if v > 10 else {"v": pytest.approx(v), "tau": pytest.approx(math.exp(-area / (4 * math.pi)))})


def test_mixtures_are_not_explained():
    widths, times = by("cosine 0.05"), by("count")
    mixed = {name: (widths[name] + times[name]) / 2 - 0.4 * (name == "3 waves") for name in widths}
    assert judged(planted(mixed)) == ("not explained", [])


def test_an_onset_outside_of_the_shares_is_a_bound():
    for setting, value, sign in (("one-hot", 1.0, "above 0.85"), ("3 waves", -2.5, "below -0.63")):
        runs = planted(constant() | {setting: value})
        tables, said = told(runs)
        assert f"{setting} {sign} (0.04), moves" in said
        assert tables["hypotheses"]["share"]["failed"] == [setting]
        assert tables["hypotheses"]["conditions"]["failed"].count(setting) == 0  # it lies beyond
    near = constant(math.log(0.4)) | {"deeper": 1.0}  # above .45
    assert judged(planted(near)) == ("explained", ["share"])
    assert judged(planted(constant() | {"sigma 1": 1.0})) == ("not judged", [])
    assert judged(planted(constant() | {"sigma 0.65": 1.0}))[0] == "not explained"
    tables, said = told(planted(constant(math.log(0.27)) | {"3 waves": math.log(0.28)}, scatter=(-0.7, 0.0, 0.7)))
    assert "3 waves (onsets on both sides of its shares)" in said
    assert tables["verdict"] == "errors too wide"


def test_settings_that_have_not_learned_what_is_kept_are_left_out():
    onsets = constant() | {"3 waves": math.log(0.2)}
    assert judged(planted(onsets)) == ("not explained", [])
    runs = planted(onsets, kept={"3 waves": 0.84})
    assert judged(runs) == ("not tested everywhere", ["share"])
    said = told(runs)[1]
    assert "Left out: 3 waves (0.84 right at kept positions)" in said
    assert "Least share right at kept positions beside an onset: 0.84" in said
    assert judged(planted(onsets, kept={"sigma 1": 0.5})) == ("not judged", [])


def test_values_are_told_beside_changes():
    off = "Best supported by the changes: percolation of rows and columns that have kept positions (its value is off by"
    assert off in told(planted(by("coordinates")))[1]
    own = by("cosine 0.05", base=math.log(thresholds().images["cosine 0.05"]["sigma 1"]))
    tables, said = told(planted(own))
    assert "percolation of the images, cosine, tau = 0.05" in said
    assert "cosine 0.05" in tables["standing"]
    assert "cosine 0.05" not in tables["values_off"]


def changed_by(beside, only=None):
    runs = planted(constant())
    for name, rows in runs.items():
        for k, more in enumerate(SCATTER):
            if only is None or name in only:
                logs = log_shares(next(s for s in FORM.settings if s.name == name))
                rows[k] = [
                    run(at, ONSET + more, rows[k][0].learned, beside=lambda x, m=more: beside(x, m)) for at in logs
                ]
    return {what: (each.said, len(each.widths)) for what, each in changes(FORM, runs, measured(FORM, runs)).items()}


def test_what_changes_gradually_is_told_from_what_changes_at_the_onset():
    step = math.log(0.55)
    assert changed_by(lambda x, m: 0.0, only=()) == dict.fromkeys(("loss", "representation"), ("the same share", 4))
    assert set(changed_by(lambda x, m: (x + 2.7 + 0.3 * m) / 2.7).values()) == {("gradual", 4)}
    assert set(changed_by(lambda x, m: math.exp(x) + 0.1 * m).values()) == {("gradual", 4)}
    assert set(changed_by(lambda x, m: float(x > step + m / 2)).values()) == {("another share", 4)}
    assert set(changed_by(lambda x, m: 0.5).values()) == {("hardly changes", 0)}
    assert set(changed_by(lambda x, m: 0.5, only=("sigma 2",)).values()) == {("the same share", 3)}


def test_the_slope_is_that_of_the_onsets():
    onsets = {s.name: ONSET - 0.7 * math.log(s.sigma) for s in FORM.settings}
    found = measured(FORM, planted(onsets))
    slope = told(planted(onsets))[0]["slope"]
    assert (slope["value"], found.se) == (pytest.approx(-0.7), pytest.approx(0.05 / math.sqrt(3)))
    assert slope["se"] == pytest.approx(found.se / np.sqrt(4 * np.var(np.log([0.65, 1, 1.5, 2]))))
    assert values(FORM, found, thresholds())["cosine 0.005"] == pytest.approx(math.log(0.3 / 0.081), abs=0.06)


def test_thresholds_are_those_of_the_geometry():
    """On a grid of 12 x 12."""
    rng, first = np.random.default_rng(0), []
    for _ in range(400):
        rows = rng.permutation(144)
        for kept in range(1, 145):
            if largest_rook_piece(rows[:kept]) * 2 >= kept and all(
                largest_rook_piece(rows[:more]) * 2 >= more for more in range(kept, min(kept + 12, 144))
            ):
                break
        first.append(kept / 144)
        if len(first) == 40:
            break
    assert line_threshold(FORM.base, 200) == pytest.approx(np.mean(first), abs=0.03)
    images = thresholds().images
    assert images["cosine 0.005"]["sigma 2"] == pytest.approx(0.028, abs=0.006)
    assert images["cosine 0.005"]["sigma 0.65"] == pytest.approx(0.196, abs=0.02)
    assert images["product 0.05"]["sigma 2"] == 1.0


def largest_rook_piece(positions):
    pieces = []
    for place in positions:
        lines = {("row", place // 12), ("column", place % 12)}
        touched = [each for each in pieces if each[0] & lines]
        pieces = [each for each in pieces if not each[0] & lines]
        pieces.append((lines.union(*(each[0] for each in touched)), 1 + sum(each[1] for each in touched)))
    return max(each[1] for each in pieces)


class _Place(torch.nn.Module):
    def forward(self, code):
        """Cosines of half a wave, x and y, into the first two of 128 features."""
        return torch.nn.functional.pad(1e-3 * code[:, [8, 24]], (0, 126))


def test_the_position_is_read_from_what_the_condition_writes_alone():
    quick, setting = PLAN.quick, PLAN.quick.base
    how, subset = setting.training(quick.training), random_subset(setting.grid, 0.6, rng=1)
    network = bump_training(how, setting.grid, subset.images(), subset.positions, 1, levels=1).network.eval()
    denoiser = SimpleNamespace(model=network)

    def read():
        order, noise = np.random.default_rng(0), NoiseStream(0, Stream.BUMP_PERCOLATION)
        return _read(how, setting, denoiser, subset, order, noise, torch.device("cpu"))

    before = read()
    assert before[0] == 0  # blocks begin without a part of the condition
    torch.nn.init.normal_(network.down[1].second.weight)
    network.condition.mix = _Place()  # the condition is written in a straight line of small shifts
    after = read()
    assert after[0] > 0.95
    assert 0.5 < before[1] == after[1] < 1  # thirteen positions of the code tell the others


def test_the_plan_varies_one_thing_at_a_time_but_for_the_test():
    full = PLAN.full
    assert [each.sigma for each in full.widths] == [0.65, 1.0, 1.5, 2.0]
    counts = [len(changed(each, full.base)) for each in full.settings]
    assert counts == [0, 1, 1, 1, 1, 1, 1, 1, 1, 3]
    assert sum(len(each.shares) for each in full.settings) * full.seeds == 159


def test_forms_that_cannot_be_judged_are_refused():
    with pytest.raises(ValueError, match="tolerance must lie below half a pixel"):
        replace(FORM, tolerance=0.5)
    with pytest.raises(ValueError, match="names of their own, got sigma 1, sigma 1"):
        replace(FORM, settings=(FORM.base, FORM.base))
    with pytest.raises(ValueError, match="shares must increase and hold timed = 0.45"):
        replace(FORM, settings=(Setting("few", (0.1, 0.2)),))
