"""The random hierarchy model, averaged over its rules: how beliefs travel up and down the tree.

Every symbol has m rules, each a tuple of s children; no tuple of a level serves two rules. A message is described by
one number, its weight on the true symbol: p for a message from the leaves below, q for one from the rest of the tree
above; the other symbols share what is left. Sums over rules are replaced by their averages over the draw of the
rules, numerator and denominator each for itself (annealed averages).
"""

from __future__ import annotations

from math import comb

import sympy
from sympy import Interval, log

from regimes.theory.formula.formula import Formula, Step, Variable, equation, expm1
from regimes.theory.formula.symbols import (
    BELIEF,
    CHILDREN,
    CLASSES,
    PARENT_FITS,
    RULES,
    RULES_FIT,
    SYMBOLS,
    m,
    n_c,
    p,
    q,
    s,
    v,
)
from regimes.theory.hierarchy.rule_draws import DRAWN, enumerated_downward, enumerated_upward

__all__ = ["HIERARCHY_DOWNWARD", "HIERARCHY_MARGINAL", "HIERARCHY_UPWARD", "HIERARCHY_UPWARD_TO_CLASS"]

_q_next = sympy.Symbol("q_child", positive=True)
_p_up = sympy.Symbol("p_parent", positive=True)
_DOWNWARD = Variable(q, "belief in the true symbol from the rest of the tree above", Interval.open(0, 1))
_PARENT_DOWNWARD = Variable(
    q, "belief in the parent's true symbol from the rest of the tree above", Interval.open(0, 1)
)
_annealed = "annealed average over the rules: numerator and denominator are averaged each for itself"
_symmetric = "all wrong symbols of a message weigh the same"

_A = p**s
_share = (1 - _A) / (v**s - 1)
_numerator = _A + (m - 1) * _share


def _upward(parents: sympy.Expr) -> sympy.Expr:
    f, g = (m * parents - 1) / (v**s - 1), (m - 1) / (v**s - 1)
    return (_A + g * (1 - _A)) / (_A + f * (1 - _A))


def _upward_stable(parents: sympy.Expr) -> sympy.Expr:
    """No difference of p^s from 1: where q is small, what is left counts."""
    wrong = -expm1(s * log(p))
    return ((v**s - 1) * _A + (m - 1) * wrong) / ((v**s - 1) * _A + (m * parents - 1) * wrong)


def _all_tuples(children: int) -> sympy.Expr:
    """Sum over all tuples of the product of messages, sorted by the number of right symbols."""
    wrong = (1 - p) / (v - 1)
    return sum(
        comb(children, k) * (v - 1) ** (children - k) * p**k * wrong ** (children - k) for k in range(children + 1)
    )


HIERARCHY_UPWARD_TO_CLASS = Formula(
    name="hierarchy_upward_to_class",
    title="Belief in the true class from the beliefs of its children (the map F at the top level)",
    symbol=_p_up,
    inputs=(BELIEF, SYMBOLS, RULES, CHILDREN, CLASSES),
    expr=_upward(n_c),
    source="sclocchi2024 (mean field), for any number of classes; derived",
    assumes=(_annealed, _symmetric, "the rules are drawn without replacement"),
    where=(m * n_c <= v**s,),
    steps=(
        Step(
            "the products of the children's messages sum to 1 over all v^s tuples (here s = 3)",
            equation(_all_tuples(3), 1),
        ),
        Step(
            "all draws of rules for v = 3, s = 2, m = 2, n_c = 2 enumerated: weight of the true symbol's rules ...",
            equation(enumerated_upward((0,)), _numerator.subs(DRAWN)),
        ),
        Step(
            "... and of all rules: each tuple but the true one is drawn equally often",
            equation(enumerated_upward((0, 1)), (_A + (m * n_c - 1) * _share).subs(DRAWN)),
        ),
        Step(
            "the true tuple weighs p^s; the v^s - 1 others share 1 - p^s, m - 1 of them are rules of the true symbol, "
            "m n_c - 1 are rules at all",
            _numerator / (_A + (m * n_c - 1) * _share),
        ),
        Step("certain children, certain parent", equation(_upward(n_c).subs(p, 1), 1)),
        Step("children that know nothing, parent that knows nothing", equation(_upward(n_c).subs(p, 1 / v), 1 / n_c)),
    ),
    stable=_upward_stable(n_c),
)

HIERARCHY_UPWARD = Formula(
    name="hierarchy_upward",
    title="Belief in the true symbol from the beliefs of its children (the map F)",
    symbol=_p_up,
    inputs=(BELIEF, SYMBOLS, RULES, CHILDREN),
    expr=_upward(v),
    source="sclocchi2024 (mean field); derived",
    assumes=(_annealed, _symmetric, "the rules are drawn without replacement"),
    where=RULES_FIT,
    steps=(
        Step("the top level with v classes", _upward(n_c).subs(n_c, v)),
        Step("certain children, certain parent", equation(_upward(v).subs(p, 1), 1)),
        Step("children that know nothing, parent that knows nothing", equation(_upward(v).subs(p, 1 / v), 1 / v)),
    ),
    stable=_upward_stable(v),
)

_siblings = p ** (s - 1)
_parents = (m - 1) * q + m * (1 - q)
_right = q * _siblings + _parents * (1 - _siblings) / (v**s - 1)
_any = q * _siblings + _parents * (v - _siblings) / (v**s - 1)
_safe_parents = m - q

HIERARCHY_DOWNWARD = Formula(
    name="hierarchy_downward",
    title="Belief in a child's true symbol from its parent above and its siblings (the map G)",
    symbol=_q_next,
    inputs=(_PARENT_DOWNWARD, BELIEF, SYMBOLS, RULES, CHILDREN),
    expr=_right / _any,
    source="derived (belief propagation of sclocchi2024, averaged over rules)",
    assumes=(
        _annealed,
        _symmetric,
        "the root starts from q = 1/n_c; the number of symbols of the parent drops out",
    ),
    where=PARENT_FITS,
    steps=(
        Step(
            "all draws of rules for v = 3, s = 2, m = 2 and two symbols of the parent enumerated: weight of the rules "
            "with the true child ...",
            equation(enumerated_downward((0,)), _right.subs(DRAWN)),
        ),
        Step("... and with any child", equation(enumerated_downward((0, 1, 2)), _any.subs(DRAWN))),
        Step(
            "true rule: q p^(s-1); another tuple is a rule of the true parent with probability (m-1)/(v^s-1), of each "
            "of n_c - 1 others, of belief (1-q)/(n_c-1), with probability m/(v^s-1)",
            equation(_parents, (m - 1) * q + (n_c - 1) * m * (1 - q) / (n_c - 1)),
            extra=(CLASSES,),
        ),
        Step(
            "siblings' weights of the other tuples sum to 1 - p^(s-1) with the true child, to 1 with each of the "
            "v - 1 wrong ones",
            _right / (_right + (v - 1) * _parents / (v**s - 1)),
        ),
    ),
    stable=((v**s - 1) * q * _siblings - _safe_parents * expm1((s - 1) * log(p)))
    / ((v**s - 1) * q * _siblings + _safe_parents * (v - _siblings)),
)

_pi = sympy.Symbol("pi_true", positive=True)
_marginal = p * q / (p * q + (1 - p) * (1 - q) / (v - 1))

HIERARCHY_MARGINAL = Formula(
    name="hierarchy_marginal",
    title="Posterior probability of the true symbol from the beliefs below and above",
    symbol=_pi,
    inputs=(BELIEF, _DOWNWARD, SYMBOLS),
    expr=_marginal,
    source="derived",
    assumes=(_symmetric, "the two messages are independent given the symbol"),
    steps=(
        Step(
            "product of both messages, normalised over the true symbol and v - 1 equal wrong ones",
            p * q / (p * q + (v - 1) * (1 - p) / (v - 1) * (1 - q) / (v - 1)),
        ),
        Step("with nothing from above it is the belief from below", equation(_marginal.subs(q, 1 / v), p)),
        Step("with nothing from below it is the belief from above", equation(_marginal.subs(p, 1 / v), q)),
    ),
)
