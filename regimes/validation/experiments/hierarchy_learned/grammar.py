"""Leaves generated from pure noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.validation.experiments.hierarchy_learned.form import HierarchyForm
from regimes.validation.experiments.runner.tree_denoisers import T_RANGE
from regimes.validation.sampling import NoiseStream, backward, backward_times
from regimes.validation.sampling.samplers import Score

__all__ = ["generated_leaves", "path"]

Array = NDArray[np.float64]
Leaves = NDArray[np.int64]


def path(t: float, steps: int) -> Array:
    """Times of a way back from t: equal steps of log-SNR, the last to the posterior mean."""
    return np.append(backward_times(t, end=T_RANGE[0], steps=steps - 1, spacing="log-snr"), 0.0)


def generated_leaves(form: HierarchyForm, score: Score, noise: NoiseStream) -> Leaves:
    """Leaves generated from pure noise around the mean of all symbols."""
    amplitude = float(compile_formula("signal_amplitude", target="numpy")(T_RANGE[1]))
    shape = (form.s**form.L, form.v)
    x = noise.substream(0).normal(0, 0, form.generated, shape) + amplitude / form.v
    times = path(T_RANGE[1], form.steps)
    ends = backward(score, x, times, sampler="ancestral", noise=noise.substream(1))
    return np.asarray(ends.argmax(dim=2).numpy(), dtype=np.int64)
