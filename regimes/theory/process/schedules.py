"""Noise schedules: how much noise each step of a known sampler adds, or has left."""

from __future__ import annotations

import sympy
from sympy import Interval, Min, Piecewise, Rational, S, cos, oo, pi, sin

from regimes.theory.formula.formula import Formula, Step, Variable, equation
from regimes.theory.formula.symbols import POSITIVE
from regimes.theory.process.clocks import EDM_SIGMA

__all__ = ["COSINE_BETA", "EDM_STEP_SIGMA", "LINEAR_BETA"]

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
    source="ho2020 (linear schedule)",
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
    source="nichol2021 (cosine schedule)",
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
    symbol=EDM_SIGMA.symbol,
    inputs=(
        _STEP,
        _STEPS,
        Variable(_first, "largest noise level, at step 0", POSITIVE),
        Variable(_last, "smallest noise level, at step K-1", POSITIVE),
        Variable(_rho, "exponent", POSITIVE),
    ),
    expr=_edm_level(_k),
    source="karras2022 (steps of the sampler)",
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
