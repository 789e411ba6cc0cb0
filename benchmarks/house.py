"""Measures the house: sizes of modules, share of docstrings, statements; beside a commit for comparison.

    python benchmarks/house.py [COMMIT]

Statements are those of the syntax tree without docstrings, stubs included; an ``__init__`` is no module here.
"""

import ast
import io
import re
import statistics
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def here():
    found = (path for path in (ROOT / "regimes").rglob("*") if path.suffix in (".py", ".pyi"))
    return {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in found}


def at_commit(commit):
    packed = subprocess.run(["git", "archive", commit, "regimes"], cwd=ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        found = (each for each in archive if each.name.endswith((".py", ".pyi")))
        return {each.name: archive.extractfile(each).read().decode("utf-8") for each in found}


def docstring(node):
    """The statement that is the docstring, where there is one."""
    first = node.body[0] if isinstance(node, DOCUMENTED) and node.body else None
    value = first.value if isinstance(first, ast.Expr) else None
    return first if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def parameters(node):
    given = node.args
    names = [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return sum(name not in ("self", "cls") for name in names)


def measured(files):
    sizes = [
        text.count("\n") for name, text in files.items() if name.endswith(".py") and not name.endswith("__init__.py")
    ]
    lines = sum(text.count("\n") for text in files.values())
    words = statements = many = 0
    for text in files.values():
        for node in ast.walk(ast.parse(text)):
            found = docstring(node)
            words += found.end_lineno - found.lineno + 1 if found else 0
            statements += isinstance(node, ast.stmt) - (found is not None)
            many += isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and parameters(node) > 8
    text = "\n".join(files.values())
    return {
        "modules": len(sizes),
        "median lines of a module (under 150)": statistics.median(sizes),
        "% of modules under 280 lines (90)": round(100 * sum(size < 280 for size in sizes) / len(sizes), 1),
        "lines": lines,
        "% docstrings (under 20)": round(100 * words / lines, 1),
        "docstring lines": words,
        "statements": statements,
        "statements + docstring lines": statements + words,
        "functions of more than 8 parameters": many,
        "fmt: skip": text.count("fmt: skip"),
        "Any": len(re.findall(r"\bAny\b", text)),
    }


def main():
    columns = [measured(here()), *(measured(at_commit(commit)) for commit in sys.argv[1:])]
    for label in columns[0]:
        print(f"{label:40}", *(f"{column[label]:>10}" for column in columns))
    if len(columns) > 1:
        now, before = (column["statements + docstring lines"] for column in columns[:2])
        print(f"shorter by {100 * (1 - now / before):.1f}%")


if __name__ == "__main__":
    main()
