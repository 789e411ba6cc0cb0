"""U-turns of simple models beside the hierarchy: what a point and its clone share, and how changes correlate.

A U-turn noises a data point a to time t and draws a clone a' from the posterior given x_t. Two models without a
hierarchy have closed forms: a Gaussian field, and classes whose tokens are independent.
"""

from __future__ import annotations

import sympy
from sympy import Derivative, Integral, Interval, Matrix, acos, asin, log, pi, sqrt

from regimes.theory.formula.formula import Formula, Step, Variable, equation
from regimes.theory.formula.symbols import DIMENSION, POSITIVE, SNR_VALUE, d, snr

__all__ = [
    "CHANGE_COVARIANCE",
    "CLONED_CLASS_SUSCEPTIBILITY",
    "CLONE_COVARIANCE",
    "CLONE_PARTIAL_CORRELATION",
    "FOUR_SIGN_SLOPE",
    "KEPT_SIGN_PROBABILITY",
]

_lambda = sympy.Symbol("lambda", positive=True)
_EIGENVALUE = Variable(_lambda, "eigenvalue of the covariance of the data", POSITIVE)
_gain = sqrt(snr) * _lambda / (1 + snr * _lambda)
_independent = "given x_t the clone is independent of the data point and has its law"

CLONE_COVARIANCE = Formula(
    name="clone_covariance",
    title="Covariance of a Gaussian component of the data with the same component of its clone",
    symbol=sympy.Symbol("gamma", positive=True),
    inputs=(SNR_VALUE, _EIGENVALUE),
    expr=snr * _lambda**2 / (1 + snr * _lambda),
    source="derived",
    assumes=("the component is Gaussian of variance lambda", _independent),
    steps=(
        Step(
            "E a a' = E E(a|x_t)^2, the variance of the posterior mean c x of x = sqrt(snr) a + z with "
            "c = sqrt(snr) lambda/(1 + snr lambda)",
            _gain**2 * (snr * _lambda + 1),
        ),
        Step("variance of the component less that of its posterior", _lambda - _lambda / (1 + snr * _lambda)),
    ),
    stable=_lambda * (snr * _lambda / (1 + snr * _lambda)),
)

CHANGE_COVARIANCE = Formula(
    name="change_covariance",
    title="Variance of a Gaussian component of the change a - a' of a U-turn",
    symbol=sympy.Symbol("delta_2", positive=True),
    inputs=(SNR_VALUE, _EIGENVALUE),
    expr=2 * _lambda / (1 + snr * _lambda),
    source="derived",
    assumes=("the component is Gaussian of variance lambda", _independent),
    steps=(
        Step(
            "Var a + Var a' - 2 Cov(a, a')",
            2 * _lambda - 2 * snr * _lambda**2 / (1 + snr * _lambda),
        ),
        Step(
            "its logarithm falls with log snr the faster the larger the eigenvalue: as t grows the components become "
            "more unequal, whatever the spectrum, and sum delta^2/(sum delta)^2 cannot fall",
            equation(
                snr * Derivative(log(2 * _lambda / (1 + snr * _lambda)), snr), -snr * _lambda / (1 + snr * _lambda)
            ),
        ),
    ),
)

_CORRELATION = Interval.open(-1, 1)
_c = sympy.Symbol("c", real=True)
_g = sympy.Symbol("g", real=True)
_g0 = sympy.Symbol("g_0", real=True)
_theta = sympy.Symbol("theta", real=True)

KEPT_SIGN_PROBABILITY = Formula(
    name="kept_sign_probability",
    title="Probability that two centred normal variables have the same sign",
    symbol=sympy.Symbol("p_kept", positive=True),
    inputs=(Variable(_c, "correlation of the two", _CORRELATION),),
    expr=1 - acos(_c) / pi,
    source="sheppard1899 (same sign of two normal variables)",
    assumes=("jointly normal with mean 0",),
    steps=(
        Step(
            "the pair is r cos(theta), r cos(theta - arccos c) with theta uniform: both positive on an arc, both "
            "negative on the opposite one",
            2 * Integral(1 / (2 * pi), (_theta, acos(_c) - pi / 2, pi / 2)),
        ),
    ),
    stable=acos(-_c) / pi,
)

_pair = Matrix([[1, _c], [_c, 1]])
_first, _second = Matrix([_g0, _g]), Matrix([_g, _g0])
_joint = (_c - (_first.T * _pair.inv() * _second)[0]) / (1 - (_first.T * _pair.inv() * _first)[0])


def _sector(sign: int) -> sympy.Expr:
    """Variance of the clone's sum (or difference) over the two sites that the field's leaves, halved."""
    own, shared = 1 + sign * _c, _g0 + sign * _g
    return (own + shared) * (own - shared) / own


CLONE_PARTIAL_CORRELATION = Formula(
    name="clone_partial_correlation",
    title="Correlation of a field's clone at two sites, given that the field vanishes at both",
    symbol=sympy.Symbol("c_rest", real=True),
    inputs=(
        Variable(_c, "correlation of the field at the two sites", _CORRELATION),
        Variable(_g, "correlation of the field at one site with the clone at the other", _CORRELATION),
        Variable(_g0, "correlation of field and clone at a site", _CORRELATION),
    ),
    expr=(_c * (1 - _c**2 + _g**2 + _g0**2) - 2 * _g * _g0) / ((1 - _c**2) * (1 - _g0**2) - (_g - _c * _g0) ** 2),
    source="derived",
    assumes=(
        "field and clone are jointly normal, centred, of unit variance, and the same at every site",
        "with c and g exchanged: field at one site and clone at the other, given the two others",
    ),
    where=(sympy.Abs(_g0 + _g) < 1 + _c, sympy.Abs(_g0 - _g) < 1 - _c),
    steps=(
        Step("normal conditioning: covariance and variance of the clone less what the field explains", _joint),
        Step(
            "sums and differences over the two sites are independent, with variances 1 + c and 1 - c and covariances "
            "g_0 + g and g_0 - g with those of the clone: two conditional variances remain",
            (_sector(1) - _sector(-1)) / (_sector(1) + _sector(-1)),
        ),
    ),
    stable=2
    * ((1 - _c) * (_c * (1 + _c) - 2 * _g * _g0) + _c * (_g - _g0) ** 2)
    / ((1 - _c) * (1 + _c) * (_sector(1) + _sector(-1))),
)

_rest = sympy.Symbol("c_rest", real=True)

FOUR_SIGN_SLOPE = Formula(
    name="four_sign_slope",
    title="Slope of the mean product of four signs in the angle arcsin of the correlation of two of them",
    symbol=sympy.Symbol("slope", real=True),
    inputs=(Variable(_rest, "correlation of the other two, given that the first two vanish", _CORRELATION),),
    expr=4 * asin(_rest) / pi**2,
    source="plackett1954 (slope in one correlation); derived",
    assumes=("jointly normal with mean 0 and unit variances",),
    steps=(
        Step(
            "the slope in c is 4 (each sign jumps by 2) times the density of the two at 0 times the mean product "
            "2 arcsin(c_rest)/pi of the other signs; dc = sqrt(1 - c^2) per unit of angle",
            4 / (2 * pi * sqrt(1 - _c**2)) * (2 * asin(_rest) / pi) * sqrt(1 - _c**2),
            extra=(Variable(_c, "correlation of the first two", _CORRELATION),),
        ),
    ),
)

_phi = sympy.Symbol("phi", positive=True)
_same, _other = sympy.Symbol("p_same", positive=True), sympy.Symbol("p_other", positive=True)
_kept = _phi * _same + (1 - _phi) * _other
_lost = _phi * (1 - _same) + (1 - _phi) * (1 - _other)

CLONED_CLASS_SUSCEPTIBILITY = Formula(
    name="cloned_class_susceptibility",
    title="Susceptibility of a U-turn in which sites know of each other through the class alone",
    symbol=sympy.Symbol("chi", positive=True),
    inputs=(
        DIMENSION,
        Variable(_phi, "probability that the clone has the same class", Interval.open(0, 1)),
        Variable(_same, "probability that a site is unchanged if the class is", Interval.open(0, 1)),
        Variable(_other, "probability that a site is unchanged if the class is not", Interval.open(0, 1)),
    ),
    expr=1 + (d - 1) * _phi * (1 - _phi) * (_same - _other) ** 2 / (_kept * (1 - _kept)),
    source="derived",
    assumes=(
        "given whether the class is kept, sites change independently and alike",
        "chi = sum_ij C_ij/sum_i C_ii with C the covariance of the spins +1 (unchanged), -1 (changed)",
    ),
    steps=(
        Step(
            "spins are 2 x indicator - 1: variance 4 u (1 - u) with u the fraction unchanged, and the covariance of "
            "two sites is that of their means 2 p_same - 1 and 2 p_other - 1",
            1
            + (d - 1)
            * (_phi * (2 * _same - 1) ** 2 + (1 - _phi) * (2 * _other - 1) ** 2 - (2 * _kept - 1) ** 2)
            / (4 * _kept * (1 - _kept)),
        ),
    ),
    stable=1 + (d - 1) * _phi * (1 - _phi) * (_same - _other) ** 2 / (_kept * _lost),
)
