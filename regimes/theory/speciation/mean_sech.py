"""The mean of sech(r u) over a standard normal u, by which two clones disagree, and its dual at small 1/r."""

from __future__ import annotations

import sympy
from sympy import Integral, Interval, Rational, S, cos, exp, floor, log, oo, pi, sech, sqrt

from regimes.theory.formula.formula import Formula, Step, Variable, equation
from regimes.theory.formula.normal_law import normal
from regimes.theory.formula.symbols import r, u
from regimes.theory.speciation.clones import DISTANCE, TWO_CLASSES

__all__ = [
    "CLONE_DISAGREEMENT_FROM_MEAN_SECH",
    "LOG_CLONE_DISAGREEMENT_FROM_MEAN_SECH",
    "MEAN_SECH_DUAL_ARGUMENT",
    "MEAN_SECH_DUAL_FACTOR",
    "MEAN_SECH_INTEGRAND",
]
_mean_sech = sympy.Symbol("J", positive=True)
_J = Variable(_mean_sech, "mean of sech(r u) over a standard normal u", Interval.open(0, 1))
NORMAL = Variable(u, "standard normal variable", S.Reals)
_k = sympy.Symbol("k", real=True)

_shift = floor(16 * r) / 16

CLONE_DISAGREEMENT_FROM_MEAN_SECH = Formula(
    name="clone_disagreement_from_mean_sech",
    title="1 - phi from the mean J of sech(r u)",
    symbol=sympy.Symbol("psi", positive=True),
    inputs=(DISTANCE, _J),
    expr=exp(-(r**2) / 2) * _mean_sech / 2,
    source="derived (clone_disagreement)",
    # The exponential makes the rounding error of r^2 larger, r^2/2 times; splitting r leaves exact parts.
    stable=exp(-(_shift**2) / 2) * exp(-(r - _shift) * (r + _shift) / 2) * _mean_sech / 2,
    assumes=(TWO_CLASSES,),
    steps=(
        Step(
            "the square splits at any q: r^2 = q^2 + (r-q)(r+q), here q = floor(16 r)/16",
            exp(-(_shift**2 + (r - _shift) * (r + _shift)) / 2) * _mean_sech / 2,
        ),
    ),
)

LOG_CLONE_DISAGREEMENT_FROM_MEAN_SECH = Formula(
    name="log_clone_disagreement_from_mean_sech",
    title="log(1 - phi) from the mean J of sech(r u)",
    symbol=sympy.Symbol("log_psi", real=True),
    inputs=(DISTANCE, _J),
    expr=log(_mean_sech / 2) - r**2 / 2,
    source="derived (clone_disagreement)",
    assumes=(TWO_CLASSES,),
    steps=(Step("logarithm of the product", log(exp(-(r**2) / 2) * _mean_sech / 2)),),
)

MEAN_SECH_INTEGRAND = Formula(
    name="mean_sech_integrand",
    title="Integrand of the mean of sech(r u) over a standard normal u",
    symbol=sympy.Symbol("j", positive=True),
    inputs=(DISTANCE, NORMAL),
    expr=sech(r * u) * normal(u),
    source="derived (clone_disagreement)",
    steps=(Step("sech by exponentials", 2 / (exp(r * u) + exp(-r * u)) * normal(u)),),
    stable=2 * exp(-r * sympy.Abs(u)) / (1 + exp(-2 * r * sympy.Abs(u))) * normal(u),
)

_fourier = Integral(sech(pi * _k / (2 * r)) * cos(_k * u) / (2 * r), (_k, -oo, oo))

MEAN_SECH_DUAL_ARGUMENT = Formula(
    name="mean_sech_dual_argument",
    title="Argument of the dual of the mean of sech",
    symbol=sympy.Symbol("r_dual", positive=True),
    inputs=(DISTANCE,),
    expr=pi / (2 * r),
    source="derived: Mordell's self-dual integral",
    assumes=("J(r) = sqrt(pi/2)/r J(pi/(2r)); the fixed point is r = sqrt(pi/2)",),
    steps=(
        Step("the dual of the dual is r", equation(pi / (2 * (pi / (2 * r))), r)),
        Step("it is the argument of sech at k = 1 in the Fourier transform of sech(r u)", (pi / 2) / r),
    ),
)

MEAN_SECH_DUAL_FACTOR = Formula(
    name="mean_sech_dual_factor",
    title="Ratio of the mean of sech at r to the mean of sech at the dual argument pi/(2r)",
    symbol=sympy.Symbol("c_dual", positive=True),
    inputs=(DISTANCE,),
    expr=sqrt(pi / 2) / r,
    source="derived: Mordell's self-dual integral",
    assumes=("only r <= sqrt(pi/2) is ever integrated, where sech(r u) is smooth on the scale of the normal",),
    steps=(
        Step(
            "sech is its own Fourier transform: sech(r u) is an integral over cos(k u) (here at u = 1)",
            equation(_fourier.subs(u, 1), sech(r)),
        ),
        Step(
            "the mean of cos(k u) over a standard normal u is exp(-k^2/2) (here at k = 1)",
            equation(Integral(cos(u) * normal(u), (u, -oo, oo)), exp(-Rational(1, 2))),
        ),
        Step(
            "exchanging both integrals, J(r) is 1/(2r) times the integral of sech(pi k/(2r)) exp(-k^2/2)",
            equation(
                Integral(sech(r * u) * normal(u), (u, -oo, oo)),
                Integral(sech(pi * _k / (2 * r)) * exp(-(_k**2) / 2) / (2 * r), (_k, -oo, oo)),
            ),
        ),
        Step(
            "which is J at the dual argument, times sqrt(2 pi)/(2r)",
            Integral(sech(r * u) * normal(u), (u, -oo, oo))
            / Integral(sech(pi * u / (2 * r)) * normal(u), (u, -oo, oo)),
        ),
        Step("collected", sqrt(2 * pi) / (2 * r)),
    ),
)
