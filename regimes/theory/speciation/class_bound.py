"""What held-out points can say about the class of a sample: a bound by any classifier, and the candidates for one."""

from __future__ import annotations

import sympy
from sympy import Derivative, Interval, Min, Rational, S, oo, sqrt

from regimes.theory.formula.formula import Formula, Step, Variable, equation
from regimes.theory.formula.symbols import POSITIVE, snr
from regimes.theory.process.forward import log_normal

__all__ = ["CLASS_QUADRATIC_SCORE", "POINT_LOG_WEIGHT", "SHRINKAGE_INTENSITY"]

_UNIT, _HALF_LINE = Interval(0, 1), Interval(0, oo)
_own, _squares = sympy.symbols("q_own q_squares", nonnegative=True)
_p = sympy.symbols("p_1:3", nonnegative=True)
_q = sympy.symbols("q_1:3", nonnegative=True)
_true, _claimed = (*_p, 1 - sum(_p)), (*_q, 1 - sum(_q))
_probabilities = tuple(
    Variable(each, f"{of} probability of a class", Interval(0, Rational(1, 2)))
    for names, of in ((_p, "true"), (_q, "claimed"))
    for each in names
)


def _squared(probabilities: tuple[sympy.Expr, ...]) -> sympy.Expr:
    return sympy.Add(*(each**2 for each in probabilities))


def _expected_score(claimed: tuple[sympy.Expr, ...]) -> sympy.Expr:
    """Mean over the class, drawn from its true posterior, of the quadratic score of what is claimed."""
    return sympy.Add(*(p * (2 * q - _squared(claimed)) for p, q in zip(_true, claimed, strict=True)))


CLASS_QUADRATIC_SCORE = Formula(
    name="class_quadratic_score",
    title="Quadratic score of a class posterior: its mean is at most the clone probability of the population",
    symbol=sympy.Symbol("score", real=True),
    inputs=(
        Variable(_own, "posterior q that is claimed for the true class of the point", _UNIT),
        Variable(_squares, "sum of q^2 over the classes", _UNIT),
    ),
    expr=2 * _own - _squares,
    source="derived",
    assumes=(
        "q(k | x_t) was made without the point that is scored; then, over x_t, E score <= phi_class",
        "phi_class = E sum of p^2 with p the posterior of the population, from which clones are drawn",
    ),
    where=(_own**2 <= _squares,),
    steps=(
        Step(
            "at one x_t the class is drawn from p: the mean score is the clone probability less a sum of squares, "
            "which is not negative (three classes)",
            equation(
                _expected_score(_claimed),
                _squared(_true) - _squared(tuple(p - q for p, q in zip(_true, _claimed, strict=True))),
            ),
            extra=_probabilities,
        ),
        Step(
            "no other q does better: at q = p it is the clone probability itself",
            equation(_expected_score(_true), _squared(_true)),
            extra=_probabilities[: len(_p)],
        ),
        Step(
            "one minus the squared distance of q from the certain answer, up to the sum of its squares",
            1 - ((1 - _own) ** 2 + (_squares - _own**2)),
        ),
    ),
)

_distance, _along = sympy.Symbol("D", nonnegative=True), sympy.Symbol("g_z", real=True)
_z, _gap, _noise = sympy.Symbol("z", real=True), sympy.Symbol("g", real=True), sympy.Symbol("v", positive=True)
_shaken = sqrt(_noise) * _z

POINT_LOG_WEIGHT = Formula(
    name="point_log_weight",
    title="Log weight of another point a_nu in the posterior over the points, at x_t made from a",
    symbol=sympy.Symbol("e_nu", real=True),
    inputs=(
        Variable(snr, "signal-to-noise ratio at time t", POSITIVE),
        Variable(_distance, "|a - a_nu|^2", _HALF_LINE),
        Variable(_along, "z.(a - a_nu), z the noise of x_t", S.Reals),
    ),
    expr=-snr * _distance / 2 - sqrt(snr) * _along,
    source="derived",
    assumes=("relative to the point a itself, or up to a constant that all points share",),
    steps=(
        Step(
            "one component, g = a - a_nu: with noise of variance v the amplitude is sqrt(snr v), and the normal log "
            "density of x_t around a_nu less that around a is",
            equation(
                log_normal(sqrt(snr * _noise) * _gap + _shaken, _noise) - log_normal(_shaken, _noise),
                -snr * _gap**2 / 2 - sqrt(snr) * _gap * _z,
            ),
            extra=(
                Variable(_noise, "variance Delta_t of the noise", POSITIVE),
                Variable(_gap, "component of a - a_nu", S.Reals),
                Variable(_z, "component of the noise", S.Reals),
            ),
        ),
    ),
)

_scatter, _spread, _share = sympy.symbols("V D_target a", positive=True)
_bias = sympy.Symbol("B", positive=True)
_risk = (1 - _share) ** 2 * _scatter + _share**2 * _bias

SHRINKAGE_INTENSITY = Formula(
    name="shrinkage_intensity",
    title="Share of a fixed target in the covariance estimate of least expected squared error",
    symbol=_share,
    inputs=(
        Variable(_scatter, "E |S - C|^2, the squared error of the sample covariance S", _HALF_LINE),
        Variable(_spread, "E |S - T|^2, the squared distance of S from the target T", POSITIVE),
    ),
    expr=Min(1, _scatter / _spread),
    source="derived",
    assumes=("E S = C and T fixed, so that E |S - T|^2 = E |S - C|^2 + |C - T|^2", "squared Frobenius norms"),
    steps=(
        Step(
            "the error of (1 - a) S + a T is (1 - a)^2 V + a^2 B, B = |C - T|^2; its slope in a vanishes at V/(V + B)",
            equation(Derivative(_risk, _share).doit().subs(_share, _scatter / (_scatter + _bias)), 0),
            extra=(Variable(_bias, "|C - T|^2", _HALF_LINE),),
        ),
    ),
)
