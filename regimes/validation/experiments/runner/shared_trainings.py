"""Trainings that experiments share: kept in the cache folder under a hash of data, network, settings and code."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import regimes.validation.training
from regimes.numerics.compiled.cache_folder import cache_directory, make_private
from regimes.validation.experiments.runner.denoisers import kept_denoiser
from regimes.validation.running.checkpoints import Checkpoints, Partial
from regimes.validation.running.progress import Progress, silent
from regimes.validation.training import TrainedDenoiser, train_denoiser
from regimes.validation.training.training_state import training_digest

__all__ = ["Training", "shared_denoiser"]

_FOLDER = "trainings"


@dataclass(frozen=True, eq=False)
class Training:
    """All that a training depends on."""

    network: nn.Module  # untrained
    points: Tensor
    held_out: Tensor | None
    options: Mapping[str, Any]  # of train_denoiser: plain values

    def digest(self, device: torch.device) -> str:
        """Name under which it is kept; what has changed is never found again."""
        made_by = {"code": _code(), "torch": torch.__version__, "device": device.type}
        return training_digest(dict(self.options) | made_by, self.network, self.points, self.held_out)


def shared_denoiser(training: Training, *, device: torch.device, progress: Progress = silent) -> TrainedDenoiser:
    """Train a denoiser, or read it back if any experiment has trained it before; an interrupted one goes on."""
    folder = cache_directory() / _FOLDER
    make_private(folder)

    def train(state: Partial) -> TrainedDenoiser:
        return train_denoiser(
            training.network,
            training.points,
            held_out=training.held_out,
            device=device,
            progress=progress,
            checkpoint=state,
            **training.options,
        )

    digest = training.digest(device)
    described = {"training": digest, "network": getattr(training.network, "settings", None), **training.options}
    return kept_denoiser(Checkpoints(folder / digest[:32], described), "denoiser", train, device=device)


@functools.cache
def _code() -> str:
    """Fingerprint of the code that trains."""
    digest = hashlib.sha256()
    for path in sorted(Path(regimes.validation.training.__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()
