"""The forward (Ornstein-Uhlenbeck) process x_t = exp(-t) a + sqrt(Delta_t) z: variances, signal and noise."""

from __future__ import annotations

import sympy
from sympy import exp

from regimes.theory.formula import Formula, Step, Variable, equation, expm1
from regimes.theory.symbols import LAMBDA, SIGMA, TIME, Delta, Gamma, Lambda, sigma, snr, t

__all__ = [
    "CLUSTER_VARIANCE",
    "COVARIANCE_EIGENVALUE",
    "GAUSSIAN_LOG_DENSITY",
    "NOISE_VARIANCE",
    "SIGNAL_AMPLITUDE",
    "SNR",
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
