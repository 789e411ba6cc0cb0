"""The noise that a network's output stands for, whatever it predicts: losses are compared in noise."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from regimes.validation.scores.torch_formula import torch_formula

__all__ = ["TRAINED_PREDICTIONS", "checked_output", "predicted_noise"]

TRAINED_PREDICTIONS = ("eps", "x0", "v")
"""What a network can be trained to predict: the noise z, the data point a, or ``v = exp(-t) z - sqrt(Delta_t) a``."""


def checked_output(what: str, output: Any, x: Tensor) -> Tensor:
    """Check what a network returned before it is broadcast or reshaped."""
    if not isinstance(output, Tensor) or output.shape != x.shape:
        given = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
        raise ValueError(
            f"{what} must return the shape of x, {tuple(x.shape)}, got {given}; is it a network for other data? A "
            "module around it can pick its output out or put it in this shape"
        )
    return output


def predicted_noise(output: Tensor, x: Tensor, log_snr: Tensor, prediction: str) -> Tensor:
    """Convert a network's output to the noise in x_t."""
    if prediction == "eps":
        return output
    t = torch_formula("time_from_log_snr")(log_snr).view(-1, *[1] * (x.ndim - 1))
    name = "score_from_posterior_mean" if prediction == "x0" else "score_from_v"
    noise: Tensor = torch_formula(name)(x, output, t) * -torch_formula("noise_variance")(t).sqrt()
    return noise
