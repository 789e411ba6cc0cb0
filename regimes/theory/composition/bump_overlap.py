"""How much two bumps of width sigma overlap at a distance, and from which width or distance on they do.

A bump is exp(-|x - c|^2/(2 sigma^2)) in the plane. Three overlaps are in use; which of them a figure of the literature
shows is not always said, so that the overlap is an argument of everything that is computed from it.
"""

from __future__ import annotations

import sympy
from sympy import Derivative, Integral, Interval, LambertW, Min, Subs, erfc, erfcinv, exp, log, oo, pi, sqrt

from regimes.theory.formula.formula import Formula, Step, Variable, equation
from regimes.theory.formula.normal_law import normal
from regimes.theory.formula.symbols import DISTANCE, POSITIVE, WIDTH, r, sigma, step, tau, u, x, y

__all__ = [
    "COEFFICIENT_RADIUS",
    "COEFFICIENT_WIDTH",
    "COSINE_OVERLAP",
    "COSINE_RADIUS",
    "COSINE_WIDTH",
    "DENSITY_PRODUCT",
    "LARGEST_DENSITY_PRODUCT",
    "OVERLAP_COEFFICIENT",
    "PRODUCT_RADIUS",
]

_overlap = sympy.Symbol("s", positive=True)
_radius = sympy.Symbol("r_c", positive=True)
_width = sympy.Symbol("sigma_c", positive=True)

_TAU = Variable(tau, "overlap from which two bumps connect", Interval.open(0, 1))
_DENSITY = Variable(tau, "density product from which two bumps connect, per squared pixel", POSITIVE)
_STEP = Variable(step, "distance of neighbouring centres, in pixels", POSITIVE)

_plane = "both images extend over the whole plane, and pixels are much smaller than sigma"
_source = "derived; liang2024b (overlap of neighbouring bumps)"


def _product(distance: sympy.Expr, along: sympy.Symbol) -> sympy.Expr:
    """Product of two bumps on the axis through both centres, places in units of sigma measured half way."""
    half = distance / (2 * sigma)
    return exp(-((along - half) ** 2) / 2) * exp(-((along + half) ** 2) / 2)


def _whole_line(integrand: sympy.Expr, along: sympy.Symbol) -> sympy.Expr:
    return Integral(integrand, (along, -oo, oo))


COSINE_OVERLAP = Formula(
    name="cosine_overlap",
    title="Cosine of the angle between the images of two bumps",
    symbol=_overlap,
    inputs=(DISTANCE, WIDTH),
    expr=exp(-(r**2) / (4 * sigma**2)),
    source=_source,
    assumes=(_plane,),
    steps=(
        Step(
            "plane integral of the product over the root of the two norms: along the axis through both centres, places "
            "in units of sigma from the middle; the integrals across it cancel",
            _whole_line(_product(r, x), x) / _whole_line(exp(-(x**2)), x),
        ),
    ),
)

OVERLAP_COEFFICIENT = Formula(
    name="overlap_coefficient",
    title="Common part of two bumps of integral 1",
    symbol=_overlap,
    inputs=(DISTANCE, WIDTH),
    expr=erfc(r / (2 * sqrt(2) * sigma)),
    source=_source,
    assumes=(_plane,),
    steps=(
        Step(
            "integral of the smaller of the two densities along the axis through both centres, the same on both sides "
            "of the middle, u = 0; the integral across is 1",
            2 * Integral(Min(normal(u + r / (2 * sigma)), normal(u - r / (2 * sigma))), (u, 0, oo)),
        ),
        Step(
            "beyond the middle the bump of the other side is the smaller one",
            2 * Integral(normal(u), (u, r / (2 * sigma), oo)),
        ),
    ),
)

DENSITY_PRODUCT = Formula(
    name="density_product",
    title="Plane integral of the product of two bumps of integral 1",
    symbol=_overlap,
    inputs=(DISTANCE, WIDTH),
    expr=exp(-(r**2) / (4 * sigma**2)) / (4 * pi * sigma**2),
    source=_source,
    assumes=(_plane, "per squared pixel: the probability density that a point drawn from each falls on one place"),
    steps=(
        Step(
            "integral along the axis through both centres times that across, in units of sigma; each density carries "
            "1/(2 pi sigma^2)",
            sigma**2 * _whole_line(_product(r, x), x) * _whole_line(exp(-(y**2)), y) / (2 * pi * sigma**2) ** 2,
        ),
    ),
)

COSINE_RADIUS = Formula(
    name="cosine_radius",
    title="Distance up to which the cosine overlap is at least tau",
    symbol=_radius,
    inputs=(_TAU, WIDTH),
    expr=2 * sigma * sqrt(log(1 / tau)),
    source=_source,
    assumes=(_plane,),
    steps=(Step("the cosine overlap at this distance is tau", equation(COSINE_OVERLAP.expr.subs(r, _radius), tau)),),
    stable=2 * sigma * sqrt(-log(tau)),
)

COEFFICIENT_RADIUS = Formula(
    name="coefficient_radius",
    title="Distance up to which the overlap coefficient is at least tau",
    symbol=_radius,
    inputs=(_TAU, WIDTH),
    expr=2 * sqrt(2) * sigma * erfcinv(tau),
    source=_source,
    assumes=(_plane,),
    steps=(
        Step(
            "the overlap coefficient at this distance is tau", equation(OVERLAP_COEFFICIENT.expr.subs(r, _radius), tau)
        ),
    ),
)

PRODUCT_RADIUS = Formula(
    name="product_radius",
    title="Distance up to which the density product is at least tau",
    symbol=_radius,
    inputs=(_DENSITY, WIDTH),
    expr=2 * sigma * sqrt(-log(4 * pi * sigma**2 * tau)),
    source=_source,
    assumes=(_plane, "two bumps at one place reach 1/(4 pi sigma^2) and none more"),
    where=(4 * pi * sigma**2 * tau < 1,),
    steps=(Step("the density product at this distance is tau", equation(DENSITY_PRODUCT.expr.subs(r, _radius), tau)),),
)

COSINE_WIDTH = Formula(
    name="cosine_width",
    title="Smallest width of bumps with cosine overlap tau at a distance of one step, in steps",
    symbol=_width,
    inputs=(_TAU,),
    expr=1 / (2 * sqrt(log(1 / tau))),
    source=_source,
    assumes=(_plane,),
    steps=(
        Step(
            "bumps a step apart overlap by tau at this width, and the wider they are the more",
            equation(COSINE_OVERLAP.expr.subs({r: step, sigma: step * _width}), tau),
            extra=(_STEP,),
        ),
    ),
    stable=1 / (2 * sqrt(-log(tau))),
)

COEFFICIENT_WIDTH = Formula(
    name="coefficient_width",
    title="Smallest width of bumps with overlap coefficient tau at a distance of one step, in steps",
    symbol=_width,
    inputs=(_TAU,),
    expr=1 / (2 * sqrt(2) * erfcinv(tau)),
    source=_source,
    assumes=(_plane,),
    steps=(
        Step(
            "bumps a step apart overlap by tau at this width, and the wider they are the more",
            equation(OVERLAP_COEFFICIENT.expr.subs({r: step, sigma: step * _width}), tau),
            extra=(_STEP,),
        ),
    ),
)

_share = sympy.Symbol("u", positive=True)
_at_share = _share * exp(-_share) / (pi * step**2)
_narrow, _wide = sympy.symbols("u_narrow u_wide", positive=True)

LARGEST_DENSITY_PRODUCT = Formula(
    name="largest_density_product",
    title="Largest density product of two bumps at a distance, whatever their width",
    symbol=_overlap,
    inputs=(_STEP,),
    expr=exp(-1) / (pi * step**2),
    source=_source,
    assumes=(_plane,),
    steps=(
        Step(
            "in u = step^2/(4 sigma^2): wide bumps are faint, narrow ones far from each other",
            equation(DENSITY_PRODUCT.expr.subs({r: step, sigma: step / (2 * sqrt(_share))}), _at_share),
            extra=(Variable(_share, "step^2/(4 sigma^2)", POSITIVE),),
        ),
        Step(
            "u exp(-u) is largest at u = 1, where its slope changes sign",
            equation(Subs(Derivative(_at_share, _share), _share, 1), 0),
        ),
        Step(
            "tau below it is reached at two widths, where u exp(-u) = pi step^2 tau: the smaller width has the larger "
            "u = -W_-1(-pi step^2 tau), with Lambert's W ...",
            equation(-LambertW(-_narrow * exp(-_narrow), -1), _narrow),
            extra=(Variable(_narrow, "step^2/(4 sigma^2) of the smaller width", Interval.open(1, oo)),),
        ),
        Step(
            "... the larger width the smaller u = -W_0(-pi step^2 tau), and bumps connect between the two",
            equation(-LambertW(-_wide * exp(-_wide)), _wide),
            extra=(Variable(_wide, "step^2/(4 sigma^2) of the larger width", Interval.open(0, 1)),),
        ),
        Step("u = 1 is sigma = step/2", DENSITY_PRODUCT.expr.subs({r: step, sigma: step / 2})),
    ),
)
