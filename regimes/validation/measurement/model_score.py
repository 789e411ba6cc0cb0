"""A user's score: where it lives, whether it denoises, and whether it is the one that a checkpoint began with."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from regimes.datasets.points.dataset import Dataset
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checkpoints import Checkpoints
from regimes.numerics.posterior.spectrum import covariance_spectrum
from regimes.validation.measurement.clones import draw_points
from regimes.validation.sampling.backward import noised
from regimes.validation.sampling.checked_score import CheckedScore
from regimes.validation.sampling.noise import NoiseStream
from regimes.validation.sampling.samplers import Score

__all__ = ["check_score", "denoising_loss", "device_of", "linear_loss", "same_model"]

Array = NDArray[np.float64]

_POINTS, _NOISE = range(2)
_ROWS = 256
_SAME = 1e-3  # rounding differs from one number of threads to another
_FEW, _SAME_OF_FEW = 2, 0.02  # half precision rounds by the batch; batch norm makes any two rows opposite


def check_score(score: Any) -> Score:
    """Check that something can be a score."""
    if callable(score):
        found: Score = score
        return found
    advice = "give what its score() returns" if callable(getattr(score, "score", None)) else "NetworkScore makes one"
    raise ValueError(
        f"measure_transitions: score must be a function score(x, t) of states and an Ornstein-Uhlenbeck time, got "
        f"{type(score).__name__}; {advice}"
    )


def device_of(score: Any) -> torch.device | None:
    """Where the model behind a score is."""
    module = score if isinstance(score, nn.Module) else getattr(score, "model", None)
    parameter = next(module.parameters(), None) if isinstance(module, nn.Module) else None
    return None if parameter is None else parameter.device


@torch.no_grad()
def denoising_loss(score: Score, points: Tensor, t: ArrayLike, noise: NoiseStream) -> Array:
    """Mean squared error of the noise that a score predicts, a dimension: 1 for a score of 0."""
    times = np.asarray(t, dtype=np.float64)
    checked = CheckedScore("measure_transitions", score, times)
    own = points[draw_points(len(points), noise.substream(_POINTS), 0, _ROWS).to(points.device)]
    source = noise.substream(_NOISE)
    z = source.normal(0, 0, _ROWS, tuple(points.shape[1:]), device=points.device, dtype=points.dtype)
    losses = []
    for time in times.tolist():
        deviation = math.sqrt(compile_formula("noise_variance", target="numpy")(time))
        x = noised(own, time, noise=source)
        found = _first_call(checked, score, x, time)
        if time == times.min():  # where most of a score is that of the model, whatever it predicts
            _check_same(found, checked(x, time), _SAME)
            _check_same(found[:_FEW], checked(x[:_FEW], time), _SAME_OF_FEW)
        losses.append(float(found.double().mul_(deviation).add_(z).square_().mean()))
    return np.array(losses)


def _first_call(checked: CheckedScore, score: Score, x: Tensor, t: float) -> Tensor:
    try:
        return checked(x, t)
    except (TypeError, AttributeError, IndexError, RuntimeError) as error:
        if not isinstance(score, nn.Module):
            raise
        raise ValueError(
            f"measure_transitions: score must be a function score(x, t) of states and one Ornstein-Uhlenbeck time, and "
            f"the module {type(score).__name__} is none ({type(error).__name__}: {error}); say what it predicts: "
            'NetworkScore(model, prediction="eps", clock="step", schedule="ddpm-linear"), for instance'
        ) from error


def linear_loss(data: Dataset, t: ArrayLike, memory: int) -> Array:
    """Loss of the best linear denoiser of the data, which their covariance tells."""
    spectrum = covariance_spectrum(data.X, memory=memory)
    rest = spectrum.remainder_count
    eigenvalues = np.append(spectrum.eigenvalues, spectrum.remainder / max(rest, 1)).clip(min=1e-300)
    count = np.append(np.ones(spectrum.eigenvalues.size), rest)
    snr = np.asarray(compile_formula("snr", target="numpy")(np.asarray(t, dtype=np.float64)))[:, None]
    error = snr * np.asarray(compile_formula("gaussian_channel_mmse", target="numpy")(snr, eigenvalues))
    return np.asarray((error * count).sum(axis=1) / data.d)


def _check_same(found: Tensor, again: Tensor, tolerance: float) -> None:
    difference, size = float((again - found).norm()), float(found.norm())
    if difference > tolerance * size:
        raise ValueError(
            f"measure_transitions: the score of the same states must be the same every time and in every batch, got "
            f"one of size {size:.3g} and another that differs by {difference:.3g}; if there is a dropout or a batch "
            "norm in the model, call model.eval() first, and a score must not change x in place"
        )


def same_model(store: Checkpoints, loss: Array) -> Array:
    """Make sure that a checkpoint goes on with the model that it began with."""
    first = store.piece("model", lambda: {"loss": loss})["loss"]
    if not np.allclose(first, loss, rtol=_SAME, atol=0):
        raise ValueError(
            f"checkpoint: {store.folder} belongs to another model (its denoising loss was {first[0]:.4g} and is "
            f"{loss[0]:.4g}); choose another folder, or delete it to start anew"
        )
    return np.asarray(first, dtype=np.float64)
