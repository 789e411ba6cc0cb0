"""Collapse: when a sample commits to a training point, in closed form for Gaussian mixtures."""

from __future__ import annotations

import sympy
from sympy import Derivative, Interval, Piecewise, Rational, S, exp, log, pi, sqrt

from regimes.theory.collapse.information import ISOTROPIC_INFORMATION, LOG_CRITICAL_SAMPLES
from regimes.theory.formula.formula import Formula, Step, Variable, equation, expm1, log1p
from regimes.theory.formula.symbols import DIMENSION, POSITIVE, SAMPLES, SIGMA, TIME, Delta, Gamma, d, n, sigma, t

__all__ = [
    "COLLAPSE_GAP",
    "COLLAPSE_MARGIN_RATIO",
    "COLLAPSE_TIME",
    "COLLAPSE_WIDTH",
    "EXCESS_ENTROPY",
    "EXCESS_ENTROPY_CORRECTED",
    "EXCESS_ENTROPY_DEFINITION",
    "INFORMATION_SLOPE",
    "SEPARATED_ENTROPY",
]

_f = sympy.Symbol("f", real=True)
_time = sympy.Symbol("t_C", positive=True)
_s = sympy.Symbol("s_t", real=True)
_separated = log(n) / d + Rational(1, 2) + log(2 * pi * Delta) / 2
_limit = "d to infinity at fixed alpha = log(n)/d"

SEPARATED_ENTROPY = Formula(
    name="separated_entropy",
    title="Entropy per dimension of n Gaussians that do not overlap",
    symbol=sympy.Symbol("s_sep", real=True),
    inputs=(TIME, DIMENSION, SAMPLES),
    expr=_separated,
    source="biroli2024 (entropy of separated Gaussians)",
    assumes=("the noised training points are far apart on the scale sqrt(Delta_t)",),
    steps=(
        Step("entropy of the choice of the point plus d entropies of a normal of variance Delta_t",
             (log(n) + d * log(2 * pi * sympy.E * Delta) / 2) / d),
    ),
    stable=log(n) / d + Rational(1, 2) + log(-2 * pi * expm1(-2 * t)) / 2,
)  # fmt: skip

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
        Step("overlap of the n Gaussians: the entropy that they would have apart, less the one they have",
             SEPARATED_ENTROPY.expr - _s),
    ),
    stable=SEPARATED_ENTROPY.float_form - _s,
)  # fmt: skip

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
        Step("information form (log n - I)/d", (log(n) - ISOTROPIC_INFORMATION.expr) / d),
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
    source="derived in docs/theory: the term that the mixture curve of biroli2024 neglects",
    assumes=("classes differ by their centre only; finite d, n to infinity",),
    steps=(
        Step(
            "chain rule: I(a; x_t) = I(class; x_t) + I(a; x_t | class)",
            (log(n) - (_class_information + ISOTROPIC_INFORMATION.expr)) / d,
        ),
    ),
    stable=EXCESS_ENTROPY.float_form - _class_information / d,
)

INFORMATION_SLOPE = Formula(
    name="information_slope",
    title="Rate at which information about the point is lost in time",
    symbol=sympy.Symbol("rate", positive=True),
    inputs=(TIME, DIMENSION, SIGMA),
    expr=d * sigma**2 * exp(-2 * t) / (Delta * Gamma),
    source="derived in docs/theory",
    assumes=("isotropic Gaussian class",),
    steps=(Step("minus the slope of I(a; x_t)", -Derivative(LOG_CRITICAL_SAMPLES.expr, t)),),
    stable=d * sigma**2 * exp(-2 * t) / (-expm1(-2 * t) * (sigma**2 * exp(-2 * t) - expm1(-2 * t))),
)

# Finite size. The sum over the n points is the partition function of a random energy model at lambda = 1; see
# random_energy.py for g. Its mean exists for every n, but at the condensation point half of it is carried by
# energies so low that no point has them, so that log Z lies log 2 below log E Z.
_s2 = sigma**2 * exp(-2 * t)

COLLAPSE_WIDTH = Formula(
    name="collapse_width",
    title="Standard deviation of the energy that dominates the partition function, in nats",
    symbol=sympy.Symbol("w", positive=True),
    inputs=(TIME, DIMENSION, SIGMA),
    expr=sqrt(d * _s2 * (_s2 + 2 * Delta) / 2) / Gamma,
    source="derived in docs/theory from random_energy_cumulants: sqrt(d g''(1))",
    assumes=("isotropic Gaussian class", "typical x_t: |x_t|^2 = d Gamma_t"),
    steps=(
        Step(
            "square root of d times the second derivative of the cumulant generating function at lambda = "
            "1, where the denominators Delta_t + lambda s2 are Gamma_t",
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
    source="derived in docs/theory from random_energy_condensation",
    assumes=("isotropic Gaussian class", "|x_t|^2/d fluctuates around Gamma_t with variance 2 Gamma_t^2/d"),
    steps=(
        Step(
            "the condensation density moves by s2 (A - Gamma_t)/(2 Gamma_t^2) with A = |x_t|^2/d: d times "
            "its deviation, over collapse_width",
            d * _s2 / (2 * Gamma**2) * (Gamma * sqrt(2 / d)) / (sqrt(d * _s2 * (_s2 + 2 * Delta) / 2) / Gamma),
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
    source="derived in docs/theory",
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
