"""The order parameter of a symmetric mixture, q = m.x/sqrt(d): its drift, and the potential that splits in two."""

from __future__ import annotations

from collections.abc import Callable

import sympy
from sympy import Derivative, Piecewise, Subs, cosh, exp, log, sqrt, tanh

from regimes.theory.formula.formula import Formula, Step, Variable, equation, log1p
from regimes.theory.formula.symbols import (
    DIMENSION,
    MU,
    SIGMA,
    TIME,
    Gamma,
    Gamma_stable,
    d,
    mu,
    sigma,
    t,
    x,
)
from regimes.theory.speciation.mixture import MIXTURE_SCORE

__all__ = ["OVERLAP_CURVATURE_TIME", "OVERLAP_DRIFT", "OVERLAP_POTENTIAL"]

_q = sympy.Symbol("q", real=True)
_Q = Variable(_q, "overlap m.x/sqrt(d)", sympy.S.Reals)


def _drift(variance: sympy.Expr) -> sympy.Expr:
    field = sqrt(d) * exp(-t) / variance
    return _q * (1 - 2 / variance) + 2 * mu**2 * field * tanh(_q * field)


OVERLAP_DRIFT = Formula(
    name="overlap_drift",
    title="Drift of the overlap q = m.x/sqrt(d) in the backward process",
    symbol=sympy.Symbol("v", real=True),
    inputs=(_Q, TIME, DIMENSION, MU, SIGMA),
    expr=_drift(Gamma),
    source="biroli2024 (dynamics of the overlap)",
    assumes=(
        "symmetric mixture",
        "backward process -dx = (x + 2 score) dt + sqrt(2) dW; the noise of q is 2 mu^2 dt",
    ),
    steps=(
        Step(
            "project x + 2 score on m/sqrt(d), with m.x = sqrt(d) q, m.m = d mu^2",
            _q
            + 2
            * mu
            * MIXTURE_SCORE.expr.subs({x: _q / mu, MIXTURE_SCORE.inputs[2].symbol: sqrt(d) * mu}, simultaneous=True),
        ),
    ),
    stable=_drift(Gamma_stable),
)


def _potential(variance: sympy.Expr, log_cosh: Callable[[sympy.Expr], sympy.Expr]) -> sympy.Expr:
    well = (1 / variance - sympy.Rational(1, 2)) * _q**2
    return well - 2 * mu**2 * log_cosh(_q * sqrt(d) * exp(-t) / variance)


def _safe_log_cosh(z: sympy.Expr) -> sympy.Expr:
    """Logarithm of cosh z, which cosh alone would overflow beyond z = 710 and round to 0 below 1e-8."""
    size = sympy.Abs(z)
    near = -log1p(-(tanh(sympy.Min(size, 1)) ** 2)) / 2  # numpy evaluates both branches everywhere
    return Piecewise((near, size < 1), (size + log1p(exp(-2 * size)) - log(2), True))


OVERLAP_POTENTIAL = Formula(
    name="overlap_potential",
    title="Potential of the overlap in the backward process",
    symbol=sympy.Symbol("V", real=True),
    inputs=(_Q, TIME, DIMENSION, MU, SIGMA),
    expr=_potential(Gamma, lambda z: log(cosh(z))),
    source="biroli2024 (potential of the overlap), which omits the mu^2 of the noise; derived",
    assumes=("symmetric mixture; -dq = -V'(q) dt + noise of variance 2 mu^2 dt; bounded below where Gamma_t < 2",),
    steps=(
        Step(
            "minus its slope is the drift",
            equation(
                -Derivative(_potential(Gamma, lambda z: log(cosh(z))), _q),
                OVERLAP_DRIFT.expr,
            ),
        ),
    ),
    stable=_potential(Gamma_stable, _safe_log_cosh),
)

_curvature_time = sympy.Symbol("t_V", real=True)
_curvature_root = sqrt(d**2 * mu**4 + (sigma**2 - 1) ** 2)
_gamma_at = 1 + (sigma**2 - 1) * exp(-2 * _curvature_time)

OVERLAP_CURVATURE_TIME = Formula(
    name="overlap_curvature_time",
    title="Time at which the overlap potential turns from a single into a double well",
    symbol=_curvature_time,
    inputs=(DIMENSION, MU, SIGMA),
    expr=log(d * mu**2 + _curvature_root) / 2,
    source="derived; biroli2024 gives the case Gamma_t = 1, 1/2 log(2 d mu^2)",
    assumes=("symmetric mixture", "positive if 2 d mu^2 + (sigma^2 - 1)^2 > 1, else V is a single well at every time"),
    steps=(
        Step(
            "curvature of V at q = 0 is 2/Gamma_t - 1 - 2 d mu^2 exp(-2t)/Gamma_t^2",
            equation(
                Subs(Derivative(OVERLAP_POTENTIAL.expr, (_q, 2)), _q, 0),
                2 / Gamma - 1 - 2 * d * mu**2 * exp(-2 * t) / Gamma**2,
            ),
            extra=(TIME,),
        ),
        Step(
            "it vanishes where Gamma_t (2 - Gamma_t) = 2 d mu^2 exp(-2t)",
            equation(_gamma_at * (2 - _gamma_at), 2 * d * mu**2 * exp(-2 * _curvature_time)),
        ),
    ),
    # The root less 1 without a difference, for weak classes (d mu^2 and sigma small), where the logarithm is near 0.
    stable=log1p(d * mu**2 + (d**2 * mu**4 + sigma**2 * (sigma**2 - 2)) / (1 + _curvature_root)) / 2,
)
