"""Noise levels, noised points, predicted noise and the moving average."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes.validation.sampling import NoiseStream  # noqa: E402
from regimes.validation.training.moving_average import MovingAverage  # noqa: E402
from regimes.validation.training.noise_levels import NoiseLevels, noised_rows  # noqa: E402
from regimes.validation.training.noise_prediction import predicted_noise  # noqa: E402


def time_of(log_snr):
    return 0.5 * np.log1p(np.exp(-np.asarray(log_snr, dtype=np.float64)))


@pytest.mark.parametrize("law", ["log-snr", "time"])
def test_each_part_of_the_range_has_one_level(law):
    levels = NoiseLevels(0.01, 3.0, law)
    drawn = np.concatenate(
        [levels.stratified(NoiseStream(0), step, 16).double().numpy() for step in range(200)]
    ).reshape(200, 16)
    t = time_of(drawn)
    if law == "time":
        place = (t - 0.01) / 2.99
    else:
        first, last = -np.log(np.expm1(0.02)), -np.log(np.expm1(6.0))
        place = (drawn - first) / (last - first)
    assert np.array_equal(np.floor(place * 16 - 1e-5 + 2e-5 * (np.arange(16) == 0)), np.tile(np.arange(16), (200, 1)))
    within = place * 16 - np.arange(16)
    assert abs(within.mean() - 0.5) / np.sqrt(1 / 12 / within.size) < 4


def test_noised_points_and_the_noise_behind_every_prediction():
    generator = np.random.default_rng(0)
    a, z = generator.normal(size=(2, 50, 3, 2))
    level = generator.uniform(-8, 8, size=50)
    t = time_of(level)[:, None, None]
    x = np.exp(-t) * a + np.sqrt(-np.expm1(-2 * t)) * z
    tensors = [torch.tensor(each, dtype=torch.float32) for each in (a, z, level, x)]
    torch.testing.assert_close(noised_rows(tensors[0], tensors[2], tensors[1]), tensors[3], rtol=1e-5, atol=1e-5)
    a, z, level, x = (each.double() for each in map(torch.tensor, (a, z, level, x)))
    v = torch.exp(-torch.tensor(t)) * z - torch.sqrt(-torch.expm1(-2 * torch.tensor(t))) * a
    for prediction, output in (("eps", z), ("x0", a), ("v", v)):
        torch.testing.assert_close(predicted_noise(output, x, level, prediction), z, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((0.0, 1.0), "t_min .Ornstein-Uhlenbeck time. must be positive"),
        ((1.0, 0.5), "must be .t_min, t_max. with t_min below t_max, got .1, 0.5."),
        ((0.1, 1.0, "uniform"), "times must be one of log-snr, time, got 'uniform'"),
    ],
)
def test_errors_of_levels(arguments, text):
    with pytest.raises(ValueError, match=text):
        NoiseLevels(*arguments)


def test_the_average_forgets_its_beginning():
    """Against the sum written out: weight of step k is (1 - decay_k) times the decays after it."""
    model = torch.nn.Linear(1, 1, bias=False, dtype=torch.float64)
    torch.nn.init.zeros_(model.weight)
    average = MovingAverage(model, 0.9)
    values = np.random.default_rng(0).normal(size=200)
    decays = [min(0.9, (1 + k) / (10 + k)) for k in range(200)]
    for value in values:
        torch.nn.init.constant_(model.weight, value)
        average.update()
    expected = sum(value * (1 - decays[k]) * np.prod(decays[k + 1 :]) for k, value in enumerate(values))
    assert average.model.weight.item() == pytest.approx(expected, rel=1e-12)
    assert average.updates == 200
    assert not average.model.weight.requires_grad


def test_no_average_and_buffers():
    model = torch.nn.BatchNorm1d(2)
    average = MovingAverage(model, 0.0)
    model.running_mean += 3.0
    torch.nn.init.constant_(model.weight, 5.0)
    average.update()
    assert average.model.running_mean.tolist() == [3.0, 3.0]
    assert average.model.weight.tolist() == [5.0, 5.0]
    for decay in (1.0, -0.1):
        with pytest.raises(ValueError, match="decay .share that survives a step. must be"):
            MovingAverage(model, decay)
