"""What every solver of the package gives: rows of numbers, with curves, the problem and the settings."""

from __future__ import annotations

import dataclasses
import importlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

import numpy as np

from regimes.numerics.interface.number import BEYOND, Number, restored_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["SCHEMA", "Result", "plain", "within_double_precision"]

SCHEMA = 2
"""Version of the JSON that :meth:`Result.to_dict` gives."""

Of = TypeVar("Of", bound="Result")


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """Base class of all results. Equal results have equal dictionaries.

    Attributes
    ----------
    problem : dataclass
        What was asked.
    numbers : dict of str to Number
        By key, such as ``speciation.class_time``; a key means one quantity by one method in every command, and
        ``regimes derive KEY`` says where the number comes from.
    curves : dict of str to ndarray
        Over the first of them, which is their abscissa and the last axis of the others; lists of named parts
        (directions, merges) have none.
    settings : dict
        What the numbers depend on beside the problem: seed, repetitions, memory.
    sentences : tuple of str
        What follows from the numbers, in words.
    assumes : tuple of str
        What has to hold for the numbers to be true.
    warnings : tuple of str
        What to do before using them.
    """

    kind: ClassVar[str]
    problem_type: ClassVar[Callable[..., Any]]
    problem: Any
    numbers: dict[str, Number]
    curves: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    sentences: tuple[str, ...] = ()
    assumes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __getitem__(self, key: str) -> Number:
        """Number of a key.

        Raises
        ------
        KeyError
            Naming the keys that there are.
        """
        if key not in self.numbers:
            raise KeyError(f"{key!r}: this result has {', '.join(self.numbers)}")
        return self.numbers[key]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Result) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON, with the same keys for every result.

        Returns
        -------
        dict
            ``schema`` (2), ``kind``, ``problem``, ``numbers`` (by key: ``label``, ``value``, ``error``, ``interval``,
            ``covers``, ``step``, ``formulas``, ``reason``, ``unit``, ``estimate``, ``sources``), ``curves``,
            ``settings``, ``sentences``, ``assumes``, ``warnings``. What is not finite is None.
        """
        parts = {each.name: plain(getattr(self, each.name)) for each in dataclasses.fields(self)}
        return {"schema": SCHEMA, "kind": self.kind, **parts}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Read back what :meth:`to_dict` gave; the result equals the one that was stored.

        Raises
        ------
        ValueError
            If it is of another kind or schema, or something is missing.
        """
        if stored.get("schema") != SCHEMA or stored.get("kind") != cls.kind:
            raise ValueError(
                f"{cls.__name__}.from_dict: takes a result of kind {cls.kind!r} with schema {SCHEMA}, got kind "
                f"{stored.get('kind')!r} with schema {stored.get('schema')!r}"
            )
        try:
            parts = {each.name: stored[each.name] for each in dataclasses.fields(cls)}
            return cls(**cls._restored(parts))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{cls.__name__}.from_dict: the dictionary is not whole: {error!r}") from None

    @classmethod
    def _restored(cls, parts: dict[str, Any]) -> dict[str, Any]:
        """Fields from their plain forms; a subclass restores what it adds."""
        return {
            **parts,
            "problem": cls.problem_type(**parts["problem"]),
            "numbers": {key: restored_number(each) for key, each in parts["numbers"].items()},
            "curves": {name: _curve(each) for name, each in parts["curves"].items()},
            **{name: tuple(parts[name]) for name in ("sentences", "assumes", "warnings")},
        }

    def to_frame(self) -> Any:
        """Curves as a pandas DataFrame over their abscissa; pandas has to be installed.

        Returns
        -------
        pandas.DataFrame
            A column for each curve, numbered where a curve has several rows; without those over another abscissa.
        """
        import pandas

        (name, abscissa), *others = self.curves.items()
        columns = {}
        for label, values in others:
            if values is None or "." in label or (len(values) and isinstance(values[0], Mapping)):
                continue
            rows = np.asarray(values).reshape(-1, len(abscissa))
            columns.update({label if len(rows) == 1 else f"{label}[{i}]": row for i, row in enumerate(rows)})
        return pandas.DataFrame(columns, index=pandas.Index(abscissa, name=name))

    def plot(self, ax: Any = None) -> Figure:
        """Draw the result.

        Parameters
        ----------
        ax : Axes or sequence of Axes, optional
            Where to draw, one for each panel; a new figure otherwise.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.

        Raises
        ------
        ValueError
            If the number of axes is not that of the panels, or there is nothing to draw.
        """
        figure: Figure = _view("figure", self)(self, ax)
        return figure

    def __repr__(self) -> str:
        text: str = _view("text", self)(self)
        return text

    def _repr_html_(self) -> str:
        page: str = _view("html", self)(self)
        return page


def within_double_precision(function: str, result: Of) -> Of:
    """The result, unless its parameters lead to numbers or curves that are not finite; schedules may end, though."""
    curves = (values for name, values in result.curves.items() if name != "step")
    if any(each.reason == BEYOND for each in result.numbers.values()) or not all(
        np.isfinite(each).all() for each in curves
    ):
        raise ValueError(f"{function}: {result.problem} leads {BEYOND}, up to 1e308; take less extreme values")
    return result


def plain(value: Any) -> Any:
    """Values as JSON has them: arrays and tuples as lists, dataclasses as dictionaries, what is not finite as None."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            return plain(value.tolist())
        return value.tolist()
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _curve(stored: Any) -> Any:
    """An array; a list of parts, each with names of its own, stays one."""
    if stored is None or (stored and isinstance(stored[0], Mapping)):
        return stored
    return np.array(stored, float)


def _view(what: str, result: Result) -> Callable[..., Any]:
    """The one door upwards: the report finds the table, figure or page of a result by its type."""
    views = importlib.import_module("regimes.report.views")
    view: Callable[..., Any] = getattr(views, what)
    return view
