"""Clones: backward paths that share the state at which they are born, and nothing else."""

from __future__ import annotations

from typing import Unpack

from numpy.typing import ArrayLike
from torch import Tensor

from regimes.numerics.estimation.streams import Stream
from regimes.numerics.interface.checks import whole_number
from regimes.validation.sampling.backward import backward
from regimes.validation.sampling.backward_run import RunOptions, check_states
from regimes.validation.sampling.noise import as_noise
from regimes.validation.sampling.samplers import Score
from regimes.validation.sampling.samplers import sampler as choose_sampler
from regimes.validation.sampling.times import decreasing_times

__all__ = ["clone_pairs"]


def clone_pairs(
    score: Score, x_t: Tensor, times: ArrayLike, *, count: int = 2, **options: Unpack[RunOptions]
) -> Tensor:
    """Let several backward paths begin at every state, each with noise of its own.

    Parameters
    ----------
    score : callable
        Score of states at a time, as of :func:`regimes.validation.sampling.backward`.
    x_t : Tensor, shape (n, ...)
        States at the first time: noised data points, or states of another backward run
        (:func:`regimes.validation.sampling.backward_states`).
    times : array_like, shape (steps + 1,)
        Ornstein-Uhlenbeck times, strictly decreasing.
    count : int
        Clones of a state, at least 2.
    **options
        Those of :func:`regimes.validation.sampling.backward`. All clones run together: clone c of state i is row
        ``count * i + c`` of what ``watch`` sees. ``first_row`` numbers states. A seed as ``noise`` gives the same
        numbers to clones born at the same time.

    Returns
    -------
    Tensor, shape (count, n, ...)
        States at the last time.

    Raises
    ------
    ValueError
        If the sampler is deterministic (the clones would coincide), count is less than 2, or for the reasons of
        :func:`regimes.validation.sampling.backward`.

    Examples
    --------
    >>> import torch
    >>> first, second = clone_pairs(lambda x, t: -x, torch.zeros(4, 3), [1.0, 0.5, 0.0], noise=0)
    >>> first.shape, bool((first == second).any())
    (torch.Size([4, 3]), False)
    """
    rule = choose_sampler(options.get("sampler", "exponential"))
    if not rule.stochastic:
        advice = "give ddim an eta above 0, or use u_turn" if rule.name == "ddim" else "use u_turn"
        raise ValueError(
            f"clone_pairs: sampler must be stochastic, got the deterministic {rule.name!r}, under which clones of "
            f"a state coincide; take 'exponential' or 'ancestral', {advice} to compare with the data point"
        )
    number = whole_number("clone_pairs", "count", "clones of a state", count, at_least=2)
    check_states("clone_pairs", "x_t", x_t)
    t = decreasing_times("clone_pairs", times)
    options["noise"] = as_noise("clone_pairs", options.get("noise", 0), Stream.CLONES, float(t[0]))
    options["first_row"] = number * whole_number(
        "clone_pairs", "first_row", "number of the first state", options.get("first_row", 0), at_least=0
    )
    ends = backward(score, x_t.repeat_interleave(number, dim=0), t, **options)
    return ends.view(len(x_t), number, *x_t.shape[1:]).transpose(0, 1).contiguous()
