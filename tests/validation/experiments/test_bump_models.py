"""What conditional denoisers of bumps are told, and the way of images through their units."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes.composition import image_grid, random_subset  # noqa: E402
from regimes.validation.experiments.runner.bump_models import (  # noqa: E402
    QUICK_TRAINING,
    bump_training,
    drawn_positions,
    generated,
    represented,
)
from regimes.validation.sampling import NoiseStream  # noqa: E402
from regimes.validation.training import TrainedDenoiser, TrainingHistory  # noqa: E402


def training_of(subset, how=QUICK_TRAINING):
    return bump_training(how, subset.grid, subset.images(), subset.positions, 0)


@pytest.mark.parametrize("code", ["scalar", "sinusoidal", "one-hot", "population"])
@pytest.mark.parametrize("grid", [image_grid(8, 1.0), image_grid(8, 1.0, dx=0.5), image_grid(8, 1.0, periodic=True)])
def test_each_position_has_a_code_of_its_own(grid, code):
    training = training_of(random_subset(grid, 1.0), replace(QUICK_TRAINING, code=code))
    written = training.network.condition.code.encoded(training.conditions).numpy()
    assert np.unique(written.round(4), axis=0).shape[0] == grid.n


def test_what_is_told_of_a_torus_goes_around_with_it():
    grid = image_grid(8, 1.0, periodic=True)
    network = training_of(random_subset(grid, 1.0)).network
    around, here = (network.condition.code.encoded(torch.tensor([each])) for each in ([8.0, 3.0], [0.0, 3.0]))
    torch.testing.assert_close(around, here, atol=1e-5, rtol=0)


def test_a_network_knows_where_on_a_torus_it_is():
    """Were its edges to meet, images moved by as many pixels as it halves away would be one to it."""
    network = training_of(random_subset(image_grid(8, 1.0, periodic=True), 1.0)).network
    for value in network.parameters():
        torch.nn.init.normal_(value, std=0.1, generator=torch.Generator().manual_seed(0))
    given = torch.randn(1, 1, 8, 8, generator=torch.Generator().manual_seed(1)), torch.zeros(1), torch.zeros(1, 2)
    here, moved = network(*given), network(given[0].roll(4, 3), *given[1:]).roll(-4, 3)
    assert (here - moved).abs().max() > 0.1 * here.abs().max()


def test_tables_of_unequal_axes_are_refused():
    subset = random_subset(image_grid(8, 1.0, dx=2, dy=1), 1.0)
    with pytest.raises(ValueError, match="as many entries for x as for y, got .8, 4."):
        training_of(subset, replace(QUICK_TRAINING, code="one-hot"))


def test_positions_are_drawn_from_the_whole_grid_and_none_twice_before_all():
    positions = np.arange(40.0).reshape(20, 2)
    drawn = drawn_positions(positions, 30, np.random.default_rng(0))
    assert set(map(tuple, drawn[:20])) == set(map(tuple, positions))
    assert len(set(map(tuple, drawn[20:]))) == 10
    assert drawn[:10, 0].max() > 25  # not the first of the grid


def test_images_go_through_the_units_of_the_network_and_back():
    """A network that predicts the noise of one image exactly generates that image, whatever it is told."""
    grid = image_grid(8, 1.0, amplitude=3.0)
    subset = random_subset(grid, count=2, rng=0)
    training = training_of(subset)
    assert training.points.min() == pytest.approx(-1, abs=1e-2)
    assert training.points.amax(dim=(1, 2, 3)).tolist() == pytest.approx([1, 1])
    assert training.conditions.tolist() == subset.positions.tolist()

    class One(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.unused = torch.nn.Parameter(torch.zeros(1))

        def forward(self, x, log_snr, condition):
            share = torch.sigmoid(log_snr)[:, None, None, None]
            return (x - share.sqrt() * training.points[0]) / (1 - share).sqrt()

    history = TrainingHistory(np.array([1]), np.zeros(1), None)
    settings = {"conditions": 2, "unconditional": 0.0}
    denoiser = TrainedDenoiser(One(), "eps", 1, history, settings, None, None)
    cpu = torch.device("cpu")
    images, end = generated(denoiser, grid, subset.positions, NoiseStream(1), steps=10, device=cpu)
    np.testing.assert_allclose(images, np.repeat(subset.images()[:1], 2, axis=0), atol=1e-4)
    assert end.shape == (2, 1, 8, 8)


def test_a_layer_is_read_at_its_condition():
    training = training_of(random_subset(image_grid(8, 1.0), count=6, rng=0))
    for layer in training.network.modules():
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.constant_(layer.weight, 0.05)  # those that end a block are zero before training
    denoiser = TrainedDenoiser(
        training.network, "eps", 1, TrainingHistory(np.array([1]), np.zeros(1), None), {}, None, None
    )
    places = training.conditions.double().numpy()
    first = represented(denoiser, "down.1", training.points, places, 0.0)
    turned = represented(denoiser, "down.1", training.points.flip(0), places[::-1].copy(), 0.0)
    np.testing.assert_allclose(turned, first[::-1], rtol=1e-4, atol=1e-5)
    assert np.abs(represented(denoiser, "down.1", training.points, 0 * places, 0.0) - first).max() > 1e-4
