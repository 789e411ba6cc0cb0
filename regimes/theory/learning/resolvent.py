"""Spectrum of the covariance of random features: two equations, for any covariance of the data.

U = G G^T/n + b^2 W W^T/d + s^2 1 with G = e^{-t} a W X^T/sqrt d + v Omega, of p features and n points in d dimensions.
For q, the Stieltjes transform of its eigenvalues, the unknowns are u = psi_p q and a ridge y: one Marchenko-Pastur step
inside another, of the points in y and of the features in u. Data enter by two sums over the spectrum of their
covariance, in the features' units nu: the shares of directions R = mean nu/(nu + y) and R_2 = mean (nu/(nu + y))^2.
"""

from __future__ import annotations

import sympy
from sympy import Derivative, Interval, oo

from regimes.theory.formula.formula import Formula, Step, Variable, equation
from regimes.theory.formula.symbols import POSITIVE

__all__ = [
    "FEATURE_BALANCE",
    "FEATURE_BALANCE_BY_RIDGE",
    "FEATURE_BALANCE_BY_TRANSFORM",
    "FEATURE_POINT",
    "FEATURE_POINT_BY_RIDGE",
    "FEATURE_POINT_BY_TRANSFORM",
    "NOISE_TRANSFORM",
]

_HALF_LINE = Interval(0, oo)
_u, _y, _R, _R2, _psi_p, _beta = sympy.symbols(
    "transform ridge dof_share dof_squares psi_p points_ratio", positive=True
)
_b2, _v2, _s2, _slope = sympy.symbols("b2 v2 s2 dof_slope", nonnegative=True)
TRANSFORM = Variable(_u, "Stieltjes transform of the eigenvalues, times psi_p", POSITIVE)
RIDGE = Variable(_y, "ridge that the points set against the directions of the data", POSITIVE)
SHARE = Variable(_R, "mean of nu/(nu + y) over the directions of the data", Interval(0, 1))
SQUARES = Variable(_R2, "mean of its square", Interval(0, 1))
SLOPE = Variable(_slope, "mean of nu/(nu + y)^2: by how much the share falls with the ridge", _HALF_LINE)
FEATURES = Variable(_psi_p, "features for each dimension, p/d", POSITIVE)
POINTS = Variable(_beta, "dimensions for each point, d/n", _HALF_LINE)
B2 = Variable(_b2, "variance of a feature's line in the noise", _HALF_LINE)
V2 = Variable(_v2, "variance of what copies of one point share beyond the line", _HALF_LINE)
S2 = Variable(_s2, "variance of what they do not share beyond it", _HALF_LINE)

# What the published equations are written in: of two levels of the covariance, in the features' units, with weights.
_nu_1, _nu_2, _w_1, _gain, _den = sympy.symbols("nu_1 nu_2 w_1 a2 den", positive=True)
_LEVELS = (
    Variable(_nu_1, "one level of the covariance, in the features' units", POSITIVE),
    Variable(_nu_2, "the other", POSITIVE),
    Variable(_w_1, "share of the first", Interval.open(0, 1)),
)
_GAIN = Variable(_gain, "a_t^2 e^{-2t}", POSITIVE)
_DEN = Variable(_den, "denominator of the published equations", POSITIVE)
_FITTING = Variable(_y, "ridge", POSITIVE)
_q = _u / _psi_p
_y_of = _den * (1 + _u * _b2) / _u


def _mean(function: sympy.Expr) -> sympy.Expr:
    """Over the two levels, ``function`` of ``_nu_1``."""
    return _w_1 * function + (1 - _w_1) * function.subs(_nu_1, _nu_2)


def _published(level: sympy.Expr) -> sympy.Expr:
    """What the published sums divide by, hat s + lambda hat r."""
    return _b2 * _psi_p + 1 / _q + level / _gain * _psi_p * _gain / _den


_share = _mean(_nu_1 / (_nu_1 + _y))
_squares = _mean((_nu_1 / (_nu_1 + _y)) ** 2)
_r = _mean(_nu_1 / _gain / _published(_nu_1))
_s_prime = _mean(1 / _published(_nu_1))
_den_of_share = (1 + _beta * _v2 * _u) / (1 - _beta * _R)
_source = "bonnaire2025 (saddle-point equations of the spectrum), in other unknowns"
_assumes = (
    "p, n and d go to infinity together, with bounded eigenvalues: Gaussian features with the moments of the true ones",
    "each data point is noised infinitely often",
)
_balance = _y * (1 - _beta * _R) - (1 + _u * _b2) * (1 + _beta * _v2 * _u) / _u
_point = _s2 + ((_R + _u * _b2) / (1 + _u * _b2) - _psi_p) / _u + _v2 * (1 - _beta * _R) / (1 + _beta * _v2 * _u)

FEATURE_BALANCE = Formula(
    name="feature_balance",
    title="Balance of the ridge and the transform of the features' spectrum: 0 on it",
    symbol=sympy.Symbol("E"),
    inputs=(TRANSFORM, RIDGE, SHARE, B2, V2, POINTS),
    expr=_balance,
    source=_source,
    assumes=_assumes,
    steps=(
        Step(
            "the ridge y = den (1 + u b^2)/u makes each term of the published sums one of a share of directions",
            equation(_published(_nu_1), _psi_p * (_nu_1 + _y_of) / _den),
            extra=(*_LEVELS, _GAIN, _DEN, FEATURES),
        ),
        Step(
            "so that (p/n) a^2 e^{-2t} r = beta den R, for two levels",
            equation(_beta * _psi_p * _gain * _r, _beta * _den * _share.subs(_y, _y_of)),
            extra=(*_LEVELS, _GAIN, _DEN, FEATURES),
        ),
        Step(
            "den = 1 + (p/n)(a^2 e^{-2t} r + v^2 q), with den = u y/(1 + u b^2)",
            equation(
                (_u * _y / (1 + _u * _b2) - 1 - _beta * _R * _u * _y / (1 + _u * _b2) - _beta * _v2 * _u)
                * (1 + _u * _b2)
                / _u,
                _balance,
            ),
        ),
    ),
)

FEATURE_BALANCE_BY_TRANSFORM = Formula(
    name="feature_balance_by_transform",
    title="How the balance changes with the transform",
    symbol=sympy.Symbol("E_u"),
    inputs=(TRANSFORM, B2, V2, POINTS),
    expr=1 / _u**2 - _beta * _b2 * _v2,
    source="derived",
    steps=(
        Step(
            "the derivative at fixed y, and so at a fixed share of directions",
            equation(Derivative(_balance, _u), 1 / _u**2 - _beta * _b2 * _v2),
            extra=(RIDGE, SHARE),
        ),
    ),
)

FEATURE_BALANCE_BY_RIDGE = Formula(
    name="feature_balance_by_ridge",
    title="How the balance changes with the ridge",
    symbol=sympy.Symbol("E_y"),
    inputs=(SQUARES, POINTS),
    expr=1 - _beta * _R2,
    source="derived",
    steps=(
        Step(
            "the derivative of y (1 - beta R), for two levels",
            equation(Derivative(_y * (1 - _beta * _share), _y), 1 - _beta * _squares),
            extra=(RIDGE, *_LEVELS),
        ),
    ),
)

FEATURE_POINT = Formula(
    name="feature_point",
    title="Eigenvalue at which the features' spectrum has a given transform",
    symbol=sympy.Symbol("z"),
    inputs=(TRANSFORM, SHARE, B2, V2, S2, FEATURES, POINTS),
    expr=_point,
    source=_source,
    assumes=_assumes,
    steps=(
        Step(
            "s' is the share of directions that the ridge leaves out, for two levels",
            equation(_s_prime.subs(_den, _u * _y / (1 + _u * _b2)), _u * (1 - _share) / (_psi_p * (1 + _u * _b2))),
            extra=(RIDGE, *_LEVELS, _GAIN),
        ),
        Step(
            "the third published equation, solved for z",
            _s2 + _v2 / _den_of_share + (1 - _psi_p) / _u - (1 - _R) / (1 + _u * _b2) / _u,
        ),
    ),
)

FEATURE_POINT_BY_TRANSFORM = Formula(
    name="feature_point_by_transform",
    title="How the eigenvalue changes with the transform",
    symbol=sympy.Symbol("z_u"),
    inputs=(TRANSFORM, SHARE, B2, V2, FEATURES, POINTS),
    expr=(_psi_p - _R) / _u**2
    - (1 - _R) * _b2**2 / (1 + _u * _b2) ** 2
    - _beta * _v2**2 * (1 - _beta * _R) / (1 + _beta * _v2 * _u) ** 2,
    source="derived",
    steps=(Step("the derivative at a fixed share of directions", Derivative(_point, _u), extra=(S2,)),),
)

FEATURE_POINT_BY_RIDGE = Formula(
    name="feature_point_by_ridge",
    title="How the eigenvalue changes with the ridge",
    symbol=sympy.Symbol("z_y"),
    inputs=(TRANSFORM, SLOPE, B2, V2, POINTS),
    expr=-_slope * (1 - _beta * _v2 * _b2 * _u**2) / (_u * (1 + _u * _b2) * (1 + _beta * _v2 * _u)),
    source="derived",
    steps=(
        Step(
            "the slope of the share, for two levels",
            equation(Derivative(_share, _y), -_mean(_nu_1 / (_nu_1 + _y) ** 2)),
            extra=(RIDGE, *_LEVELS),
        ),
        Step(
            "what the eigenvalue gains with the share, times that slope",
            -_slope * Derivative(_point, _R),
            extra=(SHARE, S2, FEATURES),
        ),
    ),
)

NOISE_TRANSFORM = Formula(
    name="noise_transform",
    title="Transform of the features' spectrum seen by the noise: trace of W^T (U - z)^{-1} W over d^2",
    symbol=sympy.Symbol("K"),
    inputs=(TRANSFORM, SHARE, B2),
    expr=_u * (1 - _R) / (1 + _u * _b2),
    source="derived",
    assumes=_assumes,
    steps=(
        Step(
            "a direction of variance nu has u/(1 + u M) with M = nu/den + b^2: what other features leave of it",
            equation(
                _mean(_u / (1 + _u * (_nu_1 / (_u * _y / (1 + _u * _b2)) + _b2))), _u * (1 - _share) / (1 + _u * _b2)
            ),
            extra=(RIDGE, *_LEVELS),
        ),
    ),
)
