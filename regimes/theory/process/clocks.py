"""Clocks: every parametrisation of the noise level, as a function of Ornstein-Uhlenbeck time and back."""

from __future__ import annotations

import sympy
from sympy import Interval, Piecewise, S, exp, log, sqrt

from regimes.theory.formula.formula import Formula, Step, Variable, equation, expm1, log1p
from regimes.theory.formula.symbols import POSITIVE, SNR_VALUE, TIME, Delta, alpha_bar, snr, t

__all__ = [
    "ALPHA_BAR",
    "EDM_SIGMA",
    "FLOW_TIME",
    "LOG_SNR",
    "TIME_FROM_ALPHA_BAR",
    "TIME_FROM_EDM_SIGMA",
    "TIME_FROM_FLOW_TIME",
    "TIME_FROM_LOG_SNR",
    "TIME_FROM_SNR",
]

_edm = sympy.Symbol("sigma_edm", positive=True)
_flow = sympy.Symbol("s", positive=True)
_log_snr = sympy.Symbol("log_snr", real=True)
_preserving = "variance-preserving process: x_t = sqrt(alpha_bar) a + sqrt(1 - alpha_bar) z"

ALPHA_BAR = Formula(
    name="alpha_bar",
    title="Remaining signal power of a variance-preserving schedule",
    symbol=alpha_bar,
    inputs=(TIME,),
    expr=exp(-2 * t),
    source="ho2020, with the forward process of biroli2024",
    assumes=(_preserving,),
    steps=(Step("the signal keeps the factor exp(-t); its power is the square", exp(-t) ** 2),),
)

TIME_FROM_ALPHA_BAR = Formula(
    name="time_from_alpha_bar",
    title="Ornstein-Uhlenbeck time of a cumulative product alpha_bar",
    symbol=t,
    inputs=(Variable(alpha_bar, "cumulative product of a variance-preserving schedule", Interval.open(0, 1)),),
    expr=-log(alpha_bar) / 2,
    source="derived: inverse of alpha_bar",
    assumes=(_preserving,),
    steps=(Step("it solves alpha_bar = exp(-2t)", equation(exp(-2 * t), alpha_bar)),),
)

TIME_FROM_SNR = Formula(
    name="time_from_snr",
    title="Ornstein-Uhlenbeck time of a signal-to-noise ratio",
    symbol=t,
    inputs=(SNR_VALUE,),
    expr=log(1 + 1 / snr) / 2,
    source="derived: inverse of snr",
    steps=(Step("it solves snr = exp(-2t)/Delta_t", equation(exp(-2 * t) / Delta, snr)),),
    stable=log1p(1 / snr) / 2,
)

LOG_SNR = Formula(
    name="log_snr",
    title="Logarithm of the signal-to-noise ratio",
    symbol=_log_snr,
    inputs=(TIME,),
    expr=-log(exp(2 * t) - 1),
    source="kingma2021 (the log-SNR clock)",
    steps=(Step("logarithm of exp(-2t)/Delta_t", log(exp(-2 * t) / Delta)),),
    stable=-2 * t - log(-expm1(-2 * t)),
)

TIME_FROM_LOG_SNR = Formula(
    name="time_from_log_snr",
    title="Ornstein-Uhlenbeck time of a log signal-to-noise ratio",
    symbol=t,
    inputs=(Variable(_log_snr, "natural logarithm of the signal-to-noise ratio", S.Reals),),
    expr=log(1 + exp(-_log_snr)) / 2,
    source="derived: inverse of log_snr",
    steps=(Step("it solves log_snr = -log(exp(2t) - 1)", equation(-log(exp(2 * t) - 1), _log_snr)),),
    stable=Piecewise(
        (log1p(exp(-_log_snr)) / 2, _log_snr > 0),
        (log1p(exp(_log_snr)) / 2 - _log_snr / 2, True),
    ),
)

EDM_SIGMA = Formula(
    name="edm_sigma",
    title="Noise level sigma of the variance-exploding (EDM) clock",
    symbol=_edm,
    inputs=(TIME,),
    expr=sqrt(exp(2 * t) - 1),
    source="karras2022, with the forward process of biroli2024",
    assumes=("x/sqrt(alpha_bar) = a + sigma z is the same observation of a, rescaled",),
    steps=(Step("noise over signal amplitude", sqrt(Delta) / exp(-t)),),
    stable=sqrt(-expm1(-2 * t)) * exp(t),
)

TIME_FROM_EDM_SIGMA = Formula(
    name="time_from_edm_sigma",
    title="Ornstein-Uhlenbeck time of an EDM noise level",
    symbol=t,
    inputs=(Variable(_edm, "EDM noise level, in units of the data", POSITIVE),),
    expr=log(1 + _edm**2) / 2,
    source="derived: inverse of edm_sigma",
    steps=(Step("it solves sigma^2 = exp(2t) - 1", equation(exp(2 * t) - 1, _edm**2)),),
    stable=Piecewise((log1p(_edm**2) / 2, _edm < 1), (log(_edm) + log1p(1 / _edm**2) / 2, True)),
)

FLOW_TIME = Formula(
    name="flow_time",
    title="Time of linear flow matching, x = (1-s) a + s z",
    symbol=_flow,
    inputs=(TIME,),
    expr=1 / (1 + 1 / sqrt(exp(2 * t) - 1)),
    source="lipman2022 (linear path), with the forward process of biroli2024",
    assumes=("s = 0 is data, s = 1 is noise",),
    steps=(
        Step(
            "it solves equality of the signal-to-noise ratios, ((1-s)/s)^2 = exp(-2t)/Delta_t",
            equation(((1 - _flow) / _flow) ** 2, exp(-2 * t) / Delta),
        ),
    ),
    stable=sqrt(-expm1(-2 * t)) / (sqrt(-expm1(-2 * t)) + exp(-t)),
)

TIME_FROM_FLOW_TIME = Formula(
    name="time_from_flow_time",
    title="Ornstein-Uhlenbeck time of a linear flow matching time",
    symbol=t,
    inputs=(Variable(_flow, "flow time, 0 at the data and 1 at the noise", Interval.open(0, 1)),),
    expr=log(1 + (_flow / (1 - _flow)) ** 2) / 2,
    source="derived: inverse of flow_time",
    steps=(
        Step(
            "it solves exp(-2t)/Delta_t = ((1-s)/s)^2",
            equation(exp(-2 * t) / Delta, ((1 - _flow) / _flow) ** 2),
        ),
    ),
    stable=log1p((_flow / (1 - _flow)) ** 2) / 2,
)
