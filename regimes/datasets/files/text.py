"""Lines of a text file in any usual encoding, plain or packed."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from regimes.datasets.files.archives import check_archive_end, is_hidden
from regimes.numerics.interface.checks import check_memory

__all__ = ["PACKED", "TextFile", "zipped_name"]

PACKED = (".gz", ".bz2", ".xz", ".zip")
"""Endings of packed files; how a file is packed, its first bytes say."""

_BLOCK = 2**18
_CHARACTER = 32  # bytes that a character of a line can take, in cells of one digit
_MAGIC = {b"\x1f\x8b": ".gz", b"BZh": ".bz2", b"\xfd7zXZ\x00": ".xz", b"PK\x03\x04": ".zip"}
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # begins with the mark of UTF-16
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_DAMAGE = (
    ValueError,
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
)


@dataclass(frozen=True)
class TextFile:
    """A text file that was read to its end once: it is whole, and all of it is text in this encoding."""

    path: Path
    encoding: str
    count: int
    """Number of its lines, at least."""

    @classmethod
    def of(cls, path: Path, memory: int) -> TextFile:
        """Find the encoding: by its mark, by the zeros of UTF-16, UTF-8 if all of it is, otherwise cp1252."""
        with closing(_blocks(path)) as blocks:
            head = next(blocks, b"")
        marked = next((name for mark, name in _MARKS.items() if head.startswith(mark)), None) or _by_zeros(head)
        for encoding in ("utf-8", "cp1252") if marked is None else (marked,):
            count = _lines_of(path, encoding, memory)
            if count is not None:
                return cls(path, encoding, count)
        tried = marked.upper() if marked else "UTF-8 or cp1252"
        raise ValueError(
            f"load_dataset: a table must be text, got {path}, whose bytes are not text in {tried}; "
            "save it as text in UTF-8, or in the format that its ending names"
        )

    def lines(self) -> Iterator[str]:
        """Lines with their ends, which are all a single newline."""
        with closing(_blocks(self.path)) as blocks:
            yield from io.TextIOWrapper(io.BufferedReader(_Stream(blocks)), encoding=self.encoding)


class _Stream(io.RawIOBase):
    """Blocks of bytes as a stream."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self.blocks, self.left = blocks, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.left = self.left or next(self.blocks, b"")
        size = min(len(buffer), len(self.left))
        buffer[:size], self.left = self.left[:size], self.left[size:]
        return size


def _by_zeros(head: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of plain letters and digits is zero."""
    sample = head[:256]
    if len(sample) < 4 or b"\0" not in sample:
        return None
    return next((name for name, at in (("utf-16-le", 1), ("utf-16-be", 0)) if not any(sample[at::2])), None)


def _lines_of(path: Path, encoding: str, memory: int) -> int | None:
    """Number of lines, none of them longer than its cells may be; None if the bytes are no text in this encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    count, length = 1, 0
    try:
        with closing(_blocks(path)) as blocks:
            for block in blocks:
                text = decoder.decode(block)
                if "\0" in text:
                    return None
                count += text.count("\n") or text.count("\r")
                end = max(text.rfind("\n"), text.rfind("\r")) + 1
                length = len(text) - end if end else length + len(text)
                line = f"a line of {length} characters or more, in {path},"
                check_memory("load_dataset", line, _CHARACTER * length, memory, "give a table with shorter lines")
        decoder.decode(b"", final=True)
    except UnicodeError:
        return None
    return count


def _blocks(path: Path) -> Generator[bytes]:
    """Bytes of a file, unpacked."""
    try:
        with path.open("rb") as stream:
            head = stream.read(8)
            stream.seek(0)
            kind = next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), "")
            if path.suffix.lower() in PACKED and kind != path.suffix.lower():
                raise OSError(f"its first bytes are not those of a {path.suffix.lower()} file")
            yield from _unpacked(stream, kind)
    except _DAMAGE as error:
        raise ValueError(
            f"load_dataset: a table must be a file that can be read to its end, got {path}: "
            f"{str(error) or 'it ends too early'}; write or download it again"
        ) from None


def _unpacked(stream: IO[bytes], kind: str) -> Iterator[bytes]:
    if kind in (".bz2", ".xz"):
        yield from _members(stream, bz2.BZ2Decompressor if kind == ".bz2" else lzma.LZMADecompressor)
        return
    with _member_of_zip(stream) if kind == ".zip" else gzip.GzipFile(fileobj=stream) if kind else stream as opened:
        while block := opened.read(_BLOCK):
            yield block


def _members(stream: IO[bytes], make: Any) -> Iterator[bytes]:
    """All streams of a .bz2 or .xz file; the classes of Python that read these pass over what follows them."""
    left = stream.read(_BLOCK)
    while left:
        unpacker = make()
        while not unpacker.eof:
            if unpacker.needs_input and not left and not (left := stream.read(_BLOCK)):
                raise EOFError
            yield unpacker.decompress(left, _BLOCK)
            left = b""
        left = unpacker.unused_data or stream.read(_BLOCK)


def zipped_name(path: Path) -> str | None:
    """Name of the one file in a zip archive; None if there are several, or no archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members_of(archive)
    except _DAMAGE:
        return None
    return members[0].filename if len(members) == 1 else None


def _members_of(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    files = [each for each in archive.infolist() if not each.is_dir()]
    return [each for each in files if not is_hidden(each.filename)]


@contextmanager
def _member_of_zip(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    with zipfile.ZipFile(stream) as archive:
        check_archive_end(stream)
        members = _members_of(archive)
        if len(members) != 1:
            raise OSError(f"a .zip of a table holds one file, this one has {len(members)}")
        with archive.open(members[0]) as opened:
            yield opened
