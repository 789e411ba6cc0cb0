"""What the points of a data set say: clones of a class under their posterior, and the error of the top eigenvalue."""

from __future__ import annotations

import sympy
from sympy import Derivative, Interval, Subs, oo, sqrt

from regimes.theory.formula.formula import Formula, Step, Variable, equation

__all__ = ["CLASS_CLONE_PROBABILITY", "TOP_EIGENVALUE_ERROR"]

_HALF_LINE = Interval(0, oo)
_own_weight, _same, _squares, _others = sympy.symbols("w S_class S_classes S_rest", nonnegative=True)
_a, _b, _c = sympy.symbols("a b c", positive=True)
_three = _own_weight + _a + _b + _c
_squared = _own_weight**2 + 2 * _own_weight * _same + _squares

CLASS_CLONE_PROBABILITY = Formula(
    name="class_clone_probability",
    title="Probability that two clones born at x_t share their class, under the posterior over the points",
    symbol=sympy.Symbol("phi_class", positive=True),
    inputs=(
        Variable(_own_weight, "weight of the own point in any unit, or 0 where it is left out", _HALF_LINE),
        Variable(_same, "sum of the weights of the other points of its class", Interval.open(0, oo)),
        Variable(_squares, "sum over the classes of the squared weight of their other points", Interval.open(0, oo)),
        Variable(_others, "sum of the weights of all other points", Interval.open(0, oo)),
    ),
    expr=_squared / (_own_weight + _others) ** 2,
    source="derived",
    assumes=("clones are independent draws from the posterior over the points",),
    where=(_same <= _others, _same**2 <= _squares, _squares <= _others**2),
    steps=(
        Step(
            "the class of a clone has the summed posterior of its points: here a of the own class, b and c of another",
            equation(
                ((_own_weight + _a) / _three) ** 2 + ((_b + _c) / _three) ** 2,
                (_own_weight**2 + 2 * _own_weight * _a + (_a**2 + (_b + _c) ** 2))
                / (_own_weight + (_a + _b + _c)) ** 2,
            ),
            extra=tuple(Variable(each, "weight of another point", Interval.open(0, oo)) for each in (_a, _b, _c)),
        ),
    ),
)

_variance, _n = sympy.Symbol("V", positive=True), sympy.Symbol("n", positive=True)
_step = sympy.Symbol("epsilon", real=True)
_gap = sympy.Symbol("delta", positive=True)
_along, _mixed, _across = sympy.symbols("E_11 E_12 E_22", real=True)
# Top eigenvalue of diag(delta, 0) + epsilon E, up to the constant that both eigenvalues share.
_sum, _difference = _gap + _step * (_along + _across), _gap + _step * (_along - _across)
_eigenvalue = _sum / 2 + sqrt(_difference**2 / 4 + _step**2 * _mixed**2)

TOP_EIGENVALUE_ERROR = Formula(
    name="top_eigenvalue_error",
    title="Standard error of the top eigenvalue of the covariance of n points, to leading order",
    symbol=sympy.Symbol("sigma_Lambda", positive=True),
    inputs=(
        Variable(_variance, "variance over the points of their squared projection on the eigenvector", _HALF_LINE),
        Variable(_n, "number of points", Interval(1, oo)),
    ),
    expr=sqrt(_variance / _n),
    source="derived",
    assumes=("a gap to the next eigenvalue that exceeds the scatter; the bias of order d/n is not in it",),
    steps=(
        Step(
            "to first order a perturbation E of the covariance moves its top eigenvalue by v.E v",
            equation(Subs(Derivative(_eigenvalue, _step), _step, 0).doit(), _along),
            extra=(
                Variable(_gap, "gap to the next eigenvalue", Interval.open(0, oo)),
                *(Variable(each, "entry of the perturbation", sympy.S.Reals) for each in (_along, _mixed, _across)),
            ),
        ),
        Step("v.C v is a mean of n squared projections: n variances over n^2", sqrt(_n * _variance / _n**2)),
    ),
)
