"""How the loss of a mode falls while random features are trained by gradient flow."""

from __future__ import annotations

import sympy
from sympy import Interval, exp, oo, sqrt

from regimes.theory.formula.formula import Formula, Step, Variable, equation, expm1
from regimes.theory.formula.symbols import POSITIVE
from regimes.theory.learning.edges import LEARNING_TIME

__all__ = ["MODE_TEST_GAIN", "MODE_TRAIN_GAIN"]

_x, _lambda = sympy.symbols("times lambda", positive=True)
_A, _V, _Delta, _p = sympy.symbols("A V Delta p", positive=True)
_TIMES = Variable(_x, "training time over the learning time of the mode", Interval(0, oo))
_EIGENVALUE = Variable(_lambda, "eigenvalue of the mode", POSITIVE)
_OVERLAP = Variable(_V, "overlap of the mode with the noise", POSITIVE)
_NOISE = Variable(_Delta, "noise variance", Interval.open(0, 1))
_COUNT = Variable(_p, "number of features", POSITIVE)
_flow = LEARNING_TIME.assumes[0]
# The loss of one mode less 1, times d; and the weight to which the flow has brought it from 0.
_loss = 2 * sqrt(_Delta) * _A * _V / sqrt(_p) + _Delta * _lambda * _A**2 / _p
_weight = -sqrt(_p / _Delta) * _V / _lambda * (1 - exp(-_x))

MODE_TEST_GAIN = Formula(
    name="mode_test_gain",
    title="What a mode's weight has come to, over its overlap with the noise",
    symbol=sympy.Symbol("h", nonnegative=True),
    inputs=(_TIMES, _EIGENVALUE),
    expr=(1 - exp(-_x)) / _lambda,
    source="derived (bonnaire2025, gradient flow from A = 0)",
    assumes=(_flow,),
    steps=(
        Step(
            "the flow's slope is that of the loss: with x growing at the rate 2 Delta lambda/p of the flow",
            equation(
                sympy.diff(_weight, _x) * 2 * _Delta * _lambda / _p,
                -sympy.diff(_loss, _A).subs(_A, _weight),
            ),
            extra=(_OVERLAP, _NOISE, _COUNT),
        ),
        Step("the weight, in its units", -_weight * sqrt(_Delta / _p) / _V, extra=(_OVERLAP, _NOISE, _COUNT)),
    ),
    stable=-expm1(-_x) / _lambda,
)

MODE_TRAIN_GAIN = Formula(
    name="mode_train_gain",
    title="By how much a mode has lowered the training loss, over the square of its overlap with the noise",
    symbol=sympy.Symbol("h_2", nonnegative=True),
    inputs=(_TIMES, _EIGENVALUE),
    expr=(1 - exp(-2 * _x)) / _lambda,
    source="derived (bonnaire2025, gradient flow from A = 0)",
    assumes=(_flow,),
    steps=(
        Step(
            "the loss at that weight",
            -_loss.subs(_A, _weight) / _V**2,
            extra=(_OVERLAP, _NOISE, _COUNT),
        ),
    ),
    stable=-expm1(-2 * _x) / _lambda,
)
