"""What an experiment found: theory, simulation and agreement in one table, with the curves of its figure."""

from __future__ import annotations

import datetime
import importlib.metadata
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.validation.outcome.agreement import Agreement, ChiSquare

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Curve", "ExperimentResult", "Panel", "Progress", "Verdict", "conclude", "curve", "verdict_of"]

Verdict = Literal["agrees", "disagrees", "compared"]
Kind = Literal["theory", "simulation", "reference"]

Progress = Callable[[str, int, int], None]
"""Called with the name of a part of the work, how much of it is done, and how much there is."""

_LEVEL = 1e-3
_VERSIONS = ("regimes", "numpy", "numba", "scipy", "torch")


@dataclass(frozen=True, eq=False)
class Curve:
    """One curve of a figure.

    Attributes
    ----------
    label : str
        For the legend.
    kind : {"theory", "simulation", "reference"}
        A prediction (line), a measurement (points with errors), or something to compare with (thin line).
    x, y : ndarray, shape (N,)
        Abscissa and value.
    se : ndarray, shape (N,), or None
        Standard errors.
    group : int
        Curves of one group share a colour.
    """

    label: str
    kind: Kind
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    se: NDArray[np.float64] | None = None
    group: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON.

        Returns
        -------
        dict
            The attributes, arrays as lists.
        """
        return {
            "label": self.label,
            "kind": self.kind,
            "x": self.x.tolist(),
            "y": self.y.tolist(),
            "se": None if self.se is None else self.se.tolist(),
            "group": self.group,
        }


def curve(label: str, kind: Kind, x: ArrayLike, y: ArrayLike, se: ArrayLike | None = None, *, group: int = 0) -> Curve:
    """Make a curve of anything that holds numbers.

    Parameters
    ----------
    label : str
        For the legend.
    kind : {"theory", "simulation", "reference"}
        See :class:`Curve`.
    x, y : array_like, shape (N,)
        Abscissa and value.
    se : array_like, shape (N,), optional
        Standard errors.
    group : int
        Curves of one group share a colour.

    Returns
    -------
    Curve
        The curve.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    arrays = [None if each is None else np.asarray(each, dtype=np.float64) for each in (x, y, se)]
    shapes = {each.shape for each in arrays if each is not None}
    if len(shapes) != 1 or len(next(iter(shapes))) != 1:
        raise ValueError(f"curve: x, y and se of {label!r} must be 1-d and of one length, got {sorted(shapes)}")
    return Curve(label, kind, arrays[0], arrays[1], arrays[2], group)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Panel:
    """One pair of axes of a figure.

    Attributes
    ----------
    title, x_label, y_label : str
        In words; matplotlib's mathematics between dollar signs.
    curves : tuple of Curve
        What is drawn.
    marks : tuple of (str, float)
        Vertical lines with their names.
    log_x : bool
        Whether the abscissa is logarithmic.
    """

    title: str
    x_label: str
    y_label: str
    curves: tuple[Curve, ...]
    marks: tuple[tuple[str, float], ...] = ()
    log_x: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON.

        Returns
        -------
        dict
            The attributes, curves as dictionaries.
        """
        return {
            "title": self.title,
            "x_label": self.x_label,
            "y_label": self.y_label,
            "curves": [each.to_dict() for each in self.curves],
            "marks": [list(mark) for mark in self.marks],
            "log_x": self.log_x,
        }


@dataclass(frozen=True, eq=False)
class ExperimentResult:
    """Theory held against simulation.

    Attributes
    ----------
    experiment : str
        Name.
    settings : dict
        All that the numbers depend on, the seed, the device and whether the quick form was run included.
    agreement : tuple of Agreement
        Each compared number.
    tests : tuple of ChiSquare
        Each group of compared numbers at once.
    verdict : {"agrees", "disagrees", "compared"}
        See :func:`verdict_of`; ``compared`` where predictions exclude one another.
    statements : tuple of str
        What was found, in words, the verdict's reasons first.
    findings : dict
        Other numbers that were measured.
    panels : tuple of Panel
        The figure.
    seconds : float
        Elapsed time; of the last run where a checkpoint joined several.
    provenance : dict
        ``command``, ``versions``, ``date``.
    """

    experiment: str
    settings: dict[str, Any]
    agreement: tuple[Agreement, ...]
    tests: tuple[ChiSquare, ...]
    verdict: Verdict
    statements: tuple[str, ...]
    findings: dict[str, Any]
    panels: tuple[Panel, ...]
    seconds: float
    provenance: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON.

        Returns
        -------
        dict
            Keys ``experiment``, ``settings``, ``agreement``, ``tests``, ``verdict``, ``statements``, ``findings``,
            ``panels``, ``seconds``, ``provenance``.
        """
        return {
            "experiment": self.experiment,
            "settings": dict(self.settings),
            "agreement": [each.to_dict() for each in self.agreement],
            "tests": [each.to_dict() for each in self.tests],
            "verdict": self.verdict,
            "statements": list(self.statements),
            "findings": dict(self.findings),
            "panels": [each.to_dict() for each in self.panels],
            "seconds": self.seconds,
            "provenance": dict(self.provenance),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> ExperimentResult:
        """Read a result back from the dictionary that :meth:`to_dict` gave.

        Parameters
        ----------
        stored : mapping
            What a JSON file holds.

        Returns
        -------
        ExperimentResult
            The result.

        Raises
        ------
        ValueError
            If a key is missing.
        """
        try:
            return cls(
                experiment=stored["experiment"],
                settings=dict(stored["settings"]),
                agreement=tuple(
                    Agreement(**{name: value for name, value in each.items() if name != "z"})
                    for each in stored["agreement"]
                ),
                tests=tuple(ChiSquare(**each) for each in stored["tests"]),
                verdict=stored["verdict"],
                statements=tuple(stored["statements"]),
                findings=dict(stored["findings"]),
                panels=tuple(_panel(each) for each in stored["panels"]),
                seconds=stored["seconds"],
                provenance=dict(stored["provenance"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(
                f"experiment result: the dictionary must be one that to_dict() gave, but {error} does not fit"
            ) from None

    def plot(self, ax: Any = None) -> Figure:
        """Draw theory and simulation.

        Parameters
        ----------
        ax : sequence of matplotlib.axes.Axes, optional
            One for each panel; a new figure otherwise.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.
        """
        from regimes.report.experiment.figure import plot_experiment

        return plot_experiment(self, ax=ax)


def conclude(
    experiment: str,
    settings: Mapping[str, Any],
    started: float,
    *,
    agreement: Sequence[Agreement],
    tests: Sequence[ChiSquare],
    statements: Sequence[str],
    findings: Mapping[str, Any],
    panels: Sequence[Panel],
    rivals: bool = False,
) -> ExperimentResult:
    """Put a result together: the verdict, the elapsed time and where the numbers come from.

    Parameters
    ----------
    experiment : str
        Name.
    settings : mapping
        With ``quick`` (bool) and ``seed`` (int), which the command is made of.
    started : float
        ``time.perf_counter()`` at the start.
    agreement, tests, statements, findings, panels
        See :class:`ExperimentResult`; at least one test, unless there are rivals.
    rivals : bool
        Whether predictions that exclude one another are compared: the verdict then is ``compared``.

    Returns
    -------
    ExperimentResult
        The result.
    """
    versions = {"python": platform.python_version()}
    for package in _VERSIONS:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    command = f"regimes validate {experiment}{' --quick' if settings['quick'] else ''} --seed {settings['seed']}"
    return ExperimentResult(
        experiment=experiment,
        settings=dict(settings),
        agreement=tuple(agreement),
        tests=tuple(tests),
        verdict="compared" if rivals else verdict_of(tests),
        statements=tuple(statements),
        findings=dict(findings),
        panels=tuple(panels),
        seconds=time.perf_counter() - started,
        provenance={"command": command, "versions": versions, "date": datetime.date.today().isoformat()},
    )


def verdict_of(tests: Sequence[ChiSquare]) -> Verdict:
    """Judge an experiment by its tests.

    Parameters
    ----------
    tests : sequence of ChiSquare
        At least one.

    Returns
    -------
    {"agrees", "disagrees"}
        Disagreement is a p-value below 0.001, divided by the number of tests.

    Examples
    --------
    >>> verdict_of([ChiSquare("phi", value=12.0, dof=10, p=0.29)])
    'agrees'
    """
    return "disagrees" if min(test.p for test in tests) < _LEVEL / len(tests) else "agrees"


def _panel(stored: Mapping[str, Any]) -> Panel:
    curves = tuple(
        curve(each["label"], each["kind"], each["x"], each["y"], each["se"], group=each["group"])
        for each in stored["curves"]
    )
    marks = tuple((str(name), float(at)) for name, at in stored["marks"])
    return Panel(stored["title"], stored["x_label"], stored["y_label"], curves, marks, stored["log_x"])
