"""What x_t tells of the class, from any class posterior: bounds by the logarithm of what it claims for the truth."""

from __future__ import annotations

import sympy
from sympy import Integral, Interval, Rational, S, log, oo

from regimes.theory.formula.formula import Formula, Step, Variable, equation

__all__ = ["CLASS_LOG_RATIO", "CLASS_PART_INFORMATION"]

_own, _share = sympy.symbols("q_own share", positive=True)
_ratio, _u = sympy.symbols("ratio u", positive=True)
_p, _q, _w = (sympy.symbols(f"{name}_1:3", positive=True) for name in ("p", "q", "w"))
_true, _claimed, _weights = ((*some, 1 - sum(some)) for some in (_p, _q, _w))
_BELOW_HALF = Interval.open(0, Rational(1, 2))


def _variables(symbols: tuple[sympy.Symbol, ...], what: str) -> tuple[Variable, ...]:
    return tuple(Variable(each, what, _BELOW_HALF) for each in symbols)


_TRUE, _CLAIMED = _variables(_p, "true posterior of a class"), _variables(_q, "claimed posterior of a class")
_WEIGHTS = _variables(_w, "weight of a class")
_RATIO = Variable(_ratio, "claimed over true posterior of one class", Interval.open(0, oo))
_SHARE = Variable(_share, "weight of the class among all points", Interval.open(0, 1))
_CONVEX = Step(
    "r - 1 - log r is never negative: its slope 1 - 1/r has the sign of r - 1 (Gibbs)",
    equation(_ratio - 1 - log(_ratio), Integral(1 - 1 / _u, (_u, 1, _ratio))),
    extra=(_RATIO,),
)


def _mean_log(of: tuple[sympy.Expr, ...], over: tuple[sympy.Expr, ...]) -> sympy.Expr:
    """Mean of log(of/over), the class being drawn from its true posterior."""
    return sympy.Add(*(p * log(a / b) for p, a, b in zip(_true, of, over, strict=True)))


CLASS_LOG_RATIO = Formula(
    name="class_log_ratio",
    title="Log ratio of the claimed posterior of the true class and its weight: its mean is at most I(class; x_t)",
    symbol=sympy.Symbol("log_ratio", real=True),
    inputs=(
        Variable(_own, "posterior q that is claimed for the true class of the point", Interval.Lopen(0, 1)),
        _SHARE,
    ),
    expr=log(_own / _share),
    source="derived",
    assumes=(
        "q(k | x_t) was made without the point that is scored; then, over x_t, E log(q/w) <= I(class; x_t) of the "
        "population, with equality for its own posterior",
        "of the exact posterior over given points the mean is I(class; x_t) of a model that has memorised them",
    ),
    steps=(
        Step(
            "at one x_t the class is drawn from p: the mean is that of p itself less the divergence of q from p "
            "(three classes)",
            equation(_mean_log(_claimed, _weights), _mean_log(_true, _weights) - _mean_log(_true, _claimed)),
            extra=(*_TRUE, *_CLAIMED, *_WEIGHTS),
        ),
        Step(
            "the divergence is a sum of p (r - 1 - log r), r = q/p, since p and q both sum to 1",
            equation(
                _mean_log(_true, _claimed),
                sympy.Add(*(p * (q / p - 1 - log(q / p)) for p, q in zip(_true, _claimed, strict=True))),
            ),
            extra=(*_TRUE, *_CLAIMED),
        ),
        _CONVEX,
        Step(
            "at q = p: the entropy of the weights, since p is w on average, less that of the class given x_t",
            equation(
                _mean_log(_true, _weights),
                sympy.Add(*(p * log(p) - p * log(w) for p, w in zip(_true, _weights, strict=True))),
            ),
            extra=(*_TRUE, *_WEIGHTS),
        ),
    ),
)

_log_ratio = sympy.Symbol("score", real=True)
_mean_claim = sympy.Symbol("phi", positive=True)
_L = sympy.symbols("L_1:4", real=True)
_single_p, _single_q = sympy.symbols("p_1 q_1", positive=True)


def _part(mean: sympy.Expr, claim: sympy.Expr, share: sympy.Expr) -> sympy.Expr:
    return mean + 1 - claim / share


CLASS_PART_INFORMATION = Formula(
    name="class_part_information",
    title="Information of one class: at most the divergence of its noised points from all noised points",
    symbol=sympy.Symbol("J", real=True),
    inputs=(
        Variable(_log_ratio, "mean of log(q/w) over the points of the class", S.Reals),
        Variable(_mean_claim, "mean of q for the class over all points", Interval(0, 1)),
        _SHARE,
    ),
    expr=_part(_log_ratio, _mean_claim, _share),
    source="derived",
    assumes=(
        "q(k | x_t) was made without the points that are scored; then E J <= KL(P_t(x | k) || P_t(x)), with equality "
        "for the population's own posterior, whose p/w is the ratio of the two densities (Bayes)",
    ),
    steps=(
        Step(
            "by Bayes a mean over the class is one over all points with weight p/w, so that the divergence less J is "
            "the mean of p/w (r - 1 - log r), r = q/p, and the mean of p/w is 1",
            equation(
                (_single_p * log(_single_p / _single_q) + _single_q - _single_p) / _share,
                _single_p / _share * (_single_q / _single_p - 1 - log(_single_q / _single_p)),
            ),
            extra=(*_TRUE[:1], *_CLAIMED[:1]),
        ),
        _CONVEX,
        Step(
            "weighted by the classes the sum is the mean of log(q/w) over all points, as q sums to 1 (three classes)",
            equation(
                sympy.Add(*(w * _part(of, q, w) for w, of, q in zip(_weights, _L, _claimed, strict=True))),
                sympy.Add(*(w * of for w, of in zip(_weights, _L, strict=True))),
            ),
            extra=(
                *_WEIGHTS,
                *_CLAIMED,
                *(Variable(each, "mean of log(q/w) over the points of a class", S.Reals) for each in _L),
            ),
        ),
    ),
)
