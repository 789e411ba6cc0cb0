"""Training: what is learned, against exact denoisers, and what is promised about seeds, stops and failures."""

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes import NotConverged  # noqa: E402
from regimes.validation.sampling import NoiseStream  # noqa: E402
from regimes.validation.training import ResidualMLP, SmallUNet, train_denoiser  # noqa: E402
from regimes.validation.training.noise_prediction import predicted_noise  # noqa: E402
from regimes.validation.training.training_data import training_data  # noqa: E402

CENTRE, WIDTH = 2.0, 0.2


def mixture(rows, noise, step):
    """Two classes at +-2 in the first of two directions, with standard deviation 0.2 around them."""
    sign = 2.0 * (noise.uniform(step, 0, rows, (1,)) < 0.5) - 1
    return WIDTH * noise.normal(step, 0, rows, (2,)) + torch.tensor([CENTRE, 0.0]) * sign


@pytest.mark.parametrize("prediction", ["eps", "x0", "v"])
def test_a_mixture_is_learned_whatever_is_predicted(prediction):
    """Errors of the predicted noise on the same points: trained, exact (tanh), and linear, uniform in log-snr."""
    held_out = mixture(500, NoiseStream(99), 0).numpy()
    trained = train_denoiser(
        ResidualMLP(2, width=32, blocks=2),
        mixture,
        held_out=held_out,
        prediction=prediction,
        steps=300,
        batch=128,
        learning_rate=1e-2,
        ema=0.95,
        device="cpu",
    )
    generator, count = np.random.default_rng(0), 40_000
    level = generator.uniform(-np.log(np.expm1(8.0)), -np.log(np.expm1(0.02)), size=(count, 1))
    t = 0.5 * np.log1p(np.exp(-level))
    delta, amplitude = -np.expm1(-2 * t), np.exp(-t)
    sign, z = generator.choice([-1.0, 1.0], size=(count, 1)), generator.normal(size=(count, 2))
    m = np.array([CENTRE, 0.0])
    x = amplitude * (sign * m + WIDTH * generator.normal(size=(count, 2))) + np.sqrt(delta) * z
    gamma = WIDTH**2 * amplitude**2 + delta
    score = -x / gamma + m * amplitude / gamma * np.tanh(x[:, :1] * CENTRE * amplitude / gamma)
    linear = -x / ((m**2 + WIDTH**2) * amplitude**2 + delta)
    exact, linear = (np.mean((-np.sqrt(delta) * each - z) ** 2, axis=1) for each in (score, linear))
    inputs = torch.tensor(x, dtype=torch.float32), torch.tensor(level[:, 0], dtype=torch.float32)
    noise = predicted_noise(trained.model(*inputs), *inputs, prediction).numpy()
    own = np.mean((noise - z) ** 2, axis=1)
    assert linear.mean() > 1.5 * exact.mean()
    above = own - exact
    assert above.mean() > -4 * above.std() / np.sqrt(count)  # nothing is better than the exact one
    assert above.mean() < 0.25 * (linear - exact).mean()
    assert trained.held_out_loss == pytest.approx(own.mean(), abs=4 * own.std() * (500**-0.5 + count**-0.5))


def test_the_first_step_is_the_best_linear_denoiser_of_gaussian_data():
    """Its loss averages snr lambda/(1 + snr lambda) over log-snr and directions, which log(1 + ...) integrates."""
    variances = np.array([4.0, 1.0, 0.1])
    X = np.random.default_rng(0).normal(size=(4000, 3)) * np.sqrt(variances)
    trained = train_denoiser(ResidualMLP(3, width=8), X, steps=1, batch=4000, learning_rate=1e-9, device="cpu")
    snr = 1 / np.expm1(2 * np.array([0.01, 4.0]))
    integral = np.log1p(snr[0] * variances) - np.log1p(snr[1] * variances)
    expected = np.mean(integral) / np.log(snr[0] / snr[1])
    assert trained.history.train_loss[0] == pytest.approx(expected, abs=4 * 0.5 / np.sqrt(12_000))


def test_a_unet_learns_images():
    """Images of one bright row: four points, which the network learns by heart.

    The exact denoiser has ``1/2 int |z - eps|^2 dlog(snr) = log 4``, by I-MMSE.
    """
    X = np.zeros((4, 1, 4, 4))
    X[range(4), 0, range(4)] = 2.0
    trained = train_denoiser(
        SmallUNet((1, 4, 4), channels=8, levels=1),
        X,
        steps=150,
        batch=32,
        learning_rate=1e-2,
        ema=0.9,
        evaluate_every=10,
        device="cpu",
    )
    losses = trained.history.train_loss
    exact = 2 * np.log(4) / 16 / np.log(np.expm1(8.0) / np.expm1(0.02))
    assert losses[-5:].mean() - exact < 0.5 * (losses[0] - exact)
    x = torch.tensor(X, dtype=torch.float32)
    found = trained.score().posterior_mean(np.exp(-0.1) * x, 0.1)
    assert (found - x).square().mean() < 0.05


def weights(trained):
    return b"".join(value.numpy().tobytes() for value in trained.model.state_dict().values())


def points(n=60, d=3):
    return np.random.default_rng(0).normal(size=(n, d))


def quick(data=None, model=None, **options):
    settings = {"steps": 30, "batch": 16, "evaluate_every": 10, "device": "cpu"} | options
    return train_denoiser(model or ResidualMLP(3, width=8), points() if data is None else data, **settings)


def test_same_seed_same_bytes_and_torch_is_left_alone():
    model = ResidualMLP(3, width=8)
    before = copy.deepcopy(model.state_dict())
    torch.manual_seed(5)
    state = torch.get_rng_state()
    first = quick(model=model, held_out=0.2)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    torch.manual_seed(6)
    same, other = quick(model=model, held_out=0.2), quick(model=model, held_out=0.2, rng=1)
    assert weights(first) == weights(same)
    assert first.history.held_out_loss.tobytes() == same.history.held_out_loss.tobytes()
    assert weights(first) != weights(other)
    assert not first.model.training
    assert not any(value.requires_grad for value in first.model.parameters())


def test_layers_with_randomness_of_their_own_follow_the_seed():
    class Dropped(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.drop = ResidualMLP(3, width=8), torch.nn.Dropout(0.5)

        def forward(self, x, log_snr):
            return self.inner(self.drop(x), log_snr)

    torch.manual_seed(5)
    first = quick(model=Dropped())
    torch.manual_seed(6)
    assert weights(first) == weights(quick(model=Dropped()))


def test_held_out_points_choose_the_weights():
    """Few points are soon known by heart: the held-out loss has its minimum before the end."""
    X = points(24, 6)
    options = {"steps": 200, "batch": 32, "learning_rate": 5e-3, "ema": 0.9, "evaluate_every": 20, "device": "cpu"}
    network = ResidualMLP(6, width=32, blocks=1)
    trained = train_denoiser(network, X, held_out=0.5, **options)
    losses = trained.history.held_out_loss
    assert trained.best_step == trained.history.step[losses.argmin()] < 200
    assert trained.held_out_loss == losses.min() < losses[-1]
    assert sorted([*trained.training_rows, *trained.held_out_rows]) == list(range(24))
    assert len(trained.held_out_rows) == 12
    # The same by the points themselves, and the weights are those of a training that ends there.
    given = train_denoiser(network, X[trained.training_rows], held_out=X[trained.held_out_rows], **options)
    assert weights(given) == weights(trained)
    assert given.training_rows is None
    stopped = train_denoiser(network, X, held_out=0.5, patience=60, **options)
    assert weights(stopped) == weights(trained)
    assert stopped.history.step[-1] == trained.best_step + 60


def test_without_held_out_points_the_last_weights_are_kept():
    calls = []
    trained = quick(progress=lambda part, done, total: calls.append((done, total)))
    assert trained.best_step == 30
    assert trained.held_out_loss is None
    assert trained.history.held_out_loss is None
    assert calls == [(done, 30) for done in range(1, 31)]
    assert trained.history.step.tolist() == [10, 20, 30]
    assert quick(steps=25).history.step.tolist() == [10, 20, 25]


def test_every_point_is_used_equally_often_and_keeps_its_condition():
    points = np.arange(14.0).reshape(7, 2)
    data = training_data(points, None, NoiseStream(0), torch.device("cpu"), 10 * points[:, :1])
    batches = [data.batch(step, 5) for step in range(14)]
    rows, told = (torch.cat(each)[:, 0] for each in zip(*batches, strict=True))
    assert torch.equal(told, 10 * rows)
    assert sorted(rows.tolist()) == sorted([2.0 * k for k in range(7)] * 10)
    assert rows[:7].sort()[0].tolist() == rows[7:14].sort()[0].tolist() == [2.0 * k for k in range(7)]
    assert rows[:7].tolist() != rows[7:14].tolist()
    assert torch.equal(data.batch(3, 5)[0][:, 0], rows[15:20])
    assert len(data.batch(2, 40)[0]) == 40


def test_a_rate_that_is_too_high_is_reported():
    with pytest.raises(NotConverged, match=r"far|above|nan or infinite.*lower learning_rate"):
        quick(steps=2000, learning_rate=1e3, warmup=0)


def test_nan_is_reported_with_its_step():
    class Broken(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.scale, self.calls = torch.nn.Parameter(torch.ones(1)), 0

        def forward(self, x, log_snr):
            self.calls += 1
            return x * self.scale * (float("nan") if self.calls > 7 else 1.0)

    with pytest.raises(NotConverged, match="the loss became nan or infinite: not converged after 7 iterations") as info:
        quick(model=Broken())
    assert info.value.iterations == 7
    assert "lower learning_rate (0.001), lengthen warmup, or check the scale" in info.value.advice


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"data": np.zeros(5)}, "data must be at least 2 points, an array of shape .n, ...., got shape .5,."),
        ({"data": np.array([[0.0, 1, 2], [np.nan, 1, 2]])}, "data must be finite in float32, got nan or inf in row 1"),
        ({"held_out": 0.999}, "must leave at least 2 of 60 points to train on and 1 to hold out, got 0.999"),
        ({"held_out": np.zeros((4, 2))}, "held_out must have points of shape .3,. like data, got .2,."),
        ({"data": mixture, "held_out": 0.1}, "held_out must be points where data are drawn, got 0.1"),
        ({"data": lambda rows, noise, step: torch.zeros(3, 3)}, "must give a float tensor of shape .4096, ...."),
        ({"data": lambda rows, noise, step: torch.full((rows, 3), torch.inf)}, "draw must give finite points"),
        ({"data": lambda rows, noise, step: np.zeros((rows, 3))}, "float tensor .* got ndarray"),
        ({"patience": 5}, "patience needs held-out points to judge by"),
        ({"prediction": "score"}, "prediction must be one of eps, x0, v, got 'score'"),
        ({"prediction": "v", "precondition": True}, "precondition works for prediction 'eps' alone, got 'v'"),
        ({"steps": 0}, "steps .steps at most. must be at least 1, got 0"),
        ({"learning_rate": -1}, "learning_rate .rate after the warm-up. must be positive"),
        ({"weight_decay": -1}, "weight_decay must be non-negative and finite, got -1"),
        ({"ema": 1.0}, "decay .share that survives a step. must be below 1, got 1"),
        ({"times": "even"}, "times must be one of log-snr, time, got 'even'"),
        ({"t_range": (1.0, 0.1)}, "t_min below t_max"),
        ({"t_range": (0.01,)}, "t_range must be two times, .t_min, t_max., got .0.01,."),
        ({"t_range": 0.01}, "t_range must be two times, .t_min, t_max., got 0.01"),
        ({"model": ResidualMLP(4)}, "x must have d = 4 numbers a row"),
        ({"model": torch.nn.Bilinear(3, 1, 2)}, "size|shape|dimension"),
    ],
)
def test_errors_say_what_to_do(options, text):
    with pytest.raises((ValueError, RuntimeError), match=text):
        quick(**options)


class Told(torch.nn.Module):
    """One layer, and what a function makes of its output."""

    def __init__(self, change=lambda output, module: output, d=3):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.layer, self.frozen = torch.nn.Linear(d, d), torch.nn.Linear(d, d).requires_grad_(False)
        self.change = change

    def forward(self, x, log_snr):
        output = self.layer(x.flatten(1)) + torch.tanh(self.frozen(x.flatten(1)))
        return self.change(output.view_as(x), self)


@pytest.mark.parametrize("precondition", [True, False])
@pytest.mark.parametrize(
    ("shape", "change", "given"),
    [
        ((3,), lambda output, module: output[:, :1], r"\(16, 3\), got \(16, 1\)"),
        ((3,), lambda output, module: output[:, :2], r"\(16, 3\), got \(16, 2\)"),
        ((1100,), lambda output, module: output[:, :1], r"\(16, 1100\), got \(16, 1\)"),
        ((3, 2, 2), lambda output, module: output.movedim(1, 3), r"\(16, 3, 2, 2\), got \(16, 2, 2, 3\)"),
        ((3,), lambda output, module: (output,), r"\(16, 3\), got tuple"),
    ],
)
def test_a_model_of_the_wrong_shape_is_refused(shape, change, given, precondition):
    X = np.random.default_rng(0).normal(size=(30, *shape))
    with pytest.raises(ValueError, match=rf"\(x, log_snr\) must return the shape of x, {given}"):
        quick(X, Told(change, int(np.prod(shape))), precondition=precondition)


def test_the_shape_is_checked_in_evaluation_mode_too():
    model = Told(lambda output, module: output if module.training else output[:, :1])
    with pytest.raises(ValueError, match="must return the shape of x, .4092, 3., got .4092, 1."):
        quick(model=model, held_out=0.2, precondition=False)


def test_patience_shorter_than_the_pause_between_evaluations_waits_for_one():
    options = {"held_out": 0.5, "learning_rate": 1e-2, "steps": 300, "evaluate_every": 20, "ema": 0.9}
    impatient, same = (quick(points(24), **options, patience=patience) for patience in (5, 20))
    assert weights(impatient) == weights(same)
    losses = impatient.history.held_out_loss
    assert impatient.history.step[-1] == impatient.best_step + 20 < 300
    assert np.all(np.diff(losses[:-1]) < 0)
    assert losses[-1] >= losses[-2]


def test_a_held_out_loss_of_nan_is_reported():
    model = Told(lambda output, module: output if module.training else output * np.nan)
    with pytest.raises(
        NotConverged, match="held-out loss .* became nan or infinite: not converged after 10 iter"
    ) as info:
        quick(model=model, held_out=0.2)
    assert "lower learning_rate (0.001)" in info.value.advice


@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_frozen_weights_stay(ema):
    model = Told()
    model.register_parameter("mask", torch.nn.Parameter(torch.tensor([0.0, -torch.inf]), requires_grad=False))
    model.register_parameter("other", torch.nn.Parameter(torch.ones(2, dtype=torch.bfloat16), requires_grad=False))
    trained = quick(model=model, ema=ema, weight_decay=0.1, held_out=0.2)
    state = trained.model.network.state_dict()
    for name, value in model.state_dict().items():
        assert torch.equal(state[name], value) == (not name.startswith("layer")), name
    assert all(value.requires_grad == name.startswith("layer") for name, value in model.named_parameters())


def test_a_model_without_anything_to_train_is_refused():
    with pytest.raises(ValueError, match="must have weights that take a gradient, got none; model.requires_grad_.True"):
        quick(model=ResidualMLP(3, width=8).requires_grad_(False))
    with pytest.raises(ValueError, match="must have weights that take a gradient, got none"):
        quick(model=quick().model)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_another_type_are_refused(dtype):
    with pytest.raises(ValueError, match=rf"must be float32 in training, got {dtype} .*; give model.float\(\)"):
        quick(model=ResidualMLP(3, width=8).to(dtype))


@pytest.mark.parametrize("precondition", [True, False])
def test_a_model_may_compute_in_another_type(precondition):
    trained = quick(model=Told(lambda output, module: output.bfloat16()), precondition=precondition)
    assert np.isfinite(trained.history.train_loss).all()
