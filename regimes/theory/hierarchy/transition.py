"""The transition of the random hierarchy model: fixed points of the upward map F, their slopes and exponents.

Far from the leaves the belief p follows p -> F(p). F has the fixed points 1 (the root is known) and 1/v (it is lost);
where both are stable, an unstable one lies between, and leaves that start on its two sides have different roots.
"""

from __future__ import annotations

import sympy
from sympy import Derivative, Interval, Subs, log, oo

from regimes.theory.formula.formula import Formula, Step, Variable, equation, expm1
from regimes.theory.formula.symbols import BELIEF, CHILDREN, POSITIVE, RULES, RULES_FIT, SYMBOLS, epsilon, m, p, s, v
from regimes.theory.hierarchy.leaves import HIERARCHY_LEAF_BELIEF
from regimes.theory.hierarchy.maps import HIERARCHY_UPWARD

__all__ = [
    "HIERARCHY_EPSILON_FROM_BELIEF",
    "HIERARCHY_EXPONENT",
    "HIERARCHY_FIXED_POINT_PAIR",
    "HIERARCHY_FIXED_POINT_RULES",
    "HIERARCHY_SLOPE",
    "HIERARCHY_SLOPE_AT_ONE",
    "HIERARCHY_SLOPE_AT_UNIFORM",
    "HIERARCHY_SLOPE_PAIR",
    "HIERARCHY_THRESHOLD_PAIR",
]

_slope_symbol = sympy.Symbol("lambda", positive=True)
_p_star = sympy.Symbol("p_star", positive=True)
_epsilon_star = sympy.Symbol("epsilon_star", positive=True)

_UNSURE = Variable(p, BELIEF.meaning, Interval.open(0, 1))
_mean_field = "annealed mean field: see hierarchy_upward"
_PAIR_RANGE = (m >= 2, 2 * m < v + 1)
_pair_range = "out of 2 <= m < (v + 1)/2 there is no transition at 0 < epsilon < 1"

_F = HIERARCHY_UPWARD.expr
_A = p**s
_f, _g = (m * v - 1) / (v**s - 1), (m - 1) / (v**s - 1)
_slope = s * p ** (s - 1) * (_f - _g) / (_A + _f * (1 - _A)) ** 2

HIERARCHY_SLOPE = Formula(
    name="hierarchy_slope",
    title="Slope of the upward map F",
    symbol=_slope_symbol,
    inputs=(BELIEF, SYMBOLS, RULES, CHILDREN),
    expr=_slope,
    source="derived from hierarchy_upward",
    assumes=(_mean_field,),
    where=RULES_FIT,
    steps=(
        Step("differentiate F", Derivative(_F, p)),
        Step(
            "quotient rule, with numerator p^s + g (1 - p^s) and denominator p^s + f (1 - p^s)",
            s
            * p ** (s - 1)
            * ((1 - _g) * (_A + _f * (1 - _A)) - (1 - _f) * (_A + _g * (1 - _A)))
            / (_A + _f * (1 - _A)) ** 2,
        ),
    ),
    stable=s * p ** (s - 1) * m * (v - 1) * (v**s - 1) / ((v**s - 1) * _A - (m * v - 1) * expm1(s * log(p))) ** 2,
)

HIERARCHY_SLOPE_AT_ONE = Formula(
    name="hierarchy_slope_at_one",
    title="Slope of the upward map F where all is known",
    symbol=_slope_symbol,
    inputs=(SYMBOLS, RULES, CHILDREN),
    expr=s * m * (v - 1) / (v**s - 1),
    source="derived from hierarchy_upward",
    assumes=(_mean_field, "below 1, a little noise on the leaves is corrected; s f < 1 is the form at large v"),
    where=RULES_FIT,
    steps=(
        Step("slope of F at p = 1", Subs(Derivative(_F, p), p, 1)),
        Step(
            "it is 1 where the fixed point arrives at p = 1, at m = (1 + v + ... + v^(s-1))/s rules (here s = 3)",
            equation((s * m * (v - 1) / (v**s - 1)).subs({s: 3, m: (1 + v + v**2) / 3}), 1),
        ),
    ),
)

HIERARCHY_SLOPE_AT_UNIFORM = Formula(
    name="hierarchy_slope_at_uniform",
    title="Slope of the upward map F where nothing is known",
    symbol=_slope_symbol,
    inputs=(SYMBOLS, RULES, CHILDREN),
    expr=s * (v - 1) * v ** (s - 1) / (m * (v**s - 1)),
    source="derived from hierarchy_upward",
    assumes=(_mean_field, "below 1, a little information in the leaves is lost on the way up"),
    where=RULES_FIT,
    steps=(
        Step("slope of F at p = 1/v", Subs(Derivative(_F, p), p, 1 / v)),
        Step(
            "it is 1 where the fixed point arrives at p = 1/v, at m = s/(1 + 1/v + ... + v^(1-s)) rules (here s = 3)",
            equation(
                (s * (v - 1) * v ** (s - 1) / (m * (v**s - 1))).subs({s: 3, m: 3 / (1 + 1 / v + 1 / v**2)}),
                1,
            ),
        ),
    ),
)

_ratio = (v**s * _A - 1) / (v * p - 1) * (1 - p) / (1 - _A)


def _geometric(ratio: sympy.Expr, terms: int) -> sympy.Expr:
    return sum(ratio**k for k in range(terms))


HIERARCHY_FIXED_POINT_RULES = Formula(
    name="hierarchy_fixed_point_rules",
    title="Number of rules at which the upward map F keeps a belief p fixed",
    symbol=sympy.Symbol("m_fixed", positive=True),
    inputs=(_UNSURE, SYMBOLS, CHILDREN),
    expr=_ratio,
    source="derived from hierarchy_upward",
    assumes=(
        _mean_field,
        "p is neither 1 nor 1/v, which F always keeps",
        "grows with p: sum_k (v^k - m) p^k has one change of sign among its coefficients, hence one positive root; it "
        "lies between 1/v and 1 where both of these are stable, and nowhere there otherwise",
    ),
    where=(sympy.Ne(v * p, 1),),
    steps=(
        Step(
            "F(p) = p, times both denominators",
            equation(
                (v**s - 1) * ((_A + _g * (1 - _A)) - p * (_A + _f * (1 - _A))),
                v**s * _A * (1 - p) + m * (v * p - 1) * (_A - 1) - (1 - p),
            ),
            extra=(RULES,),
        ),
        Step(
            "without the roots p = 1 and p = 1/v: sum_k (v p)^k = m sum_k p^k, k from 0 to s - 1 (here s = 4)",
            equation(
                v**4 * p**4 * (1 - p) + m * (v * p - 1) * (p**4 - 1) - (1 - p),
                (1 - p) * (v * p - 1) * (_geometric(v * p, 4) - m * _geometric(p, 4)),
            ),
            extra=(RULES,),
        ),
        Step("and both sums are geometric", (v**s * _A - 1) / (v * p - 1) / ((_A - 1) / (p - 1))),
        Step("at that number of rules F keeps p", equation(_F.subs(m, _ratio), p)),
    ),
    stable=expm1(s * log(v * p)) / expm1(log(v * p)) * (1 - p) / -expm1(s * log(p)),
)

_epsilon_of_p = (1 - p) * v / (v - 1)

HIERARCHY_EPSILON_FROM_BELIEF = Formula(
    name="hierarchy_epsilon_from_belief",
    title="Noise of the epsilon-process at which a leaf has belief p in its symbol",
    symbol=epsilon,
    inputs=(BELIEF, SYMBOLS),
    expr=_epsilon_of_p,
    source="derived: inverse of hierarchy_leaf_belief",
    where=(v * p >= 1,),
    steps=(Step("it solves p = 1 - epsilon + epsilon/v", equation(1 - epsilon + epsilon / v, p)),),
)

_pair = (m - 1) / (v - m)
_threshold = v * (v - 2 * m + 1) / ((v - 1) * (v - m))

HIERARCHY_FIXED_POINT_PAIR = Formula(
    name="hierarchy_fixed_point_pair",
    title="Unstable fixed point of the upward map F for two children",
    symbol=_p_star,
    inputs=(SYMBOLS, RULES),
    expr=_pair,
    source="derived from hierarchy_upward",
    assumes=(_mean_field, "s = 2", _pair_range),
    where=_PAIR_RANGE,
    steps=(
        Step("at s = 2 the sums leave 1 + v p = m (1 + p)", equation(1 + v * _p_star, m * (1 + _p_star))),
        Step("F keeps it", equation(_F.subs({s: 2, p: _pair}), _p_star)),
        Step("it is that of the general condition", equation(_ratio.subs({s: 2, p: _pair}), m)),
    ),
)

HIERARCHY_THRESHOLD_PAIR = Formula(
    name="hierarchy_threshold_pair",
    title="Noise of the epsilon-process at the transition, for two children",
    symbol=_epsilon_star,
    inputs=(SYMBOLS, RULES),
    expr=_threshold,
    source="derived from hierarchy_upward",
    assumes=(_mean_field, "s = 2", _pair_range),
    where=_PAIR_RANGE,
    steps=(
        Step("noise that gives a leaf the belief p*", _epsilon_of_p.subs(p, _pair)),
        Step("and back", equation(HIERARCHY_LEAF_BELIEF.expr.subs(epsilon, _epsilon_star), _pair)),
    ),
)

_slope_pair = 2 * (m - 1) * (v - m) * (v + 1) / (m * (v - 1) ** 2)

HIERARCHY_SLOPE_PAIR = Formula(
    name="hierarchy_slope_pair",
    title="Slope of the upward map F at its unstable fixed point, for two children",
    symbol=_slope_symbol,
    inputs=(SYMBOLS, RULES),
    expr=_slope_pair,
    source="derived from hierarchy_upward",
    assumes=(_mean_field, "s = 2", _pair_range),
    where=_PAIR_RANGE,
    steps=(
        Step("slope of F at p*", _slope.subs({s: 2, p: _pair})),
        Step(
            "it exceeds 1, by a product that is positive in the range of the transition",
            equation(_slope_pair - 1, (v - 2 * m + 1) * (v * (m - 2) + m) / (m * (v - 1) ** 2)),
        ),
    ),
)

_distance = sympy.Symbol("delta", positive=True)
_nu = log(s) / log(_slope_symbol)

HIERARCHY_EXPONENT = Formula(
    name="hierarchy_exponent",
    title="Exponent nu of the correlation length: correlated leaves span |epsilon - epsilon*|^-nu leaves",
    symbol=sympy.Symbol("nu", positive=True),
    inputs=(Variable(_slope_symbol, "slope of F at its unstable fixed point", Interval.open(1, oo)), CHILDREN),
    expr=_nu,
    source="sclocchi2025 (correlation length); derived",
    assumes=(_mean_field, "near the transition"),
    steps=(
        Step(
            "a distance delta from p* has grown by lambda^h after h levels; it is of order one after log(1/delta)/"
            "log(lambda) of them, which span s^h leaves: delta^-nu",
            equation(s ** (log(1 / _distance) / log(_slope_symbol)), _distance**-_nu),
            extra=(Variable(_distance, "distance of the leaves' belief from p*", POSITIVE),),
        ),
    ),
)
