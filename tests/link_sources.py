"""What the source of a test says: which keys of numbers it names, whether it holds a value, which functions it calls.

Read from the syntax alone, so that it is the same whatever ran where. Constants of the test's module are resolved:
``INFINITE`` may stand for a key, also out of an f-string.
"""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
CLOSELY, EQUAL, ORDERED, NAMED = range(4)  # a value is held by a number, by another that equals it, a bound, or not
CLOSE = re.compile(r"approx\(|assert_allclose|isclose|allclose|assert_array|assert_equal|abs\(")
BESIDE = re.compile(r"\.(interval|covers|reason|formulas|sources|label)\b")
EMPTY = (bool, type(None))
ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
VALUE = re.compile(r"\]\.time\b|\.value\b|\['value'\]|\bvalues?\b")
HARMLESS = (ast.Constant, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.JoinedStr, ast.FormattedValue, ast.expr_context)
HARMLESS += (ast.Name, ast.GeneratorExp, ast.ListComp, ast.comprehension)


def speaks_of(test, key):
    """Whether the source of a test, or its parameters, name the key of a number."""
    return any(names(node, key) for node in parts(test))


def strength(test, key):
    """How a test holds the value of a key."""
    nodes = parts(test)
    function = nodes[-1] if nodes else None
    if function is None or not speaks_of(test, key):
        return NAMED
    numbers, values = set(), set()  # variables that are made from the number, and from its value
    tables = set()  # of values of many numbers
    if any(names(node, key) for node in nodes[:-1]):  # parameters of the test
        numbers |= {each.arg for each in function.args.args}
    before = None
    while before != (before := (len(numbers), len(values))):
        for source, targets in flows(function):
            about = names(source, key) or numbers & loaded(source)
            valued = VALUE.search(ast.unparse(source)) or (about and tables & loaded(source))
            made = {each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)}
            if values & loaded(source) or (about and valued):
                values |= made
            elif valued and isinstance(source, ast.DictComp):
                tables |= made
            elif about:
                numbers |= made

    def has_value(*nodes):
        used = set().union(*map(loaded, nodes))
        about = any(names(node, key) for node in nodes) or numbers & used
        return bool(values & used or (about and (tables & used or any(VALUE.search(ast.unparse(n)) for n in nodes))))

    return min((held(claim, has_value) for claim in claims(function)), default=NAMED)


def flows(function):
    """What goes into which variables: assignments and loops."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            yield node.value, node.targets
        elif isinstance(node, ast.For | ast.comprehension):
            yield node.iter, [node.target]


def held(claim, has_value):
    """How one claim of a test holds a value; one about its interval or reason does not."""
    found = [NAMED]
    compared = [node for node in ast.walk(claim) if isinstance(node, ast.Compare)]
    for node in compared:
        for left, operator, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
            for one, other in sides(left, right):
                text = f"{ast.unparse(one)} {ast.unparse(other)}"
                empty = any(isinstance(each, ast.Constant) and isinstance(each.value, EMPTY) for each in (one, other))
                if empty or BESIDE.search(text) or not has_value(one, other):
                    continue
                equal = EQUAL if isinstance(operator, ast.Eq) else ORDERED if isinstance(operator, ORDER) else NAMED
                found.append(CLOSELY if CLOSE.search(text) else equal)
    if not compared and has_value(claim) and not BESIDE.search(text := ast.unparse(claim)):
        found.append(CLOSELY if CLOSE.search(text) else ORDERED if isinstance(claim, ast.Call) else NAMED)
    return min(found)


def sides(left, right):
    """Both sides of a comparison, of two tuples each pair."""
    if isinstance(left, ast.Tuple) and isinstance(right, ast.Tuple) and len(left.elts) == len(right.elts):
        return list(zip(left.elts, right.elts, strict=True))
    return [(left, right)]


def claims(function):
    """Assertions of a function, those by a call too."""
    for node in ast.walk(function):
        called = node.value if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
        if isinstance(node, ast.Assert):
            yield node.test
        elif called is not None and "assert_" in ast.unparse(called.func):
            yield called


def names(node, key):
    """Whether a string within a piece of source is, or contains, a key."""
    whole = pattern(key)
    strings = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    if any(whole.search(each) for each in strings):
        return True
    for each in ast.walk(node):
        if isinstance(each, ast.JoinedStr) and not within_text(each):
            # Numbers fill what is N in the key; what fills another gap must stand in the source.
            gaps = "".join(re.escape(part.value) if text(part) else r"([\w.]+)" for part in each.values)
            found = re.fullmatch(gaps, key)
            if found and gaps.strip("()[]+\\w.") and all(gap == "N" or gap in known(node) for gap in found.groups()):
                return True
    return False


def within_text(joined):
    return any(text(part) and re.search(r"\s", part.value) for part in joined.values)


def text(part):
    return isinstance(part, ast.Constant) and isinstance(part.value, str)


def known(node):
    """Strings that may fill a gap: those of the whole function, of whose part this is."""
    top = getattr(node, "function", node)
    return {each.value for each in ast.walk(top) if text(each)}


@cache
def pattern(key):
    """A key in a text, no other behind which it stands or which goes on; of N any number."""
    return re.compile(rf"(?<![\w.]){re.sub('(?<=[_.])N$', lambda _: chr(92) + 'd+', re.escape(key))}(?!\w|\.\w)")


def loaded(node):
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


@cache
def parts(test):
    """Decorators and function of a test, with constants of the module in place."""
    file, _, name = test.partition("::")
    return functions(file).get(name.rpartition("::")[2], ())


@cache
def functions(file):
    path = ROOT / file
    if not path.exists():
        return {}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    replace = Constants(constants(tree))
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            decorators, node.decorator_list = node.decorator_list, []
            nodes = [replace.visit(each) for each in (*decorators, node)]
            whole = ast.Module([ast.Expr(each) for each in nodes[:-1]] + [nodes[-1]], [])
            for each in (piece for one in nodes for piece in ast.walk(one)):
                each.function = whole
            found[node.name] = tuple(nodes)
    return found


class Constants(ast.NodeTransformer):
    """Puts strings in the place of the names that the module gives them."""

    def __init__(self, known):
        self.known = known

    def visit_Name(self, node):
        if not isinstance(node.ctx, ast.Load) or node.id not in self.known:
            return node
        return ast.copy_location(ast.Constant(self.known[node.id]), node)


def constants(tree):
    """Strings that a module names, computed where that needs nothing but strings."""
    known = {}
    for node in tree.body:
        if not isinstance(node, ast.Assign) or not all(isinstance(each, HARMLESS) for each in ast.walk(node.value)):
            continue
        for target in node.targets:
            module = ast.fix_missing_locations(ast.Module([ast.Assign([target], node.value)], []))
            scope = {"__builtins__": {}} | known
            try:
                exec(compile(module, "constants", "exec"), scope)
            except (NameError, TypeError, ValueError):
                continue
            known |= {name: value for name, value in scope.items() if isinstance(value, str)}
    return known


@cache
def callers_of(place):
    """Tests of solvers that call the function of ``file::function``, by themselves or through a helper of the module:
    those in the file of its name first, then those that hold something closely."""
    module, _, function = place.partition("::")
    name = function.rpartition(".")[2]
    mirror = Path(module.replace("regimes/", "tests/", 1))
    found = []
    for path in sorted((ROOT / "tests" / mirror.parts[1]).rglob("test_*.py")):
        file = path.relative_to(ROOT).as_posix()
        if not re.search(rf"\b{name}\b", path.read_text(encoding="utf-8")):
            continue
        names_of = (f"test_{mirror.name}", f"test_{mirror.parent.name}.py")  # of the module, of its room
        near = (
            names_of.index(path.name) if path.name in names_of else 2 if path.parent in (ROOT / mirror).parents else 3
        )
        if near == 3 and "." in function:  # a method of that name may be another's
            continue
        bodies = functions(file)
        helpers = {each for each, nodes in bodies.items() if not each.startswith("test_") and calls(nodes, {name})}
        for order, (test, nodes) in enumerate(bodies.items()):
            if test.startswith("test_") and calls(nodes, {name, *helpers}):
                close = any(CLOSE.search(ast.unparse(claim)) for claim in claims(nodes[-1]))
                raises = "pytest.raises" in ast.unparse(nodes[-1])
                late = " (long)" if long(nodes) else ""
                found.append((near, raises, not close, late, file, order, f"{file}::{test}{late}"))
    return tuple(found[-1] for found in sorted(found))


def calls(nodes, wanted):
    return any(
        (isinstance(each, ast.Name) and each.id in wanted) or (isinstance(each, ast.Attribute) and each.attr in wanted)
        for node in nodes
        for each in ast.walk(node)
    )


def long(nodes):
    return any(re.match(r"pytest\.mark\.(long|simulation)\b", ast.unparse(node)) for node in nodes[:-1])
