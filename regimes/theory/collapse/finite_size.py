"""Collapse of finitely many points: how far the typical partition function lies below its mean.

The sum over the n points is the partition function of the random energy model at lambda = 1. Its mean exists for every
n, but at the condensation point half of it is carried by energies so low that no point has them, so that log Z lies
log 2 below log E Z.
"""

from __future__ import annotations

import sympy
from sympy import Interval, Piecewise, S, exp, log, pi, sqrt

from regimes.theory.collapse.random_energy import RANDOM_ENERGY_CONDENSATION, RANDOM_ENERGY_CUMULANTS
from regimes.theory.formula.formula import Formula, Step, Variable, expm1, log1p
from regimes.theory.formula.symbols import DIMENSION, POSITIVE, SIGMA, TIME, Delta, Gamma, d, sigma, t

__all__ = ["COLLAPSE_GAP", "COLLAPSE_MARGIN_RATIO", "COLLAPSE_WIDTH"]

_s2 = sigma**2 * exp(-2 * t)
_tilt, _noise, _signal, _spread = (variable.symbol for variable in RANDOM_ENERGY_CUMULANTS.inputs)
_second_cumulant = sympy.diff(RANDOM_ENERGY_CUMULANTS.expr, _tilt, 2).subs(
    {_tilt: 1, _noise: Delta, _signal: _s2, _spread: Gamma}, simultaneous=True
)
# What the points of the own cluster see as a larger spread A, they would see as a separation M of the other one.
_per_spread = sympy.diff(RANDOM_ENERGY_CONDENSATION.expr, RANDOM_ENERGY_CONDENSATION.inputs[2].symbol).subs(
    {_noise: Delta, _signal: _s2}, simultaneous=True
)

COLLAPSE_WIDTH = Formula(
    name="collapse_width",
    title="Standard deviation of the energy that dominates the partition function, in nats",
    symbol=sympy.Symbol("w", positive=True),
    inputs=(TIME, DIMENSION, SIGMA),
    expr=sqrt(d * _s2 * (_s2 + 2 * Delta) / 2) / Gamma,
    source="derived from random_energy_cumulants: sqrt(d g''(1))",
    assumes=("isotropic Gaussian class", "typical x_t: |x_t|^2 = d Gamma_t"),
    steps=(
        Step(
            "square root of d times the second derivative of the cumulant generating function at lambda = 1 and A = "
            "Gamma_t ...",
            sqrt(d * _second_cumulant),
        ),
        Step(
            "... where the denominators Delta_t + lambda s2 are Gamma_t",
            sqrt(d * (_s2**2 / (2 * Gamma**2) + (Delta + _s2) * Delta * _s2 / Gamma**3)),
        ),
    ),
    stable=sigma * exp(-t) * sqrt(d * (_s2 - 2 * expm1(-2 * t)) / 2) / (_s2 - expm1(-2 * t)),
)

COLLAPSE_MARGIN_RATIO = Formula(
    name="collapse_margin_ratio",
    title="Deviation over x_t of the margin log n - I, in units of the dominating energy's deviation",
    symbol=sympy.Symbol("c", positive=True),
    inputs=(TIME, SIGMA),
    expr=sqrt(_s2 / (_s2 + 2 * Delta)),
    source="derived from random_energy_condensation",
    assumes=("isotropic Gaussian class", "|x_t|^2/d fluctuates around Gamma_t with variance 2 Gamma_t^2/d"),
    steps=(
        Step(
            "the condensation density moves with A = |x_t|^2/d, by s2/(2 Gamma_t^2) for each unit of A: d times its "
            "deviation, over collapse_width",
            d * _per_spread * (Gamma * sqrt(2 / d)) / COLLAPSE_WIDTH.expr,
            extra=(DIMENSION,),
        ),
    ),
    stable=sigma * exp(-t) / sqrt(_s2 - 2 * expm1(-2 * t)),
)

_margin = sympy.Symbol("delta", real=True)
_width = sympy.Symbol("w", positive=True)
_ratio = sympy.Symbol("c", positive=True)
_xi = sympy.Symbol("xi", real=True)
_reach = _margin / _width + _ratio * _xi
_cdf = sympy.erfc(-_reach / sqrt(2)) / 2
_beyond = sympy.erfc(sympy.Max(_reach, 0) / sqrt(2)) / 2

COLLAPSE_GAP = Formula(
    name="collapse_gap_integrand",
    title="Integrand of the gap between annealed and typical log partition function near collapse",
    symbol=sympy.Symbol("gap", positive=True),
    inputs=(
        Variable(_margin, "log n - I(a; x_t), in nats: positive above the collapse time", S.Reals),
        Variable(_width, "standard deviation of the dominating energy, in nats", POSITIVE),
        Variable(_ratio, "standard deviation over x_t of the margin, in units of w", Interval.open(0, 1)),
        Variable(_xi, "standard normal variable: the fluctuation of |x_t|^2", S.Reals),
    ),
    expr=-log(_cdf) * exp(-(_xi**2) / 2) / sqrt(2 * pi),
    source="derived",
    assumes=(
        "Gaussian energies under the tilted law (d large); the 1/2 at the critical point is the limit known "
        "for the random energy model",
        "w is collapse_width, c is collapse_margin_ratio",
        "leading order in 1/w: the edge of the energies present obeys D + D^2/(2 w^2) = delta, here D = delta; sampled "
        "gaps are 1 to 7% smaller",
        "below delta/w + c xi = -37 the normal distribution function underflows in float64",
    ),
    where=(_reach > -37,),
    steps=(
        Step(
            "the points present reach only part Phi((delta + c w xi)/w) of the mean partition function",
            -log((1 + sympy.erf((_margin + _ratio * _width * _xi) / (_width * sqrt(2)))) / 2)
            * exp(-(_xi**2) / 2)
            / sqrt(2 * pi),
        ),
    ),
    # log Phi from the small side: 1 - Phi for positive arguments, Phi itself for negative ones.
    stable=Piecewise((-log1p(-_beyond), _reach > 0), (-log(sympy.erfc(sympy.Max(-_reach, 0) / sqrt(2)) / 2), True))
    * exp(-(_xi**2) / 2)
    / sqrt(2 * pi),
)
