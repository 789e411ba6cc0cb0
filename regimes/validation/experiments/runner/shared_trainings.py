"""Trainings that experiments share: kept in the cache folder under a hash of data, network, settings and code."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

import regimes.validation.training
from regimes.numerics.compiled.cache_folder import cache_directory, make_private
from regimes.numerics.interface.checkpoints import Checkpoints, Partial
from regimes.numerics.interface.result import plain
from regimes.validation.experiments.runner.denoisers import kept_denoiser
from regimes.validation.running.progress import Progress, silent
from regimes.validation.training import TrainedDenoiser, train_denoiser
from regimes.validation.training.training_state import training_digest

__all__ = ["Training", "shared_denoiser", "shared_trainings"]

_LENGTH = 32  # of the name of a folder
_DECIMALS = 6


@dataclass(frozen=True, eq=False)
class Training:
    """All that the training of a denoiser depends on."""

    network: nn.Module  # untrained
    points: Tensor
    held_out: Tensor | None
    options: Mapping[str, Any]  # of train_denoiser: plain values
    conditions: Tensor | None = None

    def digest(self, device: torch.device) -> str:
        """Name under which it is kept; what has changed is never found again."""
        settings = dict(self.options) | {"device": device.type} | _made_by()
        told = () if self.conditions is None else (self.conditions,)
        return training_digest(settings, self.network, self.points, self.held_out, *told)


def shared_denoiser(training: Training, *, device: torch.device, progress: Progress = silent) -> TrainedDenoiser:
    """Train a denoiser, or read it back if any experiment has trained it before; an interrupted one goes on."""

    def train(state: Partial) -> TrainedDenoiser:
        return train_denoiser(
            training.network,
            training.points,
            held_out=training.held_out,
            conditions=training.conditions,
            device=device,
            progress=progress,
            checkpoint=state,
            **training.options,
        )

    described = {"network": getattr(training.network, "settings", None), **training.options}
    return kept_denoiser(_kept(training.digest(device), described), "denoiser", train, device=device)


def shared_trainings(settings: Mapping[str, Any], *arrays: NDArray[Any]) -> Checkpoints:
    """Where the networks of one training are kept: of settings that tell its first weights, and of its data."""
    known = plain(dict(settings))
    digest = hashlib.sha256(json.dumps(known | _made_by(), sort_keys=True).encode())
    for each in arrays:
        digest.update(repr((each.shape, each.dtype)).encode())
        # A mean differs in its last bit with the place of the data in memory: that makes no other training.
        digest.update(np.ascontiguousarray(np.round(each, _DECIMALS) + 0).tobytes())
    return _kept(digest.hexdigest(), known)


def _kept(digest: str, described: Mapping[str, Any]) -> Checkpoints:
    folder = cache_directory() / "trainings"
    make_private(folder)
    return Checkpoints(folder / digest[:_LENGTH], {"training": digest, **described})


@functools.cache
def _made_by() -> dict[str, str]:
    """Version of torch, and a fingerprint of the code that trains."""
    digest = hashlib.sha256()
    for path in sorted(Path(regimes.validation.training.__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return {"torch": torch.__version__, "code": digest.hexdigest()}
