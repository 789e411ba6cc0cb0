"""What the order of class times is worth, in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regimes.validation.experiments.class_tree.analysis import OrderFound, SourceFound
from regimes.validation.experiments.class_tree.orders import Estimate
from regimes.validation.experiments.class_tree.transitions import ESTIMANDS

__all__ = ["sentences", "sure", "with_error"]

_NORMAL = 1.96
_CHANCE = 0.05  # of permutations
_OF = {"trained": "trained denoisers", "exact": "the exact empirical score"}
_PREDICTION = {
    "bound": "bound",
    "overlap": "overlap of Gaussians",
    "log_odds": "log-odds of Gaussians",
    "means": "Gaussians of one covariance",
    "distance": "distance of means",
    "same": "posterior for what is measured",
}
_QUANTITY = {"clones": "pairs of clones", "turns": "U-turns"}


def sentences(sources: Sequence[SourceFound], not_run: Sequence[str]) -> list[str]:
    """Say what was found of each set of images, the trained model first."""
    words = []
    for source in sources:
        for model, of in source.orders.items():
            words += [_order(source.name, _OF[model], _QUANTITY[name], of[name]) for name in ESTIMANDS]
        words += [_absolute(source), _limits(source)]
    words += [f"Not run: {name}, whose package is not installed." for name in not_run]
    return words


def sure(of: Estimate) -> int:
    """1 or -1 where a number differs from 0 beyond its errors, else 0."""
    return int(np.sign(of.value)) if abs(of.value) > _NORMAL * of.se else 0


def with_error(of: Estimate) -> str:
    """Value, and in brackets its standard error."""
    return f"{of.value:.2f} ({of.se:.2f})"


def _order(source: str, model: str, quantity: str, of: OrderFound) -> str:
    pairs, merges = of.pairs["bound"]["spearman"], of.merges["bound"]["spearman"]
    averaged = ", ".join(f"{_PREDICTION[name]} {with_error(each)}" for name, each in of.averaged.items())
    return (
        f"{source}, {quantity} of {model}: predicted times {_verdict(pairs, of.p_pairs)} pairs of classes (rank "
        f"correlation {with_error(pairs)}, p = {of.p_pairs:.3g}; distance of means "
        f"{with_error(of.pairs['distance']['spearman'])}, which the bound {_gain(of.gain_pairs)}), and "
        f"{_verdict(merges, of.p_merges)} the merges of the tree ({with_error(merges)}, p = {of.p_merges:.3g}; "
        f"distance of means {with_error(of.merges['distance']['spearman'])}, which the tree "
        f"{_gain(of.gain_merges)}). An inner merge parts at less noise than the one around it in "
        f"{with_error(of.couples)} of the couples, with permuted names in {of.chance_couples:.2f} (p = "
        f"{of.p_couples:.3g}). Pairs with times averaged over trainings: {averaged}."
    )


def _verdict(of: Estimate, p: float) -> str:
    return "order" if sure(of) > 0 and p < _CHANCE else "do not order, beyond errors and chance,"


def _gain(of: Estimate) -> str:
    way = {1: "exceeds", 0: "neither exceeds nor misses beyond errors", -1: "falls short of"}[sure(of)]
    return f"{way}, by {of.value:+.2f} ({of.se:.2f})"


def _absolute(source: SourceFound) -> str:
    said = []
    for model, orders in source.orders.items():
        for name in ESTIMANDS:
            of = orders[name]
            said.append(
                f"{_QUANTITY[name]} of {_OF[model]}: pairs {_percent(of.pairs['bound']['log_ratio'])} of the bound, "
                f"{_percent(of.pairs['same']['log_ratio'])} of the prediction for what is measured, slope "
                f"{with_error(of.pairs['bound']['slope'])}; merges {_percent(of.merges['bound']['log_ratio'])} and "
                f"{_percent(of.merges['same']['log_ratio'])}"
            )
    return f"{source.name}, measured over predicted times (geometric mean): {'. '.join(said)}."


def _percent(of: Estimate) -> str:
    value = float(np.exp(of.value))
    return f"{value:.2f} ({value * of.se:.2f})"


def _limits(source: SourceFound) -> str:
    seeds = source.seeds
    repeated = ""
    if source.between is not None:
        again = "; ".join(
            f"{_OF[model]} {orders['clones'].between:.2f}, {orders['turns'].between:.2f}"
            for model, orders in source.orders.items()
        )
        repeated = (
            f"From one half of the images to another the rank correlation of pairs is {source.between:.2f} of the "
            f"bound, and of times measured with clones and with U-turns: {again}. "
        )
    steps = ", ".join(f"{_QUANTITY[name]} {_percent(each)}" for name, each in source.steps.items())
    return (
        f"{source.name}: {repeated}Under the exact empirical score clones measure {_percent(source.estimator[0])} of "
        f"the time that its posterior gives for two classes alone, {_percent(source.estimator[1])} for merges"
        + (f"; steps over draws: {steps}" if steps else "")
        + f". The classifiers find the class of {np.mean([each.accuracy for each in seeds]):.1%} of images that they "
        f"had not seen; held-out loss {np.mean([each.denoiser_loss or 0.0 for each in seeds]):.4f}."
    )
