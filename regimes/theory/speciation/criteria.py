"""Speciation: when the noised data stop being one blob, and when the two classes compete equally."""

from __future__ import annotations

from collections.abc import Callable

import sympy
from sympy import Derivative, Integral, Interval, Piecewise, Subs, cosh, exp, log, oo, pi, sqrt, tanh

from regimes.theory.formula.formula import Formula, Step, Variable, equation, expm1, log1p
from regimes.theory.formula.symbols import (
    DIMENSION,
    LAMBDA,
    MU,
    SIGMA,
    TIME,
    Delta,
    Gamma,
    Gamma_stable,
    Lambda,
    d,
    kappa,
    mu,
    r,
    sigma,
    t,
    x,
    y,
)

__all__ = [
    "LANDAU_CURVATURE",
    "MIXTURE_COVARIANCE",
    "MIXTURE_KAPPA",
    "MIXTURE_SCORE",
    "MIXTURE_SPECIATION_TIME",
    "OVERLAP_CURVATURE_TIME",
    "OVERLAP_DRIFT",
    "OVERLAP_POTENTIAL",
    "SPECIATION_TIME",
    "SPECIATION_TIME_NOISE_MATCHED",
    "SPECIATION_TIME_POTENTIAL",
]

_time = sympy.Symbol("t_S", real=True)
_order = sympy.Symbol("epsilon", real=True)
_weight = sympy.Symbol("w", positive=True)
_X = Variable(x, "component of x_t along the eigenvector", sympy.S.Reals)
_WEIGHT = Variable(_weight, "weight of one of two points that carry the law of a", Interval.open(0, 1))

# The law of a may be any centred law of variance Lambda; two points with arbitrary weights show that neither
# symmetry nor Gaussianity is used.
_points = (sqrt(Lambda * (1 - _weight) / _weight), -sqrt(Lambda * _weight / (1 - _weight)))
_interaction = log(
    sum(
        weight * exp(x * a * _order / Delta - a**2 * _order**2 / (2 * Delta))
        for weight, a in zip((_weight, 1 - _weight), _points, strict=True)
    )
)

LANDAU_CURVATURE = Formula(
    name="landau_curvature",
    title="Curvature of -log P_t at the origin along an eigenvector, to second order in exp(-t)",
    symbol=sympy.Symbol("M", real=True),
    inputs=(TIME, LAMBDA),
    expr=(1 - Lambda * exp(-2 * t) / Delta) / Delta,
    source="biroli2024 (Landau expansion); the factors Delta_t derived in docs/theory",
    assumes=(
        "centred data",
        "the interaction exp(-t) x.a/Delta_t is expanded to second order, Delta_t is not expanded",
        "biroli2024 sets Delta_t = 1 (large Lambda, hence late times): M = 1 - Lambda exp(-2t)",
        "expanding Delta_t too, to order exp(-2t), would give M = 1 - (Lambda - 1) exp(-2t)",
    ),
    steps=(
        Step(
            "log P_t(x) + x^2/(2 Delta_t) = log E_a exp(eps x a/Delta_t - eps^2 a^2/(2 Delta_t)) with eps = "
            "exp(-t); its second derivative in eps at 0, for a law with E a = 0 and E a^2 = Lambda",
            equation(
                Subs(Derivative(_interaction, (_order, 2)), _order, 0),
                Lambda * x**2 / Delta**2 - Lambda / Delta,
            ),
            extra=(_X, _WEIGHT),
        ),
        Step(
            "curvature in x of x^2/(2 Delta_t) - (eps^2/2) (Lambda x^2/Delta_t^2 - Lambda/Delta_t)",
            Derivative(x**2 / (2 * Delta) - exp(-2 * t) / 2 * (Lambda * x**2 / Delta**2 - Lambda / Delta), (x, 2)),
            extra=(_X,),
        ),
    ),
    stable=(-expm1(-2 * t) - Lambda * exp(-2 * t)) / expm1(-2 * t) ** 2,
)

SPECIATION_TIME = Formula(
    name="speciation_time",
    title="Speciation time from the covariance of the data",
    symbol=_time,
    inputs=(LAMBDA,),
    expr=log(Lambda) / 2,
    source="biroli2024, eq. 6",
    assumes=(
        "centred data; Lambda > 1, or no direction ever stands out of the noise and t_S is not positive",
        "Lambda >> 1: the noise variance Delta_t at t_S is taken as 1",
    ),
    steps=(
        Step(
            "covariance argument: in C(t) = C_0 exp(-2t) + Delta_t I the signal's top variance equals the noise's, 1",
            equation(Lambda * exp(-2 * _time), 1),
        ),
        Step(
            "Landau argument: the lowest eigenvalue of M = I - C_0 exp(-2t) changes sign",
            equation(1 - Lambda * exp(-2 * _time), 0),
        ),
    ),
)

SPECIATION_TIME_NOISE_MATCHED = Formula(
    name="speciation_time_noise_matched",
    title="Speciation time with the noise variance kept: Lambda snr = 1",
    symbol=_time,
    inputs=(LAMBDA,),
    expr=log(1 + Lambda) / 2,
    source="derived in docs/theory from landau_curvature",
    assumes=(
        "centred data",
        "exceeds 1/2 log Lambda by 1/2 log(1 + 1/Lambda), which vanishes for large Lambda; always positive",
    ),
    steps=(
        Step(
            "the Landau curvature with Delta_t kept changes sign",
            equation(Lambda * exp(-2 * _time), 1 - exp(-2 * _time)),
        ),
        Step("difference to 1/2 log Lambda", log(Lambda) / 2 + log(1 + 1 / Lambda) / 2),
    ),
    stable=log1p(Lambda) / 2,
)

SPECIATION_TIME_POTENTIAL = Formula(
    name="speciation_time_potential",
    title="Speciation time at which the overlap potential becomes a double well",
    symbol=_time,
    inputs=(LAMBDA,),
    expr=log(2 * Lambda) / 2,
    source="biroli2024 (potential of the overlap), in terms of Lambda",
    assumes=(
        "a symmetric mixture with sigma = 1, where Lambda stands for d mu^2",
        "exceeds 1/2 log Lambda by 1/2 log 2 = 0.3466 at every Lambda: the well splits before the classes decide",
    ),
    steps=(
        Step("the curvature of V at q = 0 vanishes, at Gamma_t = 1", equation(2 * Lambda * exp(-2 * _time), 1)),
        Step("difference to 1/2 log Lambda", log(Lambda) / 2 + log(2) / 2),
    ),
)

_m = sympy.Symbol("m", positive=True)  # |m| = sqrt(d) mu
_DISTANCE = Variable(_m, "distance sqrt(d) mu of a class centre from the origin", Interval.open(0, oo))


def _density(centre: sympy.Expr) -> sympy.Expr:
    return exp(-((x - centre) ** 2) / (2 * Gamma)) / sqrt(2 * pi * Gamma)


def _score(variance: sympy.Expr) -> sympy.Expr:
    return -x / variance + _m * exp(-t) / variance * tanh(x * _m * exp(-t) / variance)


MIXTURE_SCORE = Formula(
    name="mixture_score",
    title="Score of the symmetric two-Gaussian mixture along the axis of its centres",
    symbol=sympy.Symbol("score", real=True),
    inputs=(_X, TIME, _DISTANCE, SIGMA),
    expr=_score(Gamma),
    source="biroli2024 (mixture score)",
    assumes=(
        "equal weights, centres at +m and -m, |m|^2 = d mu^2, variance sigma^2 in every direction",
        "orthogonal to m the score is -x/Gamma_t: the density factorises",
    ),
    steps=(
        Step(
            "logarithmic derivative of the noised mixture",
            Derivative(log((_density(_m * exp(-t)) + _density(-_m * exp(-t))) / 2), x),
        ),
    ),
    stable=_score(Gamma_stable),
)

MIXTURE_COVARIANCE = Formula(
    name="mixture_covariance",
    title="Top covariance eigenvalue of the symmetric mixture",
    symbol=Lambda,
    inputs=(DIMENSION, MU, SIGMA),
    expr=d * mu**2 + sigma**2,
    source="biroli2024 (covariance of the mixture)",
    assumes=("along m; every other eigenvalue is sigma^2",),
    steps=(
        Step(
            "variance between the classes plus variance within",
            ((sqrt(d) * mu) ** 2 + (-sqrt(d) * mu) ** 2) / 2 + sigma**2,
        ),
    ),
)

_centre = sqrt(d) * mu * exp(-t)

MIXTURE_KAPPA = Formula(
    name="mixture_kappa",
    title="Signal-to-noise ratio of the class in x_t",
    symbol=kappa,
    inputs=(TIME, DIMENSION, MU, SIGMA),
    expr=d * mu**2 * exp(-2 * t) / Gamma,
    source="biroli2024 (dynamics of the overlap)",
    assumes=("squared distance of the noised centre from the origin, in units of the noised class's variance",),
    steps=(
        Step(
            "the log-odds of the classes at x, along m, are 2 x exp(-t) |m|/Gamma_t",
            equation(log(_density(_m * exp(-t)) / _density(-_m * exp(-t))), 2 * x * _m * exp(-t) / Gamma),
            extra=(_X, _DISTANCE),
        ),
        Step(
            "in class + the mean of x is exp(-t) |m|, so that the mean log-odds are 2 kappa",
            (2 * _centre * _centre / Gamma) / 2,
        ),
    ),
    stable=d * mu**2 * exp(-2 * t) / (sigma**2 * exp(-2 * t) - expm1(-2 * t)),
)

_gauss = exp(-((y - r) ** 2) / 2) / sqrt(2 * pi)
_own_r = Variable(r, "square root of kappa", Interval.open(0, oo))

MIXTURE_SPECIATION_TIME = Formula(
    name="mixture_speciation_time",
    title="Speciation time of the symmetric mixture: kappa = 1, the free-entropy criterion",
    symbol=_time,
    inputs=(DIMENSION, MU, SIGMA),
    expr=log(1 + d * mu**2 - sigma**2) / 2,
    stable=log1p(d * mu**2 - sigma**2) / 2,
    source="derived in docs/theory; equals biroli2024's 1/2 log(d mu^2) for sigma = 1",
    assumes=("where d mu^2 does not exceed sigma^2 the classes overlap at every time: t_S does not exist",),
    where=(d * mu**2 > sigma**2,),
    steps=(
        Step(
            "in units of the class's deviation the log-odds are 2 r y with y normal around r; their mean is 2 r^2",
            equation(Integral(2 * r * y * _gauss, (y, -oo, oo)), 2 * r**2),
            extra=(_own_r,),
        ),
        Step(
            "their variance is 4 r^2: mean and standard deviation are equal where r^2 = kappa = 1",
            equation(Integral((2 * r * y - 2 * r**2) ** 2 * _gauss, (y, -oo, oo)), 4 * r**2),
            extra=(_own_r,),
        ),
        Step(
            "kappa(t_S) = 1",
            equation(d * mu**2 * exp(-2 * _time), 1 + (sigma**2 - 1) * exp(-2 * _time)),
        ),
    ),
)

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
            _q + 2 * mu * MIXTURE_SCORE.expr.subs({x: _q / mu, _m: sqrt(d) * mu}, simultaneous=True),
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
    source="biroli2024 (potential of the overlap), which omits the mu^2 of the noise; derived in docs/theory",
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
    source="derived in docs/theory; biroli2024 gives the case Gamma_t = 1, 1/2 log(2 d mu^2)",
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
