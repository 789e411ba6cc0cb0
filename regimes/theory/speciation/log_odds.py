"""The log-odds of two Gaussian classes at x_t: mean, deviation, and the time at which the two are equal."""

from __future__ import annotations

import sympy
from sympy import Derivative, Integral, Interval, Rational, S, Subs, exp, log, oo, pi, sqrt

from regimes.theory.formula.formula import Formula, Step, Variable, equation
from regimes.theory.formula.normal_law import normal
from regimes.theory.formula.symbols import POSITIVE, kappa, r, u, y

__all__ = ["CLASS_DISTANCE", "COVARIANCE_CLASS_TIME", "LOG_ODDS_BALANCE", "LOG_ODDS_MEAN", "LOG_ODDS_VARIANCE"]

_HALF_LINE = Interval(0, oo)
_trace, _squares = sympy.Symbol("tau_1", real=True), sympy.Symbol("tau_2", nonnegative=True)
_apart, _stretched = sympy.symbols("D_m W", nonnegative=True)
_volume = sympy.Symbol("ell", real=True)
_APART = Variable(_apart, "squared distance of the means, delta.S_2^-1 delta", _HALF_LINE)
_VARIANCE_RATIO = Variable(r, "variance of class 1 along a direction", POSITIVE)
_OFFSET = Variable(y, "distance of the means along it", S.Reals)
_NOISED = "S_k the noised covariance exp(-2t) C_k + Delta_t I, delta = exp(-t) (m_1 - m_2), D = S_1 - S_2"
_AXES = "log-odds are sums over these directions; traces and determinants are the same in any axes"

# In axes that make S_2 the identity and S_1 diagonal class 1 is y + sqrt(r) u with u standard normal.
_place = y + sqrt(r) * u
_one_direction = sympy.expand((_place**2 - u**2 - log(r)) / 2)
_mean_of_one = (r - 1 + y**2 - log(r)) / 2
_variance_of_one = (r - 1) ** 2 / 2 + r * y**2

LOG_ODDS_MEAN = Formula(
    name="log_odds_mean",
    title="Mean log-odds of class 1 over class 2 at x_t, within class 1",
    symbol=sympy.Symbol("M_1", real=True),
    inputs=(
        Variable(_trace, "trace of S_2^-1 D", S.Reals),
        _APART,
        Variable(_volume, "log det S_2 - log det S_1", S.Reals),
    ),
    expr=(_trace + _apart + _volume) / 2,
    source="derived",
    assumes=("two Gaussian classes", _NOISED, "log p_1(x_t)/p_2(x_t), without the class weights"),
    steps=(
        Step(
            "one direction of axes that make S_2 the identity and S_1 diagonal: the log-odds at x = y + sqrt(r) u",
            equation(log(normal(u) / sqrt(r)) - log(normal(_place)), _one_direction),
            extra=(_VARIANCE_RATIO, _OFFSET, Variable(u, "deviation of x from the mean of class 1", S.Reals)),
        ),
        Step(
            "their mean over u",
            equation(Integral(_one_direction * normal(u), (u, -oo, oo)), _mean_of_one),
            extra=(_VARIANCE_RATIO, _OFFSET),
        ),
        Step(
            _AXES,
            equation(
                ((_trace + _apart + _volume) / 2).subs({_trace: r - 1, _apart: y**2, _volume: -log(r)}), _mean_of_one
            ),
            extra=(_VARIANCE_RATIO, _OFFSET),
        ),
    ),
)

LOG_ODDS_VARIANCE = Formula(
    name="log_odds_variance",
    title="Variance of the log-odds of class 1 over class 2 at x_t, within class 1",
    symbol=sympy.Symbol("V_1", nonnegative=True),
    inputs=(
        Variable(_squares, "trace of (S_2^-1 D)^2", _HALF_LINE),
        Variable(_stretched, "delta.S_2^-1 S_1 S_2^-1 delta", _HALF_LINE),
    ),
    expr=_squares / 2 + _stretched,
    source="derived",
    assumes=("two Gaussian classes", _NOISED),
    steps=(
        Step(
            "variance over u of the log-odds along one direction (log_odds_mean)",
            equation(Integral((_one_direction - _mean_of_one) ** 2 * normal(u), (u, -oo, oo)), _variance_of_one),
            extra=(_VARIANCE_RATIO, _OFFSET),
        ),
        Step(
            f"directions are independent; {_AXES}",
            equation(
                (_squares / 2 + _stretched).subs({_squares: (r - 1) ** 2, _stretched: r * y**2}), _variance_of_one
            ),
            extra=(_VARIANCE_RATIO, _OFFSET),
        ),
    ),
)

_means, _variances = sympy.symbols("M_1:3", nonnegative=True), sympy.symbols("V_1:3", positive=True)


def _balance(means: tuple[sympy.Expr, ...], variances: tuple[sympy.Expr, ...]) -> sympy.Expr:
    return sympy.Add(*(mean / sqrt(variance) / 2 for mean, variance in zip(means, variances, strict=True)))


LOG_ODDS_BALANCE = Formula(
    name="log_odds_balance",
    title="Mean log-odds of the true class over their standard deviation: two classes part where it is 1",
    symbol=sympy.Symbol("balance", nonnegative=True),
    inputs=tuple(
        Variable(symbol, f"{what} of the log-odds of class {k} within it", domain)
        for symbols, what, domain in ((_means, "mean", _HALF_LINE), (_variances, "variance", POSITIVE))
        for k, symbol in enumerate(symbols, 1)
    ),
    expr=_balance(_means, _variances),
    source="derived; the free-entropy criterion of biroli2024 for any two Gaussian classes",
    assumes=(
        "the ratio is averaged over the two classes",
        "log-odds are nearly normal: many directions; with few, or very different covariances, the time is too low",
    ),
    steps=(
        Step(
            "classes of one covariance: M = D_m/2, V = D_m = 4 kappa in both; it is sqrt(kappa), and 1 where kappa = 1",
            equation(_balance((_apart / 2,) * 2, (_apart,) * 2), sqrt(_apart / 4)),
            extra=(Variable(_apart, _APART.meaning, POSITIVE),),
        ),
        Step(
            "over a common denominator",
            (_means[0] * sqrt(_variances[1]) + _means[1] * sqrt(_variances[0]))
            / (2 * sqrt(_variances[0] * _variances[1])),
        ),
    ),
)

_between, _excess = sympy.Symbol("D_S", nonnegative=True), sympy.Symbol("ell_m", nonnegative=True)
_other = sympy.Symbol("s", positive=True)
_shared_root = exp(-(u**2) / (4 * r) - (u - y) ** 2 / (4 * _other)) / sqrt(2 * pi) / (r * _other) ** Rational(1, 4)
_distance_of_one = y**2 / (4 * (r + _other)) + log((r + _other) / 2) / 2 - log(r * _other) / 4
_PAIR = (_VARIANCE_RATIO, Variable(_other, "variance of class 2 along it", POSITIVE), _OFFSET)

CLASS_DISTANCE = Formula(
    name="class_distance",
    title="Bhattacharyya distance of two Gaussian classes at x_t: they part where it is 1/2",
    symbol=sympy.Symbol("B", nonnegative=True),
    inputs=(
        Variable(_between, "delta.S^-1 delta with S = (S_1 + S_2)/2", _HALF_LINE),
        Variable(_excess, "log det S - (log det S_1 + log det S_2)/2", _HALF_LINE),
    ),
    expr=_between / 8 + _excess / 2,
    source="derived",
    assumes=(
        "two Gaussian classes; S_k the noised covariance exp(-2t) C_k + Delta_t I, delta = exp(-t) (m_1 - m_2)",
        "with one covariance B = kappa/2 exactly; with two, clones of normalised probability 0.55 at B = 1/2 are an "
        "approximation: 2% too late in 40 dimensions, 8% in 10, up to 40% in 5, at the worst of 80 random pairs",
    ),
    steps=(
        Step(
            "B = -log of the integral of sqrt(p_1 p_2), along one direction of the axes that both covariances share",
            equation(exp(-_distance_of_one), Integral(_shared_root, (u, -oo, oo))),
            extra=_PAIR,
        ),
        Step(
            "summed over directions: traces and determinants, the same in any axes",
            equation(
                (_between / 8 + _excess / 2).subs(
                    {_between: 2 * y**2 / (r + _other), _excess: log((r + _other) / 2) - log(r * _other) / 2}
                ),
                _distance_of_one,
            ),
            extra=_PAIR,
        ),
        Step(
            "classes of one covariance: D_S = 4 kappa, so that B = 1/2 is kappa = 1",
            equation((_between / 8 + _excess / 2).subs({_between: 4 * kappa, _excess: 0}), kappa / 2),
            extra=(Variable(kappa, "signal-to-noise ratio of the class in x_t", POSITIVE),),
        ),
    ),
)

_gap, _order, _frobenius = (
    sympy.Symbol("c", positive=True),
    sympy.Symbol("eta", positive=True),
    sympy.Symbol("F", positive=True),
)
_time = sympy.Symbol("t_12", real=True)
_GAP = Variable(_gap, "eigenvalue of C_1 - C_2", POSITIVE)

COVARIANCE_CLASS_TIME = Formula(
    name="covariance_class_time",
    title="Time at which two classes of one mean part by their covariances, far into the noise",
    symbol=_time,
    inputs=(Variable(_frobenius, "sum of the squared entries of C_1 - C_2", POSITIVE),),
    expr=log(_frobenius / 8) / 4,
    source="derived from log_odds_balance, and from class_distance",
    assumes=(
        "the means are equal",
        "leading order in exp(-2t): S_2 is near the identity and D = exp(-2t) (C_1 - C_2) small in every direction",
    ),
    steps=(
        Step(
            "one direction, r = 1 + eta c with eta = exp(-2t): the mean is eta^2 c^2/4 to second order",
            equation(
                Subs(Derivative((_order * _gap - log(1 + _order * _gap)) / 2, (_order, 2)), _order, 0) / 2,
                _gap**2 / 4,
            ),
            extra=(_GAP,),
        ),
        Step(
            "the variance is twice that, in both classes",
            equation(_variance_of_one.subs({r: 1 + _order * _gap, y: 0}), _order**2 * _gap**2 / 2),
            extra=(_GAP, Variable(_order, "exp(-2t)", Interval.open(0, 1))),
        ),
        Step(
            "the Bhattacharyya distance is an eighth of it, 1/2 at the same time",
            equation(
                Subs(Derivative(_distance_of_one.subs({r: 1 + _order * _gap, _other: 1, y: 0}), (_order, 2)), _order, 0)
                / 2,
                _gap**2 / 16,
            ),
            extra=(_GAP,),
        ),
        Step(
            "summed over directions, mean = standard deviation",
            equation(_frobenius * exp(-4 * _time) / 4, sqrt(_frobenius * exp(-4 * _time) / 2)),
        ),
    ),
)
