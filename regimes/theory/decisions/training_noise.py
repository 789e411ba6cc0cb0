"""Which noise to train on: where, along log sigma, noise hides the variance of the data."""

from __future__ import annotations

import sympy
from sympy import Abs, Derivative, Integral, Interval, Rational, S, exp, log, oo, pi, sech, sqrt

from regimes.theory.collapse.information import GAUSSIAN_CHANNEL_MMSE
from regimes.theory.formula.formula import Formula, Step, Variable, equation
from regimes.theory.formula.symbols import POSITIVE, snr, u

__all__ = ["HIDDEN_LOG_NOISE", "HIDDEN_LOG_NOISE_SPREAD", "HIDDEN_VARIANCE_DENSITY"]

_lambda = sympy.Symbol("lambda", positive=True)
_ell = sympy.Symbol("log_sigma", real=True)
_EIGENVALUE = Variable(_lambda, "eigenvalue of the covariance of the data", POSITIVE)
_LOG_SIGMA = Variable(_ell, "logarithm of sigma, the noise over the signal: snr = 1/sigma^2", S.Reals)
_GAUSSIAN = "the Gaussian of this covariance; for any law mmse grows with sigma, and this density is not negative"
_mmse = GAUSSIAN_CHANNEL_MMSE.expr.subs(snr, exp(-2 * _ell))
_steep = exp(-2 * Abs(_ell - log(_lambda) / 2))

HIDDEN_VARIANCE_DENSITY = Formula(
    name="hidden_variance_density",
    title="Share of the variance of one component that noise comes to hide at sigma, per nat of log sigma",
    symbol=sympy.Symbol("f_sigma", positive=True),
    inputs=(_LOG_SIGMA, _EIGENVALUE),
    expr=sech(_ell - log(_lambda) / 2) ** 2 / 2,
    source="derived",
    assumes=(_GAUSSIAN,),
    steps=(
        Step("slope of the mmse in log sigma, over the variance", Derivative(_mmse, _ell) / _lambda),
        Step(
            "the same as the slope of -snr mmse, of what x_t tells: a logistic density in log snr at -log lambda",
            -Derivative(exp(-2 * _ell) * _mmse, _ell),
        ),
    ),
    stable=2 * _steep / (1 + _steep) ** 2,
)

HIDDEN_LOG_NOISE = Formula(
    name="hidden_log_noise",
    title="Mean log sigma at which noise hides one component",
    symbol=sympy.Symbol("P_mean", real=True),
    inputs=(_EIGENVALUE,),
    expr=log(_lambda) / 2,
    source="derived",
    assumes=(_GAUSSIAN, "of many components: the mean weighted by their variances, since slopes of mmse add up"),
    steps=(
        Step(
            "mean of log sigma = u + 1/2 log lambda over the density, which is even in u",
            Integral((u + log(_lambda) / 2) * sech(u) ** 2 / 2, (u, -oo, oo)),
        ),
    ),
)

_between = sympy.Symbol("V", nonnegative=True)
_first, _second = sympy.symbols("m_1 m_2", real=True)
_share = sympy.Symbol("share", positive=True)
_within = sympy.Symbol("v", positive=True)
_mean = _share * _first + (1 - _share) * _second

HIDDEN_LOG_NOISE_SPREAD = Formula(
    name="hidden_log_noise_spread",
    title="Standard deviation of log sigma at which noise hides the variance of the data",
    symbol=sympy.Symbol("P_std", positive=True),
    inputs=(Variable(_between, "variance of 1/2 log lambda over the components, weighted by lambda", Interval(0, oo)),),
    expr=sqrt(pi**2 / 12 + _between),
    source="derived",
    assumes=(_GAUSSIAN,),
    steps=(
        Step(
            "variance within a component (over a density of integral 1) and between components",
            sqrt(Integral(u**2 * sech(u) ** 2 / 2, (u, -oo, oo)) + _between),
        ),
        Step(
            "variances within and between add up: here two components of means m_1, m_2 and one variance v within",
            equation(
                _share * (_within + _first**2) + (1 - _share) * (_within + _second**2) - _mean**2,
                _within + _share * (_first - _mean) ** 2 + (1 - _share) * (_second - _mean) ** 2,
            ),
            extra=(
                Variable(_share, "share of the variance that the first holds", Interval.open(0, 1)),
                Variable(_first, "mean of the first", S.Reals),
                Variable(_second, "mean of the second", S.Reals),
                Variable(_within, "variance within", POSITIVE),
            ),
        ),
        Step(
            "each density has integral 1",
            equation(Integral(sech(u) ** 2 / 2, (u, -oo, oo)), Rational(1)),
        ),
    ),
)
