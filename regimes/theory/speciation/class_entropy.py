"""What x_t leaves open about the class, in nats."""

from __future__ import annotations

import sympy
from sympy import Integral, cosh, exp, log, oo

from regimes.theory.formula.formula import Formula, Step, log1p
from regimes.theory.formula.normal_law import normal
from regimes.theory.formula.symbols import r, u, y
from regimes.theory.speciation.clones import DISTANCE, TWO_CLASSES
from regimes.theory.speciation.mean_sech import NORMAL

__all__ = ["CLASS_ENTROPY", "CLASS_ENTROPY_INTEGRAND"]


def _entropy_kernel(v: sympy.Expr) -> sympy.Expr:
    """Even part of exp(v) log(1 + exp(-2v))."""
    return (exp(v) * log(1 + exp(-2 * v)) + exp(-v) * log(1 + exp(2 * v))) / 2


_entropy = sympy.Symbol("H", positive=True)

CLASS_ENTROPY = Formula(
    name="class_entropy",
    title="Conditional entropy of the class given x_t, in nats",
    symbol=_entropy,
    inputs=(DISTANCE,),
    expr=exp(-(r**2) / 2) * Integral(_entropy_kernel(r * u) * normal(u), (u, -oo, oo)),
    source="derived",
    assumes=(TWO_CLASSES,),
    steps=(
        Step(
            "-log P(+|x) averaged over class +",
            Integral(log(1 + exp(-2 * r * y)) * normal(y - r), (y, -oo, oo)),
        ),
        Step(
            "shift the density, N(y; r, 1) = exp(r y - r^2/2) N(y; 0, 1)",
            exp(-(r**2) / 2) * Integral(exp(r * y) * log(1 + exp(-2 * r * y)) * normal(y), (y, -oo, oo)),
        ),
    ),
)

_v = r * sympy.Abs(u)
_capped = sympy.Min(_v, 200)

CLASS_ENTROPY_INTEGRAND = Formula(
    name="class_entropy_integrand",
    title="Integrand of exp(r^2/2) H(class | x_t)",
    symbol=sympy.Symbol("h", positive=True),
    inputs=(DISTANCE, NORMAL),
    expr=_entropy_kernel(r * u) * normal(u),
    source="derived (class_entropy)",
    assumes=("even in u",),
    steps=(
        Step(
            "log(1 + exp(2v)) = 2v + log(1 + exp(-2v)), at v = r |u|",
            (cosh(_v) * log(1 + exp(-2 * _v)) + _v * exp(-_v)) * normal(u),
        ),
    ),
    # exp(v) log1p(exp(-2v)) would be inf * 0 at large v; beyond 200 it is exp(-v) to 170 digits, and that
    # exponential continues it.
    stable=(
        exp(_capped) * log1p(exp(-2 * _capped)) * exp(_capped - _v) / 2
        + exp(-_v) * log1p(exp(-2 * _v)) / 2
        + _v * exp(-_v)
    )
    * normal(u),
)
