"""Correlations of the leaves of the random hierarchy model: which of them change together when the noise is undone.

Draw the tree from its posterior and call a symbol right where it is the true one. Averaged over rules, right and wrong
travel down the tree as a chain of two states, and two leaves are correlated through their lowest common ancestor.
The spin of a leaf is +1 where it is right (unchanged), -1 where it is not.
"""

from __future__ import annotations

import sympy
from sympy import Interval, S, oo

from regimes.theory.formula.formula import Formula, Step, Variable, equation
from regimes.theory.formula.symbols import (
    BELIEF,
    CHILDREN,
    PARENT_FITS,
    POSITIVE,
    RULES,
    SYMBOLS,
    m,
    p,
    q,
    s,
    v,
)
from regimes.theory.hierarchy.chain import (
    ABSTRACT,
    ANNEALED,
    CHILD_RIGHT,
    DOWNWARD,
    HIERARCHY_CHAIN_EIGENVALUE,
    HIERARCHY_CHAIN_RIGHT,
    HIERARCHY_CHAIN_WRONG,
    HIERARCHY_PAIR_RIGHT,
    HIERARCHY_PAIR_WRONG,
    PARENT_RIGHT,
    UNSURE,
    abstract,
    without,
)
from regimes.theory.hierarchy.maps import HIERARCHY_MARGINAL

__all__ = [
    "HIERARCHY_LEAF_CORRELATION",
    "HIERARCHY_PAIRS_AT_DISTANCE",
    "HIERARCHY_SIBLING_COVARIANCE",
    "HIERARCHY_SPIN_VARIANCE",
    "HIERARCHY_SUSCEPTIBILITY_RATIO",
]
_covariance = sympy.Symbol("kappa_s", real=True)
_slope = sympy.Symbol("lambda", positive=True)
_height = sympy.Symbol("h", positive=True)
_below = sympy.Symbol("b", positive=True)
_spins = "spins are +1 (unchanged leaf) and -1 (changed leaf)"

_pi = PARENT_RIGHT.symbol
_right, _wrong = HIERARCHY_CHAIN_RIGHT.expr, HIERARCHY_CHAIN_WRONG.expr
_pair_right, _pair_wrong = HIERARCHY_PAIR_RIGHT.expr, HIERARCHY_PAIR_WRONG.expr
_A = p**s
_g = (m - 1) / (v**s - 1)
_N = _A + _g * (1 - _A)
_both_c, _both_w, _one_c, _one_w = sympy.symbols("a_right a_wrong c_right c_wrong", positive=True)
_scale = _A * (1 - p) ** 2 / (1 - _A) ** 2
_sibling_covariance = _scale * (_pi * _g * (1 - _g) * (1 - _A) ** 2 / _N**2 + _pi * (1 - _pi) * _A / _N**2 - (1 - _pi))

HIERARCHY_SIBLING_COVARIANCE = Formula(
    name="hierarchy_sibling_covariance",
    title="Covariance of two siblings being right",
    symbol=_covariance,
    inputs=(PARENT_RIGHT, UNSURE, SYMBOLS, RULES, CHILDREN),
    expr=_sibling_covariance,
    source="derived",
    assumes=(ANNEALED,),
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
                abstract(
                    _pi * (_pair_right - _right**2)
                    + (1 - _pi) * (_pair_wrong - _wrong**2)
                    + _pi * (1 - _pi) * (_right - _wrong) ** 2
                ),
                abstract(_sibling_covariance),
            ),
            extra=ABSTRACT,
        ),
        Step(
            "given a right parent",
            equation(_pair_right - _right**2, _A * (1 - p) ** 2 * _g * (1 - _g) / _N**2),
        ),
        Step("given a wrong parent", equation(_pair_wrong - _wrong**2, -_scale)),
    ),
    stable=_A
    * without(1) ** 2
    / without(s) ** 2
    * (_pi * (_g * (1 - _g) * without(s) ** 2 + (1 - _pi) * _A) / _N**2 - (1 - _pi)),
)

HIERARCHY_LEAF_CORRELATION = Formula(
    name="hierarchy_leaf_correlation",
    title="Correlation of the spins of two leaves from that of the siblings above them",
    symbol=sympy.Symbol("C_r", real=True),
    inputs=(
        Variable(_covariance, "covariance of the two children of the common ancestor being right", S.Reals),
        Variable(
            HIERARCHY_CHAIN_EIGENVALUE.symbol,
            "product of the chain's eigenvalues from these children to the leaves",
            Interval(0, 1),
        ),
    ),
    expr=4 * _covariance * HIERARCHY_CHAIN_EIGENVALUE.symbol**2,
    source="derived",
    assumes=(_spins, "given the two siblings, the trees below them are independent"),
    steps=(
        Step(
            "sum over the four states of the siblings; a leaf is right with probability b + e below a right one and b "
            "below a wrong one",
            4
            * (
                (CHILD_RIGHT**2 + _covariance) * (_below + HIERARCHY_CHAIN_EIGENVALUE.symbol) ** 2
                + 2
                * (CHILD_RIGHT * (1 - CHILD_RIGHT) - _covariance)
                * (_below + HIERARCHY_CHAIN_EIGENVALUE.symbol)
                * _below
                + ((1 - CHILD_RIGHT) ** 2 + _covariance) * _below**2
                - (_below + CHILD_RIGHT * HIERARCHY_CHAIN_EIGENVALUE.symbol) ** 2
            ),
            extra=(
                Variable(CHILD_RIGHT, "probability that a child of the ancestor is right", Interval(0, 1)),
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
    inputs=(BELIEF, DOWNWARD, SYMBOLS),
    expr=4 * _marginal * (1 - _marginal),
    source="derived",
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
    source="derived",
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
    source="derived",
    assumes=("many levels, at the transition", "lambda^2 > s: chi grows as (lambda^2/s)^L; below, it stays finite"),
    steps=(
        Step(
            "one level up there are s times as many leaves, each correlated (lambda/s)^2 times as much",
            _pairs.subs(_height, _height + 1) / _pairs * (_slope / s) ** 2,
            extra=(Variable(_height, "levels from the leaves to the common ancestor", Interval(1, oo)),),
        ),
    ),
)
