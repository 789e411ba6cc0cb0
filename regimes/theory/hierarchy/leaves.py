"""What a noised leaf of the hierarchy says about its symbol."""

from __future__ import annotations

import sympy
from sympy import exp

from regimes.theory.formula.formula import Formula, Step, Variable, equation
from regimes.theory.formula.symbols import (
    EPSILON,
    SYMBOLS,
    TIME,
    Delta,
    Delta_stable,
    epsilon,
    p,
    t,
    v,
    x,
    y,
)

__all__ = ["HIERARCHY_LEAF_BELIEF", "HIERARCHY_LEAF_DOUBT", "ONE_HOT_LOG_MESSAGE"]

_keeps = "the leaf keeps its symbol with probability 1 - epsilon, else takes any of the v with equal probability"

_leaf_belief = 1 - epsilon + epsilon / v

HIERARCHY_LEAF_BELIEF = Formula(
    name="hierarchy_leaf_belief",
    title="Belief of a noised leaf in its true symbol",
    symbol=p,
    inputs=(EPSILON, SYMBOLS),
    expr=_leaf_belief,
    source="sclocchi2024 (epsilon-process)",
    assumes=(_keeps,),
    steps=(
        Step("one, less the belief in each of the v - 1 other symbols", 1 - (v - 1) * epsilon / v),
        Step("without noise it is certain", equation(_leaf_belief.subs(epsilon, 0), 1)),
        Step("at full noise it knows nothing", equation(_leaf_belief.subs(epsilon, 1), 1 / v)),
    ),
    stable=(v * (1 - epsilon) + epsilon) / v,
)

HIERARCHY_LEAF_DOUBT = Formula(
    name="hierarchy_leaf_doubt",
    title="Belief of a noised leaf in each symbol that is not its own",
    symbol=sympy.Symbol("p_wrong", nonnegative=True),
    inputs=(EPSILON, SYMBOLS),
    expr=epsilon / v,
    source="sclocchi2024 (epsilon-process)",
    assumes=(_keeps,),
    steps=(Step("what the belief in the true symbol leaves, shared by v - 1 others", (1 - _leaf_belief) / (v - 1)),),
)

_log_gain = (x**2 - (x - exp(-t)) ** 2) / (2 * Delta)
_other_gain = (y**2 - (y - exp(-t)) ** 2) / (2 * Delta)

ONE_HOT_LOG_MESSAGE = Formula(
    name="one_hot_log_message",
    title="Log-likelihood of a symbol of a one-hot leaf under Gaussian noise, up to a constant of the leaf",
    symbol=sympy.Symbol("log_h", real=True),
    inputs=(Variable(x, "component of the noised leaf along the symbol", sympy.S.Reals), TIME),
    expr=x * exp(-t) / Delta,
    source="derived, with the forward process of biroli2024",
    assumes=("x_t = exp(-t) a + sqrt(Delta_t) z with a the unit vector of the leaf's symbol",),
    steps=(
        Step(
            "gain in log density when this component holds the 1 rather than a 0, plus exp(-2t)/(2 Delta_t), the same "
            "for every symbol",
            _log_gain + exp(-2 * t) / (2 * Delta),
        ),
        Step(
            "against another symbol, of component y, the log-likelihood ratio is that of the two messages",
            equation(_log_gain - _other_gain, (x - y) * exp(-t) / Delta),
            extra=(Variable(y, "component of the noised leaf along another symbol", sympy.S.Reals),),
        ),
    ),
    stable=x * exp(-t) / Delta_stable,
)
