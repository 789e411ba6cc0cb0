"""Steps of the backward process: the weights with which samplers put together state, score and noise.

A step leads from t = s + h to s. The backward process is -dx = (x + 2 score) dt + sqrt(2) dW, its probability flow
-dx = (x + score) dt; u is the time since the beginning of the step.
"""

from __future__ import annotations

import sympy
from sympy import Derivative, Integral, Rational, Subs, exp

from regimes.theory.formula.formula import Formula, Step, equation, expm1
from regimes.theory.formula.symbols import STEP_LENGTH, h

__all__ = [
    "BACKWARD_GROWTH",
    "EULER_GROWTH",
    "EULER_SCORE_WEIGHT",
    "EULER_VARIANCE",
    "FLOW_SCORE_WEIGHT",
    "FROZEN_SCORE_VARIANCE",
    "FROZEN_SCORE_WEIGHT",
]
_u = sympy.Symbol("u", positive=True)

BACKWARD_GROWTH = Formula(
    name="backward_growth",
    title="Growth of the state over a backward step without a score",
    symbol=sympy.Symbol("growth", positive=True),
    inputs=(STEP_LENGTH,),
    expr=exp(h),
    source="zhang2022 (exponential integrator)",
    steps=(
        Step("it begins at 1 and solves dx/du = x", 1 + Integral(exp(_u), (_u, 0, h))),
        Step("its slope is the growth itself", equation(Derivative(exp(h), h), exp(h))),
    ),
)

FROZEN_SCORE_WEIGHT = Formula(
    name="frozen_score_weight",
    title="Weight of the score in a backward step that holds it fixed",
    symbol=sympy.Symbol("w_score", positive=True),
    inputs=(STEP_LENGTH,),
    expr=2 * (exp(h) - 1),
    source="zhang2022 (exponential integrator)",
    assumes=("the score is held at its value at the beginning of the step",),
    steps=(Step("the drift 2 score entering at u has grown by exp(h - u)", Integral(2 * exp(h - _u), (_u, 0, h))),),
    stable=2 * expm1(h),
)

FROZEN_SCORE_VARIANCE = Formula(
    name="frozen_score_variance",
    title="Variance of the noise of a backward step that holds the score fixed",
    symbol=sympy.Symbol("v", positive=True),
    inputs=(STEP_LENGTH,),
    expr=exp(2 * h) - 1,
    source="zhang2022 (exponential integrator)",
    assumes=("the score is held at its value at the beginning of the step",),
    steps=(
        Step(
            "the variance 2 du entering at u has grown by exp(2 (h - u))", Integral(2 * exp(2 * (h - _u)), (_u, 0, h))
        ),
    ),
    stable=expm1(2 * h),
)

EULER_GROWTH = Formula(
    name="euler_growth",
    title="Growth of the state over an Euler-Maruyama step",
    symbol=sympy.Symbol("growth", positive=True),
    inputs=(STEP_LENGTH,),
    expr=1 + h,
    source="definition",
    steps=(Step("first order of the growth in h", 1 + h * Subs(Derivative(exp(_u), _u), _u, 0)),),
)

EULER_SCORE_WEIGHT = Formula(
    name="euler_score_weight",
    title="Weight of the score in an Euler-Maruyama step",
    symbol=sympy.Symbol("w_score", positive=True),
    inputs=(STEP_LENGTH,),
    expr=2 * h,
    source="definition",
    steps=(Step("first order of the weight of a score held fixed", h * Subs(Derivative(2 * exp(_u) - 2, _u), _u, 0)),),
)

EULER_VARIANCE = Formula(
    name="euler_variance",
    title="Variance of the noise of an Euler-Maruyama step",
    symbol=sympy.Symbol("v", positive=True),
    inputs=(STEP_LENGTH,),
    expr=2 * h,
    source="definition",
    steps=(Step("variance of sqrt(2) dW over the step", Integral(2, (_u, 0, h))),),
)

FLOW_SCORE_WEIGHT = Formula(
    name="flow_score_weight",
    title="Weight of the score, or of the mean of two, in a step of the probability flow; the state grows by exp(h)",
    symbol=sympy.Symbol("w_score", positive=True),
    inputs=(STEP_LENGTH,),
    expr=exp(h) - 1,
    source="song2021b (probability flow)",
    assumes=("the score is held fixed, or is linear in exp(-u) from its value at t to that at s",),
    steps=(
        Step("the drift entering at u has grown by exp(h - u)", Integral(exp(h - _u), (_u, 0, h))),
        Step(
            "a score that is linear in exp(-u): each of its two values has half of the weight",
            equation(
                Integral(exp(h - _u) * (1 - exp(-_u)) / (1 - exp(-h)), (_u, 0, h)),
                Rational(1, 2) * Integral(exp(h - _u), (_u, 0, h)),
            ),
        ),
    ),
    stable=expm1(h),
)
