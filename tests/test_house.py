"""The house as its sources have it: floors, rooms, and which way imports run, inside functions too."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "regimes"
FLOORS = ("theory", "numerics", "datasets", "prediction", "validation", "report", "cli")  # from the ground up
SUBJECTS = {"process", "speciation", "collapse", "decisions", "learning", "hierarchy", "composition"}
OWN_ROOMS = {
    "theory": {"formula"},
    "numerics": {"compiled", "estimation", "interface", "posterior"},
    "datasets": {"files", "points"},
    "prediction": {"dataset", "losses"},
    "validation": {"experiments", "measurement", "outcome", "running", "sampling", "scores", "training"},
    "report": {"dataset", "experiment", "formula", "parts"},
}
LOOSE = {
    "": {"public", "__main__", *SUBJECTS},  # how public names are found; python -m regimes; a facade a subject
    "theory": {"catalogue"},  # formulas of all rooms by name
    "report": {"views"},  # the door: which room shows a result
}
DOOR = ("regimes.numerics.interface.result", "regimes.report.views")


def name_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def sources():
    return {name_of(path): path for path in PACKAGE.rglob("*.py")}


def imports(tree):
    """Modules of the package that a module names, but for types alone: by imports at any depth, or as whole strings."""
    nodes = [tree]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            nodes += node.orelse
            continue
        nodes += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name in sources())
        elif isinstance(node, ast.ImportFrom) and node.module in sources():
            for each in node.names:
                inner = f"{node.module}.{each.name}"
                if inner in sources() or not each.name.startswith("__"):
                    yield inner if inner in sources() else node.module
        elif isinstance(node, ast.Constant) and node.value in sources() and "." in node.value:
            yield node.value


@cache
def graph():
    trees = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in sources().items()}
    return {name: set(imports(tree)) for name, tree in trees.items()}


def floor(module):
    """Height of a module; the facades stand above all floors, what they share below."""
    inner = module.split(".")[1:]
    return -1 if inner == ["public"] else FLOORS.index(inner[0]) if inner and inner[0] in FLOORS else len(FLOORS)


def test_no_import_runs_up_but_through_the_door():
    upwards = {(one, other) for one, others in graph().items() for other in others if floor(other) > floor(one)}
    assert upwards == {DOOR}


def test_no_two_modules_import_each_other_directly_or_in_a_circle():
    below = {}
    for name in graph():
        reached, ahead = set(), [name]
        while ahead:
            module = ahead.pop()
            new = graph()[module] - reached - ({DOOR[1]} if module == DOOR[0] else set())
            reached |= new
            ahead += new
        below[name] = reached
    circles = {tuple(sorted(each for each in below[name] if name in below[each])) for name in below}
    assert circles == {()}


def test_rooms_have_one_name_on_every_floor_and_no_floor_has_more_than_eleven():
    for name in FLOORS[:-1]:
        folders = {path.name for path in (PACKAGE / name).iterdir() if (path / "__init__.py").exists()}
        assert folders <= SUBJECTS | OWN_ROOMS[name]
        assert len(folders) <= 11


def test_no_module_lies_beside_the_rooms():
    for name in ("", *FLOORS[:-1]):
        loose = {path.stem for path in (PACKAGE / name).glob("*.py")} - {"__init__"}
        assert loose <= LOOSE.get(name, set())


def test_tests_stand_in_the_folders_of_what_they_test():
    folders = {path.parent.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("*.py")}
    assert {str(folder) for folder in folders if not (PACKAGE / folder).is_dir()} == {"benchmarks"}


def test_the_map_names_what_is_there():
    for page in ("docs/where.md", "CONTRIBUTING.md"):
        for path in re.findall(r"`([\w/]+\.py)`", (ROOT / page).read_text(encoding="utf-8")):
            assert "/" not in path or (ROOT / path).exists() or (PACKAGE / path).exists(), (page, path)
