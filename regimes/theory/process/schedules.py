"""Noise schedules: how much noise each step of a known sampler adds, or has left."""

from __future__ import annotations

import sympy
from sympy import Interval, Min, Piecewise, Rational, S, cos, exp, oo, pi, sin, sqrt

from regimes.theory.formula.formula import Formula, Step, Variable, equation, expm1
from regimes.theory.formula.symbols import POSITIVE, alpha_bar, t

__all__ = [
    "COSINE_BETA",
    "EXPONENTIAL_BETA",
    "LAPLACE_ALPHA_BAR",
    "LINEAR_BETA",
    "SCALED_LINEAR_BETA",
    "SIGMOID_BETA",
    "SQUARED_SINE_ALPHA_BAR",
    "VP_TIME",
]

_k = sympy.Symbol("k", nonnegative=True)
_steps = sympy.Symbol("K", positive=True)
_first = sympy.Symbol("first", positive=True)
_last = sympy.Symbol("last", positive=True)
_offset = sympy.Symbol("offset", positive=True)
_place = sympy.Symbol("place", nonnegative=True)
_beta_min = sympy.Symbol("beta_min", positive=True)
_beta_range = sympy.Symbol("beta_range", positive=True)
_beta = sympy.Symbol("beta_k", positive=True)
_STEP = Variable(_k, "0-based step", S.Naturals0)
_STEPS = Variable(_steps, "number of steps", Interval(2, oo))
_ENDS = (
    Variable(_first, "beta of the first step", Interval.open(0, 1)),
    Variable(_last, "beta of the last step", Interval.open(0, 1)),
)
_product = "alpha_bar[k] is the product of 1 - beta up to and including step k"
_CAP = Rational(999, 1000)

LINEAR_BETA = Formula(
    name="linear_beta",
    title="Noise added at step k of the linear DDPM schedule",
    symbol=_beta,
    inputs=(_STEP, _STEPS, *_ENDS),
    expr=_first + (_last - _first) * _k / (_steps - 1),
    source="ho2020 (linear schedule)",
    assumes=(_product,),
    where=(_k <= _steps - 1,),
    steps=(Step("weighted mean of both ends", (_first * (_steps - 1 - _k) + _last * _k) / (_steps - 1)),),
    stable=(_first * (_steps - 1 - _k) + _last * _k) / (_steps - 1),
)

_root = (sqrt(_first) * (_steps - 1 - _k) + sqrt(_last) * _k) / (_steps - 1)

SCALED_LINEAR_BETA = Formula(
    name="scaled_linear_beta",
    title="Noise added at step k of the scaled linear schedule of latent diffusion",
    symbol=_beta,
    inputs=(_STEP, _STEPS, *_ENDS),
    expr=(sqrt(_first) + (sqrt(_last) - sqrt(_first)) * _k / (_steps - 1)) ** 2,
    source="rombach2022 (the schedule of Stable Diffusion: 0.00085 to 0.012 in 1000 steps)",
    assumes=(_product,),
    where=(_k <= _steps - 1,),
    steps=(Step("the root of beta is the weighted mean of both ends' roots", _root**2),),
    stable=_root**2,
)

_odds = exp(6 - 12 * _k / (_steps - 1))

SIGMOID_BETA = Formula(
    name="sigmoid_beta",
    title="Noise added at step k of the sigmoid schedule",
    symbol=_beta,
    inputs=(_STEP, _STEPS, *_ENDS),
    expr=_first + (_last - _first) / (1 + _odds),
    source="xu2022 (the logistic function from -6 to 6)",
    assumes=(_product,),
    where=(_k <= _steps - 1,),
    steps=(Step("mean of both ends, weighted by the logistic function", (_first * _odds + _last) / (1 + _odds)),),
    stable=(_first * _odds + _last) / (1 + _odds),
)

EXPONENTIAL_BETA = Formula(
    name="exponential_beta",
    title="Noise added at each step where alpha_bar falls exponentially",
    symbol=_beta,
    inputs=(_STEPS,),
    expr=Min(1 - exp(-12 / _steps), _CAP),
    source="jun2023 (alpha_bar = exp(-12 k/K))",
    assumes=(_product,),
    steps=(
        Step(
            "ratio of neighbouring alpha_bar, capped",
            Min(1 - exp(-12 * (_k + 1) / _steps) / exp(-12 * _k / _steps), _CAP),
            (_STEP,),
        ),
    ),
    stable=Min(-expm1(-12 / _steps), _CAP),
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
    expr=Min(1 - _cosine(_k + 1) / _cosine(_k), _CAP),
    source="nichol2021 (cosine schedule)",
    assumes=(_product,),
    where=(_k <= _steps - 1,),
    steps=(
        Step(
            "without the cap the product of 1 - beta telescopes to f(k+1)/f(0), f the squared cosine; at k = 0 already",
            equation(1 - (1 - _cosine(sympy.Integer(1)) / _cosine(sympy.Integer(0))), _cosine(1) / _cosine(0)),
        ),
        Step(
            "ratio of neighbouring f, capped",
            Min((_cosine(_k) - _cosine(_k + 1)) / _cosine(_k), _CAP),
        ),
    ),
    stable=Min(_cosine_difference(), _CAP),
)

_tiny = Rational(1, 10**6)


def _laplace_noise(place: sympy.Expr) -> sympy.Expr:
    """Noise over signal of the Laplace schedule, half of whose log-SNR is a quantile of a Laplace law."""
    return Piecewise((sqrt(2 * place + _tiny), 2 * place <= 1), (1 / sqrt(2 - 2 * place + _tiny), True))


def _laplace_noise_from_both_ends() -> sympy.Expr:
    """The same at the end of step k, without a difference from 1."""
    before, after = 2 * (_k + 1) / _steps, 2 * (_steps - 1 - _k) / _steps
    return Piecewise((sqrt(before + _tiny), before <= 1), (1 / sqrt(after + _tiny), True))


_end = (_k + 1) / _steps

LAPLACE_ALPHA_BAR = Formula(
    name="laplace_alpha_bar",
    title="Remaining signal power at step k of the Laplace schedule",
    symbol=alpha_bar,
    inputs=(_STEP, _STEPS),
    expr=sqrt((1 + _laplace_noise(S.Zero)) / (1 + _laplace_noise(_end))),
    source="hang2024 (Laplace schedule of mean 0 and scale 1/2)",
    assumes=(
        "as implemented: the logarithm is kept finite by 1e-6, and the root of snr/(1 + snr) is taken for alpha_bar",
        "the cap of beta at 0.999 never acts: alpha_bar falls by less than that in any step",
    ),
    where=(_k <= _steps - 1,),
    steps=(
        Step(
            "at the start the noise over signal is 1/1000",
            sqrt((1 + Rational(1, 1000)) / (1 + _laplace_noise(_end))),
        ),
    ),
    stable=sqrt((1 + Rational(1, 1000)) / (1 + _laplace_noise_from_both_ends())),
)

SQUARED_SINE_ALPHA_BAR = Formula(
    name="squared_sine_alpha_bar",
    title="Remaining signal power where the noise amplitude is a squared sine",
    symbol=alpha_bar,
    inputs=(Variable(_place, "place in the schedule, 0 at the data and 1 at the noise", Interval(0, 1)),),
    expr=1 - sin(pi * _place / 2) ** 4,
    source="liu2022 (the schedule of the improved PNDM sampler, as implemented)",
    assumes=("the noise amplitude is sin^2 of a quarter turn times the place, the signal amplitude its complement",),
    steps=(
        Step("difference of squares", (1 - sin(pi * _place / 2) ** 2) * (1 + sin(pi * _place / 2) ** 2)),
        Step("in cosines", cos(pi * _place / 2) ** 2 * (1 + sin(pi * _place / 2) ** 2)),
    ),
    stable=sin(pi * (1 - _place) / 2) ** 2 * (1 + sin(pi * _place / 2) ** 2),
)

VP_TIME = Formula(
    name="vp_time",
    title="Ornstein-Uhlenbeck time of the variance-preserving diffusion with linearly growing rate",
    symbol=t,
    inputs=(
        Variable(_place, "time of that diffusion, 1 at the noise", Interval(0, 1)),
        Variable(_beta_min, "rate at time 0", POSITIVE),
        Variable(_beta_range, "growth of the rate up to time 1", POSITIVE),
    ),
    expr=_beta_min * _place / 2 + _beta_range * _place**2 / 4,
    source="song2021b (VP SDE: dx = -beta(u)/2 x du + sqrt(beta(u)) dW)",
    steps=(
        Step(
            "half the integral of the rate beta_min + beta_range u",
            sympy.integrate((_beta_min + _beta_range * _place) / 2, (_place, 0, _place)),
        ),
    ),
)
