"""Squared error of a denoiser at every noise level, on the points it was trained on and on others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.streams import Stream
from regimes.numerics.interface.checks import positive_times, whole_number
from regimes.numerics.interface.data_checks import checked_points
from regimes.prediction.losses.curve import LossCurve
from regimes.validation.running.progress import Progress, counter, silent
from regimes.validation.sampling.device import choose_device
from regimes.validation.sampling.noise import NoiseStream
from regimes.validation.sampling.samplers import Score
from regimes.validation.scores.torch_formula import torch_formula
from regimes.validation.training.trained_denoiser import TrainedDenoiser

__all__ = ["loss_curve"]

_TRAIN, _TEST = 0, 1  # substreams
_ROWS = 4096

Array = NDArray[np.float64]


def loss_curve(
    denoiser: TrainedDenoiser | Score,
    train: ArrayLike,
    t: ArrayLike,
    *,
    test: ArrayLike | None = None,
    noise: NoiseStream | int = 0,
    draws: int = 8,
    batch: int | None = None,
    device: str | torch.device | None = None,
    progress: Progress | None = None,
) -> LossCurve:
    """Loss of a denoiser at every noise level, on training and on test points.

    Parameters
    ----------
    denoiser : TrainedDenoiser or callable
        A denoiser, or any ``score(x, t)``; its ``posterior_mean(x, t)`` is used where it has one.
    train : array_like, shape (n, ...)
        Points on which it was trained.
    t : array_like, shape (T,)
        Increasing Ornstein-Uhlenbeck times.
    test : array_like, shape (n', ...), optional
        Points of the same law that it has not seen.
    noise : NoiseStream or int
        Source of the noise, or a seed; each point has noises of its own, the same at all times, so that curves are
        smooth.
    draws : int
        Noises a point; at least 2, from which the error comes.
    batch : int, optional
        Noised points at a time; 4096 by default.
    device : str or torch.device, optional
        Where; that of a trained denoiser, else the CPU, by default.
    progress : callable, optional
        Called with (part, done, total), noised points counted, after each block and time.

    Returns
    -------
    LossCurve
        Losses with standard errors and their covariance.

    Raises
    ------
    ValueError
        If points or times are out of range, or the denoiser does not take float64 points or gives something else than
        finite points.

    Notes
    -----
    dI/dsnr = mmse/2 (Guo, Shamai, Verdu 2005) makes an information of it, see :func:`information_from_losses`.

    Examples
    --------
    Standard normal data have the score -x and the loss d/(1 + snr):

    >>> a = np.random.default_rng(0).normal(size=(2000, 3))
    >>> curve = loss_curve(lambda x, t: -x, a, [0.5, 1.0], draws=2)
    >>> curve.train_loss.round(1).tolist(), (3 / (1 + curve.snr)).round(1).tolist()
    ([1.9, 2.6], [1.9, 2.6])
    """
    score: Any = denoiser.score() if isinstance(denoiser, TrainedDenoiser) else denoiser
    times = positive_times("loss_curve", t)
    if not np.all(np.diff(times) > 0):
        raise ValueError("loss_curve: t (Ornstein-Uhlenbeck times) must increase; sort them")
    whole_number("loss_curve", "draws", "noises a point", draws, at_least=2)
    rows = whole_number("loss_curve", "batch", "noised points at a time", batch or _ROWS, at_least=1)
    stream = noise if isinstance(noise, NoiseStream) else NoiseStream(noise, Stream.LOSSES)
    sets = [("train", train)] + ([] if test is None else [("test", test)])
    points = [_rows(name, values) for name, values in sets]
    if len({each.shape[1:] for each in points}) > 1:
        raise ValueError(f"loss_curve: test must have points of shape {points[0].shape[1:]}, got {points[1].shape[1:]}")
    where = _device(denoiser) if device is None else choose_device(device)
    centre = points[0].mean(axis=0)
    total = times.size * draws * sum(len(each) for each in points)
    work = counter(progress or silent, "losses", total)
    measured = [
        _measure(score, each, times, stream.substream(key), draws, rows, where, work)
        for key, each in zip((_TRAIN, _TEST), points, strict=False)
    ]
    variances = [float(((each - centre) ** 2).reshape(len(each), -1).sum(axis=1).mean()) for each in points]
    mean, within, _ = measured[0]
    test_mean, _, test_covariance = measured[1] if test is not None else (None, None, None)
    return LossCurve(
        t=times,
        snr=compile_formula("snr", target="numpy")(times),
        train_loss=mean,
        train_se=np.sqrt(np.diag(within)),
        test_loss=test_mean,
        test_se=None if test_covariance is None else np.sqrt(np.diag(test_covariance)),
        train_variance=variances[0],
        test_variance=None if test is None else variances[1],
        train_covariance=within,
        test_covariance=test_covariance,
        n_train=len(points[0]),
        n_test=None if test is None else len(points[1]),
        draws=draws,
    )


@torch.no_grad()
def _measure(
    score: Any,
    points: Array,
    times: Array,
    noise: NoiseStream,
    draws: int,
    batch: int,
    device: torch.device,
    work: Callable[[int], None],
) -> tuple[Array, Array, Array]:
    """Mean loss, covariance of its error for given points, and covariance with the choice of the points in it."""
    n, shape = len(points), points.shape[1:]
    means, spread = np.empty((n, times.size)), np.zeros((times.size, times.size))
    block = max(1, batch // draws)
    for first in range(0, n, block):
        a = torch.from_numpy(points[first : first + block]).to(device)
        rows = len(a)
        z = torch.cat(
            [noise.normal(draw, first, rows, shape, device=device, dtype=torch.float64) for draw in range(draws)]
        )
        copies = a.repeat(draws, *[1] * len(shape))
        errors = np.empty((times.size, draws, rows))
        for k, time in enumerate(times.tolist()):
            amplitude, variance = (
                float(compile_formula(name, target="numpy")(time)) for name in ("signal_amplitude", "noise_variance")
            )
            x = amplitude * copies + variance**0.5 * z
            error = (_posterior_mean(score, x, time) - copies).flatten(1).square().sum(dim=1)
            errors[k] = error.double().cpu().numpy().reshape(draws, rows)
            if not np.isfinite(errors[k]).all():
                raise ValueError(f"loss_curve: the denoiser gave nan or infinite points at t = {time:g}")
            work(len(x))
        mean = errors.mean(axis=1)
        means[first : first + rows] = mean.T
        left = (errors - mean[:, None]).reshape(times.size, -1)
        spread += left @ left.T
    within = spread / (n * (draws - 1)) / (n * draws)
    between = np.atleast_2d(np.cov(means.T)) / n if n > 1 else within
    return means.mean(axis=0), within, between


def _posterior_mean(score: Any, x: Tensor, time: float) -> Tensor:
    own = hasattr(score, "posterior_mean")
    try:
        given: Any = score.posterior_mean(x, time) if own else score(x, time)
    except RuntimeError as error:
        if "double" not in str(error).lower():
            raise
        raise ValueError(
            f"loss_curve: the denoiser must take float64 points, and failed: {error}; give a NetworkScore, or for a "
            "score in float32 the function lambda x, t: score(x.float(), t).to(x)"
        ) from error
    if not isinstance(given, Tensor) or given.shape != x.shape:
        what = tuple(given.shape) if isinstance(given, Tensor) else type(given).__name__
        raise ValueError(f"loss_curve: the denoiser must give a tensor of the shape of x, {tuple(x.shape)}, got {what}")
    mean: Tensor = given if own else torch_formula("posterior_mean_from_score")(x, given, time)
    return mean


def _rows(name: str, values: ArrayLike) -> Array:
    array = np.asarray(values)
    checked = checked_points(f"loss_curve ({name})", array.reshape(len(array), -1) if array.ndim > 2 else array)
    return checked.values.astype(np.float64).reshape(array.shape)


def _device(denoiser: Any) -> torch.device:
    if isinstance(denoiser, TrainedDenoiser):
        return next(denoiser.model.parameters()).device
    return torch.device("cpu")
