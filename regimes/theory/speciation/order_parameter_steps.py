"""One step of the overlap q = m.x/sqrt(d), of any length: what q at time t says about q at the earlier time t - dt.

The backward process has the law of the forward process read backwards, so that these are statements about forward pairs
(x_{t-dt}, x_t) as well, which need no score and no small step to simulate. They hold the drift and the noise of the
overlap potential without the bias that an increment over a finite time has.
"""

from __future__ import annotations

import sympy
from sympy import Derivative, Piecewise, Rational, S, Subs, cosh, erfc, exp, pi, sinh, sqrt, tanh

from regimes.theory.formula.formula import Formula, Step, Variable, equation, expm1
from regimes.theory.formula.normal_law import normal_below
from regimes.theory.formula.symbols import DIMENSION, MU, POSITIVE, SIGMA, TIME, Gamma, Gamma_stable, d, mu, sigma, t
from regimes.theory.process.forward import log_normal
from regimes.theory.speciation.order_parameter import OVERLAP_DRIFT, OVERLAP_POTENTIAL

__all__ = ["OVERLAP_DISTRIBUTION", "OVERLAP_DRIFT_FROM_STEP", "OVERLAP_STEP_MEAN", "OVERLAP_STEP_VARIANCE"]

_q = OVERLAP_DRIFT.inputs[0].symbol
_earlier = sympy.Symbol("q_s", real=True)
_dt = sympy.Symbol("dt", positive=True)
_side = sympy.Symbol("c", real=True)

_Q = Variable(_q, "overlap m.x/sqrt(d) at time t", S.Reals)
_EARLIER = Variable(_earlier, "overlap at time t - dt", S.Reals)
_STEP = Variable(_dt, "length of the step, less than t", POSITIVE)
_SIDE = Variable(_side, "class: 1 or -1", S.Reals)
_mixture = "symmetric mixture: centres at +m and -m, |m|^2 = d mu^2, variance sigma^2 in every direction"
_before = "dt -> t gives the data point"

# Along m/sqrt(d), q is mu times the component of x_t along the axis: one class is normal around c _centre.
_centre = sqrt(d) * mu**2 * exp(-t)
_field = sqrt(d) * exp(-t) / Gamma
_gamma_before = Gamma.subs(t, t - _dt)
_gamma_before_stable = sigma**2 * exp(-2 * (t - _dt)) - expm1(-2 * (t - _dt))
_delta = 1 - exp(-2 * _dt)


def _own_mean(side: sympy.Expr) -> sympy.Expr:
    """Mean of q_{t-dt} given q_t and the class."""
    return side * _centre * exp(_dt) + exp(-_dt) * _gamma_before / Gamma * (_q - side * _centre)


_own_variance = mu**2 * _delta * _gamma_before / Gamma
_plus = (1 + tanh(_q * _field)) / 2

_regression = Step(
    "within a class (q_{t-dt}, q_t) is normal: prior around c exp(dt) centre_t and forward noise make a posterior of "
    "variance mu^2 Delta_dt Gamma_{t-dt}/Gamma_t times the density of q_t",
    equation(
        log_normal(_earlier - _side * _centre * exp(_dt), mu**2 * _gamma_before)
        + log_normal(_q - exp(-_dt) * _earlier, mu**2 * _delta),
        log_normal(_earlier - _own_mean(_side), _own_variance) + log_normal(_q - _side * _centre, mu**2 * Gamma),
    ),
    extra=(_EARLIER, _SIDE),
)
_odds = Step(
    "P(+ | q) = (1 + tanh(q sqrt(d) exp(-t)/Gamma_t))/2: half the log-odds of the classes",
    equation(
        (log_normal(_q - _centre, mu**2 * Gamma) - log_normal(_q + _centre, mu**2 * Gamma)) / 2,
        _q * _field,
    ),
)

OVERLAP_STEP_MEAN = Formula(
    name="overlap_step_mean",
    title="Mean of the overlap a step earlier, given the overlap",
    symbol=sympy.Symbol("q_mean", real=True),
    inputs=(_Q, TIME, _STEP, DIMENSION, MU, SIGMA),
    expr=exp(_dt) * _q + sinh(_dt) * (OVERLAP_DRIFT.expr - _q),
    source="Tweedie's formula for x_{t-dt}, derived; -V' is overlap_drift",
    assumes=(_mixture, _before),
    where=(_dt < t,),
    steps=(
        _regression,
        _odds,
        Step("average over the classes", _plus * _own_mean(1) + (1 - _plus) * _own_mean(-1)),
        Step(
            "Tweedie: exp(dt) (x + Delta_dt score) on the axis, with 2 score = -V' - q there",
            exp(_dt) * (_q + _delta * (OVERLAP_DRIFT.expr - _q) / 2),
        ),
    ),
    stable=_q * exp(-_dt) * _gamma_before_stable / Gamma_stable
    + 2 * sinh(_dt) * mu**2 * sqrt(d) * exp(-t) / Gamma_stable * tanh(_q * sqrt(d) * exp(-t) / Gamma_stable),
)

OVERLAP_DRIFT_FROM_STEP = Formula(
    name="overlap_drift_from_step",
    title="Drift of the overlap, without bias at any step, from the overlap before and after",
    symbol=sympy.Symbol("v", real=True),
    inputs=(_Q, _EARLIER, _STEP),
    expr=(_earlier - _q * cosh(_dt)) / sinh(_dt),
    source="derived from overlap_step_mean",
    assumes=(
        _mixture,
        "its mean given q is -V'(q, t) exactly, for any dt < t; (q_s - q)/dt is that for small dt only",
    ),
    steps=(
        Step(
            "overlap_step_mean is linear in the drift: solve it with q_s in place of the mean",
            equation(exp(_dt) * _q + sinh(_dt) * (sympy.Symbol("v", real=True) - _q), _earlier),
        ),
        Step("exp(dt) - sinh(dt) = cosh(dt)", _q + (_earlier - exp(_dt) * _q) / sinh(_dt)),
    ),
)

_far = exp(-2 * sympy.Abs(_q) * sqrt(d) * exp(-t) / Gamma_stable)

OVERLAP_STEP_VARIANCE = Formula(
    name="overlap_step_variance",
    title="Variance of the overlap a step earlier, given the overlap",
    symbol=sympy.Symbol("q_variance", positive=True),
    inputs=(_Q, TIME, _STEP, DIMENSION, MU, SIGMA),
    expr=_own_variance + (2 * sinh(_dt) * mu**2 * _field) ** 2 * (1 - tanh(_q * _field) ** 2),
    source="Tweedie's formula of second order for x_{t-dt}, derived; V is overlap_potential",
    assumes=(_mixture, _before, "2 mu^2 dt (1 + O(dt)): the noise of q"),
    where=(_dt < t,),
    steps=(
        _regression,
        _odds,
        Step(
            "variance within the classes plus variance between them, P(+) P(-) times the squared distance of the means",
            _own_variance + _plus * (1 - _plus) * (_own_mean(1) - _own_mean(-1)) ** 2,
        ),
        Step(
            "Tweedie: exp(2 dt) (Delta_dt + Delta_dt^2 d^2 log P_t) on the axis, with -2 d^2 log P_t = 1 + V'' there",
            mu**2 * exp(2 * _dt) * _delta * (1 - _delta * (1 + Derivative(OVERLAP_POTENTIAL.expr, (_q, 2))) / 2),
        ),
    ),
    stable=-(mu**2) * expm1(-2 * _dt) * _gamma_before_stable / Gamma_stable
    + (4 * sinh(_dt) * mu**2 * sqrt(d) * exp(-t) / Gamma_stable) ** 2 * _far / (1 + _far) ** 2,
)

_deviation = mu * sqrt(Gamma)

_law = (normal_below((_q - _centre) / _deviation) + normal_below((_q + _centre) / _deviation)) / 2
# Of the side away from 0: one less what is nearly one would lose the lower tail.
_tail = sum(erfc((sympy.Abs(_q) + sign * _centre) / (mu * sqrt(2 * Gamma_stable))) for sign in (-1, 1)) / 4

OVERLAP_DISTRIBUTION = Formula(
    name="overlap_distribution",
    title="Probability that the overlap lies below q",
    symbol=sympy.Symbol("P_q", positive=True),
    inputs=(_Q, TIME, DIMENSION, MU, SIGMA),
    expr=_law,
    source="derived; the law of q in biroli2024's dynamics of the overlap",
    assumes=(_mixture,),
    steps=(
        Step(
            "its slope is the density: normal around sqrt(d) mu^2 exp(-t) and around minus that, variance mu^2 Gamma_t",
            equation(
                Derivative(_law, _q),
                sum(exp(-((_q - side * _centre) ** 2) / (2 * _deviation**2)) for side in (1, -1))
                / (2 * sqrt(2 * pi) * _deviation),
            ),
        ),
        Step("by symmetry one half at 0", equation(Subs(_law, _q, 0), Rational(1, 2))),
    ),
    stable=Piecewise((_tail, _q < 0), (1 - _tail, True)),
)
