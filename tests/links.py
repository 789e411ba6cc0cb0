"""Which tests hold which formula, and where each number comes from: seen in a run, and shipped as links.json.

``--links write`` writes the file from a run of the whole suite, ``--links check`` holds a run against it. A test that
takes a value from the cache of its own module does not evaluate the formula again: beside the test itself, another one
of its module may do so.
"""

import json
import re
import sys
from collections import defaultdict
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

_SPEC = spec_from_file_location("link_sources", Path(__file__).with_name("link_sources.py"))
sources = module_from_spec(_SPEC)
_SPEC.loader.exec_module(sources)

MOST = 5
ROOMS = ("tests/prediction/", "tests/numerics/")
SHOWN = ("tests/cli/", "tests/report/", "tests/test_")
WRAPPERS = (
    *("dataclasses", "regimes.numerics.process.schedules"),
    *(f"regimes.numerics.interface.{name}" for name in ("number", "result")),
)
ROOT = Path(__file__).parents[1]
FILE = ROOT / "regimes" / "report" / "formula" / "links.json"
SETS = ("labels", "cases", "solvers", "tests")
OF_CASES = ("results", "covers", "sources")


class Links:
    """Sees, in every test, the formulas that are evaluated and the results that are computed."""

    def __init__(self, config):
        self.task = config.getoption("links")
        self.formulas = defaultdict(set)  # tests by formula
        self.numbers = defaultdict(lambda: {name: set() for name in SETS})
        self.curves = defaultdict(set)  # kinds of results by curve
        self.ran = set()
        self.computed = []
        self.makers = {}
        self.complaints = []
        watch_results(self.computed)
        watch_numbers(self.makers)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        from regimes.theory.formula.record import recorded

        test = item.nodeid.split("[")[0]
        self.computed.clear()
        self.makers.clear()
        with recorded() as used:
            done = yield
        if test.startswith("tests/"):
            self.ran.add(test)
            for name in used:
                self.formulas[name].add(test)
            for result, solver, command in self.computed:
                self.see(result, solver, command, test)
        return done

    def see(self, result, solver, command, test):
        """Note where the numbers of a result come from; all as text, which a worker can send."""
        for name in result.curves:
            self.curves[name].add(result.kind)
        for key, number in result.numbers.items():
            seen = self.numbers[re.sub(r"\d+", "N", key)]
            label = re.sub(r"\d+", "N", number.label) if re.search(r"\d", key) else number.label
            seen["labels"].add(json.dumps([result.kind, label, command or ""]))
            covers = re.sub(r"(?<![a-z\d])\d[\d.e+-]*", "N", number.covers or "")
            there = number.value is not None
            seen["cases"].add(json.dumps([there, number.formulas, result.kind, covers, number.sources]))
            seen["solvers"].add(json.dumps([there, self.makers.get(id(number)) or solver]))
            seen["tests"].add(test)

    def pytest_testnodedown(self, node):
        """A worker of pytest-xdist has ended: what it saw joins what the others did."""
        if "links" not in getattr(node, "workeroutput", {}):
            return
        formulas, curves, numbers, ran = json.loads(node.workeroutput["links"])
        self.ran.update(ran)
        for name, tests in formulas.items():
            self.formulas[name].update(tests)
        for name, kinds in curves.items():
            self.curves[name].update(kinds)
        for key, entry in numbers.items():
            for name, values in entry.items():
                self.numbers[key][name].update(values)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session):
        if hasattr(session.config, "workeroutput"):
            seen = [self.formulas, self.curves, self.numbers, self.ran]
            session.config.workeroutput["links"] = json.dumps(seen, default=sorted)
            return
        self.complaints = self.missing()
        if self.task == "write":
            FILE.write_text(json.dumps(self.found(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
        else:
            self.complaints += self.differences(json.loads(FILE.read_text(encoding="utf-8")))
        if self.complaints:
            session.exitstatus = 1

    def pytest_terminal_summary(self, terminalreporter):
        for complaint in self.complaints:
            terminalreporter.write_line(f"LINKS {complaint}", red=True)

    def missing(self):
        from regimes.theory.formula.written import written

        return [f"no test evaluates {name}" for name in written() if not self.formulas[name]]

    def found(self):
        """What is shipped: of the tests the few that see the fewest formulas and numbers, first."""
        breadth = defaultdict(int)
        for tests in (*self.formulas.values(), *(entry["tests"] for entry in self.numbers.values())):
            for test in tests:
                breadth[test] += 1

        def few(tests, most=MOST, key=None):
            """Those that hold a value come before those that show or name it, those of its own room first."""

            def order(test):
                held = 0 if key is None else sources.strength(test, key)
                return held, test.startswith(SHOWN), not test.startswith(ROOMS), breadth[test], test

            return sorted(tests, key=order)[:most]

        numbers = {}
        for key, entry in self.numbers.items():
            checks = self.checks(key)
            numbers[key] = {
                "kinds": kinds(entry["labels"]),
                "cases": cases(of_values(entry["cases"])),
                "solvers": sorted(place for (place,) in of_values(entry["solvers"])),
                "checks": few(checks, 3 * MOST, key),
                "tests": few(entry["tests"] - checks, MOST, key),
            }
        return {
            "formulas": {name: few(tests) for name, tests in self.formulas.items() if tests},
            "curves": {name: sorted(kinds) for name, kinds in self.curves.items()},
            "numbers": numbers,
            "solvers": {place: list(sources.callers_of(place)[:MOST]) for place in solver_places()},
        }

    def checks(self, key):
        """Tests that hold the value of the number, also one that another test of their module computed."""
        seen = self.numbers[key]["tests"]
        modules = {test.partition("::")[0] for test in seen}
        near = {test for test in self.ran if test.partition("::")[0] in modules}
        return {test for test in seen | near if sources.strength(test, key) < sources.NAMED}

    def differences(self, shipped):
        found = self.found()
        complaints = []
        for what in ("formulas", "curves", "numbers", "solvers"):
            changed = sorted(found[what].keys() ^ shipped[what].keys())
            complaints += [f"{what}: {name} is {'new' if name in found[what] else 'gone'}" for name in changed]
        for name in sorted(found["formulas"].keys() & shipped["formulas"].keys()):
            complaints += self.lost(name, shipped["formulas"][name], self.formulas[name])
        for key in sorted(found["numbers"].keys() & shipped["numbers"].keys()):
            old, new = shipped["numbers"][key], found["numbers"][key]
            parts = [(name, old[name], new[name]) for name in ("kinds", "solvers")]
            parts += [(name, *(together(each["cases"])[name] for each in (old, new))) for name in together([])]
            complaints += [f"{key}: {part} was {was}, is {now}" for part, was, now in parts if was != now]
            complaints += self.lost(key, old["checks"] + old["tests"], self.numbers[key]["tests"])
        for place in sorted(found["solvers"].keys() & shipped["solvers"].keys()):
            gone = set(shipped["solvers"][place]) - set(sources.callers_of(place))
            complaints += [f"{place}: {test} no longer calls it" for test in sorted(gone)]
        return [f"{complaint}; run pytest --links write" for complaint in complaints]

    def lost(self, name, shipped, tests):
        modules = {test.split("::")[0] for test in tests}
        for test in shipped:
            if test not in self.ran:
                yield f"{name}: {test} is gone"
            elif test not in tests and test.split("::")[0] not in modules:
                yield f"{name}: {test} no longer evaluates it"


def kinds(labels):
    """Label and commands by kind of result; the label is one that a command prints, if one does."""
    found = defaultdict(lambda: {"labels": set(), "commands": set()})
    for kind, label, command in map(json.loads, labels):
        found[kind]["labels"].add((not command, label))
        found[kind]["commands"].update([command] if command else [])
    return {
        kind: {"label": min(each["labels"])[1], "commands": sorted(each["commands"])} for kind, each in found.items()
    }


def cases(seen):
    """Formulas in the order of their use, with the kinds of results, what was covered, and papers beside theirs."""
    found = defaultdict(lambda: {name: set() for name in OF_CASES})
    for formulas, kind, covers, sources in seen:
        found[tuple(formulas)]["results"].add(kind)
        found[tuple(formulas)]["covers"].update([covers] if covers else [])
        found[tuple(formulas)]["sources"].update(sources)
    return [
        {"formulas": list(formulas)} | {name: sorted(values) for name, values in each.items()}
        for formulas, each in sorted(found.items())
    ]


def together(cases):
    """All cases of a number in one, which does not depend on which test ran where, and the last formula of each."""
    found = {name: sorted({each for case in cases for each in case[name]}) for name in ("formulas", *OF_CASES)}
    return found | {"last": sorted({case["formulas"][-1] for case in cases if case["formulas"]})}


def of_values(seen):
    """What was seen of numbers that had a value; of those without one where none had."""
    parsed = [json.loads(each) for each in seen]
    return [each for there, *each in parsed if there] or [each for _, *each in parsed]


def solver_places():
    """Functions that the package names as solvers of numbers and curves."""
    from regimes.report.formula.solvers import CURVE_SOLVERS, SOLVERS

    return sorted({place for each in (*SOLVERS.values(), *CURVE_SOLVERS.values()) for place in each})


def watch_results(computed):
    """Note every result that a module of the package computes, with its function and the command that asked for it."""
    from regimes.numerics.interface.result import Result

    def created(cls, *arguments, **parts):
        result = object.__new__(cls)
        if sys._getframe(1).f_globals.get("__name__") != Result.__module__ and (place := function(sys._getframe(1))):
            computed.append((result, place, current_command()))
        return result

    Result.__new__ = created


def watch_numbers(makers):
    """Note for every number the function of the package that made it: the first outside of what only wraps it."""
    from regimes.numerics.interface.number import Number

    def created(cls, *arguments, **parts):
        number = object.__new__(cls)
        frame = sys._getframe(1)
        while frame.f_globals.get("__name__") in WRAPPERS:
            frame = frame.f_back
        makers[id(number)] = function(frame)
        return number

    Number.__new__ = created


def function(frame):
    """File and function of a frame, None outside of the package."""
    module = frame.f_globals.get("__name__", "")
    if not module.startswith("regimes."):
        return None
    return f"{module.replace('.', '/')}.py::{frame.f_code.co_qualname.split('.<locals>')[0]}"


def current_command():
    if "click" not in sys.modules:
        return None
    context = sys.modules["click"].get_current_context(silent=True)
    return context.info_name if context is not None and context.parent is not None else None
