"""Labels of images in a table of two columns, the name of an image and its class, in any order."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from regimes.datasets.files.dialect import dialect_of
from regimes.datasets.files.reading import Reading
from regimes.datasets.files.tables import TABLES, read_table
from regimes.datasets.files.text import TextFile
from regimes.numerics.interface.paths import expanded

__all__ = ["labels_by_name"]

_KEYS = (str, lambda name: PurePath(name).name, lambda name: PurePath(name).stem)
"""How a table may call an image: by its place, its name, or that without its ending."""


def labels_by_name(labels: Any, names: Sequence[str], memory: int) -> list[Any] | None:
    """The label of each name; None where the labels are in no such table, and so in the order of the names."""
    if not isinstance(labels, str | os.PathLike):
        return None
    path = expanded("load_dataset", labels)
    if not path.is_file() or not {suffix.lower() for suffix in path.suffixes} & set(TABLES):
        return None
    dialect = dialect_of(TextFile.of(path, memory))
    if dialect is None or len(dialect.rows[0]) != 2:
        return None
    table = read_table(path, Reading(labels=-1, header=False, memory=memory))[0]
    if 0 not in table.texts:
        return None
    rows = list(zip(map(str, table.cells(0)), table.cells(1).tolist(), strict=True))
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
