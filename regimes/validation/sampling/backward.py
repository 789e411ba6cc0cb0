"""The backward process from x_t to x_s for any score, in batches, with noise that depends on its place alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import is_dataclass
from functools import partial
from typing import Any, TypedDict, Unpack

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.streams import Stream
from regimes.numerics.interface.checks import positive_number, whole_number
from regimes.validation.running.checkpoints import Partial
from regimes.validation.running.progress import Progress
from regimes.validation.sampling.checked_score import CheckedScore, all_finite
from regimes.validation.sampling.noise import Noise, as_noise
from regimes.validation.sampling.samplers import Sampler, Score, advance
from regimes.validation.sampling.samplers import sampler as choose_sampler
from regimes.validation.sampling.saved_state import SavedState
from regimes.validation.sampling.times import decreasing_times

__all__ = ["RunOptions", "Score", "Watch", "backward", "backward_states", "check_states", "noised"]

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
_SAME_TIME = 1e-12


def backward(
    score: Score,
    x: Tensor,
    times: ArrayLike,
    *,
    sampler: str | Sampler = "exponential",
    noise: Noise | int = 0,
    first_row: int = 0,
    first_step: int = 0,
    batch: int | None = None,
    memory: int | None = None,
    watch: Watch | None = None,
    progress: Progress | None = None,
    checkpoint: Partial | None = None,
) -> Tensor:
    """Run the backward process ``-dx = (x + 2 score) dt + sqrt(2) dW``, or its flow, from the first time to the last.

    Parameters
    ----------
    score : callable
        ``score(x, t)``: gradient of log P_t at states x (n, ...) and one Ornstein-Uhlenbeck time t, of the shape of x;
        any function or module. It is called without gradients and must not change x. It is never called at t = 0
        unless the sampler was told that it may be.
    x : Tensor, shape (n, ...)
        States at the first time, float32 or float64, on any device; not changed.
    times : array_like, shape (steps + 1,)
        Ornstein-Uhlenbeck times, strictly decreasing; the last may be 0.
    sampler : str or Sampler
        How steps are taken, see :func:`regimes.validation.sampling.sampler`.
    noise : Noise or int
        A seed, or a source, which is used as it is: take substreams of it for runs that must be independent. A seed
        gives the same numbers to runs that begin at the same time, and others to those of another beginning, to clones
        and to the forward process.
    first_row : int
        Number of the first row: the noise of row i is that of ``first_row + i``, so that a run in parts gives what one
        run gives.
    first_step : int
        Number of the first step, likewise: with a source, a run that goes on from the times of another must not use its
        noise again.
    batch : int, optional
        Rows at a time; as many as ``memory`` holds by default.
    memory : int, optional
        Bytes for some eight arrays of a batch: 16 MiB by default (what caches still hold), 1 GiB on a GPU. What a
        score needs beyond is not counted.
    watch : callable, optional
        ``watch(step, t, x, first_row)`` sees the states of every batch at every time, the first included. x is the
        state itself: copy what is to be kept. After a resumption it sees what comes after the saved state alone.
    progress : callable, optional
        Called after every step with (part, done, total), steps of single rows counted.
    checkpoint : Partial, optional
        ``Checkpoints.partial(name)``: keeps the state every 20 s. Called again with the same arguments, a run that was
        killed goes on from there.

    Returns
    -------
    Tensor, shape (n, ...)
        States at the last time.

    Raises
    ------
    ValueError
        If x is not a float tensor with at least one row or not finite, the times are not decreasing, a score is nan,
        infinite or not of the shape, type and device of x, or the checkpoint holds another run.

    Notes
    -----
    On the CPU the result is the same to the byte for any batch, number of threads and resumption if the score of a row
    is; products of matrices may round it differently with the size of the batch.

    Examples
    --------
    Standard normal data keep their law:

    >>> import torch
    >>> from regimes.validation.sampling import NoiseStream, backward_times
    >>> x_1 = NoiseStream(0).normal(0, 0, 20_000, (1,))
    >>> x_0 = backward(lambda x, t: -x, x_1, backward_times(1.0, steps=200), noise=1)
    >>> round(float(x_0.std()), 1)
    1.0
    """
    options = RunOptions(
        sampler=sampler,
        noise=noise,
        first_row=first_row,
        first_step=first_step,
        batch=batch,
        memory=memory,
        watch=watch,
        progress=progress,
        checkpoint=checkpoint,
    )
    return _run("backward", score, x, times, (), options)[0]


def backward_states(
    score: Score,
    x: Tensor,
    times: ArrayLike,
    at: ArrayLike,
    **options: Unpack[RunOptions],
) -> Tensor:
    """Run the backward process once and keep its states at several times: points at which clones can be born.

    Parameters
    ----------
    score, x, times
        As of :func:`backward`.
    at : array_like, shape (T,)
        Which of the times.
    **options
        Those of :func:`backward`; a checkpoint keeps the states passed so far as well.

    Returns
    -------
    Tensor, shape (T, n, ...)
        States in the order of ``at``.

    Raises
    ------
    ValueError
        If a time of ``at`` is none of the times, or for the reasons of :func:`backward`.

    Examples
    --------
    >>> import torch
    >>> states = backward_states(lambda x, t: -x, torch.zeros(5, 3), [1.0, 0.5, 0.25, 0.0], at=[0.5, 0.0])
    >>> tuple(states.shape)
    (2, 5, 3)
    """
    t = decreasing_times("backward_states", times)
    wanted = np.atleast_1d(np.asarray(at, dtype=np.float64))
    nearest = np.abs(t[:, None] - wanted).argmin(axis=0)
    strangers = wanted[np.abs(t[nearest] - wanted) > _SAME_TIME * t[0]]
    if strangers.size or wanted.ndim != 1 or not wanted.size:
        given = f"{strangers[0]:.17g}" if strangers.size else f"an array of shape {wanted.shape}"
        raise ValueError(
            f"backward_states: at must be times among those of the run, {t[0]:g} to {t[-1]:g}, got {given}; put it "
            "among the times"
        )
    return _run("backward_states", score, x, t, tuple(nearest.tolist()), options)[1]


def noised(a: Tensor, t: float, *, noise: Noise | int = 0, first_row: int = 0, step: int = 0) -> Tensor:
    """Draw from the forward process, ``x_t = exp(-t) a + sqrt(Delta_t) z``.

    Parameters
    ----------
    a : Tensor, shape (n, ...)
        Data points, float32 or float64.
    t : float
        Ornstein-Uhlenbeck time; positive.
    noise : Noise or int
        A seed, or a source, which is used as it is. A seed gives the same numbers at every t.
    first_row : int
        Number of the first row.
    step : int
        Number under which the noise is drawn: other numbers give independent noise, which points that are noised twice
        need.

    Returns
    -------
    Tensor, shape (n, ...)
        Noised points.

    Raises
    ------
    ValueError
        If a is not a float tensor with at least one row or not finite, or t is not positive.

    Examples
    --------
    >>> import torch
    >>> x = noised(torch.ones(20_000, 1), 0.5)
    >>> round(float(x.mean()), 1), round(float(x.var()), 1)
    (0.6, 0.6)
    """
    check_states("noised", "a", a)
    time = positive_number("noised", "t", "Ornstein-Uhlenbeck time", t)
    amplitude = float(compile_formula("signal_amplitude", target="numpy")(time))
    deviation = math.sqrt(compile_formula("noise_variance", target="numpy")(time))
    source = as_noise("noised", noise, Stream.NOISED)
    normal = source.normal(step, first_row, len(a), tuple(a.shape[1:]), device=a.device, dtype=a.dtype)
    return (a * amplitude).add_(normal, alpha=deviation)


@torch.no_grad()
def _run(
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
