"""U-turns: a data point is noised to time t and comes back."""

from __future__ import annotations

from typing import Unpack

from numpy.typing import ArrayLike
from torch import Tensor

from regimes.numerics.estimation.streams import Stream
from regimes.validation.sampling.backward import backward, noised
from regimes.validation.sampling.backward_run import RunOptions
from regimes.validation.sampling.noise import as_noise
from regimes.validation.sampling.samplers import Score
from regimes.validation.sampling.times import backward_times, decreasing_times

__all__ = ["u_turn"]


def u_turn(
    score: Score,
    a: Tensor,
    t: float,
    *,
    steps: int = 500,
    end: float = 0.0,
    spacing: str = "uniform",
    times: ArrayLike | None = None,
    **options: Unpack[RunOptions],
) -> Tensor:
    """Noise data points to a time and run the backward process from there.

    The end is a clone of the data point if the score is exact. Deterministic samplers are admitted: what is random is
    the noise on the way out.

    Parameters
    ----------
    score : callable
        Score of states at a time, as of :func:`regimes.validation.sampling.backward`.
    a : Tensor, shape (n, ...)
        Data points, float32 or float64.
    t : float
        Ornstein-Uhlenbeck time of the turn; positive.
    steps, end, spacing
        Of the way back, as of :func:`regimes.validation.sampling.backward_times`.
    times : array_like, optional
        Times of the way back in place of these three; the first must be t.
    **options
        Those of :func:`regimes.validation.sampling.backward`. The ways out and back take substreams 0 and 1 of the
        noise, or of what a seed gives for this t.

    Returns
    -------
    Tensor, shape (n, ...)
        States at the end.

    Raises
    ------
    ValueError
        If times do not begin at t, or for the reasons of :func:`regimes.validation.sampling.backward`.

    Examples
    --------
    >>> import torch
    >>> ends = u_turn(lambda x, t: -x, torch.ones(20_000, 1), 0.5, steps=100)
    >>> round(float(ends.mean()), 1)  # exp(-2t) of it is left
    0.4
    """
    path = (
        backward_times(t, end=end, steps=steps, spacing=spacing) if times is None else decreasing_times("u_turn", times)
    )
    if float(path[0]) != float(t):
        raise ValueError(f"u_turn: times must begin at t = {float(t):.17g}, got {path[0]:.17g}; put t first")
    source = as_noise("u_turn", options.get("noise", 0), Stream.U_TURN, float(t))
    out = noised(a, t, noise=source.substream(0), first_row=options.get("first_row", 0))
    options["noise"] = source.substream(1)
    return backward(score, out, path, **options)
