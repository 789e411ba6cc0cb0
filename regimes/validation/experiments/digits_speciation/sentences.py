"""What the denoisers of pairs of digits did, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from regimes.validation.experiments.digits_speciation.comparison import Comparison
from regimes.validation.experiments.digits_speciation.pair import BRIEF, PairFound

__all__ = ["sentences"]

_DECIDED = 0.95  # share of redraws from which on a prediction is called the best


def sentences(found: Sequence[PairFound], comparison: Comparison, published: Mapping[str, float]) -> list[str]:
    """Say what was found."""
    words = [_best(found, comparison)]
    if comparison.scatter is not None and comparison.largest_scatter is not None:
        words.append(
            "From one training to the next measured times differ by no more than the clones explain; ratios are of the "
            "mean over trainings."
            if comparison.scatter == 0
            else f"From one training to the next a measured time scatters by {comparison.scatter:.1%} beyond what the "
            f"clones explain (less than {comparison.largest_scatter:.1%} with 95% confidence); ratios are of the mean "
            "over trainings, and their errors hold the former."
        )
    for name, each in comparison.ratios.items():
        listed = ", ".join(f"{pair} {_with_error(*ratio)}" for pair, ratio in each.items())
        words.append(f"Measured over predicted, {BRIEF[name]}: {listed or 'none'}.")
    listed = ", ".join(f"{ratio:.2f} ({name})" for name, ratio in published.items())
    words.append(
        f"Published, phi = 0.775 over 1/2 log Lambda in Ornstein-Uhlenbeck time (biroli2024, from its figures): "
        f"{listed}; a published figure that looks better divides step numbers, not times."
    )
    words.append(_steps(found))
    words += [_of_pair(pair) for pair in found]
    return words


def _best(found: Sequence[PairFound], comparison: Comparison) -> str:
    rms = comparison.rms
    if comparison.best is None:
        return "No pair has a measured crossing beside all predictions."
    shared = sum(all(pair.case.name in each for each in comparison.ratios.values()) for pair in found)
    listed = "; ".join(
        f"{BRIEF[name]} {rms[name]:.3f} (mean {comparison.mean[name]:+.3f}, from errors alone "
        f"{comparison.expected[name]:.3f}), best in {comparison.share_best[name]:.0%}"
        for name in sorted(rms, key=rms.__getitem__)
    )
    share = comparison.share_best[comparison.best]
    decided = "" if share >= _DECIDED else ", which these errors leave open"
    return (
        f"Best prediction of the measured class crossing: {BRIEF[comparison.best]}{decided}. Root mean square of "
        f"log(measured/predicted) in Ornstein-Uhlenbeck time over {shared} pairs, and the share of redraws of pairs "
        f"and errors in which it is the smallest: {listed}."
    )


def _steps(found: Sequence[PairFound]) -> str:
    """What the finite steps do, by the exact empirical score of the same points."""
    listed = [
        f"{pair.case.name} {_with_error(each.ratio, each.se)}"
        for pair in found
        for each in pair.case.control.ratios
        if (each.measured, each.predicted) == (pair.measured, "speciation.class_time_memorised")
    ]
    return (
        "Finite steps: class crossing of clones under the exact empirical score with the same steps, over that of its "
        f"posterior: {', '.join(listed) or 'none measured'}."
    )


def _of_pair(pair: PairFound) -> str:
    case, generated = pair.case, pair.case.generated
    measured = case.measurement
    kinds = (("raw", "measure.class_time"), ("corrected", "measure.class_time_corrected"))
    listed = [(word, measured.measured[key]) for word, key in kinds if key in measured.measured]
    listed += [("trained anew", each.measured[pair.measured]) for each in pair.again]
    crossings = ", ".join(
        f"{name} " + ("none" if each.time is None else _with_error(each.time, each.se)) for name, each in listed
    )
    index, place = measured.phi_index, int(np.argmin(np.abs(measured.t - pair.t_S)))
    shares = ""
    if index is not None and index.predicted is not None:
        of_model, of_exact = index.measured[place], index.predicted[place]
        shares = f" phi_index at t_S is {of_model:.2f}, by the exact empirical score {of_exact:.2f};"
    loss, (gap, gap_se) = case.denoiser.held_out_loss, case.gap.at(pair.t_S)
    change = pair.held_out[0] - pair.from_training[0]
    error = math.hypot(pair.held_out[1], pair.from_training[1])
    return (
        f"{case.name}: t_S {pair.t_S:.3f}, class crossing {crossings}. Training stopped at its best step "
        f"{case.denoiser.best_step}, held-out loss {0.0 if loss is None else loss:.4f}; classifier "
        f"{pair.classifier.accuracy:.1%} right on points held out.{shares} clones of held-out points change phi_class "
        f"there by {change:+.3f} ({error:.3f}); G(t_S) {gap:.2f} ({gap_se:.2f}) nats; {generated.copies:.1%} of "
        f"generated points are near-copies of a training point, {generated.copies_of_test:.1%} of held-out ones."
    )


def _with_error(value: float, error: float | None) -> str:
    return f"{value:.3f}" if error is None else f"{value:.3f} ({error:.3f})"
