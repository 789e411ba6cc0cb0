"""Clones of a symmetric mixture told apart by the side of the origin on which they end, not by their class.

Two numbers say everything. Given x_t and the class c, the component of the data point along the axis is normal; in
units of its deviation its mean is c h + b y, with y the component of x_t in deviations of the noised class. The product
h b is r, the distance of the noised centre from the origin: the class alone depends on r only.
"""

from __future__ import annotations

import sympy
from sympy import Derivative, Integral, Interval, S, cosh, exp, oo, sech, sqrt

from regimes.theory.formula.formula import Formula, Step, Variable, equation
from regimes.theory.formula.normal_law import normal, normal_below
from regimes.theory.formula.symbols import (
    DIMENSION,
    MU,
    POSITIVE,
    SIGMA,
    TIME,
    Delta,
    Delta_stable,
    Gamma,
    Gamma_stable,
    d,
    mu,
    sigma,
    t,
    x,
    y,
)
from regimes.theory.process.forward import log_normal
from regimes.theory.speciation.mixture import MIXTURE_KAPPA

__all__ = [
    "SIGN_CLONE_DISAGREEMENT",
    "SIGN_CLONE_DISTANCE",
    "SIGN_CLONE_INTEGRAND",
    "SIGN_CLONE_SLOPE",
    "SIGN_POSTERIOR",
]

_h = sympy.Symbol("h", positive=True)
_b = sympy.Symbol("b", positive=True)
_point = sympy.Symbol("a", real=True)
_centre = sqrt(d) * mu
_mean = _centre + sigma**2 * exp(-t) / Gamma * (x - exp(-t) * _centre)
_variance = sigma**2 * Delta / Gamma

_H = Variable(_h, "distance of the class centre from the boundary, in deviations of the posterior", POSITIVE)
_B = Variable(_b, "slope of the posterior mean in x_t, both in deviations", POSITIVE)
_Y = Variable(y, "x_t along the axis, in standard deviations of the noised class", S.Reals)
_X = Variable(x, "component of x_t along the axis of the centres", S.Reals)
_A = Variable(_point, "component of the data point along the axis of the centres", S.Reals)
_mixture = "two classes of equal weight, centres at +m and -m, variance sigma^2 in every direction"


SIGN_CLONE_DISTANCE = Formula(
    name="sign_clone_distance",
    title="Distance of a class centre from the boundary between the signs, in deviations of the posterior",
    symbol=_h,
    inputs=(TIME, DIMENSION, MU, SIGMA),
    expr=sqrt(d) * mu / sigma * sqrt(Delta / Gamma),
    source="derived",
    assumes=(_mixture, "the mean of the posterior within class + at x_t = 0 along the axis, over its deviation"),
    steps=(
        Step(
            "Bayes' rule within class +: the product of prior and likelihood along the axis is a normal posterior of "
            "variance sigma^2 Delta_t/Gamma_t times the density of x_t",
            equation(
                log_normal(_point - _centre, sigma**2) + log_normal(x - exp(-t) * _point, Delta),
                log_normal(_point - _mean, _variance) + log_normal(x - exp(-t) * _centre, Gamma),
            ),
            extra=(_X, _A),
        ),
        Step("its mean at x = 0, over its deviation", _mean.subs(x, 0) / sqrt(_variance)),
    ),
    stable=sqrt(d) * mu / sigma * sqrt(Delta_stable / Gamma_stable),
)

SIGN_CLONE_SLOPE = Formula(
    name="sign_clone_slope",
    title="Slope of the posterior mean along the axis in x_t, each in its own deviation",
    symbol=_b,
    inputs=(TIME, SIGMA),
    expr=sigma * exp(-t) / sqrt(Delta),
    source="derived",
    assumes=(_mixture,),
    steps=(
        Step(
            "with the distance h of sign_clone_distance, h b is r, the square root of mixture_kappa",
            equation(SIGN_CLONE_DISTANCE.expr * sigma * exp(-t) / sqrt(Delta), sqrt(MIXTURE_KAPPA.expr)),
            extra=(DIMENSION, MU),
        ),
        Step(
            "slope of the posterior mean (sign_clone_distance) times sqrt(Gamma_t), over the posterior deviation",
            Derivative(_mean, x) * sqrt(Gamma) / sqrt(_variance),
            extra=(_X,),
        ),
    ),
    stable=sigma * exp(-t) / sqrt(Delta_stable),
)

_r = _h * _b
_plus = exp(_r * y) * normal_below(_h + _b * y) + exp(-_r * y) * normal_below(_b * y - _h)
_minus = exp(_r * y) * normal_below(-_h - _b * y) + exp(-_r * y) * normal_below(_h - _b * y)

SIGN_POSTERIOR = Formula(
    name="sign_posterior",
    title="Probability, given x_t, that the data point lies on the positive side of the origin along the axis",
    symbol=sympy.Symbol("p_sign", positive=True),
    inputs=(_Y, _H, _B),
    expr=_plus / (2 * cosh(_r * y)),
    source="derived",
    assumes=(_mixture, "beyond h + b |y| = 37 the normal tail underflows in float64"),
    where=(_h + _b * sympy.Abs(y) < 37,),
    steps=(
        Step(
            "sum over the classes of P(c | x_t) Phi(c h + b y), with P(c | x_t) from the densities of y around c r",
            (normal(y - _r) * normal_below(_h + _b * y) + normal(y + _r) * normal_below(-_h + _b * y))
            / (normal(y - _r) + normal(y + _r)),
        ),
        Step(
            "the other side has the rest",
            1 - _minus / (exp(_r * y) + exp(-_r * y)),
        ),
    ),
    stable=normal_below(_h + _b * y) / (1 + exp(-2 * _r * y)) + normal_below(_b * y - _h) / (1 + exp(2 * _r * y)),
)

_integrand = _plus * _minus * sech(_r * y) * normal(y)
_size = sympy.Abs(y)
_likely = normal_below(_h + _b * _size) + exp(-2 * _r * _size) * normal_below(_b * _size - _h)
_unlikely = exp(_r * _size) * normal_below(-_h - _b * _size) + exp(-_r * _size) * normal_below(_h - _b * _size)

SIGN_CLONE_INTEGRAND = Formula(
    name="sign_clone_integrand",
    title="Integrand of the mean that takes the place of E sech(r u) for clones told apart by sign",
    symbol=sympy.Symbol("j_sign", positive=True),
    inputs=(_Y, _H, _B),
    expr=_integrand,
    source="derived (sign_clone_disagreement)",
    assumes=(_mixture, "beyond h + b |y| = 37 the normal tail underflows in float64"),
    where=(_h + _b * sympy.Abs(y) < 37,),
    steps=(
        Step(
            "4 p (1 - p) cosh(r y) times the normal density: even in y, since p(-y) = 1 - p(y)",
            4 * (_plus / (2 * cosh(_r * y))) * (_minus / (2 * cosh(_r * y))) * cosh(_r * y) * normal(y),
        ),
    ),
    stable=2 * _likely / (1 + exp(-2 * _r * _size)) * _unlikely * normal(y),
)

_distance = sympy.Symbol("r_0", positive=True)
_rho = sympy.Symbol("rho", positive=True)
_in_distance = {_h: _distance * sqrt(1 - _rho), _b: sqrt(_rho / (1 - _rho))}
_own_r = _distance * sqrt(_rho)


def _joint(sign: int) -> sympy.Expr:
    """Joint density of y and of the sign of the data point."""
    reach = sign * _b * y
    both = normal(y - _r) * normal_below(sign * _h + reach) + normal(y + _r) * normal_below(reach - sign * _h)
    return (both / 2).subs(_in_distance)


_all = _joint(1) + _joint(-1)

SIGN_CLONE_DISAGREEMENT = Formula(
    name="sign_clone_disagreement",
    title="Probability that two clones end on different sides of the origin along the axis",
    symbol=sympy.Symbol("psi_sign", positive=True),
    inputs=(
        Variable(_distance, "distance sqrt(d) mu of a centre from the origin, in deviations sigma", POSITIVE),
        Variable(_rho, "correlation of two clones of one class: sigma^2 exp(-2t)/Gamma_t", Interval.open(0, 1)),
    ),
    expr=exp(-(_own_r**2) / 2) / 2 * Integral(_integrand.subs(_in_distance), (y, -oo, oo)),
    source="derived",
    assumes=(
        _mixture,
        "exact scores: the clones are independent draws from the posterior given x_t",
        "h = r_0 sqrt(1 - rho) of sign_clone_distance, b = sqrt(rho/(1 - rho)) of sign_clone_slope",
        "clone_disagreement where r_0 is large at fixed r = r_0 sqrt(rho): then the sign is the class",
    ),
    steps=(
        Step(
            "at every y, 2 p (1 - p) times the density of y, with p and 1 - p the joint densities of y and either sign "
            "over their sum",
            equation(
                2 * (_joint(1) / _all) * (_joint(-1) / _all) * _all,
                2 * _joint(1) * _joint(-1) / _all,
            ),
            extra=(_Y,),
        ),
        Step(
            "exp(-r^2/2) comes out: N(y; r, 1) = exp(-r^2/2 + r y) N(y; 0, 1); the rest is integrated",
            equation(
                2 * _joint(1) * _joint(-1) / _all,
                exp(-(_own_r**2) / 2) / 2 * _integrand.subs(_in_distance),
            ),
            extra=(_Y,),
        ),
    ),
)
