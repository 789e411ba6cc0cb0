"""Arrays of Zarr stores, folders or zip files, read in blocks."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.files.extras import library
from regimes.datasets.files.unreadable import refusing_damage
from regimes.datasets.points.blocks import Blocks

__all__ = ["is_zarr", "read_zarr"]

_QUIET = logging.NullHandler()
_METADATA = ("zarr.json", ".zarray", ".zgroup")
_CODECS = {
    *("blosc", "zstd", "zlib", "gzip", "bz2", "lz4", "lzma", "bytes", "transpose", "crc32c", "crc32", "adler32"),
    *("fletcher32", "shuffle", "delta", "fixedscaleoffset", "quantize", "bitround", "packbits", "astype"),
    *("sharding_indexed", "vlen-utf8", "pcodec"),
}
"""What turns bytes into numbers and nothing else: among the codecs that Zarr knows, pickle runs code."""


def is_zarr(path: Path) -> bool:
    """Whether a folder is a Zarr array or group."""
    return any((path / name).is_file() for name in _METADATA)


def read_zarr(path: Path) -> dict[str, Blocks]:
    """The arrays of a store by their path in it."""
    with _opened(path) as root:
        if not hasattr(root, "members"):
            return {path.stem: _blocks(path, "", root)}
        members = sorted(root.members(max_depth=None), key=lambda member: str(member[0]))
        return {name: _blocks(path, name, item) for name, item in members if hasattr(item, "chunks")}


@contextmanager
def _opened(path: Path, key: str | None = None) -> Iterator[Any]:
    zarr = library("zarr", "Zarr stores")
    logging.getLogger("asyncio").addHandler(_QUIET)  # prints what fails in its tasks beside the first
    with refusing_damage("a Zarr store", path, key):
        store = zarr.storage.ZipStore(path, mode="r") if path.is_file() else zarr.storage.LocalStore(path)
        try:
            yield zarr.open(store, mode="r")
        finally:
            store.close()


def _blocks(path: Path, name: str, array: Any) -> Blocks:
    """An array after its codecs were looked at, which is before anything of it is decoded."""
    unknown = sorted(set(_codecs(array.metadata.to_dict())) - _CODECS)
    if unknown:
        raise ValueError(
            f"load_dataset: a Zarr array must be stored with codecs of numbers, got {', '.join(unknown)} in {path}, "
            f"key {name or path.stem}, which is never run; store it without"
        )
    path = path.absolute()  # from wherever it is read

    def rows(start: int, stop: int) -> NDArray[Any]:
        with _opened(path, name or None) as root:
            item = root[name] if name else root
            return np.asarray(item[start:stop] if item.ndim else item[...])

    shape = tuple(int(length) for length in array.shape)
    if math.prod(array.chunks) > 2**31 > math.prod(shape):
        raise ValueError(
            f"load_dataset: a chunk of a Zarr array must not exceed the array, got chunks of {array.chunks} for shape "
            f"{shape} in {path}; store it anew"
        )
    return Blocks(shape, np.dtype(array.dtype), rows, chunk=max(1, array.chunks[0] if array.chunks else 1))


def _codecs(metadata: Any) -> Iterator[str]:
    """Names of all codecs in the description of an array, of version 2 or 3, those inside shards too."""
    for each in (metadata.get("compressor"), *(metadata.get("filters") or ())):
        if each is not None:
            yield str(each.get("id"))
    for codecs in (metadata.get("codecs") or (), metadata.get("index_codecs") or ()):
        for each in codecs:
            yield str(each.get("name")).removeprefix("numcodecs.")
            yield from _codecs(each.get("configuration") or {})
