"""How far the final samples of a stochastic sampler are from Gaussian data, and which levels bring them nearest.

The posterior mean c y of a component has the variance lambda - mmse(s), which rises with s. A sampler that freezes the
mean over its steps raises it by less; steps add, and the share that is missing at the end is that of the samples too.
"""

from __future__ import annotations

import sympy
from sympy import Derivative, Interval, log, oo, pi

from regimes.theory.decisions.log_excess import log_excess, log_excess_stable
from regimes.theory.decisions.steps import (
    BETWEEN,
    EIGENVALUE,
    OF_A_GAUSSIAN,
    SAMPLERS,
    START,
    START_MMSE,
    STEP,
    mmse_of,
)
from regimes.theory.formula.formula import Formula, Step, Variable, equation
from regimes.theory.formula.normal_law import normal_entropy
from regimes.theory.formula.symbols import POSITIVE, snr

__all__ = [
    "END_DIVERGENCE_SLOPE",
    "VARIANCE_DEFICIT",
    "VARIANCE_DEFICIT_DIVERGENCE",
    "VARIANCE_DEFICIT_SLOPE",
    "VARIANCE_GAIN",
]

_lambda, _step, _here, _r = EIGENVALUE.symbol, STEP.symbol, START_MMSE.symbol, BETWEEN.symbol
_after = snr + _step
_next, _some, _true = sympy.symbols("snr_next variance V", positive=True)
_before = sympy.Symbol("step_before", positive=True)
_lacking, _kept = sympy.Symbol("lacking", nonnegative=True), sympy.Symbol("kept", positive=True)
_BETWEEN = Variable(_r, "signal-to-noise ratio between the steps", POSITIVE)
_NEXT = Variable(_next, "signal-to-noise ratio at which the step after ends", POSITIVE)
_LACKING = Variable(_lacking, "variance_deficit of all steps", Interval(0, oo))
_KEPT = Variable(_kept, "variance at the first level, lambda - mmse, and variance_gain of all steps", POSITIVE)
_VARIANCE = Variable(_some, "variance of y in the sampler, where the step begins", POSITIVE)


def _gain(step: sympy.Expr, mmse: sympy.Expr) -> sympy.Expr:
    return step * (mmse / (1 + step * mmse)) ** 2


def _deficit(step: sympy.Expr, mmse: sympy.Expr) -> sympy.Expr:
    return mmse * (step * mmse / (1 + step * mmse)) ** 2


def _slope(before: sympy.Expr, mmse: sympy.Expr, after: sympy.Expr) -> sympy.Expr:
    return mmse**3 * (2 * before - after * (2 + after * mmse) / (1 + after * mmse) ** 2)


def _divergence(lacking: sympy.Expr, kept: sympy.Expr) -> sympy.Expr:
    return log_excess(lacking / kept) / 2


_of_both = _deficit(_r - snr, mmse_of(snr)) + _deficit(_next - _r, mmse_of(_r))
_of_steps = (START, _BETWEEN, _NEXT, EIGENVALUE)

VARIANCE_GAIN = Formula(
    name="variance_gain",
    title="Variance that the posterior mean of a Gaussian component gains in a step of a sampler that freezes it",
    symbol=sympy.Symbol("v_gain", positive=True),
    inputs=(STEP, START_MMSE),
    expr=_gain(_step, _here),
    source="derived",
    assumes=(SAMPLERS, OF_A_GAUSSIAN),
    steps=(
        Step(
            "the posterior mean is c y: covariance s lambda of a and y over the variance of y; c is the mmse",
            equation(snr * _lambda / (snr**2 * _lambda + snr), mmse_of(snr)),
            extra=(START, EIGENVALUE),
        ),
        Step(
            "y + step c y + noise of variance step, times the c after the step: what that adds to the variance of c y",
            equation(
                mmse_of(_after) ** 2 * ((1 + _step * mmse_of(snr)) ** 2 * _some + _step),
                mmse_of(snr) ** 2 * _some + _gain(_step, mmse_of(snr)),
            ),
            extra=(_VARIANCE, START, EIGENVALUE),
        ),
        Step(
            "it is the step times the fall of the mmse where it ends: over all steps the right Riemann sum of the fall",
            equation(_gain(_step, mmse_of(snr)), _step * mmse_of(_after) ** 2),
            extra=(START, EIGENVALUE),
        ),
    ),
)

VARIANCE_DEFICIT = Formula(
    name="variance_deficit",
    title="Variance that the posterior mean of a Gaussian component lacks for a step of a sampler that freezes it",
    symbol=sympy.Symbol("v_deficit", positive=True),
    inputs=(STEP, START_MMSE),
    expr=_deficit(_step, _here),
    source="derived from variance_gain",
    assumes=(SAMPLERS, OF_A_GAUSSIAN),
    steps=(
        Step(
            "for the data the posterior mean has the variance lambda - mmse",
            equation(mmse_of(snr) ** 2 * (snr**2 * _lambda + snr), _lambda - mmse_of(snr)),
            extra=(START, EIGENVALUE),
        ),
        Step(
            "which gains what the mmse loses in the step: more than the sampler does",
            _here - _here / (1 + _step * _here) - VARIANCE_GAIN.expr,
        ),
    ),
)

VARIANCE_DEFICIT_SLOPE = Formula(
    name="variance_deficit_slope",
    title="Slope of the variance that two steps cost a component in the signal-to-noise ratio between them",
    symbol=sympy.Symbol("slope", real=True),
    inputs=(
        Variable(_before, "length of the step before, in the signal-to-noise ratio", POSITIVE),
        Variable(_here, "mmse of the component between the steps", POSITIVE),
        Variable(_step, "length of the step after, in the signal-to-noise ratio", POSITIVE),
    ),
    expr=_slope(_before, _here, _step),
    source="derived from variance_deficit",
    assumes=(OF_A_GAUSSIAN,),
    steps=(
        Step(
            "slope of the sum of the two steps",
            equation(Derivative(_of_both, _r), _slope(_r - snr, mmse_of(_r), _next - _r)),
            extra=_of_steps,
        ),
        Step(
            "its own slope ...",
            equation(Derivative(_of_both, _r, _r), mmse_of(_r) ** 3 * (4 - 6 * (_r - snr) * mmse_of(_r))),
            extra=_of_steps,
        ),
        Step(
            "... and that in the ratio at which the step after ends",
            equation(Derivative(_of_both, _r, _next), -2 * mmse_of(_next) ** 3),
            extra=_of_steps,
        ),
        Step(
            "with one component the best grid has no slope: (mmse after/mmse here)^2 = 2 mmse here/mmse before - 1",
            equation(
                _slope(_r - snr, mmse_of(_r), _next - _r),
                mmse_of(_next) ** 2 - mmse_of(_r) ** 2 * (2 * mmse_of(_r) / mmse_of(snr) - 1),
            ),
            extra=_of_steps,
        ),
    ),
)

VARIANCE_DEFICIT_DIVERGENCE = Formula(
    name="variance_deficit_divergence",
    title="Divergence of a Gaussian component of the data from one that lacks some of its variance, in nats",
    symbol=sympy.Symbol("D_end", nonnegative=True),
    inputs=(_LACKING, _KEPT),
    expr=_divergence(_lacking, _kept),
    source="derived",
    assumes=("both are Gaussian with the same mean", "lacking over kept is the same for a sample and its mean"),
    steps=(
        Step(
            "cross entropy less entropy, V the variance of the data",
            log(2 * pi * _kept / (_kept + _lacking) * _true) / 2
            + (_kept + _lacking) / (2 * _kept)
            - normal_entropy(_true),
            extra=(Variable(_true, "variance of the component", POSITIVE),),
        ),
    ),
    stable=log_excess_stable(_lacking / _kept, _lacking / (2 * _kept + _lacking)) / 2,
)

_slope_symbol = sympy.Symbol("deficit_slope", real=True)
_of_total = _divergence(_lacking, _true - _lacking)

END_DIVERGENCE_SLOPE = Formula(
    name="end_divergence_slope",
    title="Slope of the divergence of a component of the final samples in a level; their sum is zero at the best grid",
    symbol=sympy.Symbol("slope", real=True),
    inputs=(_LACKING, _KEPT, Variable(_slope_symbol, "slope of what it lacks: variance_deficit_slope", sympy.Reals)),
    expr=_lacking * _slope_symbol / (2 * _kept**2),
    source="derived from variance_deficit_divergence",
    assumes=(OF_A_GAUSSIAN,),
    steps=(
        Step(
            "lacking and kept make up the variance in the data: what the one gains the other loses",
            sympy.Subs(Derivative(_of_total, _lacking), _true, _kept + _lacking) * _slope_symbol,
        ),
        Step(
            "the slope of that, per square of the slope of what it lacks; it is positive",
            equation(
                sympy.Subs(Derivative(_of_total, _lacking, _lacking), _true, _kept + _lacking),
                (_kept + 2 * _lacking) / (2 * _kept**3),
            ),
        ),
    ),
)
