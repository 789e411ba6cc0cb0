"""Class posterior of any Gaussian mixture: clone probability, class entropy and log-odds at every time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.roots import curve_crossings
from regimes.numerics.interface.checks import positive_times

__all__ = ["MixtureClones", "checked_gaussians", "mixture_clones"]

_BLOCK_BYTES = 64 * 2**20


@dataclass(frozen=True, eq=False)
class MixtureClones:
    """Curves of a Gaussian mixture, averaged over samples of its noised law.

    Attributes
    ----------
    t : ndarray, shape (T,)
        Ornstein-Uhlenbeck times.
    clone_probability, clone_probability_se : ndarray, shape (T,)
        phi_class and its standard error over samples.
    class_entropy, class_entropy_se : ndarray, shape (T,)
        Conditional entropy ``H(class | x_t)`` in nats.
    log_odds_mean, log_odds_deviation : ndarray, shape (T,)
        Mean and standard deviation of the log-odds ``log P(k*|x_t) - log(1 - P(k*|x_t))`` of the true class.
    clone_probability_at_infinity : float
        Sum of the squared weights.
    samples : int
        Number of samples; the same noise serves all times.
    """

    t: NDArray[np.float64]
    clone_probability: NDArray[np.float64]
    clone_probability_se: NDArray[np.float64]
    class_entropy: NDArray[np.float64]
    class_entropy_se: NDArray[np.float64]
    log_odds_mean: NDArray[np.float64]
    log_odds_deviation: NDArray[np.float64]
    clone_probability_at_infinity: float
    samples: int

    def free_entropy_time(self) -> float | None:
        """Speciation by the free-entropy criterion: the mean log-odds equal their standard deviation.

        Returns
        -------
        float or None
            The latest crossing on the grid of times, interpolated; None where the grid holds none.
        """
        crossings = curve_crossings(self.t, self.log_odds_mean - self.log_odds_deviation, 0.0)
        return float(crossings[-1]) if crossings.size else None


def mixture_clones(
    weights: ArrayLike,
    means: ArrayLike,
    covariances: ArrayLike,
    t: ArrayLike,
    *,
    samples: int = 4096,
    rng: int | np.random.Generator = 0,
) -> MixtureClones:
    """Clone probability, class entropy and log-odds of a Gaussian mixture.

    ``x_t = exp(-t) a + sqrt(Delta_t) z`` has the law ``sum_k w_k N(exp(-t) m_k, exp(-2t) C_k + Delta_t I)``, whose
    posterior over k is exact; only the average over x_t is sampled. Each covariance is diagonalised once and the
    projections of the samples serve all times.

    Parameters
    ----------
    weights : array_like, shape (K,)
        Positive class weights; normalised to 1.
    means : array_like, shape (K, d)
        Class centres.
    covariances : array_like, shape (K,), (K, d) or (K, d, d)
        Variance of each class in every direction, per component, or in full.
    t : array_like, shape (T,)
        Increasing positive Ornstein-Uhlenbeck times.
    samples : int
        Number of samples, at least 2.
    rng : int or numpy.random.Generator
        Seed or generator.

    Returns
    -------
    MixtureClones
        Curves with standard errors.

    Raises
    ------
    ValueError
        If shapes disagree, a weight is not positive, there are fewer than two classes, or a covariance is not
        positive semi-definite.

    Notes
    -----
    Derived (``covariance_eigenvalue``, ``gaussian_log_density``); for two equal classes it is
    that of biroli2024, and :func:`regimes.speciation.clone_probability` gives the average in closed form.

    Examples
    --------
    >>> import numpy as np
    >>> centre = np.ones((1, 16))
    >>> result = mixture_clones([1, 1], np.vstack([centre, -centre]), [1.0, 1.0], [0.5 * np.log(16)], samples=20000)
    >>> bool(abs(result.clone_probability[0] - 0.7752) < 4 * result.clone_probability_se[0])
    True
    """
    weight, mean, spread, axes = _checked_mixture(weights, means, covariances)
    times = positive_times("mixture_clones", t)
    if not samples >= 2:
        raise ValueError(f"mixture_clones: samples must be at least 2, got {samples}")
    generator = np.random.default_rng(rng)
    classes, d = mean.shape
    log_weight = np.log(weight)
    rows = max(1, min(samples, _BLOCK_BYTES // (8 * ((2 * classes + 4) * d + times.size * classes))))
    collected = []
    for start in range(0, samples, rows):
        count = min(rows, samples - start)
        own = generator.choice(classes, size=count, p=weight)
        points = mean[own] + _draw(spread, axes, own, generator.standard_normal((count, d)))
        noise = generator.standard_normal((count, d))
        log_joint = np.empty((times.size, count, classes))
        for k in range(classes):
            signal, shaken = _project(axes, k, points - mean[k]), _project(axes, k, noise)
            for i, time in enumerate(times):
                log_joint[i, :, k] = log_weight[k] + _log_density(time, signal, shaken, spread[k])
        collected.append(_observables(log_joint, own))
    values = np.concatenate(collected, axis=2)  # observable, time, sample
    average, error = values.mean(axis=2), values.std(axis=2, ddof=1) / np.sqrt(samples)
    return MixtureClones(
        t=times,
        clone_probability=average[0],
        clone_probability_se=error[0],
        class_entropy=average[1],
        class_entropy_se=error[1],
        log_odds_mean=average[2],
        log_odds_deviation=error[2] * np.sqrt(samples),
        clone_probability_at_infinity=float(np.sum(weight**2)),
        samples=samples,
    )


def _log_density(
    time: float, signal: NDArray[np.float64], noise: NDArray[np.float64], spread: NDArray[np.float64]
) -> NDArray[np.float64]:
    amplitude = compile_formula("signal_amplitude", target="numpy")(time)
    deviation = amplitude * signal + np.sqrt(compile_formula("noise_variance", target="numpy")(time)) * noise
    variance = compile_formula("covariance_eigenvalue", target="numpy")(time, spread)
    density = np.asarray(compile_formula("gaussian_log_density", target="numpy")(deviation, variance))
    return np.asarray(density.sum(axis=1))


def _observables(log_joint: NDArray[np.float64], own: NDArray[np.intp]) -> NDArray[np.float64]:
    """Clone probability, class entropy and log-odds of each (time, sample)."""
    shifted = log_joint - log_joint.max(axis=2, keepdims=True)
    posterior = np.exp(shifted)
    total = posterior.sum(axis=2)
    clones = (posterior**2).sum(axis=2) / total**2
    rows = np.arange(own.size)
    own_log, own_share = shifted[:, rows, own], posterior[:, rows, own]
    posterior[:, rows, own] = 0.0
    others = posterior.sum(axis=2)
    with np.errstate(divide="ignore"):
        rest = np.where(others > 0, np.log(np.maximum(others, np.finfo(float).tiny)), 0.0)
    hidden = others == 0
    if hidden.any():  # every other class underflowed: their best exponent is their sum to rounding
        masked = shifted.copy()
        masked[:, rows, own] = -np.inf
        rest[hidden] = masked.max(axis=2)[hidden]
    log_odds = own_log - rest
    entropy = np.where(own_share > 0, np.logaddexp(0.0, -log_odds), -log_odds)
    return np.stack([clones, entropy, log_odds])


def _checked_mixture(
    weights: ArrayLike, means: ArrayLike, covariances: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64] | None]:
    """Normalised weights, means, eigenvalues (K, d) and eigenvectors (K, d, d) or None where already diagonal."""
    weight = np.asarray(weights, dtype=np.float64)
    if weight.ndim != 1 or weight.size < 2:
        raise ValueError(f"mixture_clones: weights must be 1-d with at least two classes, got shape {weight.shape}")
    if not np.all(np.isfinite(weight) & (weight > 0)):
        raise ValueError("mixture_clones: weights must be positive and finite; leave empty classes out")
    return weight / weight.sum(), *checked_gaussians("mixture_clones", means, covariances, weight.size)


def checked_gaussians(
    function: str, means: ArrayLike, covariances: ArrayLike, classes: int | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64] | None]:
    """Means, eigenvalues (K, d) and eigenvectors (K, d, d) or None where the covariances are diagonal already."""
    mean = np.asarray(means, dtype=np.float64)
    covariance = np.asarray(covariances, dtype=np.float64)
    wanted = "K >= 2" if classes is None else f"{classes}"
    if mean.ndim != 2 or len(mean) < 2 or len(mean) != (classes or len(mean)) or not np.all(np.isfinite(mean)):
        raise ValueError(f"{function}: means must be finite, shape ({wanted}, d), got shape {mean.shape}")
    classes, d = mean.shape
    if covariance.shape not in {(classes,), (classes, d), (classes, d, d)}:
        raise ValueError(
            f"{function}: covariances must have shape ({classes},), ({classes}, {d}) or ({classes}, {d}, {d}), got "
            f"{covariance.shape}"
        )
    axes = None
    if covariance.ndim == 3:
        if not np.allclose(covariance, covariance.transpose(0, 2, 1)):
            raise ValueError(f"{function}: every covariance must be symmetric")
        spread, axes = np.linalg.eigh(covariance)
        spread = np.where(np.abs(spread) < 1e-12 * np.abs(spread).max(axis=1, keepdims=True), 0.0, spread)
    else:
        spread = np.broadcast_to(covariance.reshape(classes, -1), (classes, d)).copy()
    if not np.all(spread >= 0):
        raise ValueError(
            f"{function}: every covariance must be positive semi-definite, got eigenvalue {spread.min():g}"
        )
    return mean, spread, axes


def _draw(
    spread: NDArray[np.float64],
    axes: NDArray[np.float64] | None,
    own: NDArray[np.intp],
    normal: NDArray[np.float64],
) -> NDArray[np.float64]:
    scaled = np.sqrt(spread[own]) * normal
    if axes is None:
        return scaled
    result = np.empty_like(scaled)
    for k in np.unique(own):
        result[own == k] = scaled[own == k] @ axes[k].T
    return result


def _project(axes: NDArray[np.float64] | None, k: int, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return vectors if axes is None else np.asarray(vectors @ axes[k])
