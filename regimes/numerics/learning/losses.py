"""Training and test loss of random features against training time: exact in the limit, for any covariance.

Both are traces of functions of U: with V the mean of features times noise, and h of ``mode_test_gain``,

    train = 1 - tr V^T h_2(U) V/d,    test = 1 - 2 tr V^T h(U) V/d + tr V^T h(U) U' h(U) V/d,

U' the covariance of the features of all data. By Cauchy's formula they are integrals over a line around the
eigenvalues of one and of two resolvents. That of V is ``noise_transform``. That of two, Q(z_1) U' Q(z_2), is the corner
of the resolvent of a matrix of 2 x 2 blocks, [[U - z_1, e U'], [0, U - z_2]]: the equations of the spectrum hold for it
with triangular matrices in the place of the numbers u and den. To first order in e their corners solve two linear
equations, in which u_1, den_1, u_2, den_2 are those of both points and S_j = mean nu^j a_1 a_2, a = u/(1 + u M),
M = nu/den + b^2:

    (psi_p - 1 + K_1/u_1 + K_2/u_2 - S_0/u_1 u_2) w - (v^2 + S_1/u_1 u_2) m = v^2 + s^2 + (S_1 + b^2 S_0)/u_1 u_2
    beta (S_1 + v^2 u_1 u_2) w + (beta S_2 - den_1 den_2) m = -beta (S_2 + b^2 S_1)

and the trace over a direction nu is a_1 a_2 (w + nu m + nu + b^2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.compiled.kernels import kernel
from regimes.numerics.interface.checks import real_array
from regimes.numerics.learning.features import RandomFeatures
from regimes.numerics.learning.support import support_above_floor
from regimes.numerics.learning.transform import at
from regimes.theory.formula.record import note, recorded

__all__ = ["TrainingLosses", "training_losses"]

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

_NODES = 96
_HEIGHT = 1.2  # of the line around the logarithms of the eigenvalues: below pi/2 its points have a positive real part
_LOWEST = 1e-12
noise_transform = compile_formula("noise_transform").analytic


@dataclass(frozen=True, eq=False)
class TrainingLosses:
    """Losses of random features, per coordinate and in units of that of no training.

    Attributes
    ----------
    time : ndarray, shape (k,)
        Training time tau of the flow dA/dtau = -d^2 grad loss.
    train, test : ndarray, shape (k,)
        Means of ``|sqrt(Delta_t) s + z|^2/d`` over the points and over all data.
    eigenvalues : ndarray, shape (m,)
        Distinct eigenvalues of the covariance of the data.
    train_of, test_of : ndarray, shape (m, k)
        Losses in a direction of each.
    formulas : tuple of str
        Formulas behind the curves.
    """

    time: Array
    train: Array
    test: Array
    eigenvalues: Array
    train_of: Array
    test_of: Array
    formulas: tuple[str, ...]


def training_losses(given: RandomFeatures, time: ArrayLike) -> TrainingLosses:
    """Training and test loss at training times, for gradient flow from zero weights.

    Parameters
    ----------
    given : RandomFeatures
        The features.
    time : array_like, shape (k,)
        Training times; not negative. ``learning_steps`` turns them into steps of gradient descent.

    Returns
    -------
    TrainingLosses
        Both losses, and those of each direction of the covariance.

    Raises
    ------
    ValueError
        If a time is negative or not finite, or the eigenvalues come down to 0, where none is learned last.

    Notes
    -----
    bonnaire2025 gives the losses by simulation; derived here, for p, n and d to infinity, with Gaussian features of the
    moments of the true ones. The score is that of one noise level.

    Examples
    --------
    >>> from regimes.numerics.learning.features import random_features
    >>> given = random_features([1.0], counts=[100], features=400, samples=200, t=0.05)
    >>> found = training_losses(given, [0.0, 100.0, 1e6])
    >>> found.train.round(3).tolist(), found.test.round(3).tolist()
    ([1.0, 0.838, 0.665], [1.0, 1.0, 2.296])
    """
    times = np.atleast_1d(real_array("training_losses", "time", time))
    if times.ndim != 1 or not (np.isfinite(times) & (times >= 0)).all():
        raise ValueError("training_losses: time (of training) must be finite and not negative, a number or a sequence")
    with recorded() as used:
        around = _around(given)
        learned = np.asarray(compile_formula("learning_time", target="numpy")(given.t, given.psi_p, 1.0))
        train = np.array([_train(around, time / learned) for time in times]).T
        test = np.array([_test(around, time / learned) for time in times]).T
        note("noise_transform")
    return TrainingLosses(
        times, given.shares @ train, given.shares @ test, given.eigenvalues, train, test, formulas=tuple(used)
    )


@dataclass(frozen=True, eq=False)
class _Around:
    """Points of a line around the eigenvalues, their parts of an integral over 2 pi i, and the resolvents there.

    ``of`` (points, levels) is the resolvent of the noise in each direction; ``corner`` and ``slope`` are w + b^2 and
    m + 1 of each pair of points, by which a_1 a_2 is multiplied, the latter with nu.
    """

    levels: Array
    b2: float
    z: Complex
    step: Complex
    of: Complex
    corner: Complex
    slope: Complex


def _around(given: RandomFeatures) -> _Around:
    pieces = support_above_floor(given)
    low, high = pieces[0][0] + given.floor, pieces[-1][1] + given.floor
    if low <= _LOWEST * high:
        raise ValueError(
            "training_losses: the eigenvalues must stay above 0, got a spectrum that comes down to it, whose last "
            "modes are never learned; take more features, or fewer"
        )
    length = max(np.log(high / low) / 2, 1e-3)
    stretch = np.arcsinh(_HEIGHT / length)
    angle = (np.arange(_NODES) + 0.5) * np.pi / _NODES
    wide, tall = length * np.cosh(stretch), length * np.sinh(stretch)
    z = np.sqrt(low) * np.sqrt(high) * np.exp(wide * np.cos(angle) + 1j * tall * np.sin(angle))
    step = z * (1j * tall * np.cos(angle) - wide * np.sin(angle)) / (2j * _NODES)
    u, y = at(given, z - given.floor)
    # The lower half are conjugates, passed in the other direction.
    z, step, u, y = (np.concatenate([upper, upper.conj()]) for upper in (z, step, u, y))
    of = _of_directions(u, y, given.levels, given.b2)
    return _Around(given.levels, given.b2, z, step, of, *_corners(given, u, u * y / (1 + u * given.b2), of))


def _corners(given: RandomFeatures, u: Complex, den: Complex, of: Complex) -> tuple[Complex, Complex]:
    """Corners of the triangular matrices for each pair of points: the two linear equations."""
    first, second, third = ((of * (given.shares * given.levels**power)) @ of.T for power in (0, 1, 2))
    v2, b2, beta = given.v2, given.b2, given.points_ratio
    us, dens = np.outer(u, u), np.outer(den, den)
    seen = of @ given.shares / u
    of_w = given.psi_p - 1 + seen[:, None] + seen - first / us
    of_m = -(v2 + second / us)
    right = v2 + given.s2 + (second + b2 * first) / us
    below_w, below_m, below = beta * (second + v2 * us), beta * third - dens, -beta * (third + b2 * second)
    determinant = of_w * below_m - of_m * below_w
    return (right * below_m - of_m * below) / determinant + b2, (of_w * below - below_w * right) / determinant + 1


def _train(around: _Around, times: float) -> Array:
    """In each direction; ``times`` is the training time over the learning time of eigenvalue 1."""
    gain = _values("mode_train_gain", times, around.z)
    return np.asarray(1 + around.b2 * ((gain * around.step) @ around.of).real)


def _test(around: _Around, times: float) -> Array:
    gain = _values("mode_test_gain", times, around.z) * around.step
    weighed = gain[:, None] * around.of
    both = np.einsum("ik,ik->k", weighed, around.corner @ weighed)
    both += around.levels * np.einsum("ik,ik->k", weighed, around.slope @ weighed)
    return np.asarray(1 + around.b2 * (2 * weighed.sum(axis=0) + both).real)


def _values(name: str, times: float, z: Complex) -> Complex:
    """A formula of a mode's time, in its learning times, and of its eigenvalue, at complex eigenvalues."""
    note(name)
    return _each(compile_formula(name).analytic, times, z)


@kernel(error_model="numpy")
def _of_directions(u: Complex, y: Complex, levels: Array, b2: float) -> Complex:
    """The resolvent of the noise in the directions of each level, by themselves."""
    found = np.empty((u.size, levels.size), np.complex128)
    for place in range(u.size):
        for k in range(levels.size):
            found[place, k] = noise_transform(u[place], levels[k] / (levels[k] + y[place]), b2)
    return found


@kernel(error_model="numpy")
def _each(function: Any, times: float, z: Complex) -> Complex:
    found = np.empty(z.size, np.complex128)
    for place in range(z.size):
        found[place] = function(times * z[place], z[place])
    return found
