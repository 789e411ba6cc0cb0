"""Information of the population's covariance from few points: what leaving each point out tells of the resolvent.

With S the covariance of N points and y > 0, the resolvent (S + y)^{-1} acts on average like (1/y) (1 + s C)^{-1}, C the
population's covariance: noise of a larger snr s than 1/y, since S is less concentrated than C. Points x = sqrt(tau) g
with E tau = 1 and g of covariance C (a Gaussian has tau = 1) give y (1 + s C) with s y = E tau/(1 + q), where
q = x.(S' + y)^{-1} x/N without x in S'. Nothing but the q of the points is needed.
"""

from __future__ import annotations

import sympy
from sympy import Interval, Rational, log

from regimes.theory.formula.formula import Formula, Step, Variable, equation
from regimes.theory.formula.symbols import POSITIVE, SNR_VALUE

__all__ = ["LEFT_OUT_FORM", "RESOLVENT_INFORMATION_SLOPE", "RESOLVENT_SNR"]

_h = sympy.Symbol("leverage", positive=True)
_q = sympy.Symbol("left_out", positive=True)
_y = sympy.Symbol("shift", positive=True)
_N = sympy.Symbol("freedom", positive=True)
_lambda = sympy.Symbol("lambda", positive=True)
_s = SNR_VALUE.symbol
_LEVERAGE = Variable(_h, "x.(S + y)^{-1} x/N of a point, its leverage", Interval.open(0, 1))
_MEAN_LEVERAGE = Variable(_h, "mean of the leverages x.(S + y)^{-1} x/N", Interval.open(0, 1))
_MEAN_FORM = Variable(_q, "mean of x.(S' + y)^{-1} x/N, each point left out of its own S'", POSITIVE)
_SHIFT = Variable(_y, "shift of the covariance S of the points", POSITIVE)
_DEGREES = Variable(_N, "degrees of freedom: points less one for the mean", POSITIVE)

LEFT_OUT_FORM = Formula(
    name="left_out_form",
    title="Quadratic form of a point with the resolvent of the other points, from its leverage",
    symbol=_q,
    inputs=(_LEVERAGE,),
    expr=_h / (1 - _h),
    source="derived (Sherman and Morrison)",
    steps=(
        Step(
            "adding x x^T/N to S' changes the form q to q - q^2/(1 + q), which is the leverage h; solved for q",
            equation(_q - _q**2 / (1 + _q), _q / (1 + _q)),
            extra=(_MEAN_FORM,),
        ),
        Step("h = q/(1 + q)", 1 / (1 - _h) - 1),
    ),
)

RESOLVENT_SNR = Formula(
    name="resolvent_snr",
    title="Signal-to-noise ratio at which the resolvent of the points stands for the population's",
    symbol=_s,
    inputs=(_SHIFT, _MEAN_LEVERAGE, _MEAN_FORM),
    expr=_h / (_q * _y),
    source="derived",
    assumes=(
        "n and d large: the forms q of points of one scale tau agree, so that tau = q/mean q",
        "points sqrt(tau) g, with g of independent components in the axes of the covariance",
    ),
    where=(_h <= _q / (1 + _q),),
    steps=(
        Step("s y = mean of tau/(1 + q) = mean of q/(1 + q) over mean q, and q/(1 + q) is the leverage", _h / _q / _y),
    ),
)

RESOLVENT_INFORMATION_SLOPE = Formula(
    name="resolvent_information_slope",
    title="Slope in snr of the Gaussian information of the population's covariance, from the points",
    symbol=sympy.Symbol("I_slope", positive=True),
    inputs=(_DEGREES, _SHIFT, _MEAN_FORM),
    expr=_N * _y * _q / 2,
    source="derived",
    assumes=("n and d large; s = resolvent_snr",),
    steps=(
        Step(
            "slope of 1/2 log(1 + s lambda): half of what C (1 + s C)^{-1} contributes to its trace",
            equation(sympy.Derivative(log(1 + _s * _lambda) / 2, _s), _lambda / (1 + _s * _lambda) / 2),
            extra=(SNR_VALUE, Variable(_lambda, "eigenvalue of C", POSITIVE)),
        ),
        Step(
            "x has covariance C and is not in S': the mean of q is tr C (S' + y)^{-1}/N = tr C (1 + s C)^{-1}/(N y)",
            Rational(1, 2) * _N * _y * _q,
        ),
    ),
)
