"""A perfect denoiser of Gaussian data in every parametrisation, and what goes wrong with real ones."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes.datasets.process.noise_schedule import noise_schedule  # noqa: E402
from regimes.numerics.process.schedules import Schedule  # noqa: E402
from regimes.validation.scores import NetworkScore  # noqa: E402
from regimes.validation.scores.model_clock import CLOCKS, ModelClock  # noqa: E402
from regimes.validation.scores.network import PREDICTIONS, SCALINGS  # noqa: E402

MEAN, SPREAD = 0.7, 1.8
LINEAR, EDM = noise_schedule("ddpm-linear"), noise_schedule("edm")


def snr_of(clock, reading):
    """The noise level behind a clock's reading, as its literature defines it."""
    if clock == "time":
        return 1 / torch.expm1(2 * reading)
    if clock == "log_snr":
        return torch.exp(reading)
    if clock == "alpha_bar":
        return reading / (1 - reading)
    if clock == "sigma":
        return 1 / reading**2
    if clock == "flow_time":
        return ((1 - reading) / reading) ** 2
    alpha_bar = np.exp(np.interp(reading.numpy(), np.arange(1000), np.log(LINEAR.alpha_bar)))
    return torch.tensor(alpha_bar / (1 - alpha_bar))


class PerfectDenoiser(torch.nn.Module):
    """Knows its input y = A a + B z and the reading of its clock alone; data are normal, one component like another."""

    def __init__(self, prediction, clock, scaling):
        super().__init__()
        self.prediction, self.clock, self.scaling = prediction, clock, scaling

    def forward(self, y, reading):
        snr = snr_of(self.clock, reading).view(-1, *[1] * (y.ndim - 1))
        signal, noise = torch.sqrt(snr / (1 + snr)), torch.sqrt(1 / (1 + snr))
        if self.scaling == "variance-exploding":
            A, B = torch.ones_like(snr), 1 / torch.sqrt(snr)
        elif self.scaling == "flow":
            A, B = torch.sqrt(snr) / (1 + torch.sqrt(snr)), 1 / (1 + torch.sqrt(snr))
        else:
            A, B = signal, noise
        a = (B**2 * MEAN + SPREAD**2 * A * y) / (B**2 + SPREAD**2 * A**2)
        z = (y - A * a) / B
        return {
            "eps": z,
            "x0": a,
            "v": signal * z - noise * a,
            "velocity": z - a,
            "score": -(y - A * MEAN) / (B**2 + SPREAD**2 * A**2),
        }[self.prediction]


def exact(x, t):
    """Score and posterior mean of the Gaussian data."""
    amplitude, delta = math.exp(-t), -math.expm1(-2 * t)
    score = -(x - amplitude * MEAN) / (amplitude**2 * SPREAD**2 + delta)
    return score, (x + delta * score) / amplitude


def states(*shape, dtype=torch.float64):
    return 2 * torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=dtype)


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_every_parametrisation_gives_the_same_score(prediction, clock, scaling):
    schedule = {"schedule": "ddpm-linear"} if clock == "step" else {}
    model = PerfectDenoiser(prediction, clock, scaling)
    score = NetworkScore(model, prediction=prediction, clock=clock, scaling=scaling, **schedule)
    x = states(5, 3)
    for t in (1e-3, 0.1, 1.0, 4.0):
        gradient, mean = exact(x, t)
        torch.testing.assert_close(score(x, t), gradient, rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(score.posterior_mean(x, t), mean, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("clock", "scaling"),
    [("time", SCALINGS[0]), ("log_snr", SCALINGS[0]), ("sigma", "variance-exploding"), ("flow_time", "flow")],
)
def test_each_clock_has_its_own_scaling(clock, scaling):
    x, model = states(4, 2), PerfectDenoiser("x0", clock, scaling)
    torch.testing.assert_close(NetworkScore(model, prediction="x0", clock=clock)(x, 0.6), exact(x, 0.6)[0])


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_single_precision(prediction):
    x, model = states(50, 8), PerfectDenoiser(prediction, "log_snr", "variance-preserving")
    score = NetworkScore(model, prediction=prediction, clock="log_snr")
    for t in (0.05, 1.0, 4.0):
        found = score(x.float(), t)
        assert found.dtype == torch.float32
        # x0 is the worst: (e^{-t} a - x)/Delta_t loses what the two have in common.
        torch.testing.assert_close(found.double(), exact(x, t)[0], rtol=1e-5, atol=2e-6 / -math.expm1(-2 * t))


def test_steps_of_a_schedule():
    seen = []

    def model(x, step):
        seen.append(step)
        return x

    x = states(3, 2)
    nearest = NetworkScore(model, prediction="eps", clock="step", schedule=LINEAR, rounding="nearest")
    for step in (0, 441, 999):
        nearest(x, LINEAR.time(step))
        assert seen[-1].dtype == torch.int64
        assert seen[-1].tolist() == [step] * 3
    nearest(x, 0.4 * LINEAR.time(441) + 0.6 * LINEAR.time(442))
    assert seen[-1].tolist() == [442] * 3
    fractional = NetworkScore(model, prediction="eps", clock="step", schedule=LINEAR)
    fractional(x, 0.4 * LINEAR.time(441) + 0.6 * LINEAR.time(442))
    assert seen[-1].tolist() == pytest.approx([441.6] * 3)
    falling = ModelClock("step", EDM)
    assert falling.reading(EDM.time(4)) == pytest.approx(4, abs=1e-9)
    assert falling.reading(0.3 * EDM.time(4) + 0.7 * EDM.time(5)) == pytest.approx(4.7, abs=1e-9)
    assert falling.reading(float(EDM.t.max())) == 0
    own = Schedule("own", np.array([0.1, 0.5]), np.exp([-0.2, -1.0]), "a test")
    assert ModelClock("step", own).reading(0.3) == pytest.approx(0.5)
    with pytest.raises(
        ValueError, match="^schedule own: t must lie in 0.1 to 0.5 .OU time., got 0.6; the schedule does"
    ):
        NetworkScore(model, prediction="eps", clock="step", schedule=own)(x, 0.6)


def test_shape_of_the_clock():
    shapes = []

    def model(x, t):
        shapes.append(tuple(t.shape))
        return x

    for name in ("rows", "column", "number"):
        NetworkScore(model, prediction="eps", clock="time", clock_shape=name)(states(3, 2), 0.5)
    assert shapes == [(3,), (3, 1), ()]


def test_batches_and_images():
    calls = []

    class Images(PerfectDenoiser):
        def forward(self, y, reading):
            calls.append(tuple(y.shape))
            return super().forward(y, reading)

    model = Images("eps", "time", "variance-preserving")
    score = NetworkScore(model, prediction="eps", clock="time", shape=(1, 4, 2), batch=3)
    x = states(7, 8)
    torch.testing.assert_close(score(x, 0.5), exact(x, 0.5)[0])
    assert calls == [(3, 1, 4, 2), (3, 1, 4, 2), (1, 1, 4, 2)]
    assert torch.equal(score(x.view(7, 1, 4, 2), 0.5), score(x, 0.5).view(7, 1, 4, 2))
    assert score(x[:0], 0.5).shape == (0, 8)


class Small(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.body = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Dropout(0.5))
        self.norm = torch.nn.BatchNorm1d(3)

    def forward(self, x, t):
        return self.norm(self.body(torch.cat([x, t], dim=1)))


def test_a_module_is_left_as_it_was():
    torch.manual_seed(0)
    model = Small()
    model.norm.eval()
    score = NetworkScore(model, prediction="eps", clock="log_snr", clock_shape="column")
    x = states(6, 3)
    first = score(x, 0.5)
    assert torch.equal(score(x, 0.5), first)
    assert first.dtype == torch.float64
    assert not first.requires_grad
    assert [part.training for part in (model, model.body[1], model.norm)] == [True, True, False]
    torch.testing.assert_close(score(x.float(), 0.5).double(), first, rtol=1e-5, atol=1e-6)
    broken = NetworkScore(model, prediction="eps", clock="log_snr", clock_shape="rows")
    message = (
        r"^NetworkScore: the model must take an input of shape \(6, 3\) and torch.float32 and a clock of shape "
        r"\(6,\) and torch.float32, got RuntimeError from it \(Tensors must .*clock_shape= if it wants one number or a"
    )
    with pytest.raises(ValueError, match=message) as caught:
        broken(x, 0.5)
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert model.training


def test_a_model_that_works_in_place_changes_nothing_of_ours():
    def in_place(y, reading):
        return y.mul_(0.5)

    for dtype in (torch.float32, torch.float64):
        x = states(5, 3, dtype=dtype)
        before = x.clone()
        for options in ({}, {"batch": 2}, {"shape": (3, 1)}):
            score = NetworkScore(in_place, prediction="eps", clock="time", **options)
            assert torch.equal(
                score(x, 0.5), NetworkScore(lambda y, s: y * 0.5, prediction="eps", clock="time")(x, 0.5)
            )
            score.posterior_mean(x, 0.5)
            assert torch.equal(x, before)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_a_half_precision_model_knows_the_step(dtype):
    seen = []

    class Half(torch.nn.Linear):
        def forward(self, y, step):
            seen.append((y.dtype, step))
            return super().forward(y)

    score = NetworkScore(Half(3, 3).to(dtype), prediction="eps", clock="step", schedule=LINEAR)
    t = 0.7 * LINEAR.time(777) + 0.3 * LINEAR.time(778)
    assert score(states(2, 3, dtype=torch.float32), t).dtype == torch.float32
    ((kind, step),) = seen
    assert kind == dtype
    assert step.tolist() == pytest.approx([777.3] * 2, abs=1e-3)


def test_a_model_that_fails_is_told_what_it_was_given():
    class Table(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.table = torch.nn.Embedding(1000, 4)

        def forward(self, y, step):
            return y + self.table(step)

    x = states(6, 4, dtype=torch.float32)
    message = (
        r"input of shape \(6, 4\) and torch.float32 and a clock of shape \(6,\) and torch.float32, got RuntimeError .*"
        r'rounding="nearest" if it looks steps up in a table'
    )
    with pytest.raises(ValueError, match=message):
        NetworkScore(Table(), prediction="eps", clock="step", schedule=LINEAR)(x, 0.5)
    NetworkScore(Table(), prediction="eps", clock="step", schedule=LINEAR, rounding="nearest")(x, 0.5)
    image = torch.nn.Conv2d(1, 1, 3, padding=1)
    with pytest.raises(
        ValueError, match=r"got RuntimeError .*; give shape=\(channels, height, width\) if it works on im"
    ):
        NetworkScore(lambda y, s: image(y), prediction="eps", clock="time")(x, 0.5)
    with pytest.raises(ValueError, match=r"got TypeError from it \(.*takes 1 positional argument but 2 were given\)"):
        NetworkScore(lambda y: y, prediction="eps", clock="time")(x, 0.5)

    def full(y, reading):
        raise torch.cuda.OutOfMemoryError("full")

    with pytest.raises(torch.cuda.OutOfMemoryError):
        NetworkScore(full, prediction="eps", clock="time")(x, 0.5)


@pytest.mark.parametrize("error", [KeyError("label"), ZeroDivisionError(), AssertionError("shape\n" + 400 * "x")])
def test_whatever_a_model_raises_comes_with_advice(error):
    def model(x, step):
        raise error

    score = NetworkScore(model, prediction="eps", clock="sigma")
    with pytest.raises(ValueError, match=f"got {type(error).__name__} from it .*; give shape=") as caught:
        score(torch.zeros(2, 3), 0.5)
    assert caught.value.__cause__ is error
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 700


def test_options_are_checked():
    def model(x, t):
        return x

    with pytest.raises(
        ValueError, match="^NetworkScore: prediction must be one of eps, x0, v, velocity, score, got 'e'"
    ):
        NetworkScore(model, prediction="e", clock="time")
    with pytest.raises(
        ValueError, match="^NetworkScore: clock must be one of time, log_snr, alpha_bar, sigma, flow_time"
    ):
        NetworkScore(model, prediction="eps", clock="t")
    with pytest.raises(
        ValueError, match="^NetworkScore: clock 'step' needs schedule, .* such as ddpm-linear or scaled"
    ):
        NetworkScore(model, prediction="eps", clock="step")
    with pytest.raises(ValueError, match="^NetworkScore: schedule belongs to clock 'step', got clock 'time'; leave it"):
        NetworkScore(model, prediction="eps", clock="time", schedule="cosine")
    with pytest.raises(ValueError, match="^NetworkScore: schedule must be one of ddpm-linear, .*, got 'lin'"):
        NetworkScore(model, prediction="eps", clock="step", schedule="lin")
    with pytest.raises(ValueError, match="^NetworkScore: schedule must be a name, .* or sigmas, got list; put"):
        NetworkScore(model, prediction="eps", clock="step", schedule=[1, 2, 3])
    with pytest.raises(ValueError, match="must rise or fall with each step, got the list"):
        NetworkScore(model, prediction="eps", clock="step", schedule={"sigmas": [3.0, 1.0, 1.0]})
    with pytest.raises(ValueError, match="^NetworkScore: rounding must be one of fractional, nearest, got 'floor'"):
        NetworkScore(model, prediction="eps", clock="step", schedule="cosine", rounding="floor")
    with pytest.raises(
        ValueError, match="^NetworkScore: scaling must be one of variance-preserving, variance-exploding"
    ):
        NetworkScore(model, prediction="eps", clock="time", scaling="VP")
    with pytest.raises(ValueError, match="^NetworkScore: clock_shape must be one of rows, column, number, got 'n'"):
        NetworkScore(model, prediction="eps", clock="time", clock_shape="n")
    with pytest.raises(ValueError, match="^NetworkScore: batch .rows a call. must be at least 1, got 0"):
        NetworkScore(model, prediction="eps", clock="time", batch=0)
    with pytest.raises(ValueError, match="^NetworkScore: model must be callable as model.x, clock., got int"):
        NetworkScore(3, prediction="eps", clock="time")


def test_what_a_model_returns_is_checked():
    def score(model, **options):
        return NetworkScore(model, prediction="eps", clock="sigma", **options)

    x = states(2, 4)
    with pytest.raises(
        ValueError,
        match=r"^NetworkScore: the model must return the shape of its input, \(2, 4\), got \(2, 8\); give shape=",
    ):
        score(lambda y, s: torch.cat([y, y], dim=1))(x, 0.5)
    with pytest.raises(
        ValueError, match="^NetworkScore: the model must return a tensor, got dict; pass a function that"
    ):
        score(lambda y, s: {"sample": y})(x, 0.5)
    with pytest.raises(
        ValueError, match="^NetworkScore: the model must return real numbers, got torch.complex128; pass a function"
    ):
        score(lambda y, s: torch.complex(y, y))(x, 0.5)
    for bad in (torch.nan, torch.inf, -torch.inf):
        with pytest.raises(
            ValueError,
            match=r"^NetworkScore: the model returned nan or infinite values at t = 0.5 \(sigma 1.31\d*\): 8 of",
        ):
            score(lambda y, s, bad=bad: y + bad)(x, 0.5)
    huge = torch.full((2, 4), 3e38)
    assert torch.isfinite(score(lambda y, s: huge * 0.5)(x.float(), 5.0)).all()  # finite though the sum is not
    with pytest.raises(
        ValueError, match=r"^NetworkScore: x must have rows of 9 numbers for shape \(1, 3, 3\), got rows"
    ):
        score(lambda y, s: y, shape=(1, 3, 3))(x, 0.5)
    with pytest.raises(
        ValueError, match=r"^NetworkScore: x must have shape \(n, ...\), one noised point a row, got \(4,"
    ):
        score(lambda y, s: y)(x[0], 0.5)
    with pytest.raises(ValueError, match="^NetworkScore: t .* must be positive and finite, got 0; the data themselves"):
        score(lambda y, s: y)(x, 0.0)
