"""The onset with the kept share: planted curves of each hypothesis are known for what they are, mixtures are not."""

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes.validation.experiments.bump_percolation.analysis import (  # noqa: E402
    changes,
    log_onsets,
    misses,
    slopes,
    verdict,
)
from regimes.validation.experiments.bump_percolation.experiment import PLAN  # noqa: E402
from regimes.validation.experiments.bump_percolation.form import OVERLAPS, Setting, changed, log_shares  # noqa: E402
from regimes.validation.experiments.bump_percolation.predictions import (  # noqa: E402
    HYPOTHESES,
    _field,
    image_threshold,
    line_threshold,
    overlap_name,
    predictions,
    thresholds_of,
)
from regimes.validation.experiments.bump_percolation.runs import ShareRun  # noqa: E402
from regimes.validation.experiments.bump_percolation.summary import sentences, tables_of  # noqa: E402

SHARES = tuple(np.geomspace(0.01, 0.98, 21).round(3))
FORM = replace(
    PLAN.full,
    settings=tuple(replace(each, shares=SHARES) for each in PLAN.full.settings),
    timed=SHARES[-1],
    orders=150,
)
SCATTER = (-0.05, 0.0, 0.05)
ONSET, STEPS = math.log(0.27), math.log(300)


@cache
def thresholds():
    return thresholds_of(FORM)


def planted(onsets, log_steps=STEPS, form=FORM):
    """Runs whose accuracy passes one half at given logs of the share, the scatter of the seeds put on top."""
    found = {}
    for setting in form.settings:
        logs, snapshots = log_shares(setting), setting.training(form.training).snapshots
        took = log_steps[setting.name] if isinstance(log_steps, dict) else log_steps
        learned = np.clip(0.5 + 0.5 * (np.log(snapshots) - took), 0, 1)
        found[setting.name] = [[run(at, onsets[setting.name] + more, learned) for at in logs] for more in SCATTER]
    return found


def run(at, onset, learned):
    right = float(np.clip(0.5 + 0.9 * (at - onset), 0, 1))
    gap = math.exp(2 * (1 - right))
    outcomes = np.array([[0, 0, 1 - right, right], [0, 0, 0, 1]])
    return ShareRun(10, outcomes, np.array([gap, 1.0]), np.array(right), np.array(0.0), learned)


def constant(value=ONSET):
    return {each.name: value for each in FORM.settings}


def by(hypothesis, steps=None, base=ONSET):
    return predictions(FORM, thresholds(), constant(base), steps or constant(STEPS))[hypothesis]


def judged(runs):
    return verdict(FORM, runs, misses(FORM, runs, thresholds()))


@pytest.mark.parametrize("hypothesis", sorted(set(HYPOTHESES) - {"widened", "product 0.05"}))
def test_planted_curves_of_a_hypothesis_are_known(hypothesis):
    steps = {each.name: STEPS + 0.6 * math.log(each.sigma) for each in FORM.settings}
    # Noise that makes an onset early hides all differences of the narrowest bumps: then there is none.
    base = math.log(0.55) if hypothesis == "noised" else ONSET
    onsets = {name: min(value, -0.15) for name, value in by(hypothesis, steps, base).items()}  # inside of the shares
    found, standing = judged(planted(onsets, steps))
    # Overlaps of images have thresholds that run alike on these widths, and are those of images widened by nothing.
    images = {overlap_name(*each) for each in OVERLAPS} | {"widened"}
    assert hypothesis in standing
    assert set(standing) <= (images if hypothesis in images else {hypothesis})
    assert found == ("explained" if len(standing) == 1 else "not told apart")


def test_planted_curves_of_widened_images_are_known():
    """Area of a disc that percolates, 4 eta_c/lambda, of images of width sqrt(sigma^2 + 8)."""
    onsets = {s.name: math.log(4.51235 / (1.5 * (s.sigma**2 + 8) - 1 + 3.3)) for s in FORM.settings}
    runs = planted(onsets)
    found, standing = judged(runs)
    assert (found, standing) == ("explained", ["widened"])
    law = tables_of(FORM, runs, thresholds(), misses(FORM, runs, thresholds()))["widened"]
    assert law["v"]["value"] == pytest.approx(8, abs=1)
    assert law["tau"]["value"] == pytest.approx(math.exp(-1.5 / (4 * math.pi)), abs=0.02)


def test_mixtures_are_not_explained():
    widths, steps = by("cosine 0.05"), by("budget")
    mixed = {name: (widths[name] + steps[name]) / 2 - 0.4 * (name == "3 waves") for name in widths}
    found, standing = judged(planted(mixed))
    assert (found, standing) == ("not explained", [])


def test_nothing_is_judged_where_an_onset_is_outside_or_errors_are_wide():
    onsets = constant()
    assert judged(planted(onsets | {"sigma 2": 1.0}))[0] == "not judged"
    assert judged(planted(onsets | {"3 waves": 1.0})) == ("explained", ["share"])
    runs = planted(onsets)
    wide = {
        name: [
            [run(at, onsets[name] + more, seed[0].learned) for at in log_shares(setting)]
            for seed, more in zip(runs[name], (-0.9, 0.2, 0.9), strict=True)
        ]
        for name, setting in ((each.name, each) for each in FORM.settings[1:])
    }
    assert judged(runs | wide)[0] == "errors too wide"


def test_the_onset_and_its_slope():
    onsets = {s.name: -1.5 - 0.7 * math.log(s.sigma) for s in FORM.settings}
    runs = planted(onsets)
    assert log_onsets(FORM.base, runs[FORM.base.name]) == pytest.approx([-1.55, -1.5, -1.45], abs=1e-9)
    measured = slopes(FORM, runs, thresholds())["measured"]
    assert (measured.value, measured.se) == (pytest.approx(-0.7), pytest.approx(0, abs=1e-9))
    half = changes(FORM, runs)
    assert half["representation"].value == pytest.approx(0)
    assert half["loss"].value == pytest.approx(0)
    assert half["loss"].count == 3 * 4


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
    wide, narrow = (image_threshold(replace(FORM.base, sigma=each), "cosine", 0.005, 200) for each in (2.0, 0.65))
    assert wide == pytest.approx(0.028, abs=0.006)
    assert narrow == pytest.approx(0.196, abs=0.02)
    assert image_threshold(replace(FORM.base, sigma=2.0), "product", 0.05, 20) == 1.0


def largest_rook_piece(positions):
    pieces = []
    for place in positions:
        lines = {("row", place // 12), ("column", place % 12)}
        touched = [each for each in pieces if each[0] & lines]
        pieces = [each for each in pieces if not each[0] & lines]
        pieces.append((lines.union(*(each[0] for each in touched)), 1 + sum(each[1] for each in touched)))
    return max(each[1] for each in pieces)


@pytest.mark.parametrize("levels", [0, 1])
def test_the_receptive_field_is_that_of_the_network(levels):
    from regimes.validation.training import SmallUNet

    network = SmallUNet((1, 40, 40), channels=4, levels=levels).eval()
    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.uniform_(layer.weight, 0.1, 0.2)
        if isinstance(layer, torch.nn.GroupNorm):
            layer.forward = lambda x: x  # means over the image reach everywhere
    x = torch.zeros(1, 1, 40, 40, requires_grad=True)
    network(x, torch.zeros(1))[0, 0, 19, 19].backward()
    assert abs(int((x.grad[0, 0].abs().sum(dim=0) > 0).sum()) - _field(levels)) <= 2**levels - 1


def test_what_is_said_is_what_was_found():
    runs = planted(by("count"))
    tables = tables_of(FORM, runs, thresholds(), misses(FORM, runs, thresholds()))
    said = " ".join(sentences(FORM, tables))
    assert "Best supported: a number of examples fails nowhere" in said
    assert "20 pixels -1.02 (0.00), moves" in said
    assert said.count("(the same share)") == 2


def test_the_plan_varies_one_thing_at_a_time_but_for_the_test():
    full = PLAN.full
    assert [each.sigma for each in full.widths] == [0.65, 1.0, 1.5, 2.0]
    counts = [len(changed(each, full.base)) for each in full.settings]
    assert counts == [0, 1, 1, 1, 1, 1, 1, 1, 1, 3]
    assert sum(len(each.shares) for each in full.settings) * full.seeds == 144


def test_forms_that_cannot_be_judged_are_refused():
    with pytest.raises(ValueError, match="tolerance must lie below half a pixel"):
        replace(FORM, tolerance=0.5)
    with pytest.raises(ValueError, match="names of their own, got sigma 1, sigma 1"):
        replace(FORM, settings=(FORM.base, FORM.base))
    with pytest.raises(ValueError, match="shares must increase and hold timed = 0.98"):
        replace(FORM, settings=(Setting("few", (0.1, 0.2)),))
