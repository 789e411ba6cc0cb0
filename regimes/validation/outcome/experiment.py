"""What an experiment found: theory and simulation side by side, how likely their difference is, and the figure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

from regimes.numerics.interface.number import Number
from regimes.validation.experiments.catalogue import Experiment
from regimes.validation.outcome.agreement import Agreement, ChiSquare
from regimes.validation.outcome.panels import Panel, PanelResult

__all__ = ["ExperimentResult", "Judgement", "Verdict", "agreement_columns", "agreement_rows", "verdict_of"]

Verdict = Literal["agrees", "disagrees", "compared"]

_LEVEL = 1e-3
_COLUMNS = ("quantity", "at", "theory", "simulation", "se", "z", "samples")


@dataclass(frozen=True, eq=False, kw_only=True)
class Judgement:
    """What an experiment makes of its simulations."""

    agreement: Sequence[Agreement] = ()  # each compared number
    tests: Sequence[ChiSquare] = ()  # groups of them at once; none where predictions exclude one another
    sentences: Sequence[str]
    panels: Sequence[Panel]
    numbers: Mapping[str, Number] = field(default_factory=dict)  # measured beside those, without formulas yet
    tables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, repr=False)
class ExperimentResult(PanelResult):
    """Theory held against simulation.

    ``numbers``: of each group of compared numbers ``agreement.p.GROUP``, the probability of a difference at least as
    large if theory is right, with ``agreement.chi_square``, ``agreement.freedom`` and, where the covariance was
    estimated, ``agreement.draws``; what else was measured under ``measure``. ``curves``: each compared number in the
    columns quantity, at, theory, simulation, se, z and samples; ``panels`` and ``tables``. ``sentences`` begin with the
    verdict. ``settings`` hold the seed, the device, whether it was the quick form, and ``seconds``, ``command``,
    ``versions`` and ``date`` of the run.
    """

    kind: ClassVar[str] = "experiment"
    problem_type: ClassVar[type[Experiment]] = Experiment
    run: ClassVar[tuple[str, ...]] = ("seconds", "command", "versions", "date")  # settings that change no number

    @property
    def agreement(self) -> tuple[Agreement, ...]:
        """Each compared number."""
        columns = [np.asarray(self.curves[name]).tolist() for name in _COLUMNS if name != "z"]
        return tuple(Agreement(*row) for row in zip(*columns, strict=True))

    @property
    def tests(self) -> tuple[ChiSquare, ...]:
        """Each group of compared numbers at once."""
        found = []
        for key, number in self.numbers.items():
            if key.startswith("agreement.p."):
                name = key.removeprefix("agreement.p.")
                value, dof, draws = (
                    self.numbers[key].value if (key := f"agreement.{what}.{name}") in self.numbers else None
                    for what in ("chi_square", "freedom", "draws")
                )
                found.append(ChiSquare(number.label, value, dof, number.value, draws))  # type: ignore[arg-type]
        return tuple(found)

    @property
    def verdict(self) -> Verdict:
        """``agrees`` or ``disagrees``, see :func:`verdict_of`; ``compared`` where predictions exclude one another."""
        return verdict_of(self.tests) if self.tests else "compared"

    @property
    def statements(self) -> tuple[str, ...]:
        """The sentences behind the verdict."""
        return self.sentences[1:]


def verdict_of(tests: Sequence[ChiSquare]) -> Verdict:
    """Judge by tests: disagreement is a p-value below 0.001, divided by their number."""
    return "disagrees" if min(test.p for test in tests) < _LEVEL / len(tests) else "agrees"


def agreement_columns(agreement: Sequence[Agreement]) -> dict[str, Any]:
    """Compared numbers as columns."""
    columns = {name: [getattr(each, name) for each in agreement] for name in _COLUMNS}
    return {name: values if name == "quantity" else np.array(values) for name, values in columns.items()}


def agreement_rows(tests: Sequence[ChiSquare]) -> dict[str, Number]:
    """Rows of each test, by a key made of its quantity."""
    rows = {}
    for test in tests:
        name = re.sub(r"[^a-z0-9]+", "_", test.quantity.lower()).strip("_")
        rows[f"agreement.p.{name}"] = Number(test.quantity, test.p)
        rows[f"agreement.chi_square.{name}"] = Number(f"{test.quantity}: chi-square", test.value)
        rows[f"agreement.freedom.{name}"] = Number(f"{test.quantity}: degrees of freedom", test.dof)
        if test.draws is not None:
            rows[f"agreement.draws.{name}"] = Number(f"{test.quantity}: draws behind the covariance", test.draws)
    return rows
