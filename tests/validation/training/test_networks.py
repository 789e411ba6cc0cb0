"""The two networks: shapes, seeds, and what they start from."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes.validation.training import ResidualMLP, SmallUNet  # noqa: E402
from regimes.validation.training.initial_weights import initial_weights  # noqa: E402
from regimes.validation.training.time_embedding import TimeEmbedding  # noqa: E402


def spoiled(network):
    """Weights of the last layers are 0 at first, and hide what is before them."""
    initial_weights(network, 7)
    return network


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 16, 16), (3, 32, 32), (1, 28, 28), (2, 9, 7)])
def test_a_unet_keeps_the_shape_of_images_and_of_rows(shape):
    network = spoiled(SmallUNet(shape, channels=8))
    x = torch.linspace(-1, 1, 3 * int(np.prod(shape))).view(3, *shape)
    level = torch.tensor([-3.0, 0.0, 3.0])
    images, rows = network(x, level), network(x.flatten(1), level)
    assert images.shape == x.shape
    assert rows.shape == x.flatten(1).shape
    assert torch.equal(images.flatten(1), rows)
    assert images.abs().max() > 1e-3


def test_every_pixel_reaches_every_other():
    network = spoiled(SmallUNet((1, 16, 16), channels=8))
    x = torch.zeros(1, 1, 16, 16, requires_grad=True)
    network(x, torch.zeros(1))[0, 0, 0, 0].backward()
    assert (x.grad[0, 0] != 0).all()


@pytest.mark.parametrize("make", [lambda: ResidualMLP(64, width=32), lambda: SmallUNet((1, 8, 8), channels=8)])
def test_rows_do_not_meet_and_the_level_matters(make):
    network = spoiled(make())
    x, level = torch.linspace(-1, 1, 4 * 64).view(4, 64), torch.tensor([-4.0, -1.0, 1.0, 4.0])
    alone = torch.cat([network(x[k : k + 1], level[k : k + 1]) for k in range(4)])
    torch.testing.assert_close(network(x, level), alone, rtol=1e-4, atol=1e-5)
    assert (network(x, level + 1) - alone).abs().max() > 1e-3


@pytest.mark.parametrize(
    "make", [lambda rng: ResidualMLP(6, width=8, rng=rng), lambda rng: SmallUNet(channels=4, rng=rng)]
)
def test_weights_come_from_the_seed_and_leave_torch_alone(make):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    first, same, other = make(0), make(0), make(1)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(4)
    again = make(0)
    for name, value in first.state_dict().items():
        assert torch.equal(value, same.state_dict()[name])
        assert torch.equal(value, again.state_dict()[name])
    assert any(not torch.equal(value, other.state_dict()[name]) for name, value in first.state_dict().items())


def test_weights_have_the_law_of_torch():
    layer, own = torch.nn.Linear(400, 300), torch.nn.Linear(400, 300)
    initial_weights(own, 0)
    values = own.weight.detach().flatten().double()
    bound = 400**-0.5
    assert abs(values).max() < bound
    # Variance of a uniform law, and of its sample variance: 4/45 bound^4.
    z = (values.square().mean() - bound**2 / 3) / (bound**2 * (4 / 45 / values.numel()) ** 0.5)
    assert abs(z) < 4
    z = (layer.weight.detach().square().double().mean() - bound**2 / 3) / (bound**2 * (4 / 45 / 120_000) ** 0.5)
    assert abs(z) < 5  # torch's own, in case it changes its mind


def test_networks_start_at_zero():
    x = torch.ones(2, 64)
    for network in (ResidualMLP(64, width=16), SmallUNet(channels=4)):
        assert not network(x, torch.zeros(2)).any()


def test_features_tell_levels_apart_and_vary_slowly():
    embedding = TimeEmbedding(8, waves=16)
    initial_weights(embedding, 0)
    waves = embedding.get_buffer("wave_numbers")
    assert waves[0] == pytest.approx(0.05)
    assert waves[-1] == pytest.approx(3.0)
    levels = torch.linspace(-10, 10, 200)
    assert torch.cdist(embedding(levels), embedding(levels)).fill_diagonal_(1).min() > 0


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: ResidualMLP(0), "d .numbers in a point. must be at least 1, got 0"),
        (lambda: ResidualMLP(4, width=2.5), "width .units of a layer. must be a whole number"),
        (lambda: ResidualMLP(4, blocks=-1), "blocks .residual blocks. must be at least 0"),
        (lambda: SmallUNet((8, 8)), "shape must be .channels, height, width., got .8, 8."),
        (lambda: SmallUNet((1, 1, 8)), "height. must be at least 2"),
        (lambda: SmallUNet(channels=6), "channels must be a multiple of 4, got 6"),
        (lambda: SmallUNet(levels=4), "must leave at least one pixel of 8, got 4; give at most 3"),
        (
            lambda: ResidualMLP(4)(torch.zeros(2, 5), torch.zeros(2)),
            "x must have d = 4 numbers a row, got shape .2, 5.",
        ),
        (lambda: SmallUNet()(torch.zeros(2, 63), torch.zeros(2)), "rows of 64 numbers, got shape .2, 63."),
    ],
)
def test_errors_say_what_to_do(make, text):
    with pytest.raises(ValueError, match=text):
        make()


@pytest.mark.parametrize("network", [lambda: ResidualMLP(16, width=8), lambda: SmallUNet((1, 4, 4), channels=8)])
def test_half_precision_with_the_clock_of_full_precision(network):
    model = spoiled(network())
    x, log_snr = torch.randn(3, 16), torch.full((3,), 0.3)
    shape = (3, 16) if isinstance(model, ResidualMLP) else (3, 1, 4, 4)
    full = model(x.reshape(shape), log_snr)
    half = model.to(torch.bfloat16)(x.reshape(shape).to(torch.bfloat16), log_snr)
    assert half.dtype == torch.bfloat16
    assert torch.allclose(half.float(), full, rtol=0.05, atol=0.05)
