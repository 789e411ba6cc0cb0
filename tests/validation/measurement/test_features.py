"""Features of U-turns with torch: hooks give what files give, and a known score what theory says."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from regimes.hierarchy import feature_transitions  # noqa: E402
from regimes.numerics.estimation.streams import Stream  # noqa: E402
from regimes.validation import NoiseStream, measure_features  # noqa: E402
from regimes.validation.measurement.features import activations, turned  # noqa: E402

T = [0.02, 0.1, 0.2, 0.35, 0.6, 1.0, 2.0]


def gaussian(x, t):
    return -x


@pytest.fixture(scope="module")
def points():
    return NoiseStream(3).normal(0, 0, 300, (1, 6, 6))


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.Dropout(0.5), nn.Tanh(), nn.Flatten(), nn.Linear(64, 3))


def test_standard_normal_points_keep_their_direction_as_theory_says(points, network):
    """Under their exact score the end is exp(-2t) of the start and independent noise: half is left at t = log(2)/2."""
    found = measure_features(gaussian, network, points, ["input"], T, steps=200)
    time = found["features.time.1"]
    assert time.value == pytest.approx(np.log(2) / 2, abs=4 * time.error + 0.01)
    assert found.curves["cosine"][0] == pytest.approx(np.exp(-2 * np.array(T)), abs=0.05)


def test_hooks_give_what_files_give(points, network, tmp_path):
    layers = ["input", "0", "2", "4"]
    found = measure_features(gaussian, network.train(), points, layers, T, steps=12, rng=4)
    assert network.training
    network.eval()
    arrays = {"t": np.array(T)} | {f"start.{name}": activations(network, name, points) for name in layers}
    noise = NoiseStream(4, Stream.FEATURES)
    ends = [turned(gaussian, points, t, steps=12, end=0.01, noise=noise.substream(i)) for i, t in enumerate(T)]
    arrays |= {f"end.{name}": np.stack([activations(network, name, end) for end in ends]) for name in layers}
    np.savez(tmp_path / "turns.npz", **arrays)
    from_files = feature_transitions(tmp_path)
    assert from_files.problem.channels == found.problem.channels == (1, 4, 4, 3)
    for key, number in found.numbers.items():
        assert from_files[key].value == pytest.approx(number.value), key
        assert from_files[key].error == pytest.approx(number.error), key


def test_layers_and_times_that_do_not_fit_are_refused(points, network):
    with pytest.raises(ValueError, match="must be submodules of the network"):
        measure_features(gaussian, network, points, ["stem"], T)
    with pytest.raises(ValueError, match="at least 4 times above end"):
        measure_features(gaussian, network, points, ["input"], [0.001, 0.1, 0.2, 1.0])
    twice = nn.Sequential(network[0], nn.Flatten(), nn.Linear(64, 36), nn.Unflatten(1, (1, 6, 6)))
    called = nn.Sequential(twice, twice)
    with pytest.raises(ValueError, match="must be called once"):
        measure_features(gaussian, called, points, ["0"], T, steps=4)
