"""Right and wrong symbols on their way down a tree drawn from its posterior: a chain of two states.

A symbol is right where it is the true one; the average is over the draw of the rules.
"""

from __future__ import annotations

import sympy
from sympy import Interval, log, oo

from regimes.theory.formula.formula import Formula, Step, Variable, equation, expm1
from regimes.theory.formula.symbols import (
    BELIEF,
    CHILDREN,
    CLASSES,
    PARENT_FITS,
    RULES,
    SYMBOLS,
    m,
    n_c,
    p,
    q,
    s,
    v,
)
from regimes.theory.hierarchy.maps import HIERARCHY_DOWNWARD, HIERARCHY_MARGINAL, HIERARCHY_UPWARD_TO_CLASS
from regimes.theory.hierarchy.rule_draws import DRAWN, enumerated_upward
from regimes.theory.hierarchy.transition import HIERARCHY_FIXED_POINT_RULES, HIERARCHY_SLOPE

__all__ = [
    "HIERARCHY_CHAIN_EIGENVALUE",
    "HIERARCHY_CHAIN_MARGINAL",
    "HIERARCHY_CHAIN_RIGHT",
    "HIERARCHY_CHAIN_WRONG",
    "HIERARCHY_PAIR_RIGHT",
    "HIERARCHY_PAIR_WRONG",
]

_pi = sympy.Symbol("pi_true", positive=True)
CHILD_RIGHT = sympy.Symbol("pi_child", positive=True)
_eigenvalue = sympy.Symbol("e", positive=True)

UNSURE = Variable(p, BELIEF.meaning, Interval.open(0, 1))
PARENT_RIGHT = Variable(_pi, "probability that the parent is right", Interval(0, 1))
DOWNWARD = Variable(q, "belief in the true symbol from the rest of the tree above", Interval.open(0, 1))

ANNEALED = "annealed average over the rules: numerator and denominator are averaged each for itself"

_A = p**s
_g = (m - 1) / (v**s - 1)
_N = _A + _g * (1 - _A)


def without(k: sympy.Expr) -> sympy.Expr:
    """1 - p^k with its digits at p near 1."""
    return -expm1(k * log(p))


_all_right, _tuples = sympy.symbols("A V", positive=True)
ABSTRACT = (
    Variable(_all_right, "p^s, taken as a variable of its own", Interval.open(0, 1)),
    Variable(_tuples, "v^s, taken as a variable of its own", Interval.open(1, oo)),
)


def abstract(expression: sympy.Expr) -> sympy.Expr:
    """Rational functions in place of powers: what holds for any A and V holds for p^s and v^s, and is proven faster."""
    powers = {p ** (s - 1): _all_right / p, p**s: _all_right, v**s: _tuples}
    return expression.subs(powers, simultaneous=True)


_right = (_A + _g * (p - _A)) / _N
_wrong = (p - _A) / (1 - _A)
_pair_right = (_A + _g * (p**2 - _A)) / _N
_pair_wrong = (p**2 - _A) / (1 - _A)

HIERARCHY_CHAIN_RIGHT = Formula(
    name="hierarchy_chain_right",
    title="Probability that a child is right where its parent is right",
    symbol=CHILD_RIGHT,
    inputs=(BELIEF, SYMBOLS, RULES, CHILDREN),
    expr=_right,
    source="derived (posterior sampling, averaged over rules)",
    assumes=(ANNEALED,),
    where=PARENT_FITS,
    steps=(
        Step(
            "all draws of rules for v = 3, s = 2, m = 2 enumerated: the true parent's rules with the child right ...",
            equation(enumerated_upward((0,), right=1), (_A + _g * (p - _A)).subs(DRAWN)),
        ),
        Step("... out of all its rules", equation(enumerated_upward((0,)), _N.subs(DRAWN))),
        Step(
            "true rule p^s; the other tuples with this child right weigh p - p^s together, and each of them is one of "
            "m - 1 rules out of v^s - 1",
            (_A + (m - 1) * (p - _A) / (v**s - 1)) / (_A + (m - 1) * (1 - _A) / (v**s - 1)),
        ),
    ),
)

HIERARCHY_CHAIN_WRONG = Formula(
    name="hierarchy_chain_wrong",
    title="Probability that a child is right where its parent is wrong",
    symbol=CHILD_RIGHT,
    inputs=(UNSURE, CHILDREN),
    expr=_wrong,
    source="derived (posterior sampling, averaged over rules)",
    assumes=(ANNEALED,),
    steps=(
        Step(
            "all draws of rules for v = 3, s = 2, m = 2 enumerated: the wrong parent's rules with the child right ...",
            equation(enumerated_upward((1,), right=1), (m * (p - _A) / (v**s - 1)).subs(DRAWN)),
        ),
        Step("... out of all its rules", equation(enumerated_upward((1,)), (m * (1 - _A) / (v**s - 1)).subs(DRAWN))),
        Step(
            "the wrong parent's m rules lie among the v^s - 1 tuples that are not the true one",
            m * (p - _A) / (v**s - 1) / (m * (1 - _A) / (v**s - 1)),
            extra=(SYMBOLS, RULES),
        ),
    ),
    stable=p * without(s - 1) / without(s),
)

HIERARCHY_PAIR_RIGHT = Formula(
    name="hierarchy_pair_right",
    title="Probability that two siblings are both right where their parent is right",
    symbol=CHILD_RIGHT,
    inputs=(BELIEF, SYMBOLS, RULES, CHILDREN),
    expr=_pair_right,
    source="derived (posterior sampling, averaged over rules)",
    assumes=(ANNEALED,),
    where=PARENT_FITS,
    steps=(
        Step(
            "all draws of rules for v = 3, s = 2, m = 2 enumerated: the true parent's rules with both children right",
            equation(enumerated_upward((0,), right=2), (_A + _g * (p**2 - _A)).subs(DRAWN)),
        ),
        Step(
            "true rule p^s; the other tuples with these two right weigh p^2 - p^s together",
            (_A + (m - 1) * (p**2 - _A) / (v**s - 1)) / (_A + (m - 1) * (1 - _A) / (v**s - 1)),
        ),
    ),
)

HIERARCHY_PAIR_WRONG = Formula(
    name="hierarchy_pair_wrong",
    title="Probability that two siblings are both right where their parent is wrong",
    symbol=CHILD_RIGHT,
    inputs=(UNSURE, CHILDREN),
    expr=_pair_wrong,
    source="derived (posterior sampling, averaged over rules)",
    assumes=(ANNEALED, "0 at s = 2: the true pair belongs to the true parent alone"),
    steps=(
        Step(
            "all draws of rules for v = 3, s = 2, m = 2 enumerated: the wrong parent's rules with both children right",
            equation(enumerated_upward((1,), right=2), (m * (p**2 - _A) / (v**s - 1)).subs(DRAWN)),
        ),
        Step(
            "the tuples with these two right, the true one excluded, weigh p^2 - p^s together",
            m * (p**2 - _A) / (v**s - 1) / (m * (1 - _A) / (v**s - 1)),
            extra=(SYMBOLS, RULES),
        ),
    ),
    stable=p**2 * without(s - 2) / without(s),
)

_chain = _pi * _right + (1 - _pi) * _wrong
_parent_marginal = HIERARCHY_MARGINAL.expr.subs(v, n_c).subs(p, HIERARCHY_UPWARD_TO_CLASS.expr)
_child_marginal = HIERARCHY_MARGINAL.expr.subs(q, HIERARCHY_DOWNWARD.expr)

HIERARCHY_CHAIN_MARGINAL = Formula(
    name="hierarchy_chain_marginal",
    title="Probability that a child is right from the probability that its parent is",
    symbol=CHILD_RIGHT,
    inputs=(PARENT_RIGHT, UNSURE, SYMBOLS, RULES, CHILDREN),
    expr=_chain,
    source="derived",
    assumes=(ANNEALED,),
    where=PARENT_FITS,
    steps=(
        Step(
            "it is the marginal of the maps up and down: with the parent's from F(p) and q, the child's from p and "
            "G(q, p), for any number n_c of symbols of the parent",
            equation(abstract(_chain.subs(_pi, _parent_marginal)), abstract(_child_marginal)),
            extra=(CLASSES, DOWNWARD, *ABSTRACT),
        ),
        Step(
            "linear in the parent's, with the eigenvalue of the chain as slope",
            _wrong + _pi * _A * (1 - p) / ((1 - _A) * _N),
        ),
    ),
    stable=p * without(s - 1) / without(s) + _pi * _A * without(1) / (without(s) * _N),
)

_e = _A * (1 - p) / ((1 - _A) * _N)
_fixed = HIERARCHY_FIXED_POINT_RULES.expr

HIERARCHY_CHAIN_EIGENVALUE = Formula(
    name="hierarchy_chain_eigenvalue",
    title="How much likelier a child is right where its parent is: the eigenvalue of the chain",
    symbol=_eigenvalue,
    inputs=(UNSURE, SYMBOLS, RULES, CHILDREN),
    expr=_e,
    source="derived",
    assumes=(ANNEALED,),
    where=PARENT_FITS,
    steps=(
        Step(
            "difference of both probabilities, the slope of the child's in the parent's",
            equation(abstract(sympy.diff(HIERARCHY_CHAIN_MARGINAL.expr, _pi)), abstract(_e)),
            extra=ABSTRACT,
        ),
        Step(
            "at the number of rules that keeps p fixed it is the slope of F over s",
            equation(abstract(_e.subs(m, _fixed)), abstract(HIERARCHY_SLOPE.expr.subs(m, _fixed) / s)),
            extra=ABSTRACT,
        ),
    ),
    stable=_A * without(1) / (without(s) * ((v**s - 1) * _A + (m - 1) * without(s))) * (v**s - 1),
)
