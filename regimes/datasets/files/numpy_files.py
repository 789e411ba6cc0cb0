"""Arrays in .npy and .npz files: what a header declares is checked before anything is read; nothing is unpickled."""

from __future__ import annotations

import math
import struct
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.files.archives import check_archive_end
from regimes.datasets.files.reading import MEMORY
from regimes.datasets.points.blocks import Blocks, held_bytes
from regimes.datasets.points.labels import TURNED
from regimes.numerics.interface.checks import check_memory

__all__ = ["check_rows", "npy_blocks", "read_npy", "read_npz"]

_ZIP = b"PK"
_PICKLE = b"\x80"
_PIECE = 2**20
_LONGEST = 200  # of what NumPy says about a file, which may quote a whole header

# What NumPy and zipfile were seen to raise for files that are truncated or altered.
_DAMAGE = (
    ValueError,
    OSError,
    EOFError,
    MemoryError,
    KeyError,
    TypeError,
    SyntaxError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)


_Header = tuple[tuple[int, ...], bool, np.dtype[Any]]


class _Refused(Exception):
    """A finding about a file that is not its damage."""


def read_npy(path: Path, memory: int = MEMORY, *, rows: int | None = None) -> NDArray[Any]:
    """The array of a .npy file; with ``rows`` the labels of as many points."""
    with _refusing_damage(str(path)), path.open("rb") as stream:
        if stream.peek(2)[:2] == _ZIP:
            raise _Refused(f"load_dataset: a .npy file must hold one array, got {path}: an archive; rename it to .npz")
        _check_fits(_header(stream, path.stat().st_size), str(path), memory, rows)
        stream.seek(0)
        return _array(stream)


def npy_blocks(path: Path, memory: int, *, opens: bool = False) -> NDArray[Any] | Blocks:
    """Points of a .npy file, read in blocks where its rows follow on one another; with ``opens`` of any size then."""
    with _refusing_damage(str(path)), path.open("rb") as stream:
        if stream.peek(2)[:2] == _ZIP:
            return read_npy(path, memory)  # which says so
        shape, by_columns, dtype = header = _header(stream, path.stat().st_size)
        in_blocks = not by_columns and bool(shape) and dtype.names is None
        _check_fits(header, str(path), 2**63 if opens and in_blocks else memory, None)
        begin, row = stream.tell(), math.prod(shape[1:])
    if not in_blocks:
        return read_npy(path, memory)
    path = path.absolute()  # from wherever it is read

    def rows(start: int, stop: int) -> NDArray[Any]:
        with _refusing_damage(str(path)), path.open("rb") as stream:
            stream.seek(begin + start * row * dtype.itemsize)
            return np.fromfile(stream, dtype, (stop - start) * row).reshape(stop - start, *shape[1:])

    return Blocks(shape, dtype, rows, chunk=1)


def read_npz(path: Path) -> dict[str, Blocks]:
    """The arrays of an .npz file by key, each of which must stand once; none is read before it is asked for."""
    with _refusing_damage(str(path)):
        with path.open("rb") as stream:
            start = stream.read(6)
            if start == np.lib.format.MAGIC_PREFIX:
                raise _Refused(
                    f"load_dataset: a .npz file must be a zip archive of arrays, got {path}: a single array; "
                    "rename it to .npy"
                )
            if not start.startswith(_ZIP):
                raise ValueError(_beginning(start))
            check_archive_end(stream)
        arrays: dict[str, Blocks] = {}
        with zipfile.ZipFile(path) as file:
            for info in file.infolist():
                key = info.filename.removesuffix(".npy")
                if key in arrays:
                    raise _Refused(
                        f"load_dataset: every key of a .npz file must stand once, got {key!r} more than once in "
                        f"{path}; save the arrays again"
                    )
                arrays[key] = _member(file, info, path, key)
    return arrays


def _member(file: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, key: str) -> Blocks:
    """An array of an archive; what is wrong with one is said when it is asked for, since others may be whole."""
    place = f"{path}, key {key}"
    shape: tuple[int, ...] = ()
    try:
        with _refusing_damage(place):
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError("it is compressed in a way that NumPy does not write")  # unbounded in zipfile
            with file.open(info) as stream:
                shape, by_columns, dtype = header = _header(stream, info.file_size)
            _check_some(shape, place)
    except ValueError as refusal:
        message = str(refusal)

        def refused(start: int, stop: int) -> NDArray[Any]:
            raise ValueError(message)

        return Blocks(shape, np.dtype(object), refused)
    rows = _PackedRows(path, info, place, header)
    return Blocks(shape, dtype, rows.whole if by_columns or not shape else rows)


@dataclass
class _PackedRows:
    """Rows of an array in an archive, which can only be unpacked from its beginning: at best in their order."""

    path: Path
    info: zipfile.ZipInfo
    place: str
    header: _Header
    stream: IO[bytes] | None = None
    at: int = 0
    held: NDArray[Any] | None = None

    def __call__(self, start: int, stop: int) -> NDArray[Any]:
        shape, _, dtype = self.header
        row = math.prod(shape[1:]) * dtype.itemsize
        with _refusing_damage(self.place):
            stream = self.stream
            if stream is None or self.at != start:
                self.stream = stream = self._opened()
                _header(stream, self.info.file_size)
                for skipped in range(0, start * row, _PIECE):
                    stream.read(min(_PIECE, start * row - skipped))
            values = np.frombuffer(stream.read((stop - start) * row), dtype).reshape(stop - start, *shape[1:])
            self.at = stop
            if stop == shape[0]:
                self._close()
        return values

    def whole(self, start: int, stop: int) -> NDArray[Any]:
        """The same of an array whose columns follow on one another, which is held once it was read."""
        with _refusing_damage(self.place):
            if self.held is None:
                self.stream = self._opened()
                self.held = _array(self.stream)
                self._close()
        return self.held[start:stop] if self.held.ndim else self.held

    def _opened(self) -> IO[bytes]:
        return zipfile.ZipFile(self.path).open(self.info)

    def _close(self) -> None:
        """The checksum is compared where the end is reached."""
        if self.stream is not None and self.stream.read(1):
            raise ValueError("it goes on behind the array")
        self.stream = None


def check_rows(rows: int, shape: tuple[int, ...], *, last: int = 0) -> None:
    """Refuse labels of more or fewer points than there are; ``last`` is the length of the last axis of these."""
    if shape and shape[0] != rows:
        advice = f"; {TURNED}" if shape[0] == last else ""
        raise ValueError(
            f"load_dataset: there must be one label for each point, got {shape[0]} labels for {rows} points{advice}"
        )


def _header(stream: IO[bytes], size: int) -> _Header:
    """Shape, order by columns and type of a header, held against the size of the file."""
    start = stream.read(len(np.lib.format.MAGIC_PREFIX))
    if start != np.lib.format.MAGIC_PREFIX:
        raise ValueError(_beginning(start))
    version = tuple(stream.read(2))
    if version not in ((1, 0), (2, 0), (3, 0)):
        raise ValueError("its format has a version that NumPy does not know")
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, by_columns, dtype = header(stream)
    if dtype.hasobject:
        raise ValueError("pickle")
    if any(length < 0 for length in shape):
        raise ValueError(f"its header declares the shape {shape}")
    count, data = math.prod(shape), size - stream.tell()
    if data != count * dtype.itemsize:
        what = "is truncated" if data < count * dtype.itemsize else "has bytes behind the array"
        raise ValueError(
            f"it {what}: {data} bytes of data, where shape {shape} of {dtype} takes {count * dtype.itemsize}"
        )
    return shape, by_columns, dtype


def _check_some(shape: tuple[int, ...], place: str) -> None:
    if 0 in shape:
        raise _Refused(
            f"load_dataset: there must be at least two points of at least one feature, got shape {shape} in {place}"
        )


def _check_fits(header: _Header, place: str, memory: int, rows: int | None) -> None:
    """Refuse what is declared if it is nothing, or too much; with ``rows`` labels of other points."""
    shape, _, dtype = header
    try:
        if rows is None:
            _check_some(shape, place)
        else:
            check_rows(rows, shape)
        check_memory(
            "load_dataset",
            f"{place}, of shape {shape} and type {dtype},",
            held_bytes(shape, dtype),
            memory,
            "give fewer points",
        )
    except ValueError as error:
        raise _Refused(str(error)) from None


def _array(stream: IO[bytes]) -> NDArray[Any]:
    found: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    return found


def _beginning(start: bytes) -> str:
    if not start:
        return "it is empty"
    return "pickle" if start.startswith(_PICKLE) else "it does not begin as one"


@contextmanager
def _refusing_damage(place: str) -> Iterator[None]:
    """Turn what NumPy says about a bad file into one error; its warnings concern the age of the header alone."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except _Refused as refusal:
        raise ValueError(str(refusal)) from None
    except _DAMAGE as error:
        raise _unreadable(place, error) from None


def _unreadable(place: str, error: BaseException) -> ValueError:
    reason = " ".join(str(error).split())[:_LONGEST] or type(error).__name__
    if "pickle" in reason.lower():
        return ValueError(
            f"load_dataset: arrays must be of numbers, got {place}: Python objects (a pickle), which are "
            "never loaded, since a pickle can run any code; save numbers with a numeric dtype, labels with astype(str)"
            + (f", or leave it out with --drop {place.rpartition(', key ')[2]}" if ", key " in place else "")
        )
    return ValueError(f"load_dataset: the file must be a whole NumPy file, got {place}, which cannot be read: {reason}")
