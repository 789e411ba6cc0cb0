"""Clocks: every parametrisation of the noise level, as a function of Ornstein-Uhlenbeck time and back."""

from __future__ import annotations

import sympy
from sympy import Interval, Min, Piecewise, Rational, S, cos, exp, log, oo, pi, sin, sqrt

from regimes.theory.formula.formula import Formula, Step, Variable, equation, expm1, log1p
from regimes.theory.formula.symbols import POSITIVE, SNR_VALUE, TIME, Delta, alpha_bar, snr, t

__all__ = [
    "ALPHA_BAR",
    "COSINE_BETA",
    "EDM_SIGMA",
    "EDM_STEP_SIGMA",
    "FLOW_TIME",
    "LINEAR_BETA",
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
    source="Ho, Jain, Abbeel 2020, with the forward process of biroli2024",
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
    source="Kingma, Salimans, Poole, Ho 2021 (the log-SNR clock)",
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
    source="Karras, Aittala, Aila, Laine 2022, with the forward process of biroli2024",
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
    source="Lipman, Chen, Ben-Hamu, Nickel, Le 2023 (linear path), with the forward process of biroli2024",
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

_k = sympy.Symbol("k", nonnegative=True)
_steps = sympy.Symbol("K", positive=True)
_first = sympy.Symbol("first", positive=True)
_last = sympy.Symbol("last", positive=True)
_offset = sympy.Symbol("offset", positive=True)
_rho = sympy.Symbol("rho", positive=True)
_beta = sympy.Symbol("beta_k", positive=True)
_STEP = Variable(_k, "0-based step", S.Naturals0)
_STEPS = Variable(_steps, "number of steps", Interval(2, oo))

LINEAR_BETA = Formula(
    name="linear_beta",
    title="Noise added at step k of the linear DDPM schedule",
    symbol=_beta,
    inputs=(
        _STEP,
        _STEPS,
        Variable(_first, "beta of the first step", Interval.open(0, 1)),
        Variable(_last, "beta of the last step", Interval.open(0, 1)),
    ),
    expr=_first + (_last - _first) * _k / (_steps - 1),
    source="Ho, Jain, Abbeel 2020 (linear schedule)",
    assumes=("alpha_bar[k] is the product of 1 - beta up to and including step k",),
    where=(_k <= _steps - 1,),
    steps=(Step("weighted mean of both ends", (_first * (_steps - 1 - _k) + _last * _k) / (_steps - 1)),),
    stable=(_first * (_steps - 1 - _k) + _last * _k) / (_steps - 1),
)


def _cosine(step: sympy.Expr) -> sympy.Expr:
    return cos((step / _steps + _offset) / (1 + _offset) * pi / 2) ** 2


def _cosine_difference() -> sympy.Expr:
    """1 - f(k+1)/f(k) without a difference, from cos^2 a - cos^2 b = sin(b - a) sin(a + b), angles from the end."""
    half = pi / (2 * _steps * (1 + _offset))  # b - a; the angle is half (k + offset K), and pi/2 at k = K
    from_start = 2 * _k + 1 + 2 * _offset * _steps
    from_end = 2 * (_steps - _k) - 1
    double_angle = Piecewise((sin(half * from_start), from_start < from_end), (sin(half * from_end), True))
    return sin(half) * double_angle / sin(half * (_steps - _k)) ** 2


COSINE_BETA = Formula(
    name="cosine_beta",
    title="Noise added at step k of the cosine schedule",
    symbol=_beta,
    inputs=(_STEP, _STEPS, Variable(_offset, "offset that keeps beta of the first steps finite", POSITIVE)),
    expr=Min(1 - _cosine(_k + 1) / _cosine(_k), Rational(999, 1000)),
    source="Nichol, Dhariwal 2021 (cosine schedule)",
    assumes=("alpha_bar[k] is the product of 1 - beta up to and including step k",),
    where=(_k <= _steps - 1,),
    steps=(
        Step(
            "without the cap the product of 1 - beta telescopes to f(k+1)/f(0), f the squared cosine; at k = 0 already",
            equation(1 - (1 - _cosine(sympy.Integer(1)) / _cosine(sympy.Integer(0))), _cosine(1) / _cosine(0)),
        ),
        Step(
            "ratio of neighbouring f, capped",
            Min((_cosine(_k) - _cosine(_k + 1)) / _cosine(_k), Rational(999, 1000)),
        ),
    ),
    stable=Min(_cosine_difference(), Rational(999, 1000)),
)


def _edm_level(step: sympy.Expr) -> sympy.Expr:
    first, last = _first ** (1 / _rho), _last ** (1 / _rho)
    return (first + step / (_steps - 1) * (last - first)) ** _rho


EDM_STEP_SIGMA = Formula(
    name="edm_step_sigma",
    title="Noise level at step k of the EDM sampler",
    symbol=_edm,
    inputs=(
        _STEP,
        _STEPS,
        Variable(_first, "largest noise level, at step 0", POSITIVE),
        Variable(_last, "smallest noise level, at step K-1", POSITIVE),
        Variable(_rho, "exponent", POSITIVE),
    ),
    expr=_edm_level(_k),
    source="Karras, Aittala, Aila, Laine 2022 (steps of the sampler)",
    assumes=("step 0 is the noisiest: steps are numbered in the order of sampling",),
    where=(_k <= _steps - 1, _last <= _first),
    steps=(
        Step(
            "the power 1/rho of the noise level is linear in k, from first at k = 0 ...",
            equation(_edm_level(sympy.Integer(0)) ** (1 / _rho), _first ** (1 / _rho)),
        ),
        Step(
            "... to last at k = K-1",
            equation(_edm_level(_steps - 1) ** (1 / _rho), _last ** (1 / _rho)),
        ),
    ),
    stable=((_first ** (1 / _rho) * (_steps - 1 - _k) + _last ** (1 / _rho) * _k) / (_steps - 1)) ** _rho,
)
