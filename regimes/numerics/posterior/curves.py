"""Posterior over the points and the classes of a data set given a noised point, at every time from two products."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.interface.checkpoints import Partial
from regimes.numerics.interface.checks import as_given, positive_times, whole_number
from regimes.numerics.interface.data_checks import checked_labels, checked_points
from regimes.numerics.interface.progress import Progress
from regimes.numerics.posterior.layout import choose_products, count_groups, default_probes, draw_probes
from regimes.numerics.posterior.moments import Moments
from regimes.numerics.posterior.sweep import Layout, Sweep
from regimes.theory.formula.record import recorded

__all__ = ["PosteriorCurves", "posterior_curves"]

Array = NDArray[np.float64]

_SMALLEST_FACTOR, _LARGEST_FACTOR = 1e-15, 1e15
_PART = "posterior over the data"
_ASKED = 1024  # probes after which it is asked whether they are enough


@dataclass(frozen=True, eq=False)
class PosteriorCurves:
    """Curves of a data set, averaged over probes x_t.

    Attributes
    ----------
    t : ndarray, shape (T,)
        Ornstein-Uhlenbeck times.
    n, d : int
        Number of points and dimension.
    n_classes : int or None
        Number of classes; None without labels.
    probes : int
        Number of pairs (x_t with +z, x_t with -z); a pair is one sample of the standard errors.
    groups : int
        Groups of the jackknife over the data; 0 where there is none.
    products : str
        Precision of the matrix products, ``"double"`` or ``"single"``.
    excess_entropy, excess_entropy_se : ndarray, shape (T,)
        Empirical excess entropy over alpha, ``d f^e/log n = H(index | x_t)/log n``, between 0 and 1.
    leave_one_out, leave_one_out_se : ndarray, shape (T,)
        The same with the own point left out and n - 1 points: 1 at large t, 0 near collapse, negative below.
    clone_index, clone_index_se : ndarray, shape (T,)
        Probability that two clones share the training point.
    clone_class, clone_class_se : ndarray or None
        Probability that two clones share the class; None without labels.
    clone_class_leave_one_out, clone_class_leave_one_out_se : ndarray or None
        The same with the own point left out of the posterior.
    jackknife_excess_entropy, jackknife_leave_one_out, jackknife_clone_index : ndarray, shape (G, T), or None
        The curve without the points of group g and without the probes that start from them; None without groups.
        The variance of any smooth function of the data and the probes is ``(G-1)/G sum (value_g - mean)^2``.
    jackknife_clone_class, jackknife_clone_class_leave_one_out : ndarray, shape (G, T), or None
        None without labels or without groups.
    formulas : dict of str to tuple of str
        Formulas behind each curve.
    """

    t: Array
    n: int
    d: int
    n_classes: int | None
    probes: int
    groups: int
    products: str
    excess_entropy: Array
    excess_entropy_se: Array
    leave_one_out: Array
    leave_one_out_se: Array
    clone_index: Array
    clone_index_se: Array
    clone_class: Array | None
    clone_class_se: Array | None
    clone_class_leave_one_out: Array | None
    clone_class_leave_one_out_se: Array | None
    jackknife_excess_entropy: Array | None
    jackknife_leave_one_out: Array | None
    jackknife_clone_index: Array | None
    jackknife_clone_class: Array | None
    jackknife_clone_class_leave_one_out: Array | None
    formulas: dict[str, tuple[str, ...]]


def posterior_curves(
    X: ArrayLike,
    t: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    singles: bool = False,
    probes: int | None = None,
    rng: int | np.random.Generator = 0,
    groups: int = 20,
    products: str = "auto",
    enough: Callable[[PosteriorCurves], bool] | None = None,
    memory: int = 2 * 2**30,
    progress: Progress | None = None,
    checkpoint: Partial | None = None,
) -> PosteriorCurves:
    """Excess entropy and clone probabilities of a data set at every time.

    A probe is ``x_t = e^{-t} a_mu + sqrt(Delta_t) z`` with z standard normal, the same (mu, z) at all times; the points
    take turns as mu, in a random order. The posterior over the points is a softmax of
    ``e_nu = -snr/2 |a_mu - a_nu|^2 - sqrt(snr) z.(a_mu - a_nu)``, where ``e_mu = 0``. With ``S`` the sum of
    ``exp(e_nu)`` over nu other than mu::

        d f^e     = H(index | x_t) = E log(1 + S)
        d f_loo   = log n - log(n - 1) + E log S
        phi_index = E sum_nu P(nu | x_t)^2
        phi_class = E sum_k P(k | x_t)^2,    P(k | x_t) = sum of P(nu | x_t) over the points of class k

    Parameters
    ----------
    X : array_like, shape (n, d)
        Data points, already scaled; the mean is subtracted inside.
    t : array_like, shape (T,)
        Ornstein-Uhlenbeck times, positive.
    labels : array_like of int, shape (n,), optional
        Classes 0 to K - 1, each of which has a point.
    singles : bool
        Whether each point of class 0 is a class of its own: with groups of near copies as the other classes
        (``NearCopies.as_classes``) phi_class is the probability that two clones share a point or a copy of it.
    probes : int, optional
        Number of probes, each used with z and -z, at most; ``1.2e7/n`` within 2048 and 8192 by default.
    rng : int or numpy.random.Generator
        Seed or generator.
    groups : int
        Groups of the delete-a-group jackknife over the data; at most n and 4096/K are used, and below 2 none is.
    products : {"auto", "double", "single"}
        Precision of the matrix products. Double is chosen where ``probes n d`` is at most 4e9. In single, pairs closer
        than 1e-2 of their squared norms, where the product cancels, are computed again from X in double.
    enough : callable, optional
        Asked with the curves so far after each 1024 probes, and no more are drawn once it says yes. The draws do not
        depend on where they end.
    memory : int
        Bytes for working arrays, beyond X; a sorted copy of it in the precision of the products is one of them.
    progress : callable, optional
        Called with (part, probes done, probes) after each block.
    checkpoint : Partial, optional
        Where the sums so far are kept, now and then and at the end; the same call goes on from them to the same curves.

    Returns
    -------
    PosteriorCurves
        Curves with standard errors over probes, and with each group of the data left out.

    Raises
    ------
    ValueError
        If X, t, labels or an option is out of range, a time is too small for the extent of the data, or the memory
        does not hold the smallest block.

    Notes
    -----
    Source: biroli2024 for the empirical excess entropy f^e; the identity ``d f^e = H(index | x_t)``
    (``index_entropy``) and the clone probabilities are derived. Exact up to the sampling of (mu, z): the
    empirical law is not approximated. Held against float64 brute force with the same draws, from t = 1e-6 to 20: within
    1e-6 (double) and 1e-5 (single) of 1 or of the value, whichever is larger; a small excess entropy keeps six digits
    in double. Exponentials are float32 in both. Results do not depend on the number of numba's threads, and on BLAS's
    and the block size only by rounding.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(200, 16))
    >>> curves = posterior_curves(X, [0.1, 0.4, 3.0], probes=2000)
    >>> curves.excess_entropy.round(2).tolist(), curves.clone_index.round(2).tolist()
    ([0.0, 0.26, 1.0], [1.0, 0.5, 0.01])
    """
    points = checked_points("posterior_curves", X)
    n, d = points.values.shape
    extent = points.extent(points.mean) or 1.0
    times = positive_times("posterior_curves", t)
    with recorded() as noted:
        factor = _noise_factors(times, extent)
    classes, members = checked_labels("posterior_curves", labels, n)
    name = "posterior_curves"
    probes = whole_number(name, "probes", "noised points", default_probes(n) if probes is None else probes, at_least=2)
    groups = whole_number(name, "groups", "of the jackknife", groups, at_least=0)
    memory = whole_number(name, "memory", "bytes", memory, at_least=1)
    if products not in ("auto", "double", "single"):
        raise ValueError(f"posterior_curves: products must be 'auto', 'double' or 'single', got {products!r}")
    if products == "auto":
        products = choose_products(n, d, min(probes, default_probes(n)))
    dtype: np.dtype[np.floating] = np.dtype("f8" if products == "double" else "f4")

    noise = generator(Stream.POSTERIOR_NOISE, rng)
    if 32 * probes > memory:
        raise ValueError(
            f"posterior_curves: memory must hold 32 bytes for each of {probes} probes, got {memory}; allow more "
            "memory, or ask for fewer probes, or less precision"
        )
    mu, rank = draw_probes(n, probes, noise)
    used = count_groups(n, classes, groups, mu, rank)
    sweep = Sweep(points, Layout(members, rank % used, classes, used, singles), factor, dtype, probes, memory)
    moments = Moments(times.size, used, n)

    def so_far(count: int) -> PosteriorCurves:
        rest = n - np.bincount(rank % used, minlength=used)
        kept = count - np.bincount(rank[mu[:count]] % used, minlength=used)
        curves, formulas = moments.curves((n, d), rest, kept, with_classes=labels is not None)
        return PosteriorCurves(
            t=times,
            n=n,
            d=d,
            n_classes=None if labels is None else classes,
            probes=count,
            groups=used if used > 1 else 0,
            products=products,
            formulas={name: (*noted, *names) for name, names in formulas.items()},
            **curves,
        )

    done, last = 0, probes
    state = None if checkpoint is None else checkpoint.load()
    if state is not None:
        moments.restore(state)
        done, last = int(state["count"]), int(state["last"])
        for start in range(0, done, sweep.probes):  # the noise that has been used
            noise.standard_normal((min(sweep.probes, done - start), d))
    if progress is not None and done < last:
        progress(_PART, done, last)
    while done < last:
        width = min(sweep.probes, probes - done, _ASKED - done % _ASKED)
        told = partial(_told, progress, done, width, last)
        for statistics in sweep(mu[done : done + width], noise.standard_normal((width, d)).astype(dtype), told):
            moments.add(statistics)
        done += width
        if enough is not None and done < last and done % _ASKED == 0 and enough(so_far(done)):
            last = done
        if checkpoint is not None and (done == last or checkpoint.due()):
            checkpoint.save(moments.state() | {"last": last}, force=True)
        if progress is not None:
            progress(_PART, done, last)
    return so_far(done)


def _told(progress: Progress | None, done: int, width: int, last: int, share: float) -> None:
    if progress is not None:
        progress(_PART, done + int(share * width), last)


def _noise_factors(times: Array, extent: float) -> Array:
    """``sqrt(snr)`` in units of the extent, within the range of float32 exponents."""
    with np.errstate(over="ignore"):
        factor = np.sqrt(compile_formula("snr", target="numpy")(times)) * extent
    if not np.all(factor <= _LARGEST_FACTOR):
        worst = times[np.argmax(factor)]
        raise ValueError(
            f"posterior_curves: t must be so large that sqrt(snr) times the extent of the data ({extent:.3g}) stays "
            f"below {_LARGEST_FACTOR:g}, got t = {as_given(worst)}; ask for larger times or rescale the data"
        )
    # At the lower end all exponents vanish: the posterior is uniform to rounding.
    return np.asarray(np.maximum(factor, _SMALLEST_FACTOR))
