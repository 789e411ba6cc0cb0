"""The backward process from x_t to x_s for any score, in batches, with noise that depends on its place alone."""

from __future__ import annotations

import math
from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.streams import Stream
from regimes.numerics.interface.checkpoints import Partial
from regimes.numerics.interface.checks import positive_number
from regimes.validation.running.progress import Progress
from regimes.validation.sampling.backward_run import RunOptions, Watch, check_states, run_backward
from regimes.validation.sampling.noise import Noise, as_noise
from regimes.validation.sampling.samplers import Sampler, Score
from regimes.validation.sampling.times import decreasing_times

__all__ = ["backward", "backward_states", "noised"]

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
    return run_backward("backward", score, x, times, (), options)[0]


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
    return run_backward("backward_states", score, x, t, tuple(nearest.tolist()), options)[1]


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
