"""Last changes of the nearest point: closed forms for two points, bounds for many, backward paths against the law."""

import numpy as np
import pytest
from scipy.special import ndtr

torch = pytest.importorskip("torch")

from regimes.numerics.interface.checkpoints import Checkpoints  # noqa: E402
from regimes.validation.measurement.blocks import Blocks  # noqa: E402
from regimes.validation.measurement.clones import SimulatedModel  # noqa: E402
from regimes.validation.measurement.last_change import LastChange, exact_last_change, measure_last_change  # noqa: E402
from regimes.validation.measurement.most_probable import most_probable_point  # noqa: E402
from regimes.validation.measurement.nearest import NearestPoint  # noqa: E402
from regimes.validation.sampling import NoiseStream, backward_times  # noqa: E402
from regimes.validation.scores import EmpiricalScore  # noqa: E402

HALF = 1.3  # of the distance between two points
TWO = torch.tensor([[-HALF, 0.0], [HALF, 0.0]], dtype=torch.float64)
# u = exp(2t) - 1 is the time of the Brownian motion; equal steps of it.
STEP = 0.01
BROWNIAN = np.arange(400, -1, -1) * STEP


def ou_times(u):
    return np.log1p(u) / 2


def points(n=40, d=6, seed=2):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(n, d)))


def test_two_points_are_left_as_a_brownian_motion_leaves_a_half_space():
    """Reflection principle; seen at steps, the barrier is farther by 0.5826 sqrt(step) (Chernoff 1965)."""
    count = 8_000
    found = exact_last_change(
        TWO, ou_times(BROWNIAN), paths=count, noise=NoiseStream(0), nearest=NearestPoint(TWO), blocks=Blocks(size=5000)
    )
    u = np.array([0.5, 1.0, 2.0, 3.0, 4.0])
    inside = 2 * ndtr((HALF + 0.5825972 * np.sqrt(STEP)) / np.sqrt(u)) - 1
    z = (found.later_than(ou_times(u) - 1e-9) - inside) / np.sqrt(inside * (1 - inside) / count)
    assert np.abs(z).max() < 4
    assert found.unchanged / count == pytest.approx(inside[-1], abs=4 * 0.5 / np.sqrt(count))


def test_two_points_are_told_apart_with_the_probability_of_a_normal():
    t = np.array([0.1, 0.4, 1.0])
    mean, error = most_probable_point(TWO.numpy(), t, probes=40_000)
    exact = ndtr(HALF / np.sqrt(np.expm1(2 * t)))
    assert np.abs((mean - exact) / error).max() < 4


def test_the_most_probable_point_is_that_of_the_posterior():
    data = points()
    t, rows = 0.4, 20_000
    mean, error = most_probable_point(data.numpy(), [t], probes=rows, rng=3)
    rng = np.random.default_rng(4)
    x = np.exp(-t) * data.numpy()[rng.integers(40, size=rows)] + np.sqrt(-np.expm1(-2 * t)) * rng.normal(size=(rows, 6))
    most = EmpiricalScore(data).posterior(torch.from_numpy(x), t).max(dim=1).values.numpy()
    assert abs(mean[0] - most.mean()) < 4 * np.hypot(error[0], most.std() / np.sqrt(rows))


def test_the_most_probable_point_does_not_depend_on_the_block():
    data = points().numpy()
    whole = most_probable_point(data, [0.3, 0.6], probes=500, memory=2**30)
    parts = most_probable_point(data + 5.0, [0.3, 0.6], probes=500, memory=2**30)
    np.testing.assert_allclose(whole[0], parts[0], rtol=1e-9)
    with pytest.raises(ValueError, match="most_probable_point: one probe would take"):
        most_probable_point(data, [0.3], memory=100)


def test_the_law_lies_between_its_bounds():
    data, count = points(), 6_000
    times = backward_times(2.5, steps=250)
    found = exact_last_change(data, times, paths=count, noise=NoiseStream(1), nearest=NearestPoint(data))
    t = times[[225, 200, 175, 150, 100]]
    share = found.later_than(t)
    most, error = most_probable_point(data.numpy(), t, probes=20_000)
    slack = 4 * np.hypot(0.5 / np.sqrt(count), error)
    assert np.all(share < most + slack)
    assert np.all(share > 2 * most - 1 - 2 * slack)
    assert np.all(np.diff(share) < 0)


def test_backward_paths_under_the_exact_score_have_the_law():
    data = points().float()
    nearest = NearestPoint(data)
    times = np.concatenate([backward_times(5.0, end=1.5, steps=40)[:-1], backward_times(1.5, steps=150)])
    exact = exact_last_change(data, times, paths=8_000, noise=NoiseStream(2), nearest=nearest)
    model = SimulatedModel(EmpiricalScore(data), data, nearest, "euler-maruyama")
    found = measure_last_change(model, times, paths=2_000, noise=NoiseStream(3))
    assert abs(found.mean - exact.mean) < 4 * np.hypot(found.mean_se, exact.mean_se)
    t = times[[-120, -90, -60, -30]]
    share, other = found.later_than(t), exact.later_than(t)
    se = np.sqrt(other * (1 - other) * (1 / 2_000 + 1 / 8_000))
    assert np.abs((share - other) / se).max() < 4
    frequency = np.bincount(found.index, minlength=40) / 2_000  # every point is reached as often as any other
    assert np.abs((frequency - 1 / 40) / np.sqrt(1 / 40 * 39 / 40 / 2_000)).max() < 4.5


def test_blocks_and_interruptions_change_nothing(tmp_path):
    data = points().float()
    nearest, times = NearestPoint(data), backward_times(2.0, steps=20)
    options = {"paths": 50, "noise": NoiseStream(5)}

    def score(x, t):
        return -x

    def stop(rows):
        raise KeyboardInterrupt

    model = SimulatedModel(score, data, nearest)
    whole = measure_last_change(model, times, **options)
    store = Checkpoints(tmp_path / "run", {})
    with pytest.raises(KeyboardInterrupt):
        measure_last_change(model, times, blocks=Blocks(store, size=16, advance=stop), **options)
    seen = []
    again = measure_last_change(model, times, blocks=Blocks(store, size=16, advance=seen.append), **options)
    assert seen == [16, 16, 16, 2]
    assert again.time.tobytes() == whole.time.tobytes()
    assert again.index.tobytes() == whole.index.tobytes()
    exact = [
        exact_last_change(data, times, nearest=nearest, blocks=Blocks(size=size), **options).time.tobytes()
        for size in (None, 7)
    ]
    assert exact[0] == exact[1]


def test_classes_of_the_ends():
    data = points().float()
    model = SimulatedModel(EmpiricalScore(data), data, NearestPoint(data), classify=lambda x: (x[:, 0] > 0).long())
    found = measure_last_change(model, backward_times(2.0, steps=200), paths=30, noise=NoiseStream(6))
    assert np.array_equal(found.classes, (data[found.index, 0] > 0).numpy())


def test_it_is_plain_and_sums_up():
    found = LastChange(np.array([0.5, 0.5, 1.5, 2.0]), 1, np.arange(4))
    assert found.mean == 1.125
    assert found.summary()["quantiles"]["0.5"] == 1.0
    assert found.summary()["paths"] == 4
    assert found.later_than([0.0, 0.5, 1.0]).tolist() == [1.0, 0.5, 0.5]
    t, share = found.curve()
    assert t.tolist() == [0.5, 1.5, 2.0]
    assert share.tolist() == [0.75, 0.375, 0.125]


def test_equal_points_count_as_one():
    data = torch.tensor([[0.0, 1.0], [2.0, 0.0], [-0.0, 1.0], [2.0, 0.0], [5.0, 5.0]])
    nearest = NearestPoint(data)
    assert nearest.first_copy.tolist() == [0, 1, 0, 1, 4]
    assert nearest.copies.tolist() == [2, 2, 2, 2, 1]
    x = torch.tensor([[0.1, 0.9], [1.9, 0.0], [4.0, 4.0]])
    assert nearest(x, 0.0).tolist() == [0, 1, 4]
