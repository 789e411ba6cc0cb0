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
_first, _after_0, _after_1 = sympy.symbols("p_first p_after_0 p_after_1", positive=True)
_PROBABILITY = Interval.open(0, 1)
_PAIR = (
    Variable(_first, "probability that the first of two tokens of two symbols is 0", _PROBABILITY),
    Variable(_after_0, "that the second is 0, where the first is 0", _PROBABILITY),
    Variable(_after_1, "that the second is 0, where the first is 1", _PROBABILITY),
)
_second = _first * _after_0 + (1 - _first) * _after_1
_PAIRS = (
    (_first * _after_0, _first, _second),
    (_first * (1 - _after_0), _first, 1 - _second),
    ((1 - _first) * _after_1, 1 - _first, _second),
    ((1 - _first) * (1 - _after_1), 1 - _first, 1 - _second),
)


def _entropy(*probabilities: sympy.Expr) -> sympy.Expr:
    return -sum(p * log(p) for p in probabilities)


_of_pair = _entropy(*(p for p, _, _ in _PAIRS))
_of_first, _of_second = _entropy(_first, 1 - _first), _entropy(_second, 1 - _second)
_divergence = sum(p * log(p / (one * other)) for p, one, other in _PAIRS)
_second_after_first = sum(p * log(one / p) for p, one, _ in _PAIRS)
_first_after_second = sum(p * log(other / p) for p, _, other in _PAIRS)
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
