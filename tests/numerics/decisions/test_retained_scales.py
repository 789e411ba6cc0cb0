"""Retained shares of spatial scales against Gaussian images of a known spectrum."""

import numpy as np
import pytest

from regimes.numerics.decisions.retained_scales import band_powers, half_retained, retained_share


def test_bands_hold_the_variance_of_their_frequencies() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3, 8, 12)) + 2 * rng.normal(size=(300, 1, 1, 1))
    first, last = (
        band_powers(X.reshape(300, -1), (3, 8, 12)),
        band_powers(np.moveaxis(X, 1, -1).reshape(300, -1), (8, 12, 3)),
    )
    centred = X - X.mean(axis=0)
    for bands in (first, last):
        assert [(band.low, band.high) for band in bands] == [(0, 1), (1, 2), (2, 4), (4, 8)]
        assert sum(band.variances.sum() for band in bands) == pytest.approx((centred**2).sum() / 300)
        assert bands[0].variances.sum() == pytest.approx((centred.mean(axis=(2, 3)) ** 2).sum() * 96 / 300)
    for band, of_one in zip(first, band_powers(X.reshape(300, -1), (3, 8, 12), memory=1), strict=True):
        np.testing.assert_allclose(of_one.variances, band.variances, rtol=1e-10)
    with pytest.raises(ValueError, match="of 288 values"):
        band_powers(X.reshape(300, -1), (8, 12))


def test_the_share_of_a_band_is_at_most_that_of_the_whole_posterior() -> None:
    """Exact correlation of a Fourier mode with its resample, of correlated modes, against that of the mode alone."""
    rng = np.random.default_rng(1)
    C = np.cov(rng.normal(size=(16, 40)) * np.linspace(0.2, 2, 16)[:, None])
    modes = np.fft.fft(np.eye(16), norm="ortho")
    power = np.real(np.einsum("ki,ij,kj->k", modes, C, modes.conj()))
    for snr in (0.1, 1.0, 10.0):
        kept = C - np.linalg.inv(np.linalg.inv(C) + snr * np.eye(16))
        whole = np.real(np.einsum("ki,ij,kj->k", modes, kept, modes.conj())) / power
        alone = np.array([float(retained_share(snr, [each])) for each in power])
        assert np.all(alone < whole)


def test_half_is_retained_where_snr_is_one_over_the_variance() -> None:
    assert half_retained([2.0]) == pytest.approx(np.log(3) / 2)
    assert half_retained([2.0], deterministic=True) == pytest.approx(np.log1p(6) / 2)  # share 1/4: snr = 1/(3 lambda)
    assert half_retained([0.1]) < half_retained([0.1, 5.0]) < half_retained([5.0])
