"""The forward (Ornstein-Uhlenbeck) process x_t = exp(-t) a + sqrt(Delta_t) z: variances, signal and noise."""

from __future__ import annotations

import sympy
from sympy import exp

from regimes.theory.formula.formula import Formula, Step, Variable, equation, expm1
from regimes.theory.formula.symbols import LAMBDA, SIGMA, TIME, Delta, Gamma, Lambda, sigma, snr, t

__all__ = [
    "CLUSTER_VARIANCE",
    "COVARIANCE_EIGENVALUE",
    "GAUSSIAN_LOG_DENSITY",
    "NOISE_VARIANCE",
    "SCORE_FROM_POSTERIOR_MEAN",
    "SIGNAL_AMPLITUDE",
    "SNR",
    "log_normal",
]

_s = sympy.Symbol("s", positive=True)
_noise = sympy.Symbol("Delta_t", positive=True)

NOISE_VARIANCE = Formula(
    name="noise_variance",
    title="Variance of the noise at time t",
    symbol=_noise,
    inputs=(TIME,),
    expr=Delta,
    source="biroli2024 (forward process)",
    assumes=("the forward process is dx = -x dt + sqrt(2) dW",),
    steps=(
        Step(
            "the noise 2 ds entering at time s decays by exp(-2(t-s)) until t",
            sympy.Integral(2 * exp(-2 * (t - _s)), (_s, 0, t)),
        ),
    ),
    stable=-expm1(-2 * t),
)

SIGNAL_AMPLITUDE = Formula(
    name="signal_amplitude",
    title="Factor by which the data point is shrunk at time t",
    symbol=sympy.Symbol("amplitude", positive=True),
    inputs=(TIME,),
    expr=exp(-t),
    source="biroli2024 (forward process)",
    assumes=("the forward process is dx = -x dt + sqrt(2) dW",),
    steps=(Step("it decays at unit rate from 1", 1 - sympy.Integral(exp(-_s), (_s, 0, t))),),
)

SNR = Formula(
    name="snr",
    title="Signal-to-noise ratio per unit of data variance",
    symbol=snr,
    inputs=(TIME,),
    expr=exp(-2 * t) / Delta,
    source="biroli2024 (forward process)",
    steps=(
        Step("signal power exp(-2t) against noise power Delta_t", exp(-t) ** 2 / Delta),
        Step("divide by exp(-2t)", 1 / (exp(2 * t) - 1)),
    ),
    stable=exp(-2 * t) / -expm1(-2 * t),
)

CLUSTER_VARIANCE = Formula(
    name="cluster_variance",
    title="Variance of a noised Gaussian class in every direction",
    symbol=sympy.Symbol("Gamma_t", positive=True),
    inputs=(TIME, SIGMA),
    expr=Gamma,
    source="biroli2024 (noised mixture)",
    assumes=("the class is isotropic with standard deviation sigma",),
    steps=(Step("signal and noise are independent", sigma**2 * exp(-t) ** 2 + Delta),),
    stable=sigma**2 * exp(-2 * t) - expm1(-2 * t),
)

_signal, _z = sympy.Symbol("a", real=True), sympy.Symbol("z", real=True)
_A = Variable(_signal, "component of the data point along the eigenvector", sympy.S.Reals)
_normal_z = exp(-(_z**2) / 2) / sympy.sqrt(2 * sympy.pi)
_normal_a = exp(-(_signal**2) / (2 * Lambda)) / sympy.sqrt(2 * sympy.pi * Lambda)

COVARIANCE_EIGENVALUE = Formula(
    name="covariance_eigenvalue",
    title="Variance of the noised data along an eigenvector of its covariance",
    symbol=sympy.Symbol("C_t", positive=True),
    inputs=(TIME, LAMBDA),
    expr=Lambda * exp(-2 * t) + Delta,
    source="biroli2024 (covariance criterion): C(t) = C_0 exp(-2t) + Delta_t I",
    assumes=("the data are centred; Lambda stands for any eigenvalue of C_0",),
    steps=(
        Step(
            "only first and second moments enter: average x_t^2 over the noise z, for any law of a of variance Lambda",
            equation(
                sympy.Integral(
                    (exp(-t) * _signal + sympy.sqrt(Delta) * _z) ** 2 * _normal_z, (_z, -sympy.oo, sympy.oo)
                ),
                exp(-2 * t) * _signal**2 + Delta,
            ),
            extra=(_A,),
        ),
        Step(
            "average a^2 (here over a Gaussian; the integrand is quadratic, so any law of variance Lambda will do)",
            sympy.Integral((exp(-2 * t) * _signal**2 + Delta) * _normal_a, (_signal, -sympy.oo, sympy.oo)),
        ),
    ),
    stable=Lambda * exp(-2 * t) - expm1(-2 * t),
)

_deviation = sympy.Symbol("y", real=True)
_variance = sympy.Symbol("v", positive=True)

GAUSSIAN_LOG_DENSITY = Formula(
    name="gaussian_log_density",
    title="Logarithm of a centred normal density, one component",
    symbol=sympy.Symbol("log_density", real=True),
    inputs=(
        Variable(_deviation, "deviation from the mean", sympy.S.Reals),
        Variable(_variance, "variance", sympy.Interval.open(0, sympy.oo)),
    ),
    expr=-(_deviation**2) / (2 * _variance) - sympy.log(2 * sympy.pi * _variance) / 2,
    source="definition",
    steps=(
        Step(
            "logarithm of the normal density",
            sympy.log(exp(-(_deviation**2) / (2 * _variance)) / sympy.sqrt(2 * sympy.pi * _variance)),
        ),
    ),
)


def log_normal(deviation: sympy.Expr, variance: sympy.Expr) -> sympy.Expr:
    """Logarithm of a centred normal density, of expressions."""
    return GAUSSIAN_LOG_DENSITY.expr.subs({_deviation: deviation, _variance: variance}, simultaneous=True)


_noised, _other, _weight = sympy.Symbol("x", real=True), sympy.Symbol("b", real=True), sympy.Symbol("w", positive=True)
_X = Variable(_noised, "component of the noised point x_t", sympy.S.Reals)
_MEAN = Variable(_signal, "posterior mean of the component of the data point, given x_t", sympy.S.Reals)
_SECOND = (
    Variable(_other, "component of a second data point", sympy.S.Reals),
    Variable(_weight, "weight of the first of two data points", sympy.Interval.open(0, 1)),
)


def _kernel(point: sympy.Expr) -> sympy.Expr:
    """Density of x_t given the data point, up to a constant."""
    return exp(-((_noised - exp(-t) * point) ** 2) / (2 * Delta))


_density = _weight * _kernel(_signal) + (1 - _weight) * _kernel(_other)
_posterior_mean = (_weight * _kernel(_signal) * _signal + (1 - _weight) * _kernel(_other) * _other) / _density

SCORE_FROM_POSTERIOR_MEAN = Formula(
    name="score_from_posterior_mean",
    title="Score of the noised law from the posterior mean of the data point",
    symbol=sympy.Symbol("score", real=True),
    inputs=(_X, _MEAN, TIME),
    expr=(exp(-t) * _signal - _noised) / Delta,
    source="Tweedie's formula, derived for the forward process of biroli2024",
    assumes=("one component; the law of the data is any",),
    steps=(
        Step(
            "data of a single point: gradient of the logarithm of the density",
            sympy.Derivative(sympy.log(_kernel(_signal)), _noised),
        ),
        Step(
            "two data points, weights w and 1 - w: the gradient is linear in the point, so its posterior mean enters",
            equation(
                sympy.diff(_density, _noised) / _density,
                (exp(-t) * _posterior_mean - _noised) / Delta,
            ),
            extra=_SECOND,
        ),
    ),
    stable=(exp(-t) * _signal - _noised) / -expm1(-2 * t),
)
