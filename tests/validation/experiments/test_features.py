"""Layers under U-turns: scales of images against Gaussian fields, whose posterior is known."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes.datasets.points.loading import load_dataset  # noqa: E402
from regimes.validation.experiments.features.scales import image_scales  # noqa: E402

SIDE, T = 8, (0.02, 0.1, 0.3, 0.6, 1.0, 2.0, 4.0)


def field(rows, scale, draw):
    """Gaussian images: amplitudes of cosine waves, laid out without a cosine transform of the library."""
    place = np.pi * (np.arange(SIDE) + 0.5) / SIDE
    waves = np.array([np.cos(k * place) * np.sqrt((1 + (k > 0)) / SIDE) for k in range(SIDE)])
    return np.einsum("nkl,kx,ly->nxy", draw(size=(rows, SIDE, SIDE)) * scale, waves, waves), waves


def test_bands_of_gaussian_fields_fade_as_their_variances_say():
    draw = np.random.default_rng(3).normal
    radius = np.hypot(*np.indices((SIDE, SIDE)))
    scale = np.where(radius < 2, 0.5, np.where(radius < 4, 3.0, 1.0))  # the coarsest waves are not the strongest
    start, waves = field(600, scale, draw)
    train = load_dataset(field(4000, scale, draw)[0].reshape(4000, -1), scale="none")
    ends = []
    for t in T:
        noised = np.exp(-t) * start + np.sqrt(-np.expm1(-2 * t)) * draw(size=start.shape)
        seen = np.einsum("nxy,kx,ly->nkl", noised, waves, waves)
        spread = np.sqrt(1 / (1 / scale**2 + np.exp(-2 * t) / -np.expm1(-2 * t)))
        clone = spread**2 * np.exp(-t) / -np.expm1(-2 * t) * seen + spread * draw(size=seen.shape)
        ends.append(torch.from_numpy(np.einsum("nkl,kx,ly->nxy", clone, waves, waves))[:, None])
    found = image_scales(train, torch.from_numpy(start)[:, None], ends, T, "fields")
    assert found.bands.problem.layers == ("below 2", "2 to 4", "from 4")
    left = found.bands.curves["share"] - found.gaussian
    assert np.abs(left / np.maximum(found.bands.curves["share_se"], 3e-3)).max() < 4
    assert found.as_gaussian
    assert not found.coarse_first
