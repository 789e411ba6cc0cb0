"""Information: collapse as I(a; x_t) = log n, Gaussian channels, and the identity d f^e = H(index | x_t)."""

from __future__ import annotations

import sympy
from sympy import Derivative, Integral, Rational, S, exp, log, oo, pi, sqrt

from regimes.theory.formula.formula import Formula, Step, Variable, equation, expm1, log1p
from regimes.theory.formula.symbols import (
    DIMENSION,
    POSITIVE,
    SAMPLES,
    SIGMA,
    SNR_VALUE,
    TIME,
    Delta,
    Delta_stable,
    Gamma,
    d,
    n,
    sigma,
    snr,
    t,
    x,
)

__all__ = [
    "EXCESS_ENTROPY_FROM_INFORMATION",
    "GAUSSIAN_CHANNEL_INFORMATION",
    "GAUSSIAN_CHANNEL_MMSE",
    "INDEX_CLONE_PROBABILITY",
    "INDEX_ENTROPY",
    "ISOTROPIC_INFORMATION",
    "LEAVE_ONE_OUT_EXCESS_ENTROPY",
    "LOG_CRITICAL_SAMPLES",
]

_lambda = sympy.Symbol("lambda", positive=True)
_EIGENVALUE = Variable(_lambda, "eigenvalue of the covariance of the data", POSITIVE)
_information = sympy.Symbol("I", positive=True)
_INFORMATION = Variable(_information, "mutual information I(a; x_t) of data point and noised sample, in nats", POSITIVE)
_f = sympy.Symbol("f", real=True)


def _entropy(variance: sympy.Expr) -> sympy.Expr:
    return log(2 * pi * variance) / 2 + Rational(1, 2)


GAUSSIAN_CHANNEL_INFORMATION = Formula(
    name="gaussian_channel_information",
    title="Information about one Gaussian component of the data in x_t, in nats",
    symbol=_information,
    inputs=(SNR_VALUE, _EIGENVALUE),
    expr=log(1 + snr * _lambda) / 2,
    source="Shannon 1948; derived in docs/theory",
    assumes=(
        "the component is Gaussian of variance lambda; summed over the eigenvalues of the covariance it "
        "is log n*(t) for Gaussian data and "
        "bounds the information of any law with that covariance, since a Gaussian maximises the entropy of "
        "x_t",
    ),
    steps=(
        Step(
            "entropy of x_t in units of exp(-t) (variance lambda + 1/snr) less the entropy of the noise alone",
            _entropy(_lambda + 1 / snr) - _entropy(1 / snr),
        ),
        Step(
            "a bound for any law of the same variance: its cross-entropy with the Gaussian needs E y^2 = v only, "
            "equals the entropy of the Gaussian, and is at least its own entropy (Gibbs); here v = lambda + 1/snr",
            equation(
                log(2 * pi * (_lambda + 1 / snr)) / 2 + (_lambda + 1 / snr) / (2 * (_lambda + 1 / snr)),
                _entropy(_lambda + 1 / snr),
            ),
        ),
        Step(
            "concave in lambda: replacing eigenvalues by their mean can only raise the sum (Jensen)",
            equation(Derivative(log(1 + snr * _lambda) / 2, (_lambda, 2)), -((snr / (1 + snr * _lambda)) ** 2) / 2),
        ),
    ),
    stable=log1p(snr * _lambda) / 2,
)

_noise = exp(-(x**2) / 2) / sqrt(2 * pi)

GAUSSIAN_CHANNEL_MMSE = Formula(
    name="gaussian_channel_mmse",
    title="Minimum mean squared error of one Gaussian component given x_t",
    symbol=sympy.Symbol("mmse", positive=True),
    inputs=(SNR_VALUE, _EIGENVALUE),
    expr=_lambda / (1 + snr * _lambda),
    source="Guo, Shamai, Verdu 2005",
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
    source="biroli2024 (entropy of the mixture), read as information in docs/theory",
    assumes=("d independent components of variance sigma^2",),
    steps=(
        Step("d Gaussian channels", d * log(1 + sigma**2 * exp(-2 * t) / Delta) / 2),
        Step("entropy of a noised class less the entropy of the noise", d * (_entropy(Gamma) - _entropy(Delta))),
    ),
    stable=d / 2 * log1p(sigma**2 * exp(-2 * t) / -expm1(-2 * t)),
)

LOG_CRITICAL_SAMPLES = Formula(
    name="log_critical_samples",
    title="Logarithm of the number n*(t) of training points that collapses at t",
    symbol=sympy.Symbol("log_n_star", positive=True),
    inputs=(TIME, DIMENSION, SIGMA),
    expr=d / 2 * log(1 + sigma**2 * exp(-2 * t) / Delta),
    source="derived in docs/theory: inverse of collapse_time",
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
    source="derived in docs/theory from the excess entropy of biroli2024",
    assumes=(
        "f(t_C) = 0 reads I(a; x_t) = log n",
        "log n in the numerator: alpha = log(n)/d is the value at t = oo",
    ),
    steps=(
        Step(
            "f = log n/d + 1/2 + 1/2 log(2 pi Delta_t) - s(t), where d s(t) = h(x_t) = I + h(x_t | a) and "
            "h(x_t | a) = d (1/2 + 1/2 log(2 pi Delta_t))",
            log(n) / d + _entropy(Delta) - (_information + d * _entropy(Delta)) / d,
            extra=(TIME,),
        ),
    ),
)

_z2 = sympy.Symbol("z2", positive=True)
_partition = sympy.Symbol("S", positive=True)
_own = exp(-_z2 / 2) / (2 * pi * Delta) ** (d / 2)

INDEX_ENTROPY = Formula(
    name="index_entropy",
    title="Conditional entropy of the training index given x_t is d times the empirical excess entropy",
    symbol=sympy.Symbol("H", positive=True),
    inputs=(
        DIMENSION,
        SAMPLES,
        TIME,
        Variable(
            sympy.Symbol("s_e", real=True),
            "entropy per dimension of the noised empirical law, in nats",
            S.Reals,
        ),
    ),
    expr=d * (log(n) / d + Rational(1, 2) + log(2 * pi * Delta) / 2 - sympy.Symbol("s_e", real=True)),
    source="derived in docs/theory; the right-hand side is d f^e of biroli2024",
    assumes=("exact empirical score: P^e_t is the mixture of n Gaussians of variance Delta_t at exp(-t) a_nu",),
    steps=(
        Step(
            "with S the sum over the n Gaussians and own = exp(-|z|^2/2)/(2 pi Delta_t)^(d/2) the weight of "
            "the point that made x_t, minus the log posterior of that point, log(S/own), is log n + log "
            "P^e_t + |z|^2/2 + d/2 log(2 pi Delta_t), since S = n P^e_t",
            equation(log(_partition / _own), log(n) + log(_partition / n) + _z2 / 2 + d / 2 * log(2 * pi * Delta)),
            extra=(
                Variable(_z2, "squared norm of the noise", POSITIVE),
                Variable(_partition, "sum of the Gaussians at x_t", POSITIVE),
            ),
        ),
        Step(
            "the noise has E z^2 = 1 in each of d directions",
            equation(d * Integral(x**2 * _noise, (x, -oo, oo)) / 2, d / 2),
        ),
        Step(
            "average: E log P^e_t = -d s^e",
            log(n) - d * sympy.Symbol("s_e", real=True) + d / 2 + d / 2 * log(2 * pi * Delta),
        ),
    ),
    stable=log(n) - d * sympy.Symbol("s_e", real=True) + d / 2 + d / 2 * log(2 * pi * Delta_stable),
)

_rest = sympy.Symbol("S_rest", positive=True)
_squares = sympy.Symbol("S_squares", positive=True)
_first, _second = sympy.Symbol("w_1", positive=True), sympy.Symbol("w_2", positive=True)
_norm = 1 + _first + _second

INDEX_CLONE_PROBABILITY = Formula(
    name="index_clone_probability",
    title="Probability that two clones born at x_t share their training point",
    symbol=sympy.Symbol("phi_index", positive=True),
    inputs=(
        Variable(_rest, "sum of exp(e_nu) over the other points, in units of the own point's weight", POSITIVE),
        Variable(_squares, "sum of exp(2 e_nu) over the other points", POSITIVE),
    ),
    expr=(1 + _squares) / (1 + _rest) ** 2,
    source="derived in docs/theory",
    assumes=("exact empirical score: clones are independent draws from the posterior exp(e_nu)/(1 + S_rest)",),
    where=(_squares <= _rest**2,),
    steps=(
        Step(
            "both clones choose the same point: the sum of the squared posteriors, here with two other points",
            equation(
                (1 / _norm) ** 2 + (_first / _norm) ** 2 + (_second / _norm) ** 2,
                (1 + _first**2 + _second**2) / (1 + (_first + _second)) ** 2,
            ),
            extra=(
                Variable(_first, "weight of the first other point", POSITIVE),
                Variable(_second, "weight of the second other point", POSITIVE),
            ),
        ),
        Step("own point and others apart", 1 / (1 + _rest) ** 2 + _squares / (1 + _rest) ** 2),
    ),
    stable=(1 / (1 + _rest) + _squares / (1 + _rest)) / (1 + _rest),
)

_log_rest = sympy.Symbol("log_S", real=True)

LEAVE_ONE_OUT_EXCESS_ENTROPY = Formula(
    name="leave_one_out_excess_entropy",
    title="Leave-one-out estimate of the excess entropy per dimension",
    symbol=_f,
    inputs=(
        DIMENSION,
        SAMPLES,
        Variable(_log_rest, "mean of log S, S the sum of exp(e_nu) over the points other than the own", S.Reals),
    ),
    expr=(log(n) - log(n - 1) + _log_rest) / d,
    source="derived in docs/theory",
    assumes=(
        "the entropy of the population is estimated by the cross-entropy with the n - 1 other points, which is larger: "
        "the zero lies at larger t than the population's",
    ),
    steps=(
        Step(
            "log n/d + h(z)/d - s with d s = -E log[ S exp(-|z|^2/2)/((n - 1) (2 pi Delta_t)^(d/2)) ] and E |z|^2 = d, "
            "since e_nu is measured from the own point's -|z|^2/2",
            log(n) / d + _entropy(Delta) + (_log_rest - d / 2 - log(n - 1) - d / 2 * log(2 * pi * Delta)) / d,
            extra=(TIME,),
        ),
    ),
    stable=(-log1p(-1 / n) + _log_rest) / d,
)
