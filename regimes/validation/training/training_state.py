"""Everything that a training needs to go on with the same bytes."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from regimes.numerics.interface.checkpoints import Partial

__all__ = ["SavedTraining", "load_tensors", "tensor_bytes", "training_digest"]


def tensor_bytes(values: Mapping[str, Any]) -> NDArray[np.uint8]:
    """Write tensors and plain values to bytes."""
    buffer = io.BytesIO()
    torch.save(dict(values), buffer)
    return np.frombuffer(buffer.getvalue(), dtype=np.uint8)


def load_tensors(data: NDArray[np.uint8]) -> dict[str, Any]:
    """Read tensors and plain values; nothing in the bytes is executed."""
    values: dict[str, Any] = torch.load(io.BytesIO(data.tobytes()), map_location="cpu", weights_only=True)
    return values


def training_digest(settings: Mapping[str, Any], model: nn.Module, *points: Tensor | None) -> str:
    """Fingerprint of a training: settings, first weights, which of them are trained, and points."""
    built_with = getattr(model, "settings", None)
    described = built_with if type(built_with) is dict else None  # anything else may tell its address
    digest = hashlib.sha256(repr((sorted(settings.items()), described)).encode())
    for name, value in [*model.state_dict().items(), *((str(k), each) for k, each in enumerate(points))]:
        digest.update(name.encode())
        if isinstance(value, Tensor):
            digest.update(repr((tuple(value.shape), value.dtype)).encode())
            # As bytes, since numpy knows no bfloat16.
            digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    for name, value in model.named_parameters():
        if not value.requires_grad:
            digest.update(f"frozen {name}".encode())
    return digest.hexdigest()


class SavedTraining:
    """Keeps the state of one training on disk."""

    def __init__(self, partial: Partial | None, run: str) -> None:
        self._partial, self._run = partial, run

    def load(self) -> dict[str, Any] | None:
        """Read the last state."""
        found = None if self._partial is None else self._partial.load()
        if found is None:
            return None
        if str(found.get("run")) != self._run:
            raise ValueError(
                "train_denoiser: the checkpoint holds another training (data, model, weights and options must be the "
                "same); give each training a name of its own, or delete it"
            )
        return load_tensors(found["state"])

    def due(self) -> bool:
        """Whether the last state is old enough."""
        return self._partial is not None and self._partial.due()

    def save(self, state: Mapping[str, Any]) -> None:
        """Keep a state."""
        if self._partial is not None:
            self._partial.save({"run": np.array(self._run), "state": tensor_bytes(state)}, force=True)
