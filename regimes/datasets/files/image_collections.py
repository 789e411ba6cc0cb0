"""Images of a folder, a pattern or a zip archive, each with its class: the folder that it lies in."""

from __future__ import annotations

import glob
import os
import zipfile
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from regimes.datasets.files.archives import is_hidden
from regimes.datasets.files.images import Picture, read_pictures
from regimes.datasets.files.labels_by_name import labels_by_name
from regimes.datasets.files.parts import are_kinds, are_parts, are_ranges
from regimes.datasets.files.point_files import point_files, stacked
from regimes.datasets.files.reading import Reading, refuse_columns
from regimes.datasets.files.unreadable import refusing_damage
from regimes.datasets.points.builtin import RawData
from regimes.datasets.points.labels import class_order

__all__ = ["IMAGES", "read_images"]

IMAGES = (".png", ".jpg", ".jpeg", ".jfif", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm")
"""File types of images."""

_NAMED = 3
_ENCRYPTED = 1  # a flag of what lies in a zip archive


def read_images(path: Path, reading: Reading, key: str | None = None) -> RawData:
    """Images in the order of their names; of those in two folders or more, the first folder on the way is the class.

    ``key`` is a folder in an archive, or a pattern of what lies in it.
    """
    source = str(path) if key is None else f"{path}:{key}"
    refuse_columns(reading, source)
    if path.is_dir():
        pictures, others = _in_folder(path)
    elif path.is_file():
        pictures, others = _in_archive(path, key)
    else:
        pictures, others = _of_pattern(source)
    files: list[Path] = []
    if not pictures and not path.is_file() and (arrays := point_files(others)):
        root = path if path.is_dir() else Path()
        pictures, others = _pictures(root, arrays), [each for each in others if each not in set(arrays)]
        files = [root / each.name for each in pictures]
    if not pictures:
        raise ValueError(
            f"load_dataset: there must be images ({', '.join(IMAGES)}) in a folder, a pattern or an archive, or files "
            f"of one array each, tables (.parquet, .arrow) or Zarr in a folder, got {_few(others) or 'nothing'} in "
            f"{source}; "
            + ("give one of these files itself, or convert them" if others else "see that the path is right")
        )
    pictures, above = _below_common_folder(pictures)
    start = f"{path}{':' if path.is_file() else '/'}" if path.exists() else ""
    names = [each.name for each in pictures]
    class_names: tuple[str, ...] = ()
    if reading.labels is None:
        labels, said = _classes(pictures, source, start + above)
        class_names = tuple(sorted(set(labels or ()), key=class_order))
    elif (named := labels_by_name(reading.labels, names, reading.memory)) is not None:
        labels, said = named, ("labels by the names of the images",)
    else:
        labels, said = reading.labels, (f"labels in the order of the names: {_few(names)}",)
    left_out = _few(others) + (_of_labels(path, others) if path.is_dir() and reading.labels is None else "")
    if files:
        points, description, notes = stacked(files, source, reading.memory)
        return RawData(
            values=points,
            labels=labels,
            class_names=class_names,
            name="array",
            source=source,
            notes=(*notes, *((f"left out, since they are no such files: {left_out}",) if others else ())),
            taken="; ".join((description, *said)),
        )
    skip, memory, report = reading.skip_broken, reading.memory, reading.report
    pixels = read_pictures(pictures, source, resize=reading.resize, skip_broken=skip, memory=memory, report=report)
    left = (f"left out, since they are no images: {left_out}",) if others else ()
    return RawData(
        values=pixels.values,
        labels=labels,
        class_names=class_names,
        name="images",
        source=source,
        scale="range",
        known_range=pixels.known_range,
        notes=(*pixels.notes, *left),
        taken="; ".join((pixels.description, *said)),
        kept=(len(pictures), pixels.kept),
    )


def _of_labels(path: Path, names: list[str]) -> str:
    """What to do about a table beside images, which often says their classes."""
    table = next((each for each in names if each.lower().endswith((".csv", ".tsv"))), None)
    return "" if table is None else f"; if {table} has their classes, give --labels {path / table} (labels=)"


def _in_folder(root: Path) -> tuple[list[Picture], list[str]]:
    """Images at any depth, links followed once; hidden files are passed over."""
    images: list[str] = []
    others: list[str] = []
    seen: set[str] = set()
    for folder, inner, files in os.walk(root, onerror=_refuse, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            inner.clear()
            continue
        seen.add(real)
        inner[:] = sorted(each for each in inner if not is_hidden(each))
        if not inner and not files and seen != {real}:
            others.append(f"{Path(folder).relative_to(root).as_posix()}/ (empty)")
        for file in files:
            name = (Path(folder) / file).relative_to(root).as_posix()
            if not is_hidden(file):
                there = os.path.isfile(Path(folder) / file)  # a pipe would be waited for
                (images if _is_image(file) and there else others).append(name if there else f"{name} (no file)")
    return _pictures(root, images), sorted(others)


def _refuse(error: OSError) -> None:
    raise ValueError(
        f"load_dataset: every folder must be open to reading, got {error.filename}: {error.strerror}; open it, or "
        "give a pattern of the others"
    )


def _pictures(root: Path, names: Iterable[str]) -> list[Picture]:
    return [Picture(name, lambda path=root / name: path.open("rb")) for name in sorted(names)]  # type: ignore[misc]


def _of_pattern(pattern: str) -> tuple[list[Picture], list[str]]:
    found = [each for each in glob.glob(pattern, recursive=True) if os.path.isfile(each)]
    images = [each for each in found if _is_image(each)]
    return _pictures(Path(), images), sorted(each for each in found if each not in set(images))


def _in_archive(path: Path, key: str | None) -> tuple[list[Picture], list[str]]:
    """Members of an archive, each opened from the file anew; what systems add to archives is passed over."""
    with refusing_damage("a zip archive", path), zipfile.ZipFile(path) as archive:
        members = [info for info in archive.infolist() if not info.is_dir()]
    members = [info for info in members if not is_hidden(info.filename) and _below(info.filename, key)]
    if any(info.flag_bits & _ENCRYPTED for info in members):
        raise ValueError(f"load_dataset: an archive must not be encrypted, got {path}; unpack it and give the folder")
    for info in members:
        info.filename = info.filename.replace("\\", "/")  # as some systems write it
    names = [info.filename for info in members]
    if len(set(names)) != len(names):
        raise ValueError(f"load_dataset: a name must stand once in an archive, got one twice in {path}; pack it anew")
    opened = zipfile.ZipFile(path)
    images = [
        Picture(info.filename, lambda info=info: opened.open(info))  # type: ignore[misc]
        for info in sorted(members, key=lambda info: info.filename)
        if _is_image(info.filename)
    ]
    return images, sorted(name for name in names if not _is_image(name))


def _below(name: str, key: str | None) -> bool:
    return key is None or name.startswith(f"{key.strip('/')}/") or fnmatchcase(name, key)


def _is_image(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in IMAGES


def _below_common_folder(pictures: list[Picture]) -> tuple[list[Picture], str]:
    """Names from the folder on in which all images lie, and that folder."""
    common = os.path.commonpath([os.path.dirname(picture.name) for picture in pictures]) if len(pictures) > 1 else ""
    above = f"{common}/" if common and common != "/" else common
    return [Picture(picture.name[len(above) :], picture.open) for picture in pictures], above


def _classes(pictures: list[Picture], source: str, above: str) -> tuple[list[str] | None, tuple[str, ...]]:
    """The first folder of each name, and what is said of it; parts of one set and images beside folders are none."""
    folders = [PurePosixPath(picture.name).parts[:-1] for picture in pictures]
    first = {each[0] if each else "" for each in folders}
    if first == {""}:
        return None, ()
    if are_ranges((PurePosixPath(each.name).parts[0], PurePosixPath(each.name).stem) for each in pictures):
        return None, (f"folders {_few(sorted(first))} number the files in them: no classes",)
    inside = {each[1] for each in folders if len(each) > 1}
    rule = "load_dataset: the folder of an image is its class, got"
    if are_parts(first) or are_kinds(first):
        what = "parts of a data set" if are_parts(first) else "images and what belongs to them"
        one = max(first, key=lambda name: ("train" in name.casefold(), "im" in name.casefold(), name))
        raise ValueError(f"{rule} {_few(sorted(first))} in {source}, which are {what}; give one, such as {above}{one}")
    if "" in first:
        beside = [picture.name for picture, each in zip(pictures, folders, strict=True) if not each]
        raise ValueError(
            f"{rule} {len(beside)} image{'s' * (len(beside) > 1)} beside the folders in {source} ({_few(beside)}); "
            "put them into one, or give a pattern such as 'folder/*/*.png'"
        )
    if are_parts(inside):
        raise ValueError(
            f"{rule} folders with {_few(sorted(inside))} in {source}, which are parts of a data set; give one, such "
            f"as '{above}*/{max(inside, key=lambda name: ('train' in name.casefold(), name))}/*'"
        )
    return [each[0] for each in folders], ("classes by folder" + _deeper(inside),)


def _deeper(inside: set[str]) -> str:
    return f", the first, not those inside it ({_few(sorted(inside))})" if len(inside) > 1 else ""


def _few(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
