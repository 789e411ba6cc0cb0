"""Functions that sympy writes and mpmath lacks, in multiple precision."""

from __future__ import annotations

from typing import Any

import mpmath
import sympy
from sympy import oo, pi

__all__ = ["EVALUATION", "PixelPairSum", "PixelTheta", "PixelThetaDual", "PointsInDisc", "PointsInDiscRows"]


_j, _k = sympy.symbols("j k", integer=True)


class _Written(sympy.Function):  # type: ignore[misc]  # sympy has no type information
    """A function of numbers that is shown as what it stands for."""

    def _meaning(self) -> Any:
        raise NotImplementedError

    def _latex(self, printer: Any, exp: Any = None) -> str:
        text = printer.doprint(self._meaning())
        return str(text) if exp is None else rf"\left({text}\right)^{{{exp}}}"

    def _pretty(self, printer: Any) -> Any:
        return printer._print(self._meaning())


class PixelPairSum(_Written):
    """Sum over all whole j of exp(-((j - a)^2 + (j - b)^2)/(2 sigma^2)), by its terms."""

    nargs = 3

    def _meaning(self) -> Any:
        a, b, sigma = self.args
        return sympy.Sum(sympy.exp(-((_j - a) ** 2 + (_j - b) ** 2) / (2 * sigma**2)), (_j, -oo, oo))


class PixelTheta(_Written):
    """Sum over all whole j of exp(-(j - c)^2/sigma^2), by its terms, each from the one before it."""

    nargs = 2

    def _meaning(self) -> Any:
        return sympy.Function("theta")(*self.args)


class PixelThetaDual(_Written):
    """The same by Poisson summation: sigma sqrt(pi) sum over whole k of exp(-(pi sigma k)^2) cos(2 pi k c)."""

    nargs = 2

    def _meaning(self) -> Any:
        c, sigma = self.args
        wave = sympy.exp(-((pi * sigma * _k) ** 2)) * sympy.cos(2 * pi * _k * c)
        return sigma * sympy.sqrt(pi) * sympy.Sum(wave, (_k, -oo, oo))


class PointsInDisc(_Written):
    """Number of points of the square lattice within a distance of one of them, itself included, each tested."""

    nargs = 1

    def _meaning(self) -> Any:
        near = sympy.Piecewise((1, _j**2 + _k**2 <= self.args[0] ** 2), (0, True))
        return sympy.Sum(near, (_j, -oo, oo), (_k, -oo, oo))


class PointsInDiscRows(_Written):
    """The same by rows: the sum over |j| <= R of 2 floor(sqrt(R^2 - j^2)) + 1."""

    nargs = 1

    def _meaning(self) -> Any:
        radius = self.args[0]
        last = sympy.floor(radius)
        return sympy.Sum(2 * sympy.floor(sympy.sqrt(radius**2 - _j**2)) + 1, (_j, -last, last))


def _theta(c: Any, sigma: Any) -> Any:
    c = c - mpmath.nint(c)
    with mpmath.extraprec(40):
        return mpmath.exp(-((c / sigma) ** 2)) + _one_side(c, sigma) + _one_side(-c, sigma)


def _one_side(c: Any, sigma: Any) -> Any:
    """Terms j >= 1, each from the one before it: an exponential of many digits costs a hundred products."""
    term, ratio, quotient = (mpmath.exp(power / sigma**2) for power in (-(c**2), 2 * c - 1, -2))
    total = mpmath.mpf(0)
    while True:
        term, ratio = term * ratio, ratio * quotient
        total += term
        if term <= total * mpmath.eps:
            return total


def _pair_sum(a: Any, b: Any, sigma: Any) -> Any:
    middle = mpmath.nint((a + b) / 2)
    spread = mpmath.mpf(1) / 4 + abs(a - b) / 2 + sigma**2 * (mpmath.mp.prec + 10)
    reach = int(mpmath.ceil(mpmath.mpf(1) / 2 + mpmath.sqrt(spread)))
    places = (middle + j for j in range(-reach, reach + 1))
    return mpmath.fsum(mpmath.exp(-((j - a) ** 2 + (j - b) ** 2) / (2 * sigma**2)) for j in places)


def _theta_dual(c: Any, sigma: Any) -> Any:
    with mpmath.workprec(mpmath.mp.prec + 10 + int((c - mpmath.nint(c)) ** 2 / sigma**2 * 2)):  # what cancels
        reach = int(mpmath.ceil(mpmath.sqrt(mpmath.mp.prec) / (mpmath.pi * sigma)))
        terms = (
            mpmath.exp(-((mpmath.pi * sigma * k) ** 2)) * mpmath.cos(2 * mpmath.pi * k * c) for k in range(1, reach + 1)
        )
        return sigma * mpmath.sqrt(mpmath.pi) * (1 + 2 * mpmath.fsum(terms))


def _erfcinv(tau: Any) -> Any:
    """Newton on log erfc, digits doubling with each step; mpmath has erfinv alone, which stops at 1 - tau = 1."""
    target = mpmath.mp.prec + 20 + max(0, -mpmath.mag(1 - tau))  # relative accuracy towards tau = 1
    with mpmath.workprec(60):
        root = mpmath.sqrt(-mpmath.log(tau))
    done, precision = 0, 60 + max(0, -mpmath.mag(1 - tau))
    while done < 10 or precision < target:
        precision = min(target, 2 * precision) if done >= 10 else precision
        with mpmath.workprec(precision):
            tail = mpmath.erfc(root)
            root += tail * mpmath.log(tail / tau) * mpmath.exp(root**2) * mpmath.sqrt(mpmath.pi) / 2
        done += 1
    return +root


def _points(radius: Any) -> Any:
    reach = range(-int(mpmath.ceil(radius)), int(mpmath.ceil(radius)) + 1)
    return mpmath.mpf(sum(i * i + j * j <= radius**2 for i in reach for j in reach))


def _points_by_rows(radius: Any) -> Any:
    reach = int(mpmath.floor(radius))
    return mpmath.fsum(2 * mpmath.floor(mpmath.sqrt(radius**2 - j**2)) + 1 for j in range(-reach, reach + 1))


EVALUATION: list[Any] = [
    {
        "erfcinv": _erfcinv,
        "PixelPairSum": _pair_sum,
        "PixelTheta": _theta,
        "PixelThetaDual": _theta_dual,
        "PointsInDisc": _points,
        "PointsInDiscRows": _points_by_rows,
    },
    "mpmath",
]
"""Where ``sympy.lambdify`` finds the functions of multiple precision."""
