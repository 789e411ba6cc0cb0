"""Noise levels as a list: in a file, in a dictionary, in an object of another package."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.process.scheduler_file import LARGEST, checked_size
from regimes.numerics.process.sampler_steps import SamplerSteps, times_from_flow_time
from regimes.numerics.process.schedules import Schedule, times_from_alpha_bar

__all__ = ["LEVELS", "given_levels", "levels_of_file", "levels_of_object", "steps_of_object"]

Array = NDArray[np.float64]

LEVELS = {
    "sigma": "sigma",
    "sigmas": "sigma",
    "alpha_bar": "alpha_bar",
    "alphas_bar": "alpha_bar",
    "alpha_cumprod": "alpha_bar",
    "alphas_cumprod": "alpha_bar",
    "flow_time": "flow_time",
    "flow_times": "flow_time",
}
"""Names of a list of noise levels, and what they are."""

_AROUND = " \t,;[]()"  # of a line of numbers, as Python prints a list
_TIMESTEPS = ("timestep", "timesteps")


def levels_of_file(path: Path, content: Any, levels: str | None) -> Schedule:
    """Schedule of the list in a file, whose JSON has been read."""
    if isinstance(content, Mapping):
        return given_levels(path.name, content, levels)
    called = path.stem.strip().lower().replace("-", "_")
    known = levels is None and (called in LEVELS or called in _TIMESTEPS)
    if content is not None:
        columns: dict[str, Any] = {"": content}
    elif path.suffix.lower() in (".npy", ".npz"):
        columns = _arrays(checked_size(path))
    else:
        columns = _text_columns(checked_size(path))
    if not known or [*columns] != [""]:
        return given_levels(path.name, columns, levels)
    made = given_levels(path.name, {called: columns[""]}, None)
    return replace(made, source=f"{made.source}, as it is called")


def given_levels(name: str, columns: Mapping[str, Any], levels: str | None) -> Schedule:
    """Schedule of lists by name, of which one holds noise levels, and another may say what the model is told."""
    known = {key: LEVELS[key.strip().lower()] for key in columns if key.strip().lower() in LEVELS}
    if levels is not None:
        known = {key: kind for key, kind in known.items() if kind == levels.replace("-", "_")} or known
    if len(known) > 1 or (not known and len(columns) != 1):
        names = ", ".join(map(str, columns))[:80] or "none"
        raise ValueError(
            f"noise_schedule: {name} must hold one list of levels, under sigmas, alpha_bar or flow_time, got {names}; "
            "name one with values= (--values)"
        )
    key = next(iter(known or columns))
    if not known and key.strip().lower() in _TIMESTEPS:
        raise ValueError(
            f"noise_schedule: {name} must hold noise levels, got {key} alone, which are labels of steps; give "
            "sigmas or alpha_bar beside them, or the configuration of the sampler"
        )
    labels = next((columns[each] for each in columns if each.strip().lower() in _TIMESTEPS), None)
    stated = known.get(key)
    if levels is not None and stated not in (None, levels.replace("-", "_")):
        raise ValueError(f"noise_schedule: {name} must hold {levels}, as values says, got a list called {key}")
    return _schedule(name, _numbers(name, columns[key]), stated or levels, labels)


def steps_of_object(thing: Any, train: int) -> Array | None:
    """What a scheduler tells the model at the steps that it was given; None if it was given none."""
    calls = getattr(thing, "timesteps", None)
    told = None if calls is None else _numbers(type(thing).__name__, calls)
    given = getattr(thing, "num_inference_steps", None) is not None or (told is not None and told.size != train)
    return told if given else None


def levels_of_object(thing: Any, levels: str | None, *, inverted: bool = False) -> Schedule:
    """Schedule of an object with ``alphas_cumprod`` or ``sigmas``: of its steps if it was given any, else of training.

    ``inverted`` says that its times of flow matching grow towards the data.

    Raises
    ------
    ValueError
        Naming the type of an object that has neither.
    """
    name = type(thing).__name__
    alphas, sigmas = getattr(thing, "alphas_cumprod", None), getattr(thing, "sigmas", None)
    if alphas is None and sigmas is None:
        raise ValueError(
            f"noise_schedule: schedule must be a name, a file, a dictionary or an object with alphas_cumprod or "
            f"sigmas, got {name}; put a list under its name, {{'sigmas': [...]}} or {{'alpha_bar': [...]}}"
        )
    table = None if alphas is None else _numbers(name, alphas)
    chosen = getattr(thing, "num_inference_steps", None) is not None
    told = steps_of_object(thing, 0) if chosen else None
    if sigmas is not None and told is not None:
        own = _numbers(name, sigmas)[: told.size]
        return _schedule(name, 1 - own if inverted else own, levels, told)
    if table is not None:
        if told is not None and np.array_equal(told, np.round(told)) and told.max() < table.size:
            return _schedule(name, table[told.astype(np.intp)], "alpha_bar", told)
        return _schedule(name, table, "alpha_bar", np.arange(table.size))
    return _schedule(name, _numbers(name, sigmas), levels, None)


def _schedule(name: str, values: Array, kind: str | None, labels: Any) -> Schedule:
    """Check the levels, tell what they are where nothing says so, and put them on the clock."""
    if values.size == 0:
        raise ValueError(f"noise_schedule: {name} must hold one noise level at least, got none")
    timesteps = None if labels is None else _numbers(name, labels)
    if not np.all(np.isfinite(values)):
        place = int(np.flatnonzero(~np.isfinite(values))[0])
        raise ValueError(f"noise_schedule: levels of {name} must be finite, got {values[place]:g} at place {place}")
    data = 1.0 if kind in ("alpha_bar", "alpha-bar") else 0.0
    while values.size > 1 and values[-1] == data and kind is not None:
        values = values[:-1]  # where a sampler arrives is no step
    if kind is None:
        values = np.trim_zeros(values, "b") if values.size and values[0] > 1 else values
        if not np.any(values > 1):
            raise ValueError(
                f"noise_schedule: a list of numbers from 0 to 1 may be of sigma, alpha_bar or flow_time, got {name}; "
                "say which with values= (--values), or call the list or the file so"
            )
        kind = "sigma"
    kind = kind.replace("-", "_")
    low, high = (0.0, 1.0) if kind != "sigma" else (0.0, np.inf)
    wrong = np.flatnonzero(~((values >= low) & (values <= high)))
    if wrong.size:
        rule = "not be negative" if kind == "sigma" else "lie in 0 to 1"
        raise ValueError(f"noise_schedule: {kind} of {name} must {rule}, got {values[wrong[0]]:g} at place {wrong[0]}")
    _check_order(name, values)
    if timesteps is not None and timesteps.size != values.size:
        timesteps = timesteps[: values.size] if timesteps.size == values.size + 1 else timesteps
        if timesteps.size != values.size:
            raise ValueError(
                f"noise_schedule: {name} must have one timestep for each level, got {timesteps.size} and {values.size}"
            )
    if kind == "sigma":
        t = SamplerSteps.of_sigma(values, None).t
    else:
        t = times_from_alpha_bar(values) if kind == "alpha_bar" else times_from_flow_time(values)
    return Schedule(
        name, t, np.exp(-2 * t), f"{values.size} level{'s' * (values.size > 1)} of {kind} of {name}", timesteps
    )


def _check_order(name: str, values: Array) -> None:
    steps = np.diff(values)
    if np.any(steps > 0) and np.any(steps < 0):
        turn = int(np.flatnonzero(steps * np.sign(steps[np.flatnonzero(steps)[0]]) < 0)[0])
        raise ValueError(
            f"noise_schedule: the levels of {name} must rise or fall all along, got {values[turn]:g} and then "
            f"{values[turn + 1]:g} at place {turn + 1}; sort them"
        )


def _numbers(name: str, values: Any) -> Array:
    """Numbers of a list, an array or a tensor, wherever it is and of whatever precision."""
    if hasattr(values, "detach"):
        values = values.detach().cpu().double()
    try:
        array = np.asarray(values)
        found = array.astype(np.float64) if array.dtype.kind in "iuf" else None
    except (TypeError, ValueError, RuntimeError):
        found = None
    if found is None or found.ndim != 1 or np.ma.is_masked(values):
        raise ValueError(f"noise_schedule: {name} must hold a list of numbers, one for each step, got something else")
    return found


def _arrays(path: Path) -> dict[str, Any]:
    """Arrays of a NumPy file by name, never unpickled; those of an archive no larger than a file may be."""
    try:
        if path.suffix.lower() == ".npy":
            return {"": np.load(path, mmap_mode="r", allow_pickle=False)}
        with zipfile.ZipFile(path) as archive:
            declared = sum(each.file_size for each in archive.infolist())
        if declared > LARGEST:
            raise ValueError(f"its arrays would take {declared / 2**20:.0f} MiB")
        with np.load(path, allow_pickle=False) as loaded:
            return dict(loaded)
    except Exception as error:  # what damaged files raise is no list that numpy keeps
        reason = (str(error) or type(error).__name__).partition("\n")[0]
        raise ValueError(
            f"noise_schedule: the file must be a whole NumPy file of numbers, got {path}, which cannot be read: "
            f"{reason}"
        ) from None


def _text_columns(path: Path) -> dict[str, Any]:
    """Columns of a text file by name; one column without a name if it has no header."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"noise_schedule: {path} must be text in UTF-8, and cannot be read: {error}") from None
    told = (line.partition("#")[0].strip(_AROUND) for line in lines)
    rows = [re.split(r"[,;\s]+", line) for line in told if line]
    if not rows:
        raise ValueError(f"noise_schedule: {path} must hold noise levels, got nothing")
    header = None if _is_float(rows[0][0]) else [cell.strip('"') for cell in rows.pop(0)]
    if header is not None and len(set(header)) < len(header):
        raise ValueError(f"noise_schedule: a name must stand once in the first line of {path}, got {', '.join(header)}")
    if header is None and len({len(row) for row in rows}) <= 1 and len(rows) > 1 and len(rows[0]) > 1:
        raise ValueError(f"noise_schedule: columns of {path} must have names in the first line, got numbers alone")
    cells = rows if header is not None else [[cell] for row in rows for cell in row]
    for number, row in enumerate(cells):
        if len(row) != len(header or row) or not all(map(_is_number, row)):
            raise ValueError(
                f"noise_schedule: {path} must hold a number in each cell, got {','.join(row)[:40]!r} in row {number}"
            )
    return {name: [float(row[i]) for row in cells] for i, name in enumerate(header or [""])}


def _is_float(cell: str) -> bool:
    """Whether Python takes it for a number, finite or not: such a cell is no name."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", cell) is not None
