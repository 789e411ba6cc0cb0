"""Panels of the denoisers of pairs of digits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from regimes.validation.experiments.digits_speciation.comparison import Comparison
from regimes.validation.experiments.digits_speciation.pair import BRIEF, PairFound
from regimes.validation.outcome.panels import Curve, Panel, curve

__all__ = ["panels"]

_PUBLISHED_TIMES = {"MNIST": 1.02, "CIFAR": 1.41, "ImageNet16": 0.56, "ImageNet32": 1.25, "LSUN": 2.05}


def panels(found: Sequence[PairFound], comparison: Comparison, published: Mapping[str, float]) -> list[Panel]:
    """Draw clone probabilities against t/t_S, and measured times over predicted ones."""
    classes: list[Curve] = []
    index: list[Curve] = []
    for group, pair in enumerate(found):
        t_S, measured = pair.t_S, pair.case.measurement
        means, drawn = measured.predictions.class_means, measured.predictions.curves
        if means is not None:
            inside = (means.t > 0.2 * t_S) & (means.t < 1.7 * t_S)
            classes.append(
                curve(pair.case.name, "theory", means.t[inside] / t_S, means.clone_probability[inside], group=group)
            )
        phi = measured.phi_class
        if phi is not None:
            values, errors = phi.measured, phi.measured_se
            if phi.corrected is not None and phi.corrected_se is not None:
                values, errors = phi.corrected, phi.corrected_se
            classes.append(curve("", "simulation", measured.t / t_S, values, errors, group=group))
        if measured.phi_index is not None:
            inside = (drawn["t"] > 0.2 * t_S) & (drawn["t"] < 1.7 * t_S)
            index.append(
                curve(pair.case.name, "theory", drawn["t"][inside] / t_S, drawn["clone_index"][inside], group=group)
            )
            shares = measured.phi_index
            index.append(curve("", "simulation", measured.t / t_S, shares.measured, shares.measured_se, group=group))
    ratios = []
    places = {pair.case.name: pair.t_S for pair in found}
    for group, (name, each) in enumerate(comparison.ratios.items()):
        if each:
            quotients, bars = zip(*each.values(), strict=True)
            ratios.append(
                curve(BRIEF[name], "simulation", [places[pair] for pair in each], quotients, bars, group=group)
            )
    order = sorted(published, key=_PUBLISHED_TIMES.__getitem__)
    ratios.append(
        curve(
            r"published, $\frac{1}{2}\log\Lambda$",
            "simulation",
            [_PUBLISHED_TIMES[name] for name in order],
            [published[name] for name in order],
            group=5,
        )
    )
    mark = (("$t_S$", 1.0),)
    return [
        Panel("Class: lines from class means", "$t/t_S$", r"$\phi_{class}$, corrected", tuple(classes), mark),
        Panel("Training point: lines from the exact empirical score", "$t/t_S$", r"$\phi_{index}$", tuple(index), mark),
        Panel("Measured over predicted time", r"$t_S = \frac{1}{2}\log\Lambda$", "ratio", tuple(ratios)),
    ]
