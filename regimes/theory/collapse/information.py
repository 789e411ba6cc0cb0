"""Information: collapse as I(a; x_t) = log n, and Gaussian channels."""

from __future__ import annotations

import sympy
from sympy import Derivative, exp, log, pi

from regimes.theory.formula.formula import Formula, Step, Variable, equation, expm1, log1p
from regimes.theory.formula.normal_law import normal_entropy
from regimes.theory.formula.symbols import (
    DIMENSION,
    POSITIVE,
    SAMPLES,
    SIGMA,
    SNR_VALUE,
    TIME,
    Delta,
    Gamma,
    d,
    n,
    sigma,
    snr,
    t,
)

__all__ = [
    "EXCESS_ENTROPY_FROM_INFORMATION",
    "GAUSSIAN_CHANNEL_INFORMATION",
    "GAUSSIAN_CHANNEL_MMSE",
    "ISOTROPIC_INFORMATION",
    "LOG_CRITICAL_SAMPLES",
]

_lambda = sympy.Symbol("lambda", positive=True)
_EIGENVALUE = Variable(_lambda, "eigenvalue of the covariance of the data", POSITIVE)
_information = sympy.Symbol("I", positive=True)
_INFORMATION = Variable(_information, "mutual information I(a; x_t) of data point and noised sample, in nats", POSITIVE)
_f = sympy.Symbol("f", real=True)


GAUSSIAN_CHANNEL_INFORMATION = Formula(
    name="gaussian_channel_information",
    title="Information about one Gaussian component of the data in x_t, in nats",
    symbol=_information,
    inputs=(SNR_VALUE, _EIGENVALUE),
    expr=log(1 + snr * _lambda) / 2,
    source="shannon1948; derived",
    assumes=(
        "the component is Gaussian of variance lambda; summed over the eigenvalues of the covariance it "
        "is log n*(t) for Gaussian data and "
        "bounds the information of any law with that covariance, since a Gaussian maximises the entropy of "
        "x_t",
    ),
    steps=(
        Step(
            "entropy of x_t in units of exp(-t) (variance lambda + 1/snr) less the entropy of the noise alone",
            normal_entropy(_lambda + 1 / snr) - normal_entropy(1 / snr),
        ),
        Step(
            "a bound for any law of the same variance: its cross-entropy with the Gaussian needs E y^2 = v only, "
            "equals the entropy of the Gaussian, and is at least its own entropy (Gibbs); here v = lambda + 1/snr",
            equation(
                log(2 * pi * (_lambda + 1 / snr)) / 2 + (_lambda + 1 / snr) / (2 * (_lambda + 1 / snr)),
                normal_entropy(_lambda + 1 / snr),
            ),
        ),
        Step(
            "concave in lambda: replacing eigenvalues by their mean can only raise the sum (Jensen)",
            equation(Derivative(log(1 + snr * _lambda) / 2, (_lambda, 2)), -((snr / (1 + snr * _lambda)) ** 2) / 2),
        ),
    ),
    stable=log1p(snr * _lambda) / 2,
)

GAUSSIAN_CHANNEL_MMSE = Formula(
    name="gaussian_channel_mmse",
    title="Minimum mean squared error of one Gaussian component given x_t",
    symbol=sympy.Symbol("mmse", positive=True),
    inputs=(SNR_VALUE, _EIGENVALUE),
    expr=_lambda / (1 + snr * _lambda),
    source="guo2005",
    assumes=("dI/dsnr = mmse/2 holds for any law of the data",),
    steps=(
        Step(
            "I-MMSE: twice the slope of the information in snr",
            2 * Derivative(log(1 + snr * _lambda) / 2, snr),
        ),
        Step(
            "error of the posterior mean c x, c = sqrt(snr) lambda/(1 + snr lambda), for x = sqrt(snr) a + z",
            _lambda * (1 - snr * _lambda / (1 + snr * _lambda)) ** 2 + snr * (_lambda / (1 + snr * _lambda)) ** 2,
        ),
    ),
)

ISOTROPIC_INFORMATION = Formula(
    name="isotropic_information",
    title="Information about the point of an isotropic Gaussian class in x_t, in nats",
    symbol=_information,
    inputs=(TIME, DIMENSION, SIGMA),
    expr=d / 2 * log(Gamma / Delta),
    source="biroli2024 (entropy of the mixture), read as information",
    assumes=("d independent components of variance sigma^2",),
    steps=(
        Step("d Gaussian channels", d * log(1 + sigma**2 * exp(-2 * t) / Delta) / 2),
        Step(
            "entropy of a noised class less the entropy of the noise",
            d * (normal_entropy(Gamma) - normal_entropy(Delta)),
        ),
    ),
    stable=d / 2 * log1p(sigma**2 * exp(-2 * t) / -expm1(-2 * t)),
)

LOG_CRITICAL_SAMPLES = Formula(
    name="log_critical_samples",
    title="Logarithm of the number n*(t) of training points that collapses at t",
    symbol=sympy.Symbol("log_n_star", positive=True),
    inputs=(TIME, DIMENSION, SIGMA),
    expr=d / 2 * log(1 + sigma**2 * exp(-2 * t) / Delta),
    source="derived: inverse of collapse_time",
    assumes=(
        "isotropic Gaussian data, d to infinity at fixed log(n)/d",
        "with fewer points than n*(t) the sample has collapsed by t, with more it still generalises",
    ),
    steps=(
        Step(
            "collapse where the noised sample carries log n nats: log n* = I(a; x_t)",
            d / 2 * log(Gamma / Delta),
        ),
    ),
    stable=d / 2 * log1p(sigma**2 * exp(-2 * t) / -expm1(-2 * t)),
)


EXCESS_ENTROPY_FROM_INFORMATION = Formula(
    name="excess_entropy_from_information",
    title="Excess entropy per dimension from the information that x_t carries",
    symbol=_f,
    inputs=(DIMENSION, SAMPLES, _INFORMATION),
    expr=(log(n) - _information) / d,
    source="derived from the excess entropy of biroli2024",
    assumes=(
        "f(t_C) = 0 reads I(a; x_t) = log n",
        "log n in the numerator: alpha = log(n)/d is the value at t = oo",
    ),
    steps=(
        Step(
            "f = log n/d + 1/2 + 1/2 log(2 pi Delta_t) - s(t), where d s(t) = h(x_t) = I + h(x_t | a) and "
            "h(x_t | a) = d (1/2 + 1/2 log(2 pi Delta_t))",
            log(n) / d + normal_entropy(Delta) - (_information + d * normal_entropy(Delta)) / d,
            extra=(TIME,),
        ),
    ),
)
