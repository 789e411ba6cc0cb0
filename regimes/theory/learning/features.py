"""Random features of noised points: what a nonlinear layer keeps of the data, of the noise, and of neither.

A feature is f(w . x_t/sqrt d), w standard normal. Its pre-activation is alpha x + sqrt(Delta_t) z with x of the data
point, z of the noise, alpha^2 = e^{-2t} tr C/d. In high dimension f acts as its mean, a line in x and z, and two
independent noises, one that the copies of a data point share and one that they do not (Gaussian equivalence).
"""

from __future__ import annotations

import sympy
from sympy import Derivative, Interval, Rational, acos, asin, exp, oo, pi, sqrt

from regimes.theory.formula.formula import Formula, Step, Variable, equation
from regimes.theory.formula.symbols import TIME, Delta, Delta_stable, t

__all__ = ["FEATURE_NOISE", "FEATURE_SIGNAL", "RELU_OWN_VARIANCE", "RELU_SHARED_VARIANCE"]

_HALF_LINE = Interval(0, oo)
_slope = sympy.Symbol("slope", positive=True)
_lambda = sympy.Symbol("lambda", nonnegative=True)
_alpha, _cubic, _line = sympy.symbols("alpha_t cubic line", positive=True)
SLOPE = Variable(_slope, "mean slope of the activation over its pre-activations", Interval.open(0, oo))
EIGENVALUE = Variable(_lambda, "eigenvalue of the covariance of the data", _HALF_LINE)
_ALPHA = Variable(_alpha, "standard deviation of the data's part of a pre-activation", Interval.open(0, oo))
_CUBIC = Variable(_cubic, "coefficient of the cube in an activation line y + cubic y^3", Interval.open(0, oo))
_LINE = Variable(_line, "coefficient of the line in it", Interval.open(0, oo))
_gaussian = (
    "p, n and d go to infinity together; rows of weights are standard normal, and no direction holds the variance"
)
_signs = "an activation whose mean slope is negative has the same spectrum as its mirror image"
# Of the activation line y + cubic y^3, y = alpha x + sqrt(Delta_t) z: moments 1 and 3 of the normal law by hand.
_mean_slope = _line + 3 * _cubic * (_alpha**2 + Delta)

FEATURE_SIGNAL = Formula(
    name="feature_signal",
    title="Variance of a feature's line in the data, for a direction of the covariance",
    symbol=sympy.Symbol("nu", nonnegative=True),
    inputs=(TIME, SLOPE, EIGENVALUE),
    expr=exp(-2 * t) * _slope**2 * _lambda,
    source="bonnaire2025 (a_t^2 e^{-2t} lambda)",
    assumes=(_gaussian, _signs),
    steps=(
        Step(
            "Stein's lemma, shown on a cubic activation: E[f x]/alpha is the mean slope",
            equation(
                (_line * _alpha + _cubic * (3 * _alpha**3 + 3 * _alpha * Delta)) / _alpha,
                _mean_slope,
            ),
            extra=(_ALPHA, _CUBIC, _LINE),
        ),
    ),
)

FEATURE_NOISE = Formula(
    name="feature_noise",
    title="Variance of a feature's line in the noise",
    symbol=sympy.Symbol("b2", positive=True),
    inputs=(TIME, SLOPE),
    expr=Delta * _slope**2,
    source="bonnaire2025 (b_t^2)",
    assumes=(_gaussian, _signs),
    steps=(
        Step(
            "Stein's lemma, shown on a cubic activation: E[f z] is sqrt(Delta_t) times the mean slope",
            equation(
                _line * sqrt(Delta) + _cubic * (3 * sqrt(Delta) ** 3 + 3 * sqrt(Delta) * _alpha**2),
                sqrt(Delta) * _mean_slope,
            ),
            extra=(_ALPHA, _CUBIC, _LINE),
        ),
    ),
    stable=Delta_stable * _slope**2,
)

_common = sympy.Symbol("c", positive=True)
_COMMON = Variable(_common, "correlation of the pre-activations of two copies of a data point", Interval.open(0, 1))
_relu = "of a rectified pre-activation of variance 1; of another variance both are in proportion to it"
# E f(y) f(y') of two rectified normal variables of correlation c.
_kernel = (sqrt(1 - _common**2) + _common * (pi / 2 + asin(_common))) / (2 * pi)

RELU_SHARED_VARIANCE = Formula(
    name="relu_shared_variance",
    title="Variance of a rectified feature that copies of a point share beyond the line",
    symbol=sympy.Symbol("v2_relu", positive=True),
    inputs=(_COMMON,),
    expr=(sqrt(1 - _common**2) - 1 + _common * asin(_common)) / (2 * pi),
    source="derived (Price's theorem)",
    assumes=(_relu,),
    steps=(
        Step(
            "the mean of the product grows with the correlation by the chance that both are positive",
            equation(Derivative(_kernel, _common), Rational(1, 4) + asin(_common) / (2 * pi)),
        ),
        Step("less the squares of mean and line", _kernel - 1 / (2 * pi) - _common / 4),
    ),
    stable=(_common * asin(_common) - _common**2 / (1 + sqrt((1 - _common) * (1 + _common)))) / (2 * pi),
)

RELU_OWN_VARIANCE = Formula(
    name="relu_own_variance",
    title="Variance of a rectified feature that copies of a point do not share, beyond the line",
    symbol=sympy.Symbol("s2_relu", positive=True),
    inputs=(_COMMON,),
    expr=Rational(1, 4) - (sqrt(1 - _common**2) + _common * asin(_common)) / (2 * pi),
    source="derived (Price's theorem)",
    assumes=(_relu,),
    steps=(
        Step(
            "what is left of the mean square 1/2, less the line in the noise",
            Rational(1, 2) - _kernel - (1 - _common) / 4,
        ),
    ),
    stable=(1 - _common) / 4 + (_common * acos(_common) - sqrt((1 - _common) * (1 + _common))) / (2 * pi),
)
