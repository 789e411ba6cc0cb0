"""Images of a folder, a pattern or a zip archive, each with its class: the folder that it lies in."""

from __future__ import annotations

import glob
import os
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from regimes.datasets.files.images import Picture, read_pictures
from regimes.datasets.files.reading import Reading
from regimes.datasets.files.unreadable import refusing_damage
from regimes.datasets.points.builtin import RawData

__all__ = ["IMAGES", "read_images"]

IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm")
"""File types of images."""

_PARTS = {"train", "training", "test", "val", "valid", "validation"}
_NAMED = 3


def read_images(path: Path, reading: Reading) -> RawData:
    """Images in the order of their names; of those in two folders or more, the first folder on the way is the class."""
    source = str(path)
    if path.is_dir():
        pictures, others = _in_folder(path)
    elif path.is_file():
        pictures, others = _in_archive(path)
    else:
        pictures, others = _of_pattern(source)
    if not pictures:
        raise ValueError(
            f"load_dataset: a folder must hold images ({', '.join(IMAGES)}), tables (.parquet, .arrow) or Zarr, "
            f"got {_few(others) or 'nothing'} in {source}; give the file itself"
        )
    pictures = _below_common_folder(pictures)
    classes = _classes(pictures, source)
    pixels = read_pictures(
        pictures, source, resize=reading.resize, skip_broken=reading.skip_broken, memory=reading.memory
    )
    left = (f"files that are no images were left out: {_few(others)}",) if others else ()
    return RawData(
        values=pixels.values,
        labels=reading.labels if reading.labels is not None or classes is None else [classes[k] for k in pixels.kept],
        name="images",
        source=source,
        scale="range",
        known_range=pixels.known_range,
        notes=(*pixels.notes, *left),
        taken=pixels.description + ("" if classes is None else "; classes by folder"),
    )


def _in_folder(root: Path) -> tuple[list[Picture], list[str]]:
    """Images at any depth, links followed once; hidden files are passed over."""
    images: list[str] = []
    others: list[str] = []
    seen: set[str] = set()
    for folder, inner, files in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            inner.clear()
            continue
        seen.add(real)
        inner[:] = sorted(each for each in inner if not each.startswith("."))
        for file in files:
            name = (Path(folder) / file).relative_to(root).as_posix()
            if not file.startswith(".") and file != "Thumbs.db":
                (images if _is_image(file) else others).append(name)
    return _pictures(root, images), sorted(others)


def _pictures(root: Path, names: Iterable[str]) -> list[Picture]:
    return [Picture(name, lambda path=root / name: path.open("rb")) for name in sorted(names)]  # type: ignore[misc]


def _of_pattern(pattern: str) -> tuple[list[Picture], list[str]]:
    found = [each for each in glob.glob(pattern, recursive=True) if os.path.isfile(each)]
    images = [each for each in found if _is_image(each)]
    return _pictures(Path(), images), sorted(each for each in found if each not in set(images))


def _in_archive(path: Path) -> tuple[list[Picture], list[str]]:
    """Members of an archive, each opened from the file anew; what systems add to archives is passed over."""
    with refusing_damage("a zip archive", path), zipfile.ZipFile(path) as archive:
        members = [info for info in archive.infolist() if not info.is_dir()]
    members = [info for info in members if not _hidden(info.filename)]
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


def _hidden(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return parts[0] == "__MACOSX" or any(part.startswith(".") for part in parts) or parts[-1] == "Thumbs.db"


def _is_image(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in IMAGES


def _below_common_folder(pictures: list[Picture]) -> list[Picture]:
    """Names from the folder on in which all images lie."""
    common = os.path.commonpath([os.path.dirname(picture.name) for picture in pictures]) if len(pictures) > 1 else ""
    cut = len(common) + 1 if common and common != "/" else len(common)
    return [Picture(picture.name[cut:], picture.open) for picture in pictures]


def _classes(pictures: list[Picture], source: str) -> list[str] | None:
    """The first folder of each name; images beside folders, and folders that are parts of one set, are no classes."""
    folders = [PurePosixPath(picture.name).parts[:-1] for picture in pictures]
    first = {each[0] if each else "" for each in folders}
    if first == {""}:
        return None
    if "" in first:
        beside = [picture.name for picture, each in zip(pictures, folders, strict=True) if not each]
        raise ValueError(
            f"load_dataset: the folder of an image is its class, got {len(beside)} images beside the folders in "
            f"{source} ({_few(beside)}); put them into one, or give a pattern such as 'folder/*/*.png'"
        )
    if first <= _PARTS and all(len(each) > 1 for each in folders):
        raise ValueError(
            f"load_dataset: the first folder of an image is its class, got {', '.join(sorted(first))} in {source}, "
            f"which are parts of a data set; give one, such as {source.rstrip('/')}/{max(first)}"
        )
    return [each[0] for each in folders]


def _few(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
