"""Speciation from the covariance of the data: when the noised data stop being one blob."""

from __future__ import annotations

import sympy
from sympy import Derivative, Interval, Subs, exp, log, sqrt

from regimes.theory.formula.formula import Formula, Step, Variable, equation, expm1, log1p
from regimes.theory.formula.symbols import (
    LAMBDA,
    TIME,
    Delta,
    Lambda,
    t,
    x,
)

__all__ = ["LANDAU_CURVATURE", "SPECIATION_TIME", "SPECIATION_TIME_NOISE_MATCHED", "SPECIATION_TIME_POTENTIAL"]

_time = sympy.Symbol("t_S", real=True)
_order = sympy.Symbol("epsilon", real=True)
_weight = sympy.Symbol("w", positive=True)
_X = Variable(x, "component of x_t along the eigenvector", sympy.S.Reals)
_WEIGHT = Variable(_weight, "weight of one of two points that carry the law of a", Interval.open(0, 1))

# The law of a may be any centred law of variance Lambda; two points with arbitrary weights show that neither
# symmetry nor Gaussianity is used.
_points = (sqrt(Lambda * (1 - _weight) / _weight), -sqrt(Lambda * _weight / (1 - _weight)))
_interaction = log(
    sum(
        weight * exp(x * a * _order / Delta - a**2 * _order**2 / (2 * Delta))
        for weight, a in zip((_weight, 1 - _weight), _points, strict=True)
    )
)

LANDAU_CURVATURE = Formula(
    name="landau_curvature",
    title="Curvature of -log P_t at the origin along an eigenvector, to second order in exp(-t)",
    symbol=sympy.Symbol("M", real=True),
    inputs=(TIME, LAMBDA),
    expr=(1 - Lambda * exp(-2 * t) / Delta) / Delta,
    source="biroli2024 (Landau expansion); the factors Delta_t derived",
    assumes=(
        "centred data",
        "the interaction exp(-t) x.a/Delta_t is expanded to second order, Delta_t is not expanded",
        "biroli2024 sets Delta_t = 1 (large Lambda, hence late times): M = 1 - Lambda exp(-2t)",
        "expanding Delta_t too, to order exp(-2t), would give M = 1 - (Lambda - 1) exp(-2t)",
    ),
    steps=(
        Step(
            "log P_t(x) + x^2/(2 Delta_t) = log E_a exp(eps x a/Delta_t - eps^2 a^2/(2 Delta_t)) with eps = "
            "exp(-t); its second derivative in eps at 0, for a law with E a = 0 and E a^2 = Lambda",
            equation(
                Subs(Derivative(_interaction, (_order, 2)), _order, 0),
                Lambda * x**2 / Delta**2 - Lambda / Delta,
            ),
            extra=(_X, _WEIGHT),
        ),
        Step(
            "curvature in x of x^2/(2 Delta_t) - (eps^2/2) (Lambda x^2/Delta_t^2 - Lambda/Delta_t)",
            Derivative(x**2 / (2 * Delta) - exp(-2 * t) / 2 * (Lambda * x**2 / Delta**2 - Lambda / Delta), (x, 2)),
            extra=(_X,),
        ),
    ),
    stable=(-expm1(-2 * t) - Lambda * exp(-2 * t)) / expm1(-2 * t) ** 2,
)

SPECIATION_TIME = Formula(
    name="speciation_time",
    title="Speciation time from the covariance of the data",
    symbol=_time,
    inputs=(LAMBDA,),
    expr=log(Lambda) / 2,
    source="biroli2024, eq. 6",
    assumes=(
        "centred data; Lambda > 1, or no direction ever stands out of the noise and t_S is not positive",
        "Lambda >> 1: the noise variance Delta_t at t_S is taken as 1",
    ),
    steps=(
        Step(
            "covariance argument: in C(t) = C_0 exp(-2t) + Delta_t I the signal's top variance equals the noise's, 1",
            equation(Lambda * exp(-2 * _time), 1),
        ),
        Step(
            "Landau argument: the lowest eigenvalue of M = I - C_0 exp(-2t) changes sign",
            equation(1 - Lambda * exp(-2 * _time), 0),
        ),
    ),
)

SPECIATION_TIME_NOISE_MATCHED = Formula(
    name="speciation_time_noise_matched",
    title="Speciation time with the noise variance kept: Lambda snr = 1",
    symbol=_time,
    inputs=(LAMBDA,),
    expr=log(1 + Lambda) / 2,
    source="derived from landau_curvature",
    assumes=(
        "centred data",
        "exceeds 1/2 log Lambda by 1/2 log(1 + 1/Lambda), which vanishes for large Lambda; always positive",
    ),
    steps=(
        Step(
            "the Landau curvature with Delta_t kept, here times Delta_t, changes sign",
            equation((Delta * LANDAU_CURVATURE.expr).subs(t, _time), 0),
        ),
        Step(
            "hence Lambda exp(-2t) = Delta_t there",
            equation(Lambda * exp(-2 * _time), 1 - exp(-2 * _time)),
        ),
        Step("difference to 1/2 log Lambda", log(Lambda) / 2 + log(1 + 1 / Lambda) / 2),
    ),
    stable=log1p(Lambda) / 2,
)

SPECIATION_TIME_POTENTIAL = Formula(
    name="speciation_time_potential",
    title="Speciation time at which the overlap potential becomes a double well",
    symbol=_time,
    inputs=(LAMBDA,),
    expr=log(2 * Lambda) / 2,
    source="biroli2024 (potential of the overlap), in terms of Lambda",
    assumes=(
        "a symmetric mixture with sigma = 1, where Lambda stands for d mu^2",
        "exceeds 1/2 log Lambda by 1/2 log 2 = 0.3466 at every Lambda: the well splits before the classes decide",
    ),
    steps=(
        Step("the curvature of V at q = 0 vanishes, at Gamma_t = 1", equation(2 * Lambda * exp(-2 * _time), 1)),
        Step("difference to 1/2 log Lambda", log(Lambda) / 2 + log(2) / 2),
    ),
)
