"""Collapse: when a sample commits to a training point, in closed form for Gaussian mixtures."""

from __future__ import annotations

import sympy
from sympy import Rational, S, exp, log, pi

from regimes.theory.collapse.information import EXCESS_ENTROPY_FROM_INFORMATION, ISOTROPIC_INFORMATION
from regimes.theory.formula.formula import Formula, Step, Variable, equation, expm1, log1p
from regimes.theory.formula.symbols import DIMENSION, SAMPLES, SIGMA, TIME, Delta, Gamma, d, n, sigma, t

__all__ = [
    "COLLAPSE_TIME",
    "EXCESS_ENTROPY",
    "EXCESS_ENTROPY_CORRECTED",
    "EXCESS_ENTROPY_DEFINITION",
    "SEPARATED_ENTROPY",
]

_f = EXCESS_ENTROPY_FROM_INFORMATION.symbol
_time = sympy.Symbol("t_C", positive=True)
_s = sympy.Symbol("s_t", real=True)
_separated = log(n) / d + Rational(1, 2) + log(2 * pi * Delta) / 2
_limit = "d to infinity at fixed alpha = log(n)/d"


def _from_information(information: sympy.Expr) -> sympy.Expr:
    return EXCESS_ENTROPY_FROM_INFORMATION.expr.subs(EXCESS_ENTROPY_FROM_INFORMATION.inputs[2].symbol, information)


SEPARATED_ENTROPY = Formula(
    name="separated_entropy",
    title="Entropy per dimension of n Gaussians that do not overlap",
    symbol=sympy.Symbol("s_sep", real=True),
    inputs=(TIME, DIMENSION, SAMPLES),
    expr=_separated,
    source="biroli2024 (entropy of separated Gaussians)",
    assumes=("the noised training points are far apart on the scale sqrt(Delta_t)",),
    steps=(
        Step(
            "entropy of the choice of the point plus d entropies of a normal of variance Delta_t",
            (log(n) + d * log(2 * pi * sympy.E * Delta) / 2) / d,
        ),
    ),
    stable=log(n) / d + Rational(1, 2) + log(-2 * pi * expm1(-2 * t)) / 2,
)

EXCESS_ENTROPY_DEFINITION = Formula(
    name="excess_entropy_definition",
    title="Excess entropy per dimension",
    symbol=_f,
    inputs=(
        TIME,
        DIMENSION,
        SAMPLES,
        Variable(_s, "entropy per dimension of the noised population", S.Reals),
    ),
    expr=_separated - _s,
    source="biroli2024 (definition of the excess entropy)",
    assumes=("collapse where it vanishes: f(t_C) = 0",),
    steps=(
        Step(
            "overlap of the n Gaussians: the entropy that they would have apart, less the one they have",
            SEPARATED_ENTROPY.expr - _s,
        ),
    ),
    stable=SEPARATED_ENTROPY.float_form - _s,
)

EXCESS_ENTROPY = Formula(
    name="excess_entropy",
    title="Excess entropy per dimension of a Gaussian mixture",
    symbol=_f,
    inputs=(TIME, DIMENSION, SAMPLES, SIGMA),
    expr=log(n) / d + log(Delta / Gamma) / 2,
    source="biroli2024 (excess entropy of the mixture)",
    assumes=(_limit, "the information about the class, at most log 2 of log n, is neglected"),
    steps=(
        Step(
            "separated entropy less the entropy of one noised class",
            _separated - (log(2 * pi * Gamma) / 2 + Rational(1, 2)),
        ),
        Step("information form (log n - I)/d", _from_information(ISOTROPIC_INFORMATION.expr)),
    ),
    stable=log(n) / d - log1p(sigma**2 * exp(-2 * t) / -expm1(-2 * t)) / 2,
)

COLLAPSE_TIME = Formula(
    name="collapse_time",
    title="Collapse time of a Gaussian mixture",
    symbol=_time,
    inputs=(DIMENSION, SAMPLES, SIGMA),
    expr=log(1 + sigma**2 / (n ** (2 / d) - 1)) / 2,
    source="biroli2024 (collapse time of the mixture)",
    assumes=(_limit, "the class is isotropic with standard deviation sigma"),
    steps=(
        Step(
            "the excess entropy vanishes: n^(2/d) = Gamma_t/Delta_t",
            equation(n ** (2 / d) * (1 - exp(-2 * _time)), 1 - exp(-2 * _time) + sigma**2 * exp(-2 * _time)),
        ),
        Step(
            "hence snr = (n^(2/d) - 1)/sigma^2",
            equation(exp(-2 * _time) / (1 - exp(-2 * _time)), (n ** (2 / d) - 1) / sigma**2),
        ),
    ),
    stable=log1p(sigma**2 / expm1(2 * log(n) / d)) / 2,
)

_class_information = sympy.Symbol("I_class", nonnegative=True)

EXCESS_ENTROPY_CORRECTED = Formula(
    name="excess_entropy_corrected",
    title="Excess entropy per dimension of a Gaussian mixture with the class information",
    symbol=_f,
    inputs=(
        TIME,
        DIMENSION,
        SAMPLES,
        SIGMA,
        Variable(
            _class_information,
            "information I(class; x_t) about the class, in nats",
            sympy.Interval(0, sympy.oo),
        ),
    ),
    expr=log(n) / d + log(Delta / Gamma) / 2 - _class_information / d,
    source="derived: the term that the mixture curve of biroli2024 neglects",
    assumes=("classes differ by their centre only; finite d, n to infinity",),
    steps=(
        Step(
            "chain rule: I(a; x_t) = I(class; x_t) + I(a; x_t | class)",
            _from_information(_class_information + ISOTROPIC_INFORMATION.expr),
        ),
    ),
    stable=EXCESS_ENTROPY.float_form - _class_information / d,
)
