"""Class posteriors over the whole range in which a class is decided, for what is asked of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.decisions.class_posteriors import ClassPosteriors
from regimes.numerics.interface.checkpoints import Checkpoints
from regimes.numerics.posterior.curves import PosteriorCurves
from regimes.prediction.dataset.time_grid import even_times

__all__ = ["kept_posteriors", "window_times"]

Array = NDArray[np.float64]

_FAINT = 0.0015  # normalised clone probability at the largest time: below it a flow draws the class anew too
_SPACING, _SPAN = 0.75, 16.0  # nats of log snr: between times, which places an end to .5%, and in all
_FEWEST, _MOST = 12, 24
_OWN = "classes_"  # the store keeps formulas of its own with a piece


def window_times(curves: PosteriorCurves, labels: NDArray[np.intp]) -> Array:
    """Times from where points are told to where hardly anything is left of the class, even in log snr.

    Where the curves end before, the clone probability is continued in proportion to snr, as it falls at large noise.
    """
    floor = float(np.sum((np.bincount(labels) / labels.size) ** 2))
    normalise = compile_formula("normalised_clone_probability", target="numpy")
    left = np.maximum(normalise(curves.clone_class, floor), 1e-9)
    log_snr = compile_formula("log_snr", target="numpy")(curves.t)
    last = int(np.flatnonzero(left > _FAINT)[-1]) if (left > _FAINT).any() else 0
    end = log_snr[last] - np.log(max(left[last] / _FAINT, 1.0))
    start = min(float(log_snr[0]), end + _SPAN)
    count = int(np.clip(np.ceil((start - end) / _SPACING) + 1, _FEWEST, _MOST))
    first, final = compile_formula("time_from_log_snr", target="numpy")([start, end])
    return even_times(float(first), float(final), count)


def kept_posteriors(name: str, compute: Callable[[], ClassPosteriors], store: Checkpoints) -> ClassPosteriors:
    """Posteriors that the store keeps."""
    stored = store.piece(name, lambda: {_OWN + part: value for part, value in vars(compute()).items()})
    found: dict[str, Any] = {part.removeprefix(_OWN): value for part, value in stored.items()}
    plain = {"n": int(found["n"]), "exact": bool(found["exact"]), "formulas": tuple(found["formulas"].tolist())}
    return ClassPosteriors(**found | plain)
