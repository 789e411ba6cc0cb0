"""Ancestral and DDIM steps: the posterior of an earlier state given a later one and the data point.

A step leads from t = s + h to s; the data point is then replaced by its posterior mean.
"""

from __future__ import annotations

from collections.abc import Callable

import sympy
from sympy import Interval, S, exp, oo, sqrt

from regimes.theory.formula.formula import Formula, Step, Variable, equation, expm1
from regimes.theory.formula.symbols import STEP_LENGTH, h

__all__ = [
    "ANCESTRAL_SCORE_WEIGHT",
    "DDIM_SCORE_WEIGHT",
    "DDIM_STATE_WEIGHT",
    "DDIM_VARIANCE",
    "POSTERIOR_POINT_WEIGHT",
    "POSTERIOR_STATE_WEIGHT",
    "POSTERIOR_STEP_VARIANCE",
]

_s = sympy.Symbol("s", nonnegative=True)
_eta = sympy.Symbol("eta", nonnegative=True)
_x, _a, _score = (sympy.Symbol(name, real=True) for name in ("x", "a", "score"))
_END = Variable(_s, "Ornstein-Uhlenbeck time at which the step ends", Interval(0, oo))
_ETA = Variable(_eta, "share of the noise of an ancestral step, as an amplitude", Interval(0, 1))
_STATE = Variable(_x, "component of the state at the beginning of the step", S.Reals)
_POINT = Variable(_a, "component of the data point", S.Reals)
_SCORE = Variable(_score, "component of the score at the beginning of the step", S.Reals)

_t = _s + h


def _noise(time: sympy.Expr) -> sympy.Expr:
    return 1 - exp(-2 * time)


def _stable_noise(time: sympy.Expr) -> sympy.Expr:
    return -expm1(-2 * time)


_gain = exp(-h) * _noise(_s) / (exp(-2 * h) * _noise(_s) + _noise(h))
_precision = 1 / _noise(_s) + exp(-2 * h) / _noise(h)
_conditional = "given the data point: x_s = exp(-s) a + sqrt(Delta_s) z, x_t = exp(-h) x_s + sqrt(Delta_h) z'"
_one_component = "one component; all components are alike"

POSTERIOR_STATE_WEIGHT = Formula(
    name="posterior_state_weight",
    title="Weight of x_t in the mean of x_s given x_t and the data point",
    symbol=sympy.Symbol("w_x", nonnegative=True),
    inputs=(_END, STEP_LENGTH),
    expr=exp(-h) * _noise(_s) / _noise(_t),
    source="ho2020, eq. 7, with alpha_bar = exp(-2t)",
    assumes=(_conditional, _one_component),
    steps=(
        Step(
            "x_s and x_t are jointly normal: covariance exp(-h) Delta_s over the variance of x_t",
            _gain,
        ),
        Step(
            "product of the densities of x_s given a and of x_t given x_s: weight of x_t over the precision",
            exp(-h) / _noise(h) / _precision,
        ),
        Step(
            "the eq. itself: sqrt(1 - beta) (1 - alpha_bar_s)/(1 - alpha_bar_t), 1 - beta = alpha_bar_t/alpha_bar_s",
            sqrt(exp(-2 * _t) / exp(-2 * _s)) * (1 - exp(-2 * _s)) / (1 - exp(-2 * _t)),
        ),
    ),
    stable=exp(-h) * _stable_noise(_s) / _stable_noise(_t),
)

POSTERIOR_POINT_WEIGHT = Formula(
    name="posterior_point_weight",
    title="Weight of the data point in the mean of x_s given x_t and the data point",
    symbol=sympy.Symbol("w_a", positive=True),
    inputs=(_END, STEP_LENGTH),
    expr=exp(-_s) * _noise(h) / _noise(_t),
    source="ho2020, eq. 7, with alpha_bar = exp(-2t)",
    assumes=(_conditional, _one_component),
    steps=(
        Step("mean of x_s less the gain times the mean of x_t, both of weight a", exp(-_s) - _gain * exp(-_t)),
        Step("product of the two densities: weight of a over the precision", exp(-_s) / _noise(_s) / _precision),
        Step(
            "the eq. itself: sqrt(alpha_bar_s) beta/(1 - alpha_bar_t)",
            sqrt(exp(-2 * _s)) * (1 - exp(-2 * _t) / exp(-2 * _s)) / (1 - exp(-2 * _t)),
        ),
    ),
    stable=exp(-_s) * _stable_noise(h) / _stable_noise(_t),
)

POSTERIOR_STEP_VARIANCE = Formula(
    name="posterior_step_variance",
    title="Variance of x_s given x_t and the data point",
    symbol=sympy.Symbol("v", nonnegative=True),
    inputs=(_END, STEP_LENGTH),
    expr=_noise(_s) * _noise(h) / _noise(_t),
    source="ho2020, eq. 7, with alpha_bar = exp(-2t)",
    assumes=(_conditional, _one_component),
    steps=(
        Step("variance of x_s less what x_t explains", _noise(_s) - _gain * exp(-h) * _noise(_s)),
        Step("product of the two densities: inverse of the precision", 1 / _precision),
        Step(
            "the eq. itself: beta (1 - alpha_bar_s)/(1 - alpha_bar_t)",
            (1 - exp(-2 * _t) / exp(-2 * _s)) * (1 - exp(-2 * _s)) / (1 - exp(-2 * _t)),
        ),
    ),
    stable=_stable_noise(_s) * (_stable_noise(h) / _stable_noise(_t)),
)

_denoised = exp(_t) * (_x + _noise(_t) * _score)
_posterior_mean = POSTERIOR_STATE_WEIGHT.expr * _x + POSTERIOR_POINT_WEIGHT.expr * _denoised

ANCESTRAL_SCORE_WEIGHT = Formula(
    name="ancestral_score_weight",
    title="Weight of the score in an ancestral step; the state grows by exp(h)",
    symbol=sympy.Symbol("w_score", positive=True),
    inputs=(STEP_LENGTH,),
    expr=exp(h) - exp(-h),
    source="ho2020, algorithm 2",
    assumes=("the data point is replaced by its posterior mean, exp(t) (x_t + Delta_t score) by Tweedie's formula",),
    steps=(
        Step(
            "weight of the data point times that of the score in its posterior mean",
            POSTERIOR_POINT_WEIGHT.expr * exp(_t) * _noise(_t),
            extra=(_END,),
        ),
        Step(
            "state and posterior mean with their weights: exp(h) of the state, at every time",
            equation(_posterior_mean, exp(h) * _x + (exp(h) - exp(-h)) * _score),
            extra=(_END, _STATE, _SCORE),
        ),
    ),
    stable=exp(-h) * expm1(2 * h),
)

_ddim_assumes = ("noise of variance eta^2 v with the variance v of an ancestral step: eta = 1 is one, eta = 0 is none",)

DDIM_VARIANCE = Formula(
    name="ddim_variance",
    title="Variance of the noise of a DDIM step",
    symbol=sympy.Symbol("v_eta", nonnegative=True),
    inputs=(_END, STEP_LENGTH, _ETA),
    expr=_eta**2 * _noise(_s) * _noise(h) / _noise(_t),
    source="song2021, eq. 16, with alpha_bar = exp(-2t)",
    assumes=_ddim_assumes,
    steps=(
        Step(
            "square of eta sqrt((1 - alpha_bar_s)/(1 - alpha_bar_t)) sqrt(1 - alpha_bar_t/alpha_bar_s)",
            _eta**2 * (1 - exp(-2 * _s)) / (1 - exp(-2 * _t)) * (1 - exp(-2 * _t) / exp(-2 * _s)),
        ),
    ),
    stable=_eta**2 * _stable_noise(_s) * (_stable_noise(h) / _stable_noise(_t)),
)

_weight = sympy.Symbol("w_x", nonnegative=True)
_WEIGHT = Variable(_weight, "weight of x_t in the mean given the data point", Interval(0, 1))


def _ddim_state_weight(noise: Callable[[sympy.Expr], sympy.Expr]) -> sympy.Expr:
    # Delta_t - eta^2 Delta_h in two terms of one sign, since Delta_t = Delta_h + exp(-2h) Delta_s.
    left = exp(-2 * h) * noise(_s) + (1 - _eta) * (1 + _eta) * noise(h)
    return sqrt(noise(_s)) * sqrt(left) / noise(_t)


DDIM_STATE_WEIGHT = Formula(
    name="ddim_state_weight",
    title="Weight of x_t in the mean of a DDIM step given the data point",
    symbol=_weight,
    inputs=(_END, STEP_LENGTH, _ETA),
    expr=_ddim_state_weight(_noise),
    source="song2021, eq. 7, with alpha_bar = exp(-2t)",
    assumes=_ddim_assumes,
    steps=(
        Step(
            "the law of x_s given the data point is kept: its variance is w_x^2 Delta_t with the noise of the step",
            equation(_weight**2 * _noise(_t) + DDIM_VARIANCE.expr, _noise(_s)),
        ),
        Step(
            "eta = 1: the square of the weight of an ancestral step",
            equation((_ddim_state_weight(_noise) ** 2).subs(_eta, 1), POSTERIOR_STATE_WEIGHT.expr**2),
        ),
    ),
    stable=_ddim_state_weight(_stable_noise),
)

_ddim_mean = exp(-_s) * _denoised + _weight * (_x - exp(-_t) * _denoised)
_ddim_score_weight = sympy.Symbol("w_score", positive=True)

DDIM_SCORE_WEIGHT = Formula(
    name="ddim_score_weight",
    title="Weight of the score in a DDIM step; the state grows by exp(h)",
    symbol=_ddim_score_weight,
    inputs=(_END, STEP_LENGTH, _ETA),
    expr=(exp(2 * h) - 1 + DDIM_VARIANCE.expr) / (exp(h) + DDIM_STATE_WEIGHT.expr),
    source="song2021, eq. 12, with alpha_bar = exp(-2t)",
    assumes=(
        *_ddim_assumes,
        "the data point is replaced by its posterior mean, exp(t) (x_t + Delta_t score) by Tweedie's formula",
    ),
    steps=(
        Step(
            "mean given the data point with its posterior mean in its place: the weight is Delta_t (exp(h) - w_x)",
            equation(_ddim_mean, exp(h) * _x + _noise(_t) * (exp(h) - _weight) * _score),
            extra=(_STATE, _SCORE, _WEIGHT),
        ),
        Step(
            "multiply by exp(h) + w_x, where w_x^2 Delta_t is Delta_s less the noise of the step",
            equation(_noise(_t) * exp(2 * h) - (_noise(_s) - DDIM_VARIANCE.expr), exp(2 * h) - 1 + DDIM_VARIANCE.expr),
        ),
        Step(
            "eta = 1: the weight of an ancestral step",
            equation(_noise(_t) * (exp(h) - POSTERIOR_STATE_WEIGHT.expr), ANCESTRAL_SCORE_WEIGHT.expr),
        ),
        Step("before it was multiplied", _noise(_t) * (exp(h) - DDIM_STATE_WEIGHT.expr)),
    ),
    stable=(expm1(2 * h) + DDIM_VARIANCE.float_form) / (exp(h) + DDIM_STATE_WEIGHT.float_form),
)
