"""One backward run: batches, what watches it, and a state on disk from which it goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import is_dataclass
from functools import partial
from typing import Any, TypedDict

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from regimes.numerics.estimation.streams import Stream
from regimes.numerics.interface.checkpoints import Partial
from regimes.numerics.interface.checks import whole_number
from regimes.validation.running.progress import Progress
from regimes.validation.sampling.checked_score import CheckedScore, all_finite
from regimes.validation.sampling.noise import Noise, as_noise
from regimes.validation.sampling.samplers import Sampler, Score, advance
from regimes.validation.sampling.samplers import sampler as choose_sampler
from regimes.validation.sampling.saved_state import SavedState
from regimes.validation.sampling.times import decreasing_times

__all__ = ["RunOptions", "Watch", "check_states", "run_backward"]

Watch = Callable[[int, float, Tensor, int], None]
"""Sees every state: ``watch(step, t, x, first_row)``."""


class RunOptions(TypedDict, total=False):
    """Options of a backward run, as :func:`backward` explains them."""

    sampler: str | Sampler
    noise: Noise | int
    first_row: int
    first_step: int
    batch: int | None
    memory: int | None
    watch: Watch | None
    progress: Progress | None
    checkpoint: Partial | None


_MEMORY = 2**24
_MEMORY_OF_DEVICES = 2**30
_ARRAYS = 8  # state, score, noise, and what a score makes on its way


@torch.no_grad()
def run_backward(
    function: str, score: Score, x: Tensor, times: ArrayLike, keep: tuple[int, ...], options: RunOptions
) -> tuple[Tensor, Tensor]:
    """States at the last time, and those at the times numbered in ``keep``."""
    t = decreasing_times(function, times)
    rule = choose_sampler(options.get("sampler", "exponential"))
    source = as_noise(function, options.get("noise", 0), Stream.BACKWARD, float(t[0]))
    weights = rule.weights(t)
    check_states(function, "x", x)
    first_row, first_step = (
        whole_number(function, name, meaning, options.get(name, 0), at_least=0)
        for name, meaning in (("first_row", "number of the first row"), ("first_step", "number of the first step"))
    )
    watch, progress = options.get("watch"), options.get("progress")
    rows, shape, steps = len(x), tuple(x.shape[1:]), t.size - 1
    size = _batch(function, x, options.get("batch"), options.get("memory"))
    settings = (t.tolist(), rule, _name(source), first_row, first_step, keep)
    saved = SavedState(options.get("checkpoint"), x, settings)
    if x.device.type == "cpu":
        _keep_freed_memory()
    x, kept = x.clone(), x.new_zeros((len(keep), *x.shape))
    checked = CheckedScore(function, score, t)

    def passed(step: int, state: Tensor, first: int) -> None:
        for slot, wanted in enumerate(keep):
            if wanted == step:
                kept[slot, first : first + len(state)] = state
        if watch is not None:
            watch(step, float(t[step]), state, first_row + first)

    first, count, done = saved.load(x, kept)
    while first < rows:
        count = count or min(size, rows - first)  # a batch under way is finished as it was begun
        state = x[first : first + count]
        if done == 0:
            passed(0, state, first)
        for step in range(done, steps):
            checked.at(step, first_row + first)
            draw = partial(
                source.normal, first_step + step, first_row + first, count, shape, device=x.device, dtype=x.dtype
            )
            advance(rule, weights, step, checked, state, float(t[step]), float(t[step + 1]), draw)
            passed(step + 1, state, first)
            if progress is not None:
                progress("backward run", first * steps + (step + 1) * count, rows * steps)
            saved.save(x, kept, (first, count, step + 1))
        first, count, done = first + count, 0, 0
    if not all_finite(x):
        raise ValueError(
            f"{function}: the states must stay finite, got nan or inf at t = {t[-1]:g}; the score drives them "
            "off: take more steps or float64"
        )
    saved.finish(x, kept)
    return x, kept


def check_states(function: str, name: str, x: Tensor) -> None:
    """Check states of simulated rows."""
    given: Any = x
    if not isinstance(given, Tensor):
        raise ValueError(f"{function}: {name} must be a torch tensor, got {type(x).__name__}; use torch.as_tensor")
    if x.dtype not in (torch.float32, torch.float64) or x.ndim == 0 or x.numel() == 0:
        raise ValueError(
            f"{function}: {name} (states) must be float32 or float64 of shape (n, ...) with at least one row, got "
            f"{x.dtype} of shape {tuple(x.shape)}"
        )
    if not all_finite(x):
        raise ValueError(f"{function}: {name} (states) must be finite, got nan or inf; check what made them")


def _keep_freed_memory() -> None:
    """Let the allocator keep what a step frees for the next one.

    glibc hands large blocks back to the system, and every step would pay for the same pages again: 10 ns a number where
    the step itself takes 2 (batches of 2048 rows of 1024). It keeps more once a block of just below 32 MiB was freed
    (mallopt(3), M_MMAP_THRESHOLD); this one is never touched. Elsewhere nothing comes of it.
    """
    torch.empty(2**25 - 2**16, dtype=torch.uint8)


def _batch(function: str, x: Tensor, batch: int | None, memory: int | None) -> int:
    if batch is not None:
        return whole_number(function, "batch", "rows at a time", batch, at_least=1)
    if memory is None:
        memory = _MEMORY if x.device.type == "cpu" else _MEMORY_OF_DEVICES
    allowed = whole_number(function, "memory", "bytes for the arrays of a batch", memory, at_least=1)
    return max(1, allowed // (_ARRAYS * x[0].numel() * x.element_size()))


def _name(source: Noise) -> str:
    """What is known of a source of noise from one process to the next."""
    given: Any = source
    return repr(given) if is_dataclass(given) else type(given).__name__
