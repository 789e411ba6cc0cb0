"""Labels of images in a table, of which the first column names an image and another its class, in any order."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from regimes.datasets.files.dialect import dialect_of
from regimes.datasets.files.reading import Reading, column_place
from regimes.datasets.files.tables import TABLES, read_table
from regimes.datasets.files.text import TextFile
from regimes.numerics.interface.paths import exists, expanded

__all__ = ["labels_by_name"]

_KEYS = (str, lambda name: PurePath(name).name, lambda name: PurePath(name).stem)
"""How a table may call an image: by its place, its name, or that without its ending."""


def labels_by_name(labels: Any, names: Sequence[str], memory: int) -> list[Any] | None:
    """The label of each name; None where the labels are in no such table, and so in the order of the names.

    ``table.csv:column`` names the column of a table of more than two.
    """
    if not isinstance(labels, str | os.PathLike):
        return None
    text, _, column = os.fspath(labels).rpartition(":")
    if not text or exists(labels) or not exists(text):
        text, column = os.fspath(labels), ""
    path = expanded("load_dataset", text)
    if not path.is_file() or not {suffix.lower() for suffix in path.suffixes} & set(TABLES):
        return None
    dialect = dialect_of(TextFile.of(path, memory))
    width = len(dialect.rows[0]) if dialect is not None else 0
    if dialect is None or width < 2:
        return None
    place = column_place(column, dialect.rows[0], width, str(path)) if column else width - 1
    table = read_table(path, Reading(labels=place, columns=[0], header=False, memory=memory))[0]
    if 0 not in table.texts:
        return None
    if width > 2 and not column:
        raise ValueError(
            f"load_dataset: a table of labels must have two columns, the name of each image and its label, got {width} "
            f"in {path}; name the second after a colon, --labels {path}:{dialect.rows[0][1]}"
        )
    rows = list(zip(map(str, table.cells(0)), table.cells(place).tolist(), strict=True))
    lacking: list[str] = []
    for key in _KEYS:
        wanted = {key(name) for name in names}
        begin = int(key(rows[0][0]) not in wanted)  # a header, which need not look like one
        found = {key(called): label for called, label in rows[begin:]}
        missing = [name for name in names if key(name) not in found]
        if not missing and len(found) == len(rows) - begin:
            return [found[key(name)] for name in names]
        lacking = missing if len(missing) < len(names) else lacking
    if lacking:
        raise ValueError(
            f"load_dataset: a table of labels must name every image once, got {path} without {len(lacking)} of "
            f"{len(names)}, such as {lacking[0]}, or with some twice; complete it"
        )
    return None
