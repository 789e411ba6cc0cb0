"""Overlap of two bumps that are sampled at whole pixels, where sums over pixels replace integrals over the plane.

Exponents of both bumps add up to squares, (j-a)^2 + (j-b)^2 = 2 (j - (a+b)/2)^2 + (a-b)^2/2, and bumps factorise, so
that one sum along one axis suffices: theta(c) = sum over whole j of exp(-(j-c)^2/sigma^2). It depends on c, the place
of a bump between two pixels, the less the wider the bump.
"""

from __future__ import annotations

import sympy
from sympy import Derivative, Max, Min, Piecewise, Rational, Subs, cos, exp, floor, log, pi, sqrt

from regimes.theory.composition.bump import BUMP_PROFILE
from regimes.theory.formula.formula import Formula, Step, Variable, equation, log1p
from regimes.theory.formula.special_functions import PixelPairSum, PixelTheta, PixelThetaDual
from regimes.theory.formula.symbols import WIDTH, sigma, u

__all__ = ["LOG_PIXEL_SHARE", "PIXEL_CORRECTION", "PIXEL_COSINE_OVERLAP", "PIXEL_DENSITY_PRODUCT", "PIXEL_SUM"]

_c, _a, _b = sympy.symbols("c a b", real=True)
_j = sympy.Symbol("j", integer=True)
_sum = sympy.Symbol("theta", positive=True)
_overlap = sympy.Symbol("s", positive=True)

_FIRST = Variable(_a, "place of the first bump along the axis, in pixels", sympy.S.Reals)
_SECOND = Variable(_b, "place of the second bump along the axis, in pixels", sympy.S.Reals)
_PIXEL = Variable(_j, "pixel", sympy.S.Integers)

_grid = "the grid of pixels extends far beyond both bumps"
_axis = "one axis: the overlap of two bumps is the product over all axes"
_middle = (_a + _b) / 2

_DIRECT = 6
"""Terms on either side that the sum over pixels needs for 50 digits where sigma^2 <= 1/pi ..."""
_DUAL = 6
"""... and terms of the sum by Poisson summation where sigma^2 >= 1/pi."""


def _nearest(place: sympy.Expr) -> sympy.Expr:
    return floor(place + Rational(1, 2))


def _excess(place: sympy.Expr, square: sympy.Expr) -> sympy.Expr:
    """theta(c) over its largest term, less that term, for a width of the given square."""
    offset = place - _nearest(place)
    # Each branch is evaluated on the other's side as well, and must not overflow there.
    narrow, wide = Min(square, 1 / pi), Max(square, 1 / pi)
    direct = sum(
        exp(-k * (k - 2 * offset) / narrow) + exp(-k * (k + 2 * offset) / narrow) for k in range(1, _DIRECT + 1)
    )
    dual = 1 + 2 * sum(exp(-(pi**2) * k**2 * wide) * cos(2 * pi * k * offset) for k in range(1, _DUAL + 1))
    return Piecewise((direct, square <= 1 / pi), (sqrt(pi * wide) * exp(offset**2 / wide) * dual - 1, True))


def _relative_sum(place: sympy.Expr, square: sympy.Expr) -> sympy.Expr:
    return 1 + _excess(place, square)


def _common_exponent() -> sympy.Expr:
    """(a-b)^2/4 with the largest terms of the three sums taken out, without the difference of large squares."""
    first, second, middle = _nearest(_a), _nearest(_b), _nearest(_middle)
    return ((middle - first) * (middle - _a + first - _a) + (middle - second) * (middle - _b + second - _b)) / 2


def _stable_sum(place: sympy.Expr, square: sympy.Expr) -> sympy.Expr:
    return exp(-((place - _nearest(place)) ** 2) / square) * _relative_sum(place, square)


def _bump(place: sympy.Expr) -> sympy.Expr:
    return BUMP_PROFILE.expr.subs(u, _j - place)


_joint = exp(-((_a - _b) ** 2) / (4 * sigma**2)) * PixelTheta(_middle, sigma)
_by_squares = Step(
    "in every pixel the exponents add up to one square around the middle and one of the distance",
    equation(_bump(_a) * _bump(_b), exp(-((_a - _b) ** 2) / (4 * sigma**2)) * exp(-((_j - _middle) ** 2) / sigma**2)),
    extra=(_PIXEL,),
)

PIXEL_SUM = Formula(
    name="pixel_sum",
    title="Sum of a squared bump over the pixels of an axis",
    symbol=_sum,
    inputs=(Variable(_c, "place of the bump along the axis, in pixels", sympy.S.Reals), WIDTH),
    expr=PixelTheta(_c, sigma),
    source="derived (Poisson summation)",
    assumes=(_grid,),
    steps=(
        Step("definition: the square of the bump in every pixel", PixelPairSum(_c, _c, sigma)),
        Step(
            "Poisson summation: the values of a function at all whole numbers add up like those of its Fourier "
            "transform, sigma sqrt(pi) exp(-(pi sigma k)^2) with the phase 2 pi k c",
            PixelThetaDual(_c, sigma),
        ),
    ),
    stable=_stable_sum(_c, sigma**2),
)

PIXEL_COSINE_OVERLAP = Formula(
    name="pixel_cosine_overlap",
    title="Cosine of the angle between two bumps sampled at the pixels of an axis",
    symbol=_overlap,
    inputs=(_FIRST, _SECOND, WIDTH),
    expr=_joint / sqrt(PIXEL_SUM.expr.subs(_c, _a) * PIXEL_SUM.expr.subs(_c, _b)),
    source="derived",
    assumes=(_grid, _axis),
    steps=(
        _by_squares,
        Step(
            "sum of the products over the root of the two sums of squares",
            PixelPairSum(_a, _b, sigma) / sqrt(PixelPairSum(_a, _a, sigma) * PixelPairSum(_b, _b, sigma)),
        ),
    ),
    stable=exp(-_common_exponent() / sigma**2)
    * _relative_sum(_middle, sigma**2)
    / sqrt(_relative_sum(_a, sigma**2) * _relative_sum(_b, sigma**2)),
)

LOG_PIXEL_SHARE = Formula(
    name="log_pixel_share",
    title="Logarithm of the share of a pixel in the brightness of a bump along one axis",
    symbol=sympy.Symbol("log_p", real=True),
    inputs=(_PIXEL, _FIRST, WIDTH),
    expr=-((_j - _a) ** 2) / (2 * sigma**2) - log(PixelTheta(_a, sqrt(2) * sigma)),
    source="derived",
    assumes=(_grid, "one axis: the share of a pixel of an image is the product over its axes"),
    steps=(
        Step("brightness of the pixel over that of all pixels", log(_bump(_a) / PixelPairSum(_a, _a, sqrt(2) * sigma))),
    ),
    stable=-(_j - _nearest(_a)) * (_j - _a + _nearest(_a) - _a) / (2 * sigma**2) - log1p(_excess(_a, 2 * sigma**2)),
)

PIXEL_DENSITY_PRODUCT = Formula(
    name="pixel_density_product",
    title="Sum over the pixels of an axis of the product of the shares of two bumps",
    symbol=_overlap,
    inputs=(_FIRST, _SECOND, WIDTH),
    expr=_joint / (PixelTheta(_a, sqrt(2) * sigma) * PixelTheta(_b, sqrt(2) * sigma)),
    source="derived",
    assumes=(_grid, _axis, "per pixel: the probability that a pixel drawn from each image is the same"),
    steps=(
        _by_squares,
        Step(
            "sum of the products over the product of the two sums",
            PixelPairSum(_a, _b, sigma) / (PixelTheta(_a, sqrt(2) * sigma) * PixelTheta(_b, sqrt(2) * sigma)),
        ),
    ),
    stable=exp(-_common_exponent() / sigma**2)
    * _relative_sum(_middle, sigma**2)
    / (_relative_sum(_a, 2 * sigma**2) * _relative_sum(_b, 2 * sigma**2)),
)

_q = sympy.Symbol("q", positive=True)

PIXEL_CORRECTION = Formula(
    name="pixel_correction",
    title="Leading relative error of the cosine overlap of the plane for bumps on pixels, an odd distance apart",
    symbol=sympy.Symbol("epsilon_pixel", positive=True),
    inputs=(WIDTH,),
    expr=4 * exp(-(pi**2) * sigma**2),
    source="derived (Poisson summation)",
    assumes=(_grid, "sigma of half a pixel and more; bumps on pixels, an even distance apart, have no error at all"),
    steps=(
        Step(
            "the middle of the bumps lies between two pixels: theta(1/2)/theta(0) in q = exp(-pi^2 sigma^2), where "
            "further terms are of order q^4, is lower than 1 by four q to first order",
            -exp(-(pi**2) * sigma**2) * Subs(Derivative((1 - 2 * _q) / (1 + 2 * _q), _q), _q, 0),
        ),
    ),
)
