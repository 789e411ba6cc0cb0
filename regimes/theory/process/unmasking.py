"""Masked data: what is lost by unmasking several tokens at once, each from its own posterior given the visible ones."""

from __future__ import annotations

import sympy
from sympy import Interval, exp, log, oo

from regimes.theory.formula.formula import Formula, Step, Variable, equation

__all__ = ["PARALLEL_UNMASKING_LOSS", "SUPPORTED_SHARE"]

_tokens, _one, _joint = (
    sympy.Symbol(name, **kind)
    for name, kind in (
        ("tokens", {"positive": True}),
        ("H_one", {"nonnegative": True}),
        ("H_joint", {"nonnegative": True}),
    )
)
_loss = sympy.Symbol("D", nonnegative=True)
_share = sympy.Symbol("q_0", positive=True)
_WEIGHTS = sympy.symbols("p_00 p_01 p_10 p_11", positive=True)
# The lines hold for any four weights, and are proven more easily than with a sum of one.
_PAIR = tuple(
    Variable(weight, f"weight of the symbols {weight.name[2]}, {weight.name[3]} of two tokens", Interval.open(0, oo))
    for weight in _WEIGHTS
)
_00, _01, _10, _11 = _WEIGHTS
_ONE, _OTHER = (_00 + _01, _10 + _11), (_00 + _10, _01 + _11)
_PLACES = tuple((p, _ONE[place // 2], _OTHER[place % 2]) for place, p in enumerate(_WEIGHTS))


def _entropy(*weights: sympy.Expr) -> sympy.Expr:
    return -sum(p * log(p) for p in weights)


_of_pair, _of_first, _of_second = _entropy(*_WEIGHTS), _entropy(*_ONE), _entropy(*_OTHER)
_divergence = sum(p * log(p / (one * other)) for p, one, other in _PLACES)
_second_after_first = -sum(p * log(p / one) for p, one, _ in _PLACES)
_first_after_second = -sum(p * log(p / other) for p, _, other in _PLACES)
_mean_one, _mean_next = (_of_first + _of_second) / 2, (_second_after_first + _first_after_second) / 2

PARALLEL_UNMASKING_LOSS = Formula(
    name="parallel_unmasking_loss",
    title="Divergence of the law from one step that unmasks tokens independently of each other",
    symbol=_loss,
    inputs=(
        Variable(_tokens, "tokens that the step unmasks", Interval(1, oo)),
        Variable(_one, "mean entropy of one masked token given the visible ones, in nats", Interval(0, oo)),
        Variable(_joint, "mean joint entropy of these tokens given the visible ones, in nats", Interval(0, oo)),
    ),
    expr=_tokens * _one - _joint,
    source="derived (total correlation of the tokens; chain rule over random orders); lavenant2025",
    where=(_joint <= _tokens * _one,),
    assumes=(
        "the tokens of a step are drawn from their own posteriors, with the visible ones as the law has them",
        "means over the data and over uniformly random orders: with H(k) for k visible tokens, H_one = H(k) and "
        "H_joint = H(k) + ... + H(k + tokens - 1)",
        "divergences of the steps add to that of generated data for a given order; averaged over orders it is an upper "
        "bound for data whose order is forgotten",
    ),
    steps=(
        Step(
            "the divergence of two tokens from two independent ones is their entropies less the joint one",
            equation(_divergence, _of_first + _of_second - _of_pair),
            extra=_PAIR,
        ),
        Step(
            "the joint entropy is one of each number of visible tokens, averaged over both orders: H(k) + H(k + 1)",
            equation(_of_pair, _mean_one + _mean_next),
            extra=_PAIR,
        ),
        Step(
            "so that a step of two tokens loses H(k) - H(k + 1)", equation(_divergence, _mean_one - _mean_next), _PAIR
        ),
    ),
)

SUPPORTED_SHARE = Formula(
    name="supported_share",
    title="Least share of generated data that the law allows, at a divergence of the law from what generates",
    symbol=_share,
    inputs=(Variable(_loss, "divergence of the law from what generates, in nats", Interval(0, oo)),),
    expr=exp(-_loss),
    source="derived (data processing; Jensen's inequality over orders)",
    assumes=("a lower bound, reached where what the law allows is generated in the proportions of the law",),
    steps=(
        Step(
            "of whether the law allows a datum (it always does; what generates gives a share q_0) the divergence is "
            "-log q_0, and no larger than that of the data",
            equation(1 * log(1 / _share), _loss),
        ),
    ),
)
