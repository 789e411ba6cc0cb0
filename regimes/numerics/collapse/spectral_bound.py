"""The Gaussian bound on the collapse time, from the covariance alone."""

from __future__ import annotations

import numpy as np

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.roots import bracketed_root
from regimes.numerics.posterior.spectrum import CovarianceSpectrum, gaussian_information

__all__ = ["spectral_collapse_bound"]


def spectral_collapse_bound(spectrum: CovarianceSpectrum, n: float) -> float:
    """Upper bound on the collapse time of any population with a given covariance.

    A Gaussian maximises the entropy of x_t, hence ``I(a; x_t) <= 1/2 sum_i log(1 + snr lambda_i)``; collapse happens
    where the information is log n, so not later than where the bound is.

    Parameters
    ----------
    spectrum : CovarianceSpectrum
        Eigenvalues of the covariance.
    n : float
        Number of training points, above 1.

    Returns
    -------
    float
        Ornstein-Uhlenbeck time.

    Raises
    ------
    ValueError
        If n does not exceed 1.

    Notes
    -----
    Derived (``gaussian_channel_information``). With the covariance of few points in place of the
    population's it is slightly low: 1% at n = 357, d = 64.
    """
    if not n > 1:
        raise ValueError(f"spectral_collapse_bound: n must exceed 1, got {n}")
    time = compile_formula("time_from_log_snr", target="numpy")

    def excess(log_snr: float) -> float:
        return float(gaussian_information(np.exp(log_snr), spectrum)) - float(np.log(n))

    low = -np.log(spectrum.Lambda) - 1.0
    while excess(low) > 0:
        low -= 2.0
    high = low + 2.0
    while excess(high) < 0:
        high += 2.0
    return float(time(bracketed_root(excess, low, high, what="spectral_collapse_bound")))
