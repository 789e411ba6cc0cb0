"""At which noise levels a denoiser is trained, and the points noised to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import positive_number
from regimes.validation.sampling.noise import NoiseStream
from regimes.validation.scores.torch_formula import torch_formula

__all__ = ["LAWS", "NoiseLevels", "noised_rows"]

LAWS = ("log-snr", "time")
"""Laws of the noise level: uniform in the log signal-to-noise ratio, or in Ornstein-Uhlenbeck time."""


@dataclass(frozen=True)
class NoiseLevels:
    """Law of the noise levels of a training.

    Uniform in log-SNR, the squared error of the predicted noise is an information: with the posterior mean in the
    network's place ``1/2 int |z - eps|^2 dlog(snr)`` is ``I(a; x_t)``, and what a network has above is the
    Kullback-Leibler divergence of what it generates, in nats. All levels then count as much as they matter.

    Attributes
    ----------
    t_min, t_max : float
        Smallest and largest Ornstein-Uhlenbeck time.
    law : {"log-snr", "time"}
        In what they are uniform.

    Raises
    ------
    ValueError
        If the times are not positive and increasing, or the law is unknown.

    Notes
    -----
    Guo, Shamai, Verdu 2005 (I-MMSE); Song, Durkan, Murray, Ermon 2021 (likelihood weighting).

    Examples
    --------
    >>> NoiseLevels(0.5, 2.0, "time").log_snr(torch.tensor([0.0, 1.0], dtype=torch.float64)).exp().tolist()
    [0.58197..., 0.01865...]
    """

    t_min: float
    t_max: float
    law: str = "log-snr"

    def __post_init__(self) -> None:
        for name in ("t_min", "t_max"):
            positive_number("NoiseLevels", name, "Ornstein-Uhlenbeck time", getattr(self, name))
        if not self.t_min < self.t_max:
            raise ValueError(
                f"NoiseLevels: t_range must be (t_min, t_max) with t_min below t_max, got ({self.t_min:g}, "
                f"{self.t_max:g})"
            )
        if self.law not in LAWS:
            raise ValueError(f"NoiseLevels: times must be one of {', '.join(LAWS)}, got {self.law!r}")

    def log_snr(self, u: Tensor) -> Tensor:
        """Log-SNR at numbers u from 0 (t_min) to 1 (t_max)."""
        if self.law == "time":
            levels: Tensor = torch_formula("log_snr")(self.t_min + (self.t_max - self.t_min) * u)
            return levels
        first, last = compile_formula("log_snr", target="numpy")(np.array([self.t_min, self.t_max])).tolist()
        spread: Tensor = first + (last - first) * u
        return spread

    def stratified(self, noise: NoiseStream, step: int, rows: int, *, device: torch.device | None = None) -> Tensor:
        """Draw one log-SNR from each of as many equal parts of the range as there are rows: float32, decreasing."""
        within = noise.uniform(step, 0, rows, (), device=device, dtype=torch.float64)
        return self.log_snr((torch.arange(rows, device=device) + within) / rows).float()


def noised_rows(a: Tensor, log_snr: Tensor, z: Tensor) -> Tensor:
    """Noise each row to a level of its own, ``x_t = exp(-t) a + sqrt(Delta_t) z``."""
    t = torch_formula("time_from_log_snr")(log_snr).view(-1, *[1] * (a.ndim - 1))
    x: Tensor = torch_formula("signal_amplitude")(t) * a + torch_formula("noise_variance")(t).sqrt() * z
    return x
