"""Layers under U-turns: whitening, places and errors against laws that are known, files in any dress."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from regimes.cli.main import main
from regimes.hierarchy import FeatureTransitions, feature_transitions
from regimes.prediction.hierarchy.features.cosines import layer_cosines, whitening

T = np.geomspace(0.03, 4.0, 14)
SIGMA = np.sqrt(np.expm1(2 * T))


def turned(start, kept, draw):
    """Points of which a share ``kept`` of the direction is left at each time."""
    return np.stack([c * start + np.sqrt(1 - c**2) * draw(size=start.shape) for c in kept])


def written(folder, *, points=400, seed=0, powers=(2.0, 6.0), channels=200):
    """Two layers of Gaussian channels, whose shares are 1/(1 + sigma^power)."""
    draw, arrays = np.random.default_rng(seed).normal, {"t": T}
    for name, power in zip(("shallow", "deep"), powers, strict=True):
        start = draw(size=(points, channels))
        arrays[f"start.{name}"], arrays[f"end.{name}"] = start, turned(start, 1 / (1 + SIGMA**power), draw)
    np.savez(folder / "turns.npz", **arrays)
    return arrays


def test_places_and_widths_are_those_of_the_law(tmp_path):
    written(tmp_path)
    found = feature_transitions(tmp_path)
    assert found.problem.layers == ("shallow", "deep")
    widths = []
    for number, power in ((1, 2.0), (2, 6.0)):
        top = 1 / (1 + SIGMA[0] ** power)  # shares are relative to the smallest time
        three, half, one = np.log((1 / (top * np.array([0.75, 0.5, 0.25])) - 1) ** (1 / power))
        time, width = found[f"features.time.{number}"], found[f"features.width.{number}"]
        assert time.value == pytest.approx(np.log1p(np.exp(2 * half)) / 2, abs=4 * time.error)
        assert width.value == pytest.approx(one - three, abs=4 * width.error)
        widths.append(one - three)
    ratio = found["features.sharpening"]
    assert ratio.value == pytest.approx(np.log(widths[0] / widths[1]), abs=4 * ratio.error)
    assert ratio.value > 10 * ratio.error
    assert any("shallow takes" in text and "z = +" in text for text in found.sentences)


def test_errors_are_the_scatter_of_redraws(tmp_path):
    values, errors = [], []
    for seed in range(30):
        written(tmp_path, points=60, seed=seed, channels=8)
        found = feature_transitions(tmp_path, layers=["deep"])
        values.append([found["features.time.1"].value, found["features.width.1"].value])
        errors.append([found["features.time.1"].error, found["features.width.1"].error])
    scatter, stated = np.std(values, axis=0, ddof=1), np.sqrt(np.mean(np.square(errors), axis=0))
    assert np.all(np.abs(np.log(stated / scatter)) < 0.5)


def test_symbols_as_channels_give_the_share_of_those_kept():
    """A symbol of v kept with probability p, else drawn anew among the others: the cosine is (pv - 1)/(v - 1)."""
    generator, v, p = np.random.default_rng(3), 5, 0.6
    start = generator.integers(v, size=(2000, 40))
    moved = (start + generator.integers(1, v, size=start.shape)) % v
    end = np.where(generator.random(start.shape) < p, start, moved)
    one, other = (np.eye(v)[each].transpose(0, 2, 1) for each in (start, end))
    found = layer_cosines("f", "symbols", one, [other]).cosine[0]
    assert found.mean() == pytest.approx((p * v - 1) / (v - 1), abs=4 * found.std() / np.sqrt(found.size) + 1e-3)


def test_a_layer_is_whitened_by_units_and_channels():
    rows = np.random.default_rng(0).normal(size=(200, 3, 4)) * np.array([1.0, 50.0, 0.0])[:, None] + 7.0
    white = whitening("f", "layer", rows)
    assert white.kept.tolist() == [True, True, False]
    direction = white.rows(rows)
    assert direction.shape == (200, 8)
    assert np.linalg.norm(direction, axis=1) == pytest.approx(1, abs=1e-6)
    halves = (direction.reshape(200, 2, 4) ** 2).sum(axis=2).mean(axis=0)
    assert halves == pytest.approx([0.5, 0.5], abs=0.03)  # both channels weigh alike
    assert layer_cosines("f", "layer", rows, [rows, rows + 1e-3]).cosine == pytest.approx(1, abs=1e-3)
    with pytest.raises(ValueError, match="must vary over the points, got constant"):
        whitening("f", "layer", np.ones((60, 2)))
    with pytest.raises(ValueError, match="at least 50 points"):
        whitening("f", "layer", rows[:20])


def test_the_baseline_is_that_of_all_other_pairs():
    draw = np.random.default_rng(1).normal
    start = draw(size=(75, 6))
    end = 0.3 * start + draw(size=(75, 6)) + 0.5  # ends that have moved as a whole
    layer = layer_cosines("f", "layer", start, [end])
    white = whitening("f", "layer", start)
    every = white.rows(start).astype(float) @ white.rows(end).astype(float).T
    assert layer.between[0].sum() == pytest.approx(every.sum(), abs=1e-4)
    assert layer.cosine[0] == pytest.approx(np.diag(every), abs=1e-6)


def test_files_may_be_one_or_many_and_of_half_precision(tmp_path):
    arrays = written(tmp_path)
    many = tmp_path / "many"
    many.mkdir()
    starts = {key: value.astype(np.float16) for key, value in arrays.items() if key.startswith("start.")}
    np.savez_compressed(many / "start.npz", **starts)
    for place, t in enumerate(T):
        ends = {key: value[place] for key, value in arrays.items() if key.startswith("end.")}
        np.savez(many / f"turn-{9 - place % 10}-{place}.npz", t=t, **ends)
    one, other = feature_transitions(tmp_path / "turns.npz"), feature_transitions(many)
    for key, number in one.numbers.items():
        assert other[key].value == pytest.approx(number.value, abs=0.1 * number.error)


def test_a_share_that_does_not_fall_far_enough_has_a_reason(tmp_path):
    draw = np.random.default_rng(0).normal
    start = draw(size=(100, 30))
    np.savez(tmp_path / "a.npz", **{"t": T, "start.a": start, "end.a": turned(start, np.linspace(0.8, 0.3, 14), draw)})
    found = feature_transitions(tmp_path)
    assert found["features.time.1"].value is not None
    assert found["features.width.1"].value is None
    assert "stays between" in found["features.width.1"].reason
    assert "add smaller times" in found.warnings[0]
    assert "features.sharpening" not in found.numbers


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"t": T}, "must hold start.LAYER"),
        ({"start.a": np.zeros((60, 2))}, "must hold t and end.LAYER"),
        ({"t": T, "start.a": np.eye(60)}, r"must hold end\.a, got none"),
        ({"t": T, "start.a": np.eye(60), "end.a": np.ones((3, 60, 60))}, "with 14 times, got"),
        ({"t": T, "start.a": np.eye(60), "end.a": np.ones((14, 59, 60))}, "of the shape of those of the points"),
        ({"t": T[:3], "start.a": np.eye(60), "end.a": np.ones((3, 60, 60))}, "at least 4 times"),
        ({"t": T, "start.a": np.eye(60), "end.a": np.full((14, 60, 60), np.nan)}, "must be finite"),
        ({"t": -T, "start.a": np.eye(60), "end.a": np.ones((14, 60, 60))}, "must be positive"),
    ],
)
def test_files_that_do_not_fit_are_refused(tmp_path, arrays, words):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(ValueError, match=words):
        feature_transitions(tmp_path)


def test_sources_that_are_none_are_refused(tmp_path):
    with pytest.raises(ValueError, match="must be an .npz file or a folder"):
        feature_transitions(tmp_path)
    with pytest.raises(ValueError, match="at least one"):
        feature_transitions()
    written(tmp_path, points=60, channels=4)
    with pytest.raises(ValueError, match="shallow, deep, got logits"):
        feature_transitions(tmp_path, layers=["logits"])
    (tmp_path / "again.npz").write_bytes((tmp_path / "turns.npz").read_bytes())
    with pytest.raises(ValueError, match="must stand in one file"):
        feature_transitions(tmp_path)


def test_the_command_prints_draws_and_stores(tmp_path):
    written(tmp_path, points=60, channels=10)
    target, drawn = tmp_path / "found.json", tmp_path / "found.png"
    done = CliRunner().invoke(
        main,
        ["features", str(tmp_path / "turns.npz"), "--layers", "deep,shallow", "-o", str(target), "--plot", str(drawn)],
    )
    assert done.exit_code == 0, done.output
    assert "half kept at t" in done.output
    assert drawn.stat().st_size > 1000
    again = FeatureTransitions.from_dict(json.loads(target.read_text()))
    assert again == feature_transitions(tmp_path / "turns.npz", layers=["deep", "shallow"])
    assert again["features.sharpening"].value < 0
    missing = CliRunner().invoke(main, ["features", str(tmp_path / "none.npz")])
    assert missing.exit_code == 2
