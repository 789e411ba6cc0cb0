"""U-turns of a flat mixture: classes whose tokens are independent, so that only the class ties the sites together."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.hierarchy.noise import leaf_messages
from regimes.numerics.hierarchy.uturns.sample import UTurns
from regimes.numerics.interface.checks import positive_number, whole_number

__all__ = ["token_mixture_uturns"]

_BLOCK_BYTES = 64 * 2**20


def token_mixture_uturns(
    templates: ArrayLike,
    v: int,
    fidelity: float,
    t: float,
    samples: int,
    *,
    weights: ArrayLike | None = None,
    rng: int | np.random.Generator = 0,
) -> UTurns:
    """U-turns of a mixture of classes of independent tokens under Gaussian noise on one-hot tokens.

    A data point takes a class, then each token independently its template's symbol with probability ``fidelity``,
    else one of the v - 1 others. Given ``x_t = exp(-t) a + sqrt(Delta_t) z`` the posterior of the class is the product
    over tokens of ``sum_b P(b | class) exp(x_b exp(-t)/Delta_t)``, and tokens are independent given the class.

    Parameters
    ----------
    templates : integer array_like, shape (K, d)
        Template of each of K >= 2 classes, symbols 0 to v - 1.
    v : int
        Number of symbols, at least 2.
    fidelity : float
        Probability that a token is its template's, from 1/v (no classes) to below 1.
    t : float
        Positive Ornstein-Uhlenbeck time of the turn.
    samples : int
        Number of U-turns, at least 2.
    weights : array_like, shape (K,), optional
        Positive class weights, normalised to 1; equal by default.
    rng : int or numpy.random.Generator
        Seed or generator; the same seed at two times gives the same points and noise.

    Returns
    -------
    UTurns
        Which tokens, and which classes, came back as they were.

    Notes
    -----
    Posterior derived. Where sites know of each other through the class alone the susceptibility is
    ``cloned_class_susceptibility``.

    """
    name = "token_mixture_uturns"
    template, v, weight = _checked_mixture(name, templates, v, weights)
    classes, d = template.shape
    fidelity = float(fidelity)
    if not 1 / v <= fidelity < 1:
        raise ValueError(
            f"{name}: fidelity (probability that a token is its template's) must lie in [1/v, 1) = [{1 / v:.4g}, 1), "
            f"got {fidelity:g}"
        )
    time = positive_number(name, "t", "Ornstein-Uhlenbeck time", t)
    count = whole_number(name, "samples", "number of U-turns", samples, at_least=2)
    source = generator(Stream.UTURNS_TOKEN_MIXTURE, rng, name)
    rows = max(1, min(count, _BLOCK_BYTES // (32 * d * v)))
    unchanged = np.empty((count, d), dtype=np.bool_)
    same_class = np.empty(count, dtype=np.bool_)
    for start in range(0, count, rows):
        part = slice(start, min(start + rows, count))
        own = source.choice(classes, size=part.stop - start, p=weight)
        tokens = template[own]
        strayed = source.random(tokens.shape) >= fidelity
        tokens = np.where(strayed, (tokens + source.integers(1, v, tokens.shape)) % v, tokens)
        messages = leaf_messages(tokens, "gaussian", time, v, rng=source)
        other, clone = _draw_clones(messages, template, weight, fidelity, source)
        unchanged[part] = clone == tokens
        same_class[part] = other == own
    return UTurns(time, unchanged, same_class)


def _draw_clones(
    messages: NDArray[np.float64],
    template: NDArray[np.intp],
    weight: NDArray[np.float64],
    fidelity: float,
    source: np.random.Generator,
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Class and tokens of one clone for each sample, from normalised messages (n, d, v)."""
    n, d, v = messages.shape
    # P(token | class) is this much on every symbol and the excess on the template's.
    stray = (1 - fidelity) / (v - 1)
    excess = fidelity - stray
    evidence = np.log(stray + excess * messages)
    sites = np.arange(d)
    log_posterior = np.stack([evidence[:, sites, row].sum(axis=1) for row in template], axis=1) + np.log(weight)
    posterior = np.exp(log_posterior - log_posterior.max(axis=1, keepdims=True))
    classes = _draw(posterior, source)
    own = template[classes]
    on_template = np.take_along_axis(messages, own[:, :, None], axis=2)[:, :, 0] * excess
    from_template = source.random((n, d)) * (stray + on_template) < on_template
    return classes, np.where(from_template, own, _draw(messages, source))


def _draw(weights: NDArray[np.float64], source: np.random.Generator) -> NDArray[np.intp]:
    """One index of the last axis for each of the others, with probability in proportion to its weight."""
    cumulated = np.cumsum(weights, axis=-1)
    threshold = source.random(weights.shape[:-1]) * cumulated[..., -1]
    drawn = (cumulated <= threshold[..., None]).sum(axis=-1)
    return np.asarray(np.minimum(drawn, weights.shape[-1] - 1), dtype=np.intp)


def _checked_mixture(
    name: str, templates: ArrayLike, v: int, weights: ArrayLike | None
) -> tuple[NDArray[np.intp], int, NDArray[np.float64]]:
    v = whole_number(name, "v", "number of symbols", v, at_least=2)
    template = np.asarray(templates)
    if template.ndim != 2 or template.shape[0] < 2 or template.shape[1] < 1 or template.dtype.kind not in "iu":
        raise ValueError(
            f"{name}: templates must be whole numbers of shape (K, d) with at least two classes, got {template.dtype} "
            f"of shape {template.shape}"
        )
    if not (template.min() >= 0 and template.max() < v):
        raise ValueError(
            f"{name}: the symbols of the templates must lie between 0 and {v - 1}, got {template.min()} to "
            f"{template.max()}"
        )
    classes = len(template)
    weight = np.ones(classes) if weights is None else np.asarray(weights, dtype=np.float64)
    if weight.shape != (classes,) or not np.all(np.isfinite(weight) & (weight > 0)):
        raise ValueError(f"{name}: weights must be {classes} positive finite numbers, one for each class")
    return template.astype(np.intp), v, weight / weight.sum()
