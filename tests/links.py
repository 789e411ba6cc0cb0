"""Which tests hold which formula, and where each number comes from: seen in a run, and shipped as links.json.

``--links write`` writes the file from a run of the whole suite, ``--links check`` holds a run against it. A test that
takes a value from the cache of its own module does not evaluate the formula again: beside the test itself, another one
of its module may do so.
"""

import ast
import json
import re
import sys
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

MOST = 5
SHOWN = ("tests/cli/", "tests/report/", "tests/test_")
ROOT = Path(__file__).parents[1]
FILE = ROOT / "regimes" / "report" / "formula" / "links.json"
SETS = ("results", "commands", "formulas", "solvers", "tests")


class Links:
    """Sees, in every test, the formulas that are evaluated and the results that are computed."""

    def __init__(self, config):
        self.task = config.getoption("links")
        self.formulas = defaultdict(set)  # tests by formula
        self.numbers = defaultdict(lambda: {"labels": set(), **{name: set() for name in SETS}})
        self.ran = set()
        self.computed = []
        self.complaints = []
        watch_results(self.computed)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        from regimes.theory.formula.record import recorded

        test = item.nodeid.split("[")[0]
        self.computed.clear()
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
        for key, number in result.numbers.items():
            seen = self.numbers[re.sub(r"\d+", "N", key)]
            seen["labels"].add(re.sub(r"\d+", "N", number.label) if re.search(r"\d", key) else number.label)
            seen["results"].add(result.kind)
            seen["commands"].update([command] if command else [])
            seen["formulas"].update(number.formulas)
            seen["solvers"].add(solver)
            seen["tests"].add(test)

    def pytest_testnodedown(self, node):
        """A worker of pytest-xdist has ended: what it saw joins what the others did."""
        if "links" not in getattr(node, "workeroutput", {}):
            return
        formulas, numbers, ran = json.loads(node.workeroutput["links"])
        self.ran.update(ran)
        for name, tests in formulas.items():
            self.formulas[name].update(tests)
        for key, entry in numbers.items():
            for name, values in entry.items():
                self.numbers[key][name].update(values)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session):
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["links"] = json.dumps([self.formulas, self.numbers, self.ran], default=sorted)
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

        def few(tests, key=""):
            """Those that speak of the number come first, and those that hold a value before those that show it."""

            def order(test):
                return not speaks_of(test, key), test.startswith(SHOWN), breadth[test], test

            return sorted(tests, key=order)[:MOST]

        numbers = {}
        for key, entry in self.numbers.items():
            numbers[key] = {"label": min(entry["labels"]), **{name: sorted(entry[name]) for name in SETS}}
            numbers[key]["tests"] = few(entry["tests"], key)
        return {"formulas": {name: few(tests) for name, tests in self.formulas.items() if tests}, "numbers": numbers}

    def differences(self, shipped):
        found = self.found()
        complaints = []
        for what in ("formulas", "numbers"):
            changed = sorted(found[what].keys() ^ shipped[what].keys())
            complaints += [f"{what}: {name} is {'new' if name in found[what] else 'gone'}" for name in changed]
        for name in sorted(found["formulas"].keys() & shipped["formulas"].keys()):
            complaints += self.lost(name, shipped["formulas"][name], self.formulas[name])
        for key in sorted(found["numbers"].keys() & shipped["numbers"].keys()):
            old, new = shipped["numbers"][key], found["numbers"][key]
            for part in ("label", *SETS[:-1]):
                if old[part] != new[part]:
                    complaints.append(f"{key}: {part} was {old[part]}, is {new[part]}")
            complaints += self.lost(key, old["tests"], self.numbers[key]["tests"])
        return [f"{complaint}; run pytest --links write" for complaint in complaints]

    def lost(self, name, shipped, tests):
        modules = {test.split("::")[0] for test in tests}
        for test in shipped:
            if test not in self.ran:
                yield f"{name}: {test} is gone"
            elif test not in tests and test.split("::")[0] not in modules:
                yield f"{name}: {test} no longer evaluates it"


def speaks_of(test, key):
    """Whether the source of a test names the key of a number."""
    file, _, name = test.partition("::")
    return key in functions(file).get(name.rpartition("::")[2], "")


@cache
def functions(file):
    text = (ROOT / file).read_text(encoding="utf-8")
    found = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef))
    return {node.name: ast.get_source_segment(text, node) for node in found}


def watch_results(computed):
    """Note every result that a module of the package computes, with that module and the command that asked for it."""
    from regimes.numerics.interface.result import Result

    def created(cls, *arguments, **parts):
        result = object.__new__(cls)
        module = sys._getframe(1).f_globals.get("__name__", "")
        if module.startswith("regimes.") and module != Result.__module__:
            computed.append((result, module.replace(".", "/") + ".py", current_command()))
        return result

    Result.__new__ = created


def current_command():
    if "click" not in sys.modules:
        return None
    context = sys.modules["click"].get_current_context(silent=True)
    return context.info_name if context is not None and context.parent is not None else None
