"""Correlations of the leaves of the random hierarchy model: which of them change together when the noise is undone.

Draw the tree from its posterior and call a symbol right where it is the true one. Averaged over rules, right and wrong
travel down the tree as a chain of two states, and two leaves are correlated through their lowest common ancestor.
The spin of a leaf is +1 where it is right (unchanged), -1 where it is not.
"""

from __future__ import annotations

import sympy
from sympy import Interval, S, log, oo

from regimes.theory.formula.formula import Formula, Step, Variable, equation, expm1
from regimes.theory.formula.symbols import (
    BELIEF,
    CHILDREN,
    CLASSES,
    PARENT_FITS,
    POSITIVE,
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
    "HIERARCHY_LEAF_CORRELATION",
    "HIERARCHY_PAIRS_AT_DISTANCE",
    "HIERARCHY_PAIR_RIGHT",
    "HIERARCHY_PAIR_WRONG",
    "HIERARCHY_SIBLING_COVARIANCE",
    "HIERARCHY_SPIN_VARIANCE",
    "HIERARCHY_SUSCEPTIBILITY_RATIO",
]

_pi = sympy.Symbol("pi_true", positive=True)
_child = sympy.Symbol("pi_child", positive=True)
_eigenvalue = sympy.Symbol("e", positive=True)
_covariance = sympy.Symbol("kappa_s", real=True)
_slope = sympy.Symbol("lambda", positive=True)
_height = sympy.Symbol("h", positive=True)
_below = sympy.Symbol("b", positive=True)

_UNSURE = Variable(p, BELIEF.meaning, Interval.open(0, 1))
_PARENT = Variable(_pi, "probability that the parent is right", Interval(0, 1))
_DOWNWARD = Variable(q, "belief in the true symbol from the rest of the tree above", Interval.open(0, 1))

_annealed = "annealed average over the rules: numerator and denominator are averaged each for itself"
_spins = "spins are +1 (unchanged leaf) and -1 (changed leaf)"

_A = p**s
_g = (m - 1) / (v**s - 1)
_N = _A + _g * (1 - _A)


def _without(k: sympy.Expr) -> sympy.Expr:
    """1 - p^k with its digits at p near 1."""
    return -expm1(k * log(p))


_all_right, _tuples = sympy.symbols("A V", positive=True)
_ABSTRACT = (
    Variable(_all_right, "p^s, taken as a variable of its own", Interval.open(0, 1)),
    Variable(_tuples, "v^s, taken as a variable of its own", Interval.open(1, oo)),
)


def _abstract(expression: sympy.Expr) -> sympy.Expr:
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
    symbol=_child,
    inputs=(BELIEF, SYMBOLS, RULES, CHILDREN),
    expr=_right,
    source="derived in docs/theory (posterior sampling, averaged over rules)",
    assumes=(_annealed,),
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
    symbol=_child,
    inputs=(_UNSURE, CHILDREN),
    expr=_wrong,
    source="derived in docs/theory (posterior sampling, averaged over rules)",
    assumes=(_annealed,),
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
    stable=p * _without(s - 1) / _without(s),
)

HIERARCHY_PAIR_RIGHT = Formula(
    name="hierarchy_pair_right",
    title="Probability that two siblings are both right where their parent is right",
    symbol=_child,
    inputs=(BELIEF, SYMBOLS, RULES, CHILDREN),
    expr=_pair_right,
    source="derived in docs/theory (posterior sampling, averaged over rules)",
    assumes=(_annealed,),
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
    symbol=_child,
    inputs=(_UNSURE, CHILDREN),
    expr=_pair_wrong,
    source="derived in docs/theory (posterior sampling, averaged over rules)",
    assumes=(_annealed, "0 at s = 2: the true pair belongs to the true parent alone"),
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
    stable=p**2 * _without(s - 2) / _without(s),
)

_chain = _pi * _right + (1 - _pi) * _wrong
_parent_marginal = HIERARCHY_MARGINAL.expr.subs(v, n_c).subs(p, HIERARCHY_UPWARD_TO_CLASS.expr)
_child_marginal = HIERARCHY_MARGINAL.expr.subs(q, HIERARCHY_DOWNWARD.expr)

HIERARCHY_CHAIN_MARGINAL = Formula(
    name="hierarchy_chain_marginal",
    title="Probability that a child is right from the probability that its parent is",
    symbol=_child,
    inputs=(_PARENT, _UNSURE, SYMBOLS, RULES, CHILDREN),
    expr=_chain,
    source="derived in docs/theory",
    assumes=(_annealed,),
    where=PARENT_FITS,
    steps=(
        Step(
            "it is the marginal of the maps up and down: with the parent's from F(p) and q, the child's from p and "
            "G(q, p), for any number n_c of symbols of the parent",
            equation(_abstract(_chain.subs(_pi, _parent_marginal)), _abstract(_child_marginal)),
            extra=(CLASSES, _DOWNWARD, *_ABSTRACT),
        ),
        Step(
            "linear in the parent's, with the eigenvalue of the chain as slope",
            _wrong + _pi * _A * (1 - p) / ((1 - _A) * _N),
        ),
    ),
    stable=p * _without(s - 1) / _without(s) + _pi * _A * _without(1) / (_without(s) * _N),
)

_e = _A * (1 - p) / ((1 - _A) * _N)
_fixed = HIERARCHY_FIXED_POINT_RULES.expr

HIERARCHY_CHAIN_EIGENVALUE = Formula(
    name="hierarchy_chain_eigenvalue",
    title="How much likelier a child is right where its parent is: the eigenvalue of the chain",
    symbol=_eigenvalue,
    inputs=(_UNSURE, SYMBOLS, RULES, CHILDREN),
    expr=_e,
    source="derived in docs/theory",
    assumes=(_annealed,),
    where=PARENT_FITS,
    steps=(
        Step(
            "difference of both probabilities",
            equation(_abstract(_right - _wrong), _abstract(_e)),
            extra=_ABSTRACT,
        ),
        Step(
            "at the number of rules that keeps p fixed it is the slope of F over s",
            equation(_abstract(_e.subs(m, _fixed)), _abstract(HIERARCHY_SLOPE.expr.subs(m, _fixed) / s)),
            extra=_ABSTRACT,
        ),
    ),
    stable=_A * _without(1) / (_without(s) * ((v**s - 1) * _A + (m - 1) * _without(s))) * (v**s - 1),
)

_both_c, _both_w, _one_c, _one_w = sympy.symbols("a_right a_wrong c_right c_wrong", positive=True)
_scale = _A * (1 - p) ** 2 / (1 - _A) ** 2
_sibling_covariance = _scale * (_pi * _g * (1 - _g) * (1 - _A) ** 2 / _N**2 + _pi * (1 - _pi) * _A / _N**2 - (1 - _pi))

HIERARCHY_SIBLING_COVARIANCE = Formula(
    name="hierarchy_sibling_covariance",
    title="Covariance of two siblings being right",
    symbol=_covariance,
    inputs=(_PARENT, _UNSURE, SYMBOLS, RULES, CHILDREN),
    expr=_sibling_covariance,
    source="derived in docs/theory",
    assumes=(_annealed,),
    where=PARENT_FITS,
    steps=(
        Step(
            "both right, less the square of one right: covariance given the parent, averaged, and covariance through "
            "the parent",
            equation(
                _pi * _both_c + (1 - _pi) * _both_w - (_pi * _one_c + (1 - _pi) * _one_w) ** 2,
                _pi * (_both_c - _one_c**2)
                + (1 - _pi) * (_both_w - _one_w**2)
                + _pi * (1 - _pi) * (_one_c - _one_w) ** 2,
            ),
            extra=tuple(
                Variable(symbol, f"probability that {who} right below a {parent} parent", Interval(0, 1))
                for symbol, who, parent in (
                    (_both_c, "both are", "right"),
                    (_both_w, "both are", "wrong"),
                    (_one_c, "one is", "right"),
                    (_one_w, "one is", "wrong"),
                )
            ),
        ),
        Step(
            "the probabilities of the chain in it",
            equation(
                _abstract(
                    _pi * (_pair_right - _right**2)
                    + (1 - _pi) * (_pair_wrong - _wrong**2)
                    + _pi * (1 - _pi) * (_right - _wrong) ** 2
                ),
                _abstract(_sibling_covariance),
            ),
            extra=_ABSTRACT,
        ),
        Step(
            "given a right parent",
            equation(_pair_right - _right**2, _A * (1 - p) ** 2 * _g * (1 - _g) / _N**2),
        ),
        Step("given a wrong parent", equation(_pair_wrong - _wrong**2, -_scale)),
    ),
    stable=_A
    * _without(1) ** 2
    / _without(s) ** 2
    * (_pi * (_g * (1 - _g) * _without(s) ** 2 + (1 - _pi) * _A) / _N**2 - (1 - _pi)),
)

HIERARCHY_LEAF_CORRELATION = Formula(
    name="hierarchy_leaf_correlation",
    title="Correlation of the spins of two leaves from that of the siblings above them",
    symbol=sympy.Symbol("C_r", real=True),
    inputs=(
        Variable(_covariance, "covariance of the two children of the common ancestor being right", S.Reals),
        Variable(_eigenvalue, "product of the chain's eigenvalues from these children to the leaves", Interval(0, 1)),
    ),
    expr=4 * _covariance * _eigenvalue**2,
    source="derived in docs/theory",
    assumes=(_spins, "given the two siblings, the trees below them are independent"),
    steps=(
        Step(
            "sum over the four states of the siblings; a leaf is right with probability b + e below a right one and b "
            "below a wrong one",
            4
            * (
                (_child**2 + _covariance) * (_below + _eigenvalue) ** 2
                + 2 * (_child * (1 - _child) - _covariance) * (_below + _eigenvalue) * _below
                + ((1 - _child) ** 2 + _covariance) * _below**2
                - (_below + _child * _eigenvalue) ** 2
            ),
            extra=(
                Variable(_child, "probability that a child of the ancestor is right", Interval(0, 1)),
                Variable(_below, "probability that a leaf is right below a wrong one", Interval(0, 1)),
            ),
        ),
    ),
)

_marginal = HIERARCHY_MARGINAL.expr
_lost = (1 - p) * (1 - q) / (v - 1)

HIERARCHY_SPIN_VARIANCE = Formula(
    name="hierarchy_spin_variance",
    title="Variance of the spin of a leaf",
    symbol=sympy.Symbol("C_0", nonnegative=True),
    inputs=(BELIEF, _DOWNWARD, SYMBOLS),
    expr=4 * _marginal * (1 - _marginal),
    source="derived in docs/theory",
    assumes=(_spins,),
    steps=(Step("one less the square of the mean", 1 - (2 * _marginal - 1) ** 2),),
    stable=4 * p * q * _lost / (p * q + _lost) ** 2,
)

_pairs = (s - 1) * s ** (_height - 1)

HIERARCHY_PAIRS_AT_DISTANCE = Formula(
    name="hierarchy_pairs_at_distance",
    title="Number of leaves whose lowest common ancestor with a given leaf is h levels above",
    symbol=sympy.Symbol("n_h", positive=True),
    inputs=(Variable(_height, "levels from the leaves to the common ancestor", Interval(1, oo)), CHILDREN),
    expr=_pairs,
    source="derived in docs/theory",
    assumes=("chi = 1 + sum_h n_h C_h/C_0",),
    steps=(
        Step("leaves below that ancestor, less those below the one under it", s**_height - s ** (_height - 1)),
        Step(
            "with the leaf itself they are all s^L leaves (here L = 4)",
            equation(1 + sum(_pairs.subs(_height, k) for k in range(1, 5)), s**4),
        ),
    ),
)

HIERARCHY_SUSCEPTIBILITY_RATIO = Formula(
    name="hierarchy_susceptibility_ratio",
    title="Ratio of successive terms of the susceptibility at the transition, which diverges where it exceeds 1",
    symbol=sympy.Symbol("rho", positive=True),
    inputs=(Variable(_slope, "slope of F at its unstable fixed point", POSITIVE), CHILDREN),
    expr=_slope**2 / s,
    source="derived in docs/theory",
    assumes=("many levels, at the transition", "lambda^2 > s: chi grows as (lambda^2/s)^L; below, it stays finite"),
    steps=(
        Step(
            "one level up there are s times as many leaves, each correlated (lambda/s)^2 times as much",
            _pairs.subs(_height, _height + 1) / _pairs * (_slope / s) ** 2,
            extra=(Variable(_height, "levels from the leaves to the common ancestor", Interval(1, oo)),),
        ),
    ),
)
