"""Where each number comes from, as a run of the tests saw it, and which of its formulas is the main one."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from regimes.report.formula.cases import general_label, when
from regimes.report.formula.places import PACKAGE, links

__all__ = [
    "EXCEPTIONS",
    "Case",
    "NumberLinks",
    "main_formula",
    "main_in",
    "number_links",
    "solver_at",
    "why_not_last",
]

EXCEPTIONS: dict[str, tuple[tuple[str, ...], str]] = {
    r"speciation\.class_time": (
        ("class_quadratic_score",),
        "what passes the level, from class posteriors that are held out; the formulas of the level come after",
    ),
    r"classes\.(merge\..*|(first|last)\.bound)": (
        ("class_quadratic_score",),
        "what passes the level, from class posteriors that are held out; the formulas of the level come after",
    ),
    r"speciation\.class_time_(memorised|left_out|gaussian)(_redrawn)?": (
        ("normalised_clone_probability", "class_clone_probability"),
        "where its curve crosses a level; the formulas of the level come after",
    ),
    r"collapse\.time": (
        ("leave_one_out_excess_entropy",),
        "its zero, corrected by what the sum over few points falls short of; those formulas come after",
    ),
    r"collapse\.bound": (
        ("resolvent_information_slope",),
        "where it equals log n, found as a log snr and then put on the clock",
    ),
    r"clock\.(step|fraction|position)\..*": (
        ("linear_beta", "scaled_linear_beta", "cosine_beta", "edm_step_sigma"),
        "a place in the table of the schedule, whose values are put on the clock afterwards",
    ),
    r"percolation\.(threshold|images)_infinite": (
        ("percolation_threshold_fit", "chain_mean_cluster_size"),
        "taken from a table of simulated thresholds; its formulas say which points connect",
    ),
    r"percolation\.(neighbours|width)": ((), "counted, on the grid or in a simulation; its formulas say what connects"),
    r"speciation\.Lambda(_limit)?": (
        ("mixture_covariance", "corrected_eigenvalue"),
        "corrected from the eigenvalues of the points; what tests and limits them comes after",
    ),
    r"speciation\.sample_Lambda": ((), "an eigenvalue of the points; a formula gives its error alone"),
    r"threshold\.value": (
        ("hierarchy_threshold_pair", "hierarchy_epsilon_from_belief"),
        "found by density evolution; its formulas give the messages at the leaves, and whether it exists",
    ),
    r"threshold\.time": (("time_from_snr",), "the threshold put on the clock; the messages at the leaves come after"),
    r"threshold\.step": ((), "the threshold counted in steps; its formulas say whether there is one"),
    r"losses\.share": (("information_slope",), "of the losses given; those of the collapse time come after"),
    r"losses\.log_n": ((), "the number of points is given"),
    r"features\.(width\..*|sharpening)": (
        ("edm_sigma",),
        "a distance on its logarithm; places are put on the clock after",
    ),
    r"steps\.path_divergence\.best": (
        ("frozen_mean_divergence",),
        "of the grid best for paths; the formulas that find it come after",
    ),
    r"steps\.(end_divergence\.best|needed)": (
        ("variance_deficit_divergence",),
        "of the grid best for final samples; the formulas that find it come after",
    ),
    r"uturn\.(keep|lose)_stochastic.*": (
        ("class_quadratic_score",),
        "where its curve crosses a level; the formulas of the level come after",
    ),
    r"(agreement|measure)\..*": ((), "measured in a simulation; its formulas are of the noise that was added"),
}
"""Keys whose main formula is not the last that was used: the one that it is, the first of these that is there, or none,
and why."""


@dataclass(frozen=True)
class Case:
    """Formulas of a number in the order of their first use, the kinds of results it was in, what it covered, and papers
    behind it that are not those of its formulas.
    """

    formulas: tuple[str, ...]
    results: tuple[str, ...]
    covers: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class NumberLinks:
    """What a run of the tests saw of a number.

    Label and commands by kind of result, the kind that a command prints first, formulas by case, functions that make
    it; ``checks``, the tests that name its key, and others that compute it.
    """

    kinds: dict[str, tuple[str, tuple[str, ...]]]
    cases: tuple[Case, ...]
    solvers: tuple[str, ...]
    checks: tuple[str, ...]
    tests: tuple[str, ...]

    @property
    def label(self) -> str:
        """What it is called where a command prints it, by predict if it does."""
        return next(iter(self.kinds.values()))[0]

    @property
    def commands(self) -> tuple[str, ...]:
        """Commands that print it."""
        return tuple(sorted({command for _, commands in self.kinds.values() for command in commands}))

    @property
    def formulas(self) -> tuple[str, ...]:
        """All that were used in any case."""
        return tuple(dict.fromkeys(name for case in self.cases for name in reversed(case.formulas)))

    @property
    def sources(self) -> tuple[str, ...]:
        """Papers behind it in any case that are not those of its formulas."""
        return tuple(sorted({source for case in self.cases for source in case.sources}))


def main_formula(key: str, formulas: tuple[str, ...]) -> str | None:
    """The formula whose value or root a number is: what it rests on is used before it, and it is the last."""
    exception = _exception(key)
    if exception is None:
        return formulas[-1] if formulas else None
    return next((name for name in exception[0] if name in formulas), None)


def why_not_last(key: str, main: str | None = None) -> str:
    """Why the main formula of a number is not the last of those that were used; empty where it is."""
    exception = _exception(key)
    if exception is None:
        return "" if main else "it is counted or given"
    return exception[1]


@cache
def number_links() -> dict[str, NumberLinks]:
    """Every number that a result has had in a run of the tests, by its key."""
    return {key: _number(key, entry) for key, entry in links()["numbers"].items()}


@cache
def main_in(name: str) -> tuple[str, ...]:
    """Keys of the numbers whose main formula this is, in some case."""
    found = number_links().items()
    return tuple(key for key, each in found if any(main_formula(key, case.formulas) == name for case in each.cases))


@cache
def solver_at(place: str) -> str:
    """File and line of a function, or a table, given as ``file::function``, with its name."""
    file, _, name = place.partition("::")
    body: list[ast.stmt] = ast.parse((PACKAGE.parent / file).read_text(encoding="utf-8")).body
    line = None
    for part in name.split("."):
        found = next((node for node in body if part in (getattr(node, "name", None), _assigned(node))), None)
        if not isinstance(found, ast.FunctionDef | ast.ClassDef | ast.AnnAssign):
            return file
        body, line = getattr(found, "body", []), found.lineno
    return f"{file}:{line} ({name})"


def _assigned(node: ast.stmt) -> str | None:
    return node.target.id if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) else None


def _exception(key: str) -> tuple[tuple[str, ...], str] | None:
    return next((each for pattern, each in EXCEPTIONS.items() if re.fullmatch(pattern, key)), None)


def _number(key: str, entry: dict[str, Any]) -> NumberLinks:
    kinds = {
        kind: (general_label(key, each["label"]), tuple(each["commands"])) for kind, each in entry["kinds"].items()
    }
    kinds = dict(sorted(kinds.items(), key=lambda item: ("predict" not in item[1][1], not item[1][1], item[0])))
    first = next(iter(kinds))
    cases = [
        Case(*(tuple(each[name]) for name in ("formulas", "results", "covers", "sources"))) for each in entry["cases"]
    ]

    usual = list(when(key))

    def order(case: Case) -> tuple[int, bool, bool, int, str]:
        main, (names, _) = main_formula(key, case.formulas), _exception(key) or ((), "")
        place = usual.index(main) if main in usual else len(usual)
        return place, main is None, first not in case.results, names.index(main) if main in names else 0, main or ""

    solvers = sorted(entry["solvers"], key=lambda place: (place.startswith("regimes/validation"), place))
    return NumberLinks(
        kinds, tuple(sorted(cases, key=order)), tuple(solvers), tuple(entry["checks"]), tuple(entry["tests"])
    )
