"""Ends of the features' spectrum where they are closed, and when a mode of it is learned."""

from __future__ import annotations

import sympy
from sympy import Derivative, Interval, oo, sqrt

from regimes.theory.formula.formula import Formula, Step, Variable, equation
from regimes.theory.formula.symbols import DIMENSION, POSITIVE, TIME, Delta, Delta_stable
from regimes.theory.learning.resolvent import B2, FEATURE_POINT, FEATURES, POINTS, S2, SHARE, TRANSFORM, V2

__all__ = ["BULK_HIGH_EDGE", "BULK_LOW_EDGE", "LEARNING_STEPS", "LEARNING_TIME"]

_offset, _m, _ratio = sympy.symbols("offset m_k ratio", positive=True)
_rate, _lambda, _tau, _A, _V, _p = sympy.symbols("rate lambda tau A V p", positive=True)
_d = DIMENSION.symbol
_steps_taken = sympy.Symbol("k", positive=True)
_WEIGHT = Variable(_A, "weight of a mode", POSITIVE)
_OVERLAP = Variable(_V, "overlap of the mode with the noise", POSITIVE)
_COUNT = Variable(_p, "number of features", POSITIVE)
_RATE = Variable(_rate, "learning rate", POSITIVE)
_EIGENVALUE = Variable(_lambda, "eigenvalue of the covariance of the features", POSITIVE)
_TRAINING_TIME = Variable(_tau, "training time of the flow", POSITIVE)
_loss = 1 + 2 * sqrt(Delta) * _A * _V / (_d * sqrt(_p)) + Delta * _lambda * _A**2 / (_d * _p)
_OFFSET = Variable(_offset, "eigenvalue that every mode has", Interval(0, oo))
_VARIANCE = Variable(_m, "variance that the modes share", POSITIVE)
_RATIO = Variable(_ratio, "modes for each sample of them", POSITIVE)
_u = TRANSFORM.symbol
_assumes = (
    "the bulk is by itself: of the points, of offset s^2, variance v^2 and ratio p/n, where n is large beside d; of "
    "the population of white data, of offset v^2 + s^2, variance a^2 e^{-2t} + b^2 and ratio p/d",
)
_R, _b2, _v2, _s2, _beta = SHARE.symbol, B2.symbol, V2.symbol, S2.symbol, POINTS.symbol
_law = _offset + _m / (1 + _u * _m) - _ratio / _u


def _steps(sign: int) -> tuple[Step, ...]:
    """Where the law of a bulk by itself turns, for the end above or below."""
    at = 1 / (_m * (sign / sqrt(_ratio) - 1))
    return (
        Step(
            "of white data and endless points the eigenvalue is that of one Marchenko-Pastur law ...",
            equation(
                FEATURE_POINT.expr.subs(_beta, 0).subs(_R, _u * (_m - _b2) / (1 + _u * _m)),
                _s2 + _v2 + _m / (1 + _u * _m) - FEATURES.symbol / _u,
            ),
            extra=(TRANSFORM, B2, V2, S2, FEATURES),
        ),
        Step(
            "... and so it is of features that see neither data nor noise",
            equation(
                FEATURE_POINT.expr.subs({_R: 0, _b2: 0}), _s2 + _v2 / (1 + _beta * _v2 * _u) - FEATURES.symbol / _u
            ),
            extra=(TRANSFORM, V2, S2, FEATURES, POINTS),
        ),
        Step("it turns where its derivative is 0", equation(Derivative(_law, _u).doit().subs(_u, at), 0 * _m)),
        Step("there", _law.subs(_u, at)),
    )


BULK_HIGH_EDGE = Formula(
    name="bulk_high_edge",
    title="Upper end of a bulk of the features' spectrum that is by itself",
    symbol=sympy.Symbol("lambda_high", positive=True),
    inputs=(_OFFSET, _VARIANCE, _RATIO),
    expr=_offset + _m * (1 + sqrt(_ratio)) ** 2,
    source="bonnaire2025, theorem 3.2",
    assumes=_assumes,
    steps=_steps(-1),
)

BULK_LOW_EDGE = Formula(
    name="bulk_low_edge",
    title="Lower end of a bulk of the features' spectrum that is by itself",
    symbol=sympy.Symbol("lambda_low", positive=True),
    inputs=(_OFFSET, _VARIANCE, _RATIO),
    expr=_offset + _m * (1 - sqrt(_ratio)) ** 2,
    source="bonnaire2025, theorem 3.2",
    assumes=_assumes,
    steps=_steps(1),
)

LEARNING_TIME = Formula(
    name="learning_time",
    title="Training time in which the distance of a mode from its end falls by a factor e",
    symbol=_tau,
    inputs=(TIME, FEATURES, _EIGENVALUE),
    expr=FEATURES.symbol / (2 * Delta * _lambda),
    source="bonnaire2025 (timescales are the inverse eigenvalues of Delta_t U/psi_p, here of twice that)",
    assumes=(
        "the score A f(W x/sqrt d)/sqrt p, trained from A = 0 at one noise level on |sqrt(Delta_t) s + z|^2/d, "
        "averaged over points and noises, by dA/dtau = -d^2 times its gradient",
    ),
    steps=(
        Step(
            "for a mode of eigenvalue lambda the loss is a parabola, and its slope falls at the rate",
            equation(
                _d**2 * Derivative(_loss, (_A, 2)).subs(_p, FEATURES.symbol * _d), 2 * Delta * _lambda / FEATURES.symbol
            ),
            extra=(DIMENSION, _WEIGHT, _OVERLAP),
        ),
    ),
    stable=FEATURES.symbol / (2 * Delta_stable * _lambda),
)

LEARNING_STEPS = Formula(
    name="learning_steps",
    title="Steps of gradient descent in a training time",
    symbol=_steps_taken,
    inputs=(_TRAINING_TIME, DIMENSION, _RATE),
    expr=_d**2 * _tau / _rate,
    source="derived",
    assumes=(
        "a step takes A to A - rate times the gradient of the loss averaged over coordinates, small enough for the "
        "flow; the score has the factor 1/sqrt p: without it, and with p times smaller a rate, the steps are as many",
    ),
    steps=(
        Step(
            "so many steps and the training time shrink a mode by the same exponent",
            equation(
                _steps_taken * _rate * Derivative(_loss, (_A, 2)).subs(_p, FEATURES.symbol * _d),
                _tau * 2 * Delta * _lambda / FEATURES.symbol,
            ),
            extra=(_WEIGHT, _OVERLAP, TIME, _EIGENVALUE, FEATURES),
        ),
    ),
)
