"""The symmetric mixture of two Gaussian classes: its score, its covariance, and when the classes compete equally."""

from __future__ import annotations

import sympy
from sympy import Derivative, Integral, Interval, exp, log, oo, pi, sqrt, tanh

from regimes.theory.formula.formula import Formula, Step, Variable, equation, expm1, log1p
from regimes.theory.formula.normal_law import normal
from regimes.theory.formula.symbols import (
    DIMENSION,
    MU,
    SIGMA,
    TIME,
    Gamma,
    Gamma_stable,
    Lambda,
    d,
    kappa,
    mu,
    r,
    sigma,
    t,
    x,
    y,
)
from regimes.theory.speciation.criteria import SPECIATION_TIME

_time = SPECIATION_TIME.symbol
_X = Variable(x, "component of x_t along the axis of the centres", sympy.S.Reals)

__all__ = ["MIXTURE_COVARIANCE", "MIXTURE_KAPPA", "MIXTURE_SCORE", "MIXTURE_SPECIATION_TIME"]

_m = sympy.Symbol("m", positive=True)  # |m| = sqrt(d) mu
_DISTANCE = Variable(_m, "distance sqrt(d) mu of a class centre from the origin", Interval.open(0, oo))


def _density(centre: sympy.Expr) -> sympy.Expr:
    return exp(-((x - centre) ** 2) / (2 * Gamma)) / sqrt(2 * pi * Gamma)


def _score(variance: sympy.Expr) -> sympy.Expr:
    return -x / variance + _m * exp(-t) / variance * tanh(x * _m * exp(-t) / variance)


MIXTURE_SCORE = Formula(
    name="mixture_score",
    title="Score of the symmetric two-Gaussian mixture along the axis of its centres",
    symbol=sympy.Symbol("score", real=True),
    inputs=(_X, TIME, _DISTANCE, SIGMA),
    expr=_score(Gamma),
    source="biroli2024 (mixture score)",
    assumes=(
        "equal weights, centres at +m and -m, |m|^2 = d mu^2, variance sigma^2 in every direction",
        "orthogonal to m the score is -x/Gamma_t: the density factorises",
    ),
    steps=(
        Step(
            "logarithmic derivative of the noised mixture",
            Derivative(log((_density(_m * exp(-t)) + _density(-_m * exp(-t))) / 2), x),
        ),
    ),
    stable=_score(Gamma_stable),
)

MIXTURE_COVARIANCE = Formula(
    name="mixture_covariance",
    title="Top covariance eigenvalue of the symmetric mixture",
    symbol=Lambda,
    inputs=(DIMENSION, MU, SIGMA),
    expr=d * mu**2 + sigma**2,
    source="biroli2024 (covariance of the mixture)",
    assumes=("along m; every other eigenvalue is sigma^2",),
    steps=(
        Step(
            "variance between the classes plus variance within",
            ((sqrt(d) * mu) ** 2 + (-sqrt(d) * mu) ** 2) / 2 + sigma**2,
        ),
    ),
)

_centre = sqrt(d) * mu * exp(-t)

MIXTURE_KAPPA = Formula(
    name="mixture_kappa",
    title="Signal-to-noise ratio of the class in x_t",
    symbol=kappa,
    inputs=(TIME, DIMENSION, MU, SIGMA),
    expr=d * mu**2 * exp(-2 * t) / Gamma,
    source="biroli2024 (dynamics of the overlap)",
    assumes=("squared distance of the noised centre from the origin, in units of the noised class's variance",),
    steps=(
        Step(
            "the log-odds of the classes at x, along m, are 2 x exp(-t) |m|/Gamma_t",
            equation(log(_density(_m * exp(-t)) / _density(-_m * exp(-t))), 2 * x * _m * exp(-t) / Gamma),
            extra=(_X, _DISTANCE),
        ),
        Step(
            "in class + the mean of x is exp(-t) |m|, so that the mean log-odds are 2 kappa",
            (2 * _centre * _centre / Gamma) / 2,
        ),
    ),
    stable=d * mu**2 * exp(-2 * t) / (sigma**2 * exp(-2 * t) - expm1(-2 * t)),
)

_gauss = normal(y - r)
_own_r = Variable(r, "square root of kappa", Interval.open(0, oo))

MIXTURE_SPECIATION_TIME = Formula(
    name="mixture_speciation_time",
    title="Speciation time of the symmetric mixture: kappa = 1, the free-entropy criterion",
    symbol=_time,
    inputs=(DIMENSION, MU, SIGMA),
    expr=log(1 + d * mu**2 - sigma**2) / 2,
    stable=log1p(d * mu**2 - sigma**2) / 2,
    source="derived; equals biroli2024's 1/2 log(d mu^2) for sigma = 1",
    assumes=("where d mu^2 does not exceed sigma^2 the classes overlap at every time: t_S does not exist",),
    where=(d * mu**2 > sigma**2,),
    steps=(
        Step(
            "in units of the class's deviation the log-odds are 2 r y with y normal around r; their mean is 2 r^2",
            equation(Integral(2 * r * y * _gauss, (y, -oo, oo)), 2 * r**2),
            extra=(_own_r,),
        ),
        Step(
            "their variance is 4 r^2: mean and standard deviation are equal where r^2 = kappa = 1",
            equation(Integral((2 * r * y - 2 * r**2) ** 2 * _gauss, (y, -oo, oo)), 4 * r**2),
            extra=(_own_r,),
        ),
        Step(
            "kappa(t_S) = 1",
            equation(d * mu**2 * exp(-2 * _time), 1 + (sigma**2 - 1) * exp(-2 * _time)),
        ),
    ),
)
