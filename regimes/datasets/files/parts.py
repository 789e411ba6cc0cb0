"""Folders and files whose names say that they are parts of a data set, or kinds of file, and so no classes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

__all__ = ["are_kinds", "are_parts", "are_ranges", "part"]

_PARTS = {
    **dict.fromkeys(("train", "training", "trn", "traina", "trainb"), "train"),
    **dict.fromkeys(("test", "testing", "tst", "testa", "testb"), "test"),
    **dict.fromkeys(("val", "valid", "validation", "dev", "eval"), "val"),
    **dict.fromkeys(("extra", "unlabeled", "unlabelled", "pred", "holdout"), "rest"),
}
_KINDS = {
    *("image", "images", "img", "imgs", "jpegimages", "mask", "masks", "label", "labels", "annotation", "annotations"),
    *("gt", "groundtruth", "ground_truth", "segmentation", "segmentations", "segmentationclass", "segmentationobject"),
}
_THOUSAND = 1000  # files in a folder, as tools for FFHQ write them
_WORD = re.compile(r"[^\W\d_]+")


def part(name: str) -> str | None:
    """The first word of a name, or of a path, that is one of a part of a data set.

    >>> part("data/train-00000-of-00001.parquet"), part("val2017"), part("bullet"), part("seg_test")
    ('train', 'val', None, 'test')
    """
    return next((word for word in _WORD.findall(name.casefold()) if word in _PARTS), None)


def are_parts(names: Iterable[str]) -> bool:
    """Whether names are those of different parts: all of them, or several that say nothing else.

    >>> are_parts(["train", "test", "docs"]), are_parts(["train", "plane"]), are_parts(["bullet train", "steam train"])
    (True, False, False)
    """
    names = [*names]
    plain = {_PARTS[name.casefold()] for name in names if name.casefold() in _PARTS}
    found = {word and _PARTS[word] for word in map(part, names)}
    return len(plain - {"rest"}) > 1 or (None not in found and len(found) > 1)


def are_kinds(names: Iterable[str]) -> bool:
    """Whether names are those of images and of what belongs to each, such as masks."""
    names = [name.casefold() for name in names]
    return len(names) > 1 and set(names) <= _KINDS


def are_ranges(files: Iterable[tuple[str, str]]) -> bool:
    """Whether folders are called by the numbers of the files in them, from the first on, or by the thousand of these.

    >>> are_ranges([("00000", "00007"), ("01000", "01020")]), are_ranges([("00000", "img007"), ("00001", "img1020")])
    (True, True)
    >>> are_ranges([("0001", "0001_01"), ("0002", "0002_01")]), are_ranges([("1234", "1"), ("1235", "2")])
    (False, False)
    """
    found = [(folder, re.fullmatch(r"[^\W\d]*(\d{1,18})", stem)) for folder, stem in files]
    names = sorted({folder for folder, _ in found})
    if not all(re.fullmatch(r"\d{4,18}", name) and len(name) == len(names[0]) for name in names):
        return False
    numbers = [(int(folder), int(number[1])) for folder, number in found if number]
    following = dict(pairwise([*map(int, names), 10**18]))
    first = all(folder <= number < following[folder] for folder, number in numbers)
    return len(numbers) == len(found) and (first or all(number // _THOUSAND == folder for folder, number in numbers))
