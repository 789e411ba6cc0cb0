"""The table of losses per noise level: written here, or by the user's own training code."""

from __future__ import annotations

import csv
import io
import itertools
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.standard_input import read_bounded
from regimes.numerics.interface.whole_file import replacing

__all__ = ["COLUMNS", "read_losses", "write_losses"]

COLUMNS = ("t", "snr", "train_loss", "train_se", "test_loss", "test_se")
"""Ornstein-Uhlenbeck time, signal-to-noise ratio, and ``E |a - a_hat|^2`` with its standard error on both sets."""

_LARGEST = 64 * 2**20  # bytes of a table: a row a noise level
_SAME = 1e-3  # of snr given beside t, which decides: another clock is off by more, rounding by less

Array = NDArray[np.float64]


def write_losses(path: Path, columns: Mapping[str, Array | None], without_signal: Mapping[str, float | None]) -> None:
    """Write the table, whole or not at all."""
    size = max(0 if values is None else values.size for values in columns.values())
    rows = [["" if columns[name] is None else repr(float(columns[name][k])) for name in COLUMNS] for k in range(size)]  # type: ignore[index]
    known = {name: repr(float(value)) for name, value in without_signal.items() if value is not None}
    if known:
        rows.append([{"t": "inf", "snr": "0.0", **known}.get(name, "") for name in COLUMNS])
    with (
        replacing("LossCurve.save_csv", path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        csv.writer(file, lineterminator="\n").writerows([list(COLUMNS), *rows])


def read_losses(path: Path) -> tuple[dict[str, Array], dict[str, float]]:
    """Read the table."""
    try:
        text = read_bounded("LossCurve.load_csv", path, _LARGEST).decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), skipinitialspace=True)
        names = [name.strip() for name in reader.fieldnames or []]
        reader.fieldnames = names
        lines = [(reader.line_num, row) for row in reader]
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise ValueError(f"LossCurve.load_csv: there is no file {path}") from None
    except UnicodeDecodeError as failure:
        raise ValueError(
            f"LossCurve.load_csv: a table must be text in UTF-8, got {path}, where byte {failure.start} is none; write "
            "it as CSV"
        ) from None
    except (OSError, csv.Error) as failure:
        raise ValueError(
            f"LossCurve.load_csv: a table must be text in UTF-8, got {path}, which cannot be read: {failure}"
        ) from None
    for name in COLUMNS:
        if names.count(name) > 1:
            raise ValueError(f"LossCurve.load_csv: {path} has the column {name} {names.count(name)} times; keep one")
    if not {"t", "snr"} & set(names) or "train_loss" not in names:
        raise ValueError(
            f"LossCurve.load_csv: {path} must have the columns {', '.join(COLUMNS)} (t or snr, and train_loss, at "
            f"least), got {', '.join(names) or 'none'}"
        )
    rows = [(line, _numbers(path, line, row)) for line, row in lines]
    finite = [
        (line, _placed(path, line, row)) for line, row in rows if row.get("t") != math.inf and row.get("snr") != 0
    ]
    silent = [row for _, row in rows if row.get("t") == math.inf or row.get("snr") == 0]
    finite.sort(key=lambda each: each[1]["t"])
    if len(finite) < 2:
        raise ValueError(f"LossCurve.load_csv: {path} must have at least 2 noise levels, got {len(finite)}")
    for (_, row), (line, beside) in itertools.pairwise(finite):
        if row["t"] == beside["t"]:
            raise ValueError(f"LossCurve.load_csv: {path} has the noise level t = {row['t']:g} twice (line {line})")
    kept = [name for name in ("train_loss", "test_loss") if any(name in row for _, row in finite)]
    columns = {name: np.array([row[name] for _, row in finite]) for name in ("t", "snr")}
    for name in kept:
        missing = [line for line, row in finite if name not in row]
        if missing:
            raise ValueError(f"LossCurve.load_csv: {path} has no {name} in line {missing[0]}")
        error = name.replace("_loss", "_se")
        columns[name] = np.array([row[name] for _, row in finite])
        columns[error] = np.array([row.get(error, 0.0) for _, row in finite])
    if "train_loss" not in columns:
        raise ValueError(f"LossCurve.load_csv: {path} has an empty column train_loss")
    return columns, {name: row[name] for row in silent for name in kept if name in row}


def _numbers(path: Path, line: int, row: Mapping[str, str | None]) -> dict[str, float]:
    """What a line holds; empty cells are left out."""
    numbers = {}
    for name in COLUMNS:
        text = (row.get(name) or "").strip()
        if not text:
            continue
        try:
            numbers[name] = float(text)
        except ValueError:
            raise ValueError(
                f"LossCurve.load_csv: {path}, line {line}: {name} must be a number, got {text!r}"
            ) from None
        if math.isnan(numbers[name]) or numbers[name] < 0 or (math.isinf(numbers[name]) and name != "t"):
            raise ValueError(
                f"LossCurve.load_csv: {path}, line {line}: {name} must be finite and not negative, got {text}"
            )
    return numbers


def _placed(path: Path, line: int, row: dict[str, float]) -> dict[str, float]:
    """The line with both t and snr."""
    if "t" not in row and "snr" not in row:
        raise ValueError(f"LossCurve.load_csv: {path}, line {line}: t or snr must be given, both are empty")
    if row.get("t") == 0:
        raise ValueError(f"LossCurve.load_csv: {path}, line {line}: t must be positive, got 0; leave this level out")
    t = row["t"] if "t" in row else float(compile_formula("time_from_snr", target="numpy")(row["snr"]))
    snr = float(compile_formula("snr", target="numpy")(t))
    if "t" in row and "snr" in row and abs(row["snr"] - snr) > _SAME * snr:
        raise ValueError(
            f"LossCurve.load_csv: {path}, line {line}: snr must be exp(-2t)/Delta_t = {snr:.6g} at t = {t:g}, got "
            f"{row['snr']:.6g}; t is Ornstein-Uhlenbeck time (regimes clock translates)"
        )
    return row | {"t": t, "snr": snr}
