"""From which noise to start: what a start from a Gaussian costs, and from where on nothing is lost by it."""

from __future__ import annotations

import sympy
from sympy import Interval, log, oo, pi

from regimes.theory.collapse.information import GAUSSIAN_CHANNEL_INFORMATION
from regimes.theory.decisions.log_excess import log_excess, log_excess_stable
from regimes.theory.decisions.steps import FROZEN_MEAN_DIVERGENCE
from regimes.theory.formula.formula import Formula, Step, Variable, equation
from regimes.theory.formula.normal_law import normal_entropy
from regimes.theory.formula.symbols import POSITIVE, snr

__all__ = ["EXPLODING_START_DIVERGENCE", "LATE_START_DIVERGENCE", "PRESERVING_START_DIVERGENCE"]

_HALF_LINE = Interval(0, oo)
_EIGENVALUE = GAUSSIAN_CHANNEL_INFORMATION.inputs[1]
_lambda = _EIGENVALUE.symbol
_offset = sympy.Symbol("offset", nonnegative=True)
_FIRST = Variable(snr, "signal-to-noise ratio of the first level", _HALF_LINE)
_OFFSET = Variable(
    _offset, "distance of the mean of the data from the mean of the start, in this direction", _HALF_LINE
)
_FROM_NOISE = dict(zip((each.symbol for each in FROZEN_MEAN_DIVERGENCE.inputs), (snr, _lambda), strict=True))
_information = GAUSSIAN_CHANNEL_INFORMATION.expr
_signal, _noise = snr / (1 + snr), 1 / (1 + snr)
_assumes = (
    "one Gaussian component of variance lambda; components add, and so do the squares of the offset in all directions",
    "for any law of the data the same with its information in place of the Gaussian's",
)

EXPLODING_START_DIVERGENCE = Formula(
    name="exploding_start_divergence",
    title="Divergence of the data at the first noise level from a start at N(mean, sigma_max^2), in nats",
    symbol=sympy.Symbol("D_start", nonnegative=True),
    inputs=(_FIRST, _EIGENVALUE, _OFFSET),
    expr=log_excess(snr * _lambda) / 2 + snr * _offset**2 / 2,
    source="derived",
    assumes=_assumes,
    steps=(
        Step(
            "cross entropy less entropy of a + sigma_max z, where 1/snr = sigma_max^2",
            log(2 * pi / snr) / 2 + snr * (_lambda + 1 / snr + _offset**2) / 2 - normal_entropy(_lambda + 1 / snr),
        ),
        Step("the variance less the information", snr * (_lambda + _offset**2) / 2 - _information),
        Step(
            "without an offset, what a step from pure noise costs that freezes the mean of the data: it needs no model",
            equation(log_excess(snr * _lambda) / 2, FROZEN_MEAN_DIVERGENCE.expr.subs(_FROM_NOISE)),
        ),
    ),
    stable=log_excess_stable(snr * _lambda, snr * _lambda / (2 + snr * _lambda)) / 2 + snr * _offset**2 / 2,
)

_variance = sympy.Symbol("v", positive=True)

PRESERVING_START_DIVERGENCE = Formula(
    name="preserving_start_divergence",
    title="Divergence of the data at the first noise level from a start at N(0, 1), in nats",
    symbol=sympy.Symbol("D_start", nonnegative=True),
    inputs=(
        Variable(_variance, "variance of a component of x_t at the first level, exp(-2t) lambda + Delta_t", POSITIVE),
        Variable(
            _offset, "mean of x_t at the first level in this direction, exp(-t) times that of the data", _HALF_LINE
        ),
    ),
    expr=(log_excess(_variance - 1) + _offset**2) / 2,
    source="derived",
    assumes=(
        *_assumes,
        "variance-preserving process: x_t = exp(-t) a + sqrt(Delta_t) z; the start has mean 0, so that the mean of the "
        "data matters unless it is 0 or the first level is pure noise",
    ),
    steps=(
        Step(
            "with the information, which any law of the data has of its own",
            equation(
                log_excess(_signal * _lambda + _noise - 1) / 2,
                (_signal * (_lambda - 1) + log(1 + snr)) / 2 - _information,
            ),
            extra=(_FIRST, _EIGENVALUE),
        ),
        Step(
            "cross entropy less entropy",
            log(2 * pi) / 2 + (_variance + _offset**2) / 2 - normal_entropy(_variance),
        ),
    ),
    stable=(log_excess_stable(_variance - 1, (_variance - 1) / (_variance + 1), log(_variance)) + _offset**2) / 2,
)

_of_gaussian, _of_data = sympy.symbols("I_gauss I", positive=True)

LATE_START_DIVERGENCE = Formula(
    name="late_start_divergence",
    title="Divergence of the noised data from the Gaussian of the same mean and covariance, in nats",
    symbol=sympy.Symbol("D_late", nonnegative=True),
    inputs=(
        Variable(_of_gaussian, "information about the Gaussian of the same covariance in x_t, in nats", POSITIVE),
        Variable(_of_data, "information about the data point in x_t, in nats", POSITIVE),
    ),
    expr=_of_gaussian - _of_data,
    source="derived",
    where=(_of_data <= _of_gaussian,),
    assumes=(
        "any law of the data: it is what a sampler loses that starts at this noise from that Gaussian, which itself "
        "needs no model",
    ),
    steps=(
        Step(
            "the cross entropy needs the variance alone, and is the entropy of the Gaussian, I_gauss plus that of the "
            "noise; the entropy of the noised data is I plus that of the noise",
            (_of_gaussian + normal_entropy(1 / snr)) - (_of_data + normal_entropy(1 / snr)),
            extra=(Variable(snr, "signal-to-noise ratio", POSITIVE),),
        ),
        Step(
            "the cross entropy of one direction, of variance lambda + 1/snr",
            equation(
                log(2 * pi * (_lambda + 1 / snr)) / 2 + (_lambda + 1 / snr) / (2 * (_lambda + 1 / snr)),
                _information + normal_entropy(1 / snr),
            ),
            extra=(Variable(snr, "signal-to-noise ratio", POSITIVE), _EIGENVALUE),
        ),
    ),
)
