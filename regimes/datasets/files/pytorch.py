"""Tensors of files that torch.save wrote: values in a zip archive, and a pickle that is followed, never unpickled."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.files.archives import check_archive_end
from regimes.datasets.files.pickled_tensors import Tensor, read_description
from regimes.datasets.files.unreadable import refusing_damage
from regimes.datasets.points.blocks import Blocks, widened

__all__ = ["read_pytorch"]

_WHAT = "a file of tensors that torch.save wrote"
_LARGEST_DESCRIPTION = 64 * 2**20
_DEEPEST = 32
_PLAIN: tuple[set[type], ...] = ({int}, {float}, {str})
_PIECE = 2**20


def read_pytorch(path: Path) -> dict[str, Blocks]:
    """The tensors of a file by name; in dictionaries and lists by ``name/name`` and ``name/0``."""
    with refusing_damage(_WHAT, path):
        packed = zipfile.is_zipfile(path)
    if not packed:
        raise ValueError(
            f"load_dataset: a .pt file must be a zip archive, as torch.save writes since 1.6, got {path}: none; "
            "load it and save it again with torch.save, or with numpy.save"
        )
    with refusing_damage(_WHAT, path), path.open("rb") as stream, zipfile.ZipFile(stream) as archive:
        check_archive_end(stream)
        members = {info.filename.partition("/")[2]: info for info in archive.infolist()}
        if len(members) != len(archive.infolist()):
            raise ValueError("a name stands twice in the archive")
        if "constants.pkl" in members or "data.pkl" not in members:
            raise ValueError("it holds a compiled model or no tensors at all")
        if members["data.pkl"].file_size > _LARGEST_DESCRIPTION:
            raise ValueError("its description of the tensors is too long")
        order = archive.read(members["byteorder"]) if "byteorder" in members else b"little"
        content = read_description(archive.read(members["data.pkl"]), str(path))
        mark: Literal[">", "<"] = ">" if order == b"big" else "<"
        return {
            name or path.stem: _held(each)
            if isinstance(each, list)
            else _blocks(path, members[f"data/{each.storage}"], each, mark)
            for name, each in _tensors(content, "", set())
        }


def _tensors(
    content: Any, name: str, seen: set[int], depth: int = 0
) -> Iterator[tuple[str, Tensor | list[int | float | str]]]:
    """Every tensor, and list of numbers or of text, with the first way to it; what is shared is not walked again."""
    plain = isinstance(content, list) and len(content) > 1 and {type(each) for each in content} in _PLAIN
    if plain or isinstance(content, Tensor):
        yield name, content
    elif isinstance(content, dict | list | tuple) and id(content) not in seen:
        if depth > _DEEPEST:
            raise ValueError("its lists are nested too deeply")
        seen.add(id(content))
        for key, value in content.items() if isinstance(content, dict) else enumerate(content):
            yield from _tensors(value, f"{name}/{key}" if name else str(key), seen, depth + 1)


def _held(values: list[int | float | str]) -> Blocks:
    """Labels that stand in the description itself."""
    array = np.array(values)
    return Blocks(array.shape, array.dtype, lambda start, stop: array[start:stop])


def _blocks(path: Path, member: zipfile.ZipInfo, tensor: Tensor, mark: Literal[">", "<"]) -> Blocks:
    """A tensor whose place in its storage is checked; where its rows follow on one another they are read in blocks."""
    dtype, shape, strides = np.dtype(tensor.kind).newbyteorder(mark), tensor.shape, tensor.strides
    reach = tensor.offset + sum((length - 1) * stride for length, stride in zip(shape, strides, strict=True)) + 1
    negative = min((tensor.offset, *shape, *strides), default=0) < 0
    if negative or (0 not in shape and reach * dtype.itemsize > member.file_size):
        raise ValueError("a tensor is not within its values")
    row = strides[0] if shape else 1
    follow = member.compress_type == zipfile.ZIP_STORED and _contiguous(shape, strides)
    checked: list[bool] = []
    path = path.absolute()  # from wherever it is read

    def rows(start: int, stop: int) -> NDArray[Any]:
        with refusing_damage(_WHAT, path):
            if not checked:
                _check(path, member)
                checked.append(True)
            if follow:
                with path.open("rb") as stream:
                    stream.seek(
                        _start(stream.read, stream.seek, member) + (tensor.offset + start * row) * dtype.itemsize
                    )
                    values = np.frombuffer(stream.read((stop - start) * row * dtype.itemsize), dtype)
                read = values.reshape((stop - start, *shape[1:]) if shape else ())
            else:
                with zipfile.ZipFile(path) as archive:
                    values = np.frombuffer(archive.read(member), dtype)[tensor.offset :]
                steps = tuple(stride * dtype.itemsize for stride in strides)
                read = np.lib.stride_tricks.as_strided(values, shape, steps, writeable=False)
                read = read[start:stop] if shape else read
            return widened(np.ascontiguousarray(read.astype(np.uint16))) if tensor.bfloat16 else read

    return Blocks(shape, np.dtype("<f4") if tensor.bfloat16 else dtype, rows, chunk=int(_contiguous(shape, strides)))


def _contiguous(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    size = 1
    for length, stride in zip(reversed(shape), reversed(strides), strict=True):
        if length > 1 and stride != size:
            return False
        size *= length
    return bool(size) and (not shape or strides[0] * shape[0] == size)


def _check(path: Path, member: zipfile.ZipInfo) -> None:
    """Read the values once, which compares them with their checksum."""
    with zipfile.ZipFile(path) as archive, archive.open(member) as stream:
        while stream.read(_PIECE):
            pass


def _start(read: Callable[[int], bytes], seek: Callable[[int], int], member: zipfile.ZipInfo) -> int:
    """Where the values of a member that is not compressed begin: behind its own header, name and padding."""
    seek(member.header_offset)
    name, padding = struct.unpack("<26x2H", read(30))
    return member.header_offset + 30 + int(name) + int(padding)
