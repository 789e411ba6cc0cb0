"""Denoisers that are told what to make: codes, training with conditions, guidance, and their file."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes.validation.sampling import backward, backward_times  # noqa: E402
from regimes.validation.training import ConditionCode, SmallUNet, load_denoiser, train_denoiser  # noqa: E402
from regimes.validation.training.initial_weights import initial_weights  # noqa: E402

CODE = ConditionCode("population", low=(0, -1), high=(4, 1), size=5)


class Told(torch.nn.Module):
    """Predicts the point of standard normal noise around a centre that it is told; two numbers a row."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(5, 48), torch.nn.SiLU(), torch.nn.Linear(48, 48), torch.nn.SiLU(), torch.nn.Linear(48, 1)
        )
        initial_weights(self, 1)

    def forward(self, x, log_snr, condition):
        known = condition.isfinite()
        given = [x, log_snr[:, None] / 4, (log_snr[:, None] / 2).tanh(), known.float(), condition.nan_to_num()]
        return self.layers(torch.cat(given, dim=1))


@pytest.fixture(scope="module")
def trained():
    rng = np.random.default_rng(0)
    centre = rng.choice([-2.0, 2.0], (1500, 1))
    return train_denoiser(
        Told(),
        centre + 0.5 * rng.normal(size=(1500, 1)),
        conditions=centre,
        unconditional=0.25,
        held_out=0.1,
        steps=900,
        batch=256,
        learning_rate=5e-3,
        ema=0.98,
        precondition=False,
        device="cpu",
    )


def samples(trained, condition, **options):
    told = torch.full((1000, 1), condition)
    times = np.append(backward_times(4.0, end=0.01, steps=60, spacing="log-snr"), 0.0)
    start = torch.randn(1000, 1, generator=torch.Generator().manual_seed(1))
    score = trained.score(condition=told, **options)
    return backward(score, start, times, sampler="ancestral", noise=2).numpy()


def test_a_denoiser_makes_what_it_is_told_and_all_of_it_where_nothing_is_told(trained):
    for centre in (-2.0, 2.0):
        made = samples(trained, centre)
        assert abs(made.mean() - centre) < 0.15
        assert abs(made.std() - 0.5) < 0.1
    free = samples(trained, math.nan)
    assert abs((free > 0).mean() - 0.5) < 0.08
    assert abs(free.std() - math.hypot(2, 0.5)) < 0.2


def test_guidance_weighs_what_the_condition_changes(trained):
    x, at = torch.linspace(-3, 3, 7)[:, None], 0.6
    told, untold = torch.full((7, 1), 2.0), torch.full((7, 1), math.nan)
    one, none = (trained.score(condition=each)(x, at) for each in (told, untold))
    torch.testing.assert_close(trained.score(condition=told, guidance=2.5)(x, at), none + 2.5 * (one - none))
    with pytest.raises(ValueError, match="a row for each of 7 conditions, got 3; give backward batch=7"):
        trained.score(condition=told)(x[:3], at)


def plain(**options):
    rng = np.random.default_rng(1)
    settings = {"conditions": rng.normal(size=(20, 1)), "steps": 2, "batch": 8, "precondition": False, "device": "cpu"}
    return train_denoiser(Told(), rng.normal(size=(20, 1)), **(settings | options))


@pytest.mark.parametrize(
    ("condition", "options", "text"),
    [
        ([[1.0]], {"batch": 2}, "batch would part rows and their conditions"),
        ([[1.0]], {"guidance": -1}, "guidance .weight of the condition. must be positive"),
        ([1.0], {}, "must be numbers of shape .n, c."),
        ([[1.0, 2.0]], {}, "condition must have 1 coordinates, got 2"),
        (None, {"guidance": 2}, "guidance weighs a condition, got 2 and none; give condition"),
    ],
)
def test_scores_that_cannot_be_are_refused(trained, condition, options, text):
    with pytest.raises(ValueError, match=text):
        trained.score(condition=condition, **options)


def test_a_denoiser_that_was_always_told_has_no_guidance_and_no_score_without():
    always = plain()
    for condition, options in (([[1.0]], {"guidance": 2.0}), ([[math.nan]], {}), (None, {})):
        with pytest.raises(ValueError, match="unconditional=0.1"):
            always.score(condition=condition, **options)
    assert always.score(condition=[[1]])(torch.zeros(1, 1), 0.5).shape == (1, 1)
    never = train_denoiser(SmallUNet((1, 2, 2), channels=4, levels=0), np.eye(4), steps=1, device="cpu")
    with pytest.raises(ValueError, match="trained without conditions"):
        never.score(condition=[[1.0]])


def test_held_out_points_keep_their_conditions():
    """A network that knows each point by its condition has no loss beyond what float32 leaves."""

    class Known(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.shift = torch.nn.Parameter(torch.zeros(1))

        def forward(self, x, log_snr, condition):
            share = torch.sigmoid(log_snr)[:, None]
            return (x - share.sqrt() * (condition + self.shift)) / (1 - share).sqrt()

    points = np.random.default_rng(2).normal(size=(40, 1))
    options = {"held_out": 0.25, "steps": 1, "learning_rate": 1e-9, "t_range": (0.3, 3), "device": "cpu"}
    found = train_denoiser(Known(), points, conditions=points, precondition=False, **options)
    assert found.held_out_loss < 1e-9
    mixed = train_denoiser(Known(), points, conditions=points[::-1].copy(), precondition=False, **options)
    assert mixed.held_out_loss > 0.1


def test_the_linear_denoiser_in_front_hands_conditions_on():
    trained = plain(
        precondition=True, steps=400, learning_rate=1e-2, ema=0.9, conditions=np.repeat([[1.0], [-1.0]], 10, 0)
    )
    x = torch.zeros(2, 1)
    one, other = trained.score(condition=[[1.0], [-1.0]])(x, 1.0)
    assert abs(float(one - other)) > 1e-3


def test_codes_are_those_of_the_definition():
    condition = torch.tensor([[1.0, 0.5], [3.9, -1.0]])
    u = np.array([[0.25, 0.75], [0.975, 0.0]])
    scalar = ConditionCode("scalar", CODE.low, CODE.high).encoded(condition)
    np.testing.assert_allclose(scalar, 2 * u - 1, atol=1e-6)
    waves = ConditionCode("sinusoidal", CODE.low, CODE.high, 4).encoded(condition)
    expected = [[f(np.pi * k * each) for each in row for f in (np.sin, np.cos) for k in (1, 2)] for row in u]
    np.testing.assert_allclose(waves, expected, atol=1e-6)
    places = ConditionCode("one-hot", CODE.low, CODE.high, 5).encoded(condition)
    assert places.reshape(2, 2, 5).argmax(dim=2).tolist() == [[1, 3], [4, 0]]
    assert (places.sum(dim=1) == 2).all()
    curves = CODE.encoded(condition).reshape(2, 2, 5)
    np.testing.assert_allclose(curves[0, 0], np.exp(-((4 * 0.25 - np.arange(5)) ** 2) / 2), atol=1e-6)
    for code in ("scalar", "sinusoidal", "one-hot", "population"):
        each = ConditionCode(code, CODE.low, CODE.high, 1 if code == "scalar" else 4)
        half = each.encoded(torch.tensor([[math.nan, 0.5]])).reshape(2, -1)
        assert not half[0].any()
        assert torch.equal(half[1], each.encoded(condition).reshape(2, 2, -1)[0, 1])


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("words", (0,), (1,), 2), "code must be one of scalar, sinusoidal, one-hot, population, got 'words'"),
        (("one-hot", (0, 1), (1,), 4), "range of each coordinate, low below high"),
        (("one-hot", 0, 1, 4), "must hold a number for each coordinate, got 0"),
        (("one-hot", (-math.inf,), (1,), 4), "must be finite, got .-inf,."),
        (("one-hot", (1,), (1,), 4), "low below high, got .1.0,. and .1.0,."),
        (("one-hot", (0,), (math.inf,), 4), "must be finite"),
        (("scalar", (0,), (1,), 4), "size must be 1 for the code scalar, got 4"),
        (("sinusoidal", (0,), (1,), 3), "size must be even"),
        (("population", (0,), (1,), 1), "must be at least 2, got 1"),
    ],
)
def test_a_code_that_is_none_is_refused(options, text):
    with pytest.raises(ValueError, match=text):
        ConditionCode(*options)


def test_a_unet_is_told_and_saved_with_its_code(tmp_path):
    network = SmallUNet((1, 4, 4), channels=4, levels=1, condition=CODE)
    images = torch.linspace(-1, 1, 6 * 16).view(6, 1, 4, 4)
    told = torch.tensor([[0.0, 0.0], [1.0, 0.5], [2.0, -0.5], [3.0, 1.0], [4.0, -1.0], [1.0, 1.0]])
    options = {"steps": 6, "batch": 4, "ema": 0, "learning_rate": 1e-2, "precondition": False, "device": "cpu"}
    trained = train_denoiser(network, images, conditions=told, **options)
    level = torch.zeros(6)
    one = trained.model(images, level, told)
    assert (one - trained.model(images, level, told.flip(0))).abs().max() > 1e-6
    torch.testing.assert_close(trained.model(images, level), trained.model(images, level, told * math.nan))
    half = torch.stack([told[:, 0], torch.full((6,), math.nan)], dim=1)
    assert (trained.model(images, level, half) - one).abs().max() > 1e-6
    trained.save(tmp_path / "told.pt")
    torch.testing.assert_close(load_denoiser(tmp_path / "told.pt").model(images, level, told), one)
    built = trained.model.settings
    for spoiled, text in (({"size": "5"}, r"a ConditionCode is built with code \(str\)"), ({"code": "x"}, "code must")):
        content = torch.load(tmp_path / "told.pt", weights_only=True)
        content["built_with"] = built | {"condition": built["condition"] | spoiled}
        torch.save(content, tmp_path / "spoiled.pt")
        with pytest.raises(ValueError, match=text):
            load_denoiser(tmp_path / "spoiled.pt")
    with pytest.raises(ValueError, match="built without condition"):
        SmallUNet((1, 4, 4), channels=4, levels=1)(images, level, told)
    with pytest.raises(ValueError, match="conditions must have shape .n, 2., got .6, 1."):
        network(images, level, told[:, :1])


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"conditions": np.zeros((5, 1))}, "shape .6, c., a row for each point, .* got torch.float64 of shape .5, 1."),
        ({"conditions": np.zeros(6)}, "got torch.float64 of shape .6,."),
        ({"conditions": [[1j]] * 6}, "got torch.complex"),
        ({"conditions": ["a"] * 6}, "must be numbers of shape .n, c., got list"),
        ({"conditions": np.full((6, 1), np.inf)}, "got torch.float64 of shape .6, 1. with inf"),
        ({"data": lambda rows, noise, step: torch.zeros(rows, 3), "conditions": [[1.0]]}, "got a function that draws"),
        ({"conditions": np.zeros((6, 1)), "held_out": np.zeros((2, 3))}, "held_out must be a share where points have"),
        ({"conditions": np.zeros((6, 1)), "unconditional": 1}, "at least 0 and below 1, got 1"),
        ({"conditions": np.zeros((6, 1)), "unconditional": "x"}, "below 1, got 'x'"),
        ({"unconditional": 0.1}, "a share of conditions, got no conditions"),
    ],
)
def test_conditions_that_do_not_fit_are_refused(options, text):
    with pytest.raises(ValueError, match=text):
        train_denoiser(Told(), **{"data": np.eye(6, 3), "steps": 1, "device": "cpu"} | options)
