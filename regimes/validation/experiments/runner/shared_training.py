"""Trainings that several experiments share: kept in the cache under a digest of data, network and settings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from regimes.numerics.compiled.cache_folder import cache_directory, make_private
from regimes.numerics.interface.result import plain
from regimes.validation.running.checkpoints import Checkpoints

__all__ = ["shared_trainings"]

_LENGTH = 24  # of the folder's name
_DECIMALS = 6


def shared_trainings(settings: Mapping[str, Any], *arrays: NDArray[Any]) -> Checkpoints:
    """Where the networks of one training are kept, for each version of torch."""
    known = plain(dict(settings)) | {"torch": torch.__version__}
    digest = hashlib.sha256(json.dumps(known, sort_keys=True).encode())
    for each in arrays:
        digest.update(repr((each.shape, each.dtype)).encode())
        # A mean differs in its last bit with the place of the data in memory: that makes no other training.
        digest.update(np.ascontiguousarray(np.round(each, _DECIMALS) + 0).tobytes())
    folder = cache_directory() / "trainings"
    make_private(folder)
    return Checkpoints(folder / digest.hexdigest()[:_LENGTH], known | {"data": digest.hexdigest()})
