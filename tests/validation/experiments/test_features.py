"""Layers under U-turns: scales of images against Gaussian fields, whose posterior is known."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes.datasets.points.loading import load_dataset  # noqa: E402
from regimes.validation.experiments.features.images import _spread  # noqa: E402
from regimes.validation.experiments.features.scales import image_scales  # noqa: E402

SIDE, T = 8, (0.02, 0.1, 0.3, 0.6, 1.0, 2.0, 4.0)
PLACE = np.pi * (np.arange(SIDE) + 0.5) / SIDE
WAVES = np.array([np.cos(k * PLACE) * np.sqrt((1 + (k > 0)) / SIDE) for k in range(SIDE)])
RADIUS = np.hypot(*np.indices((SIDE, SIDE))).ravel()
SCALE = np.where(RADIUS < 2, 0.5, np.where(RADIUS < 4, 3.0, 1.0))  # the coarsest waves are not the strongest


def images(amplitudes):
    """From amplitudes of cosine waves (n, 64), without a cosine transform of the library."""
    return np.einsum("nkl,kx,ly->nxy", amplitudes.reshape(-1, SIDE, SIDE), WAVES, WAVES)


def scales_of(root, draw):
    """Bands of Gaussian images whose amplitudes have the covariance ``root @ root.T``, and of their exact U-turns."""
    start, ends = draw(size=(600, SIDE**2)) @ root.T, []
    for t in T:
        signal, noise = np.exp(-t), -np.expm1(-2 * t)
        x = signal * start + np.sqrt(noise) * draw(size=start.shape)
        spread = np.linalg.inv(np.linalg.inv(root @ root.T) + signal**2 / noise * np.eye(SIDE**2))
        clone = x @ spread * signal / noise + draw(size=x.shape) @ np.linalg.cholesky(spread).T
        ends.append(torch.from_numpy(images(clone))[:, None])
    train = load_dataset(images(draw(size=(6000, SIDE**2)) @ root.T).reshape(6000, -1), scale="none")
    return image_scales(train, torch.from_numpy(images(start))[:, None], ends, T, "fields")


def off(found, law):
    """Largest deviation of a share from that of a Gaussian law, in errors."""
    left = found.bands.curves["share"] - found.gaussian[law]
    return np.abs(left / np.maximum(found.bands.curves["share_se"], 3e-3)).max()


def test_independent_bands_fade_as_their_variances_say():
    found = scales_of(np.diag(SCALE), np.random.default_rng(3).normal)
    assert found.bands.problem.layers == ("below 2", "2 to 4", "from 4")
    for law in ("alone", "whole"):
        assert off(found, law) < 4
        assert found.ordered_as(law)
    assert not found.coarse_first


def test_bands_that_tell_of_each_other_hold_as_the_whole_covariance_says():
    draw = np.random.default_rng(4).normal
    mixing = np.linalg.qr(draw(size=(SIDE**2, SIDE**2)))[0]
    found = scales_of(mixing * np.geomspace(8, 0.05, SIDE**2), draw)
    assert off(found, "whole") < 4
    assert off(found, "alone") > 10


def test_images_are_taken_from_all_that_were_held_out():
    rows = _spread(500, 360)
    assert len(set(rows.tolist())) == 360
    assert (rows[0], rows[-1]) == (0, 499)
    assert np.diff(rows).max() == 2
    assert _spread(50, 360).tolist() == list(range(50))
