"""Arrays of safetensors files, read in blocks: a length, a header in JSON, then the values in a row."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.files.unreadable import refusing_damage
from regimes.datasets.points.blocks import Blocks, widened

__all__ = ["read_safetensors"]

# Read here rather than by the library of that name, which has no bfloat16 in NumPy: latents are often of that type.
_TYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "BOOL": "?",
    **{f"I{8 * size}": f"<i{size}" for size in (1, 2, 4, 8)},
    **{f"U{8 * size}": f"<u{size}" for size in (1, 2, 4, 8)},
}
_LARGEST_HEADER = 100_000_000  # of the format


def read_safetensors(path: Path) -> dict[str, Blocks]:
    """The arrays of a file by name, once the whole header is known to fit the file."""
    with refusing_damage("a safetensors file", path):
        with path.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if not 2 <= length <= min(_LARGEST_HEADER, path.stat().st_size - 8):
                raise ValueError("its header is not within the file")
            header = json.loads(stream.read(length), object_pairs_hook=_unique)
        header.pop("__metadata__", None)
        arrays = {name: _blocks(path, name, entry, 8 + length) for name, entry in header.items()}
        end = 0
        for begin, after in sorted(entry["data_offsets"] for entry in header.values()):
            if begin != end:
                raise ValueError("its arrays do not follow on one another")
            end = after
        if end != path.stat().st_size - 8 - length:
            raise ValueError("there are bytes after its last array")
        return arrays


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in its header")
    return found


def _blocks(path: Path, name: str, entry: Any, start: int) -> Blocks:
    kind, shape = entry["dtype"], tuple(int(length) for length in entry["shape"])
    if kind not in _TYPES:
        raise ValueError(
            f"load_dataset: values must be real numbers, got {kind} under {name} in {path}; convert them to F32"
        )
    dtype, (begin, end) = np.dtype(_TYPES[kind]), entry["data_offsets"]
    size = math.prod(shape) * dtype.itemsize
    if min((0, *shape)) < 0 or end - begin != size or not 0 <= begin <= end <= path.stat().st_size - start:
        raise ValueError(f"the place of {name} is not within the file")
    row = size // shape[0] if shape and shape[0] else size
    path = path.absolute()  # from wherever it is read

    def rows(first: int, last: int) -> NDArray[Any]:
        with refusing_damage("a safetensors file", path, name), path.open("rb") as stream:
            stream.seek(start + begin + first * row)
            values = np.frombuffer(stream.read((last - first) * row), dtype)
            read = widened(values) if kind == "BF16" else values
            return read.reshape(last - first, *shape[1:]) if shape else read.reshape(())

    return Blocks(shape, np.dtype("<f4") if kind == "BF16" else dtype, rows, chunk=1)
