"""Two versions of this package, and whether they give the same numbers, to the last digit and in whatever layout.

Run as ``python benchmarks/same_numbers.py collect OLD.json --checkout DIR`` with the old version, the same with
``NEW.json --like OLD.json`` and the new one, then ``python benchmarks/same_numbers.py compare OLD.json NEW.json``.

Collected are: what every ``regimes`` command of the README, of the pages in docs and of the help texts prints, and its
JSON; the quick form of every experiment; what the Python examples of the pages and of the gallery print, with the
value of each expression that stands alone in a line and of each variable that is a number; and the stored results.
That takes seven minutes of processor time.

Compared are numbers, not where they stand: each one of the old JSON must occur in the new JSON of the same command,
each one of the old text in the new text. Lists of three or more must occur whole, in a list or as one column of a
table. With ``--often`` a number must occur as often as before, which also finds one that changed into another that
stands elsewhere, and repetitions left out on purpose. The values of Python examples are looked for in all new
examples, since pages move. Integers below ten are passed over.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shlex
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = "docs/results"
# One thread: the order of sums, and with it the last digit, must not depend on how busy the machine is.
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "MPLBACKEND": "Agg",
    "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8",
}  # fmt: skip

# All experiments: the quick form takes 4 to 16 s of processor time. The long one takes up to 24 minutes; its numbers
# are the stored results.
QUICK = (
    "mixture-clones", "mixture-entropy", "empirical-clones", "learned-mixture", "digits-speciation", "digits-collapse",
    "potential", "hierarchy-exact",
)  # fmt: skip
# Experiments, and options that the pages name but do not run.
MORE = (
    *(f"regimes validate {name} --quick --seed 0" for name in QUICK),
    "regimes predict digits --schedule edm --no-center --probes 512 --time 0.1,0.5,1,2",
    "regimes predict points.npy --labels labels.npy --losses losses.csv --scale standard --seed 1",
    "regimes speciation --dim 64 --mu 1 --sigma 0.5 --schedule cosine",
    "regimes collapse --dim 64 --samples 2000 --sigma 1.5 --schedule edm --time 0.5,1",
    "regimes hierarchy --symbols 16 --rules 4 --depth 4 --noise uniform --population 1000",
    "regimes hierarchy --symbols 16 --rules 4 --depth 4 --noise gaussian --population 1000 --exact --samples 16",
    "regimes percolation --grid 32,64 --sigma 0.5 --pixels --periodic --runs 8 --seed 1",
    "regimes percolation --grid 32 --sigma 0.5 --overlap product --runs 8 --lambda 0.1,0.2,0.3",
    "regimes percolation digits --classes 0,7 --overlap coefficient --tau 0.7 --runs 8",
    "regimes percolation points.npz --labels y --runs 8",
    "regimes clock --alpha-bar 0.5",
    "regimes clock --log-snr 1 --schedule cosine",
    "regimes clock --flow-time 0.5",
)

# Files that commands read, made where a command names one.
INPUTS = """
import numpy as np
import regimes

X, y = np.random.default_rng(0).normal(size=(60, 4)), np.repeat([0, 1], 30)
X[30:] += 2
np.save("points.npy", X), np.save("labels.npy", y), np.savez("points.npz", X=X, y=y)
t = np.geomspace(0.02, 4, 30)
loss = -4 * np.expm1(-2 * t)
table = np.column_stack([t, loss, 1.2 * loss, 0.01 * loss, 0.01 * loss])
head = "t,train_loss,test_loss,train_se,test_se"
np.savetxt("losses.csv", table, fmt="%.17g", delimiter=",", header=head, comments="")
rules = regimes.hierarchy.random_hierarchy(regimes.Hierarchy(8, 2, 2, 4, classes=3), rng=1)
regimes.hierarchy.save_rules(rules, "rules.json")
"""
INPUT_FILE = re.compile(r"\b(?:points\.np[yz]|labels\.npy|losses\.csv|rules\.json)\b")

# Runs an example as an interactive session would: an expression alone in a line shows its value, with all digits.
SESSION = """
import ast, sys
import numpy
numpy.set_printoptions(threshold=sys.maxsize, precision=17)
names = {"__name__": "example"}
for node in ast.parse(sys.stdin.read()).body:
    single = isinstance(node, ast.Expr)
    tree = ast.Interactive([node]) if single else ast.Module([node], type_ignores=[])
    exec(compile(tree, "example", "single" if single else "exec"), names)
print(*(value for value in names.values() if type(value) is not bool and isinstance(value, int | float)))
"""

# Old commands in the words of the new version: pattern, replacement.
RENAMED = ((r"percolation --data (\S+)", r"percolation \1"),)

# What differs between two runs of one version: the paths, as (command, path), and how a text begins a line of it.
VARIES = (
    ("regimes validate *", "json:seconds"),
    ("regimes validate *", "json:settings.seconds"),
    ("regimes validate *", "json:provenance.date"),
    ("regimes validate *", "json:settings.date"),
)
TIMED = re.compile(r"^\d+ s; ", re.MULTILINE)

# What differs between the versions on purpose: (command, path) to the reason; both may hold * and ?.
_LEFT_OUT = "the leave-one-out estimate is compiled from its formula: equal to 3e-11"
_ROWS = "a row of numbers for each level"
_TEXT = "a source in words; the formulas are recorded"
EXPLAINED: dict[tuple[str, str], str] = {
    ("regimes *", "*leave_one_out*"): _LEFT_OUT,
    ("regimes predict *", "json:collapse.time_interval.*"): _LEFT_OUT,
    ("regimes predict *", "*J_test_exact*"): _LEFT_OUT,
    ("regimes predict *", "*G_exact*"): _LEFT_OUT,
    ("regimes validate mixture-entropy *", "*"): _LEFT_OUT,
    ("regimes validate digits-*", "*panels.2.*"): _LEFT_OUT,
    ("regimes validate digits-*", "*collapse.time.time"): _LEFT_OUT,
    ("Python examples", "text:0.2*"): _LEFT_OUT,
    ("Python examples", "text:0.6082522924705684"): "the spectral time of an example that shows another number now",
    ("regimes predict *", "json:speciation.Lambda_se"): "compiled from its formula: the last digit",
    ("regimes predict *", "list:losses.*"): "over losses.t, null outside the curves",
    ("regimes predict *", "json:speciation.level"): "where there are no classes there is no level of theirs",
    ("regimes hierarchy *", "list:levels.exact_thresholds*"): _ROWS,
    ("regimes percolation *", "json:model.points"): "the product of problem.grid",
    ("regimes percolation *", "json:threshold.disc_limit"): "null, with a reason, where the limit does not hold",
    ("regimes percolation *", "json:threshold.error"): "an interval, since it is a bound",
    ("regimes clock *", "json:sources.*"): _TEXT,
    ("regimes derive --list", "json:*.source"): _TEXT,
}

# No digit of a name, of a version or of a unit; an error in brackets belongs to its number.
NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?:\(\d+\))?(?!\.?\w)")


def run(words: list[str], folder: Path, checkout: Path, text: str = "") -> dict[str, Any]:
    """Exit code, standard output and error, and seconds of processor time."""
    path = os.pathsep.join(filter(None, [str(checkout), os.environ.get("PYTHONPATH")]))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        words, cwd=folder, input=text, capture_output=True, encoding="utf-8",
        env=os.environ | ENVIRONMENT | {"PYTHONPATH": path},
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"code": done.returncode, "text": done.stdout, "error": done.stderr, "seconds": round(seconds, 2)}


def pages(checkout: Path) -> list[Path]:
    return [checkout / "README.md", *sorted((checkout / "docs").rglob("*.md"))]


def shown_commands(checkout: Path) -> Iterator[str]:
    """Commands of the pages, after a $, in a directive or within a sentence, and the examples of the help texts."""
    for page in pages(checkout):
        text = page.read_text(encoding="utf-8")
        for line in re.findall(r"^(?:\$ |```\{command-output\} )(.*)$", text, re.MULTILINE):
            yield from (part.strip() for part in line.split("&&"))
        yield from re.findall(r"`(regimes [a-z]+ [^`]+)`", text)
    for module in sorted((checkout / "regimes").rglob("*.py")):
        yield from re.findall(
            r"^ {4}(regimes [a-z]+ .*?)(?: {3}.*)?$", module.read_text(encoding="utf-8"), re.MULTILINE
        )


def commands(checkout: Path) -> list[str]:
    """Each once, without --json; experiments in the forms of MORE alone."""
    found = dict.fromkeys(
        shlex.join(shlex.split(each)).replace(" --json", "")
        for each in shown_commands(checkout)
        if each[:8] == "regimes "
    )
    return [each for each in found if not each.startswith("regimes validate") or "--list" in each] + list(MORE)


def renamed(command: str) -> str:
    for pattern, replacement in RENAMED:
        command = re.sub(pattern, replacement, command)
    return command


def examples(checkout: Path) -> Iterator[tuple[str, str]]:
    for page in pages(checkout):
        for k, text in enumerate(
            re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
        ):
            yield f"{page.relative_to(checkout)}, example {k + 1}", text
    for script in sorted((checkout / "docs" / "gallery").glob("*.py")):
        yield str(script.relative_to(checkout)), script.read_text(encoding="utf-8")


def run_command(command: str, python: str, checkout: Path) -> dict[str, Any]:
    """As written, and once more with --json where that works."""
    with tempfile.TemporaryDirectory() as name:
        if INPUT_FILE.search(command):
            run([python, "-c", INPUTS], Path(name), checkout)
        words = [python, "-m", *shlex.split(command)]
        found = run(words, Path(name), checkout)
        found["json"] = None
        if found["code"] == 0 and "--latex" not in command:
            again = run([*words, "--json"], Path(name), checkout)
            found["json"] = json.loads(again["text"]) if again["code"] == 0 else None
            found["seconds"] += again["seconds"]
    return found


def run_example(text: str, python: str, checkout: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        return run([python, "-c", SESSION], Path(name), checkout, text)


def collect(checkout: Path, python: str, like: dict[str, Any] | None) -> dict[str, Any]:
    where = run([python, "-c", "import regimes; print(regimes.__file__)"], ROOT.parent, checkout)["text"].strip()
    if not Path(where).is_relative_to(checkout):
        raise SystemExit(f"collect: {python} must import regimes from {checkout}, got it from {where or 'nowhere'}")
    # Commands of the old version first, also those that the new pages no longer show.
    chosen = dict.fromkeys([renamed(each) for each in like["commands"]] if like else [])
    chosen |= dict.fromkeys(renamed(each) if like else each for each in commands(checkout))
    found: dict[str, Any] = {"commands": {}, "examples": {}, "results": {}}
    for command in chosen:
        found["commands"][command] = told(command, run_command(command, python, checkout))
    for name, text in examples(checkout):
        found["examples"][name] = told(name, run_example(text, python, checkout))
    for path in sorted((checkout / RESULTS).glob("*.json")):
        found["results"][f"{RESULTS}/{path.name}"] = {"json": json.loads(path.read_text(encoding="utf-8"))}
    total = sum(each["seconds"] for part in ("commands", "examples") for each in found[part].values())
    print(f"{total:7.1f} s of processor time")
    return found


def told(name: str, found: dict[str, Any]) -> dict[str, Any]:
    code = f"  exit code {found['code']}" if found["code"] else ""
    print(f"{found['seconds']:7.1f} s  {name}{code}", flush=True)
    return found


def leaves(tree: Any, path: str = "json:") -> Iterator[tuple[str, float | str]]:
    """Numbers of a JSON tree with their paths: values as they are, those within a text as they are written."""
    if isinstance(tree, dict | list):
        for key, each in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from leaves(each, f"{path}{key}" if path == "json:" else f"{path}.{key}")
    elif isinstance(tree, str):
        yield from ((path, number) for number in written(tree))
    elif isinstance(tree, int | float) and not isinstance(tree, bool):
        yield path, tree


def lists(tree: Any, path: str = "list:") -> Iterator[tuple[str, tuple[float | None, ...]]]:
    """Lists of numbers with their paths."""
    if isinstance(tree, dict | list):
        if isinstance(tree, list) and numeric(tree):
            yield path, tuple(tree)
        for key, each in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from lists(each, f"{path}{key}" if path == "list:" else f"{path}.{key}")


def columns(tree: Any) -> Iterator[tuple[float | None, ...]]:
    """What the rows of every table, lists or dictionaries, have at the same place."""
    rows = list(tree.values()) if isinstance(tree, dict) else tree if isinstance(tree, list) else []
    for each in rows:
        yield from columns(each)
    if rows and all(isinstance(row, list) for row in rows):
        yield from filter(numeric, zip(*rows, strict=False))
    if rows and all(isinstance(row, dict) for row in rows):
        yield from filter(numeric, (tuple(row.get(key) for row in rows) for key in rows[0]))


def numeric(values: Sequence[Any]) -> bool:
    """Whether these are three or more numbers that tell something; null stands for one that is missing."""
    plain = all(each is None or (isinstance(each, int | float) and not isinstance(each, bool)) for each in values)
    return plain and len(values) > 2 and not all(each is None or small(each) for each in values)


def written(text: str) -> list[str]:
    return [number.lstrip("+") for number in NUMBER.findall(text)]


def printed(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for number in written(TIMED.sub("", found.get("text", "") + found.get("error", ""))):
        yield f"text:{number}", number


def small(number: float | str) -> bool:
    return bool(re.fullmatch(r"-?\d(\.0)?", str(number)))


def missing(
    old: Iterator[tuple[str, float | str]], new: Iterator[tuple[str, float | str]], often: bool
) -> tuple[int, list[tuple[str, float | str]]]:
    """How many numbers were compared, and those that are gone, with their paths."""
    left = Counter(number for _, number in new)
    compared, gone = 0, []
    for path, number in old:
        if small(number):
            continue
        compared += 1
        # A number within a sentence may have become a value.
        found = number if left[number] or not isinstance(number, str) or "(" in number else float(number)
        if not left[found]:
            gone.append((path, number))
        elif often:
            left[found] -= 1
    return compared, gone


def differences(
    name: str, old: dict[str, Any], new: dict[str, Any], often: bool
) -> tuple[int, list[tuple[str, float | str]]]:
    """The same of a command, an example or a stored result, without what varies from run to run."""
    compared, gone = missing(printed(old), printed(new), often)
    of_json = missing(leaves(old.get("json")), leaves(new.get("json")), often)
    whole = {each for _, each in lists(new.get("json"))} | set(columns(new.get("json")))
    gone += [(path, f"{len(each)} numbers") for path, each in lists(old.get("json")) if each not in whole]
    if old.get("code") != new.get("code"):
        gone.append(("exit code", f"{old.get('code')}, now {new.get('code')}"))
    gone += of_json[1]
    return compared + of_json[0], [each for each in gone if not matches(name, each[0], VARIES)]


def matches(name: str, path: str, patterns: Any) -> tuple[str, str] | None:
    return next((each for each in patterns if fnmatchcase(name, each[0]) and fnmatchcase(path, each[1])), None)


def pooled(found: dict[str, Any]) -> dict[str, Any]:
    return {"code": 0, "text": "\n".join(each["text"] for each in found["examples"].values())}


def compare(old: dict[str, Any], new: dict[str, Any], often: bool) -> bool:
    """Print what was compared and what is missing; whether all is there or explained."""
    pairs = [(name, each, new["commands"].get(name) or new["commands"].get(renamed(name)))
             for name, each in old["commands"].items()]  # fmt: skip
    pairs += [(name, each, new["results"].get(name)) for name, each in old["results"].items()]
    pairs.append(("Python examples", pooled(old), pooled(new)))
    failed = [name for name, each in new["examples"].items() if each["code"]]
    total = unexplained = 0
    for name, one, other in pairs:
        compared, gone = differences(name, one, other, often) if other else (0, [("all", "not collected")])
        print(f"{compared:6d} numbers, {f'{len(gone)} missing' if gone else 'all there'}: {name}")
        for path, number in gone:
            reason = EXPLAINED.get(matches(name, path, EXPLAINED) or ("", ""))
            print(f"        {path}  {number}{f'  explained: {reason}' if reason else ''}")
            unexplained += reason is None
        total += compared
    for name in failed:
        print(f"failed: {name}: {new['examples'][name]['error'].strip().splitlines()[-1]}")
    print(f"{total} numbers compared, {unexplained} missing without a reason, {len(failed)} examples failed")
    return not unexplained and not failed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    todo = parser.add_subparsers(dest="todo", required=True)
    collecting = todo.add_parser("collect", help="run everything and store what it gives")
    collecting.add_argument("output", type=Path, metavar="OUT.json")
    collecting.add_argument("--python", default=sys.executable, metavar="EXE", help="interpreter with the dependencies")
    collecting.add_argument(
        "--checkout", type=Path, default=ROOT, metavar="DIR", help="version to run; this one if not given"
    )
    collecting.add_argument("--like", type=Path, metavar="OLD.json", help="run the commands of this collection too")
    comparing = todo.add_parser("compare", help="look for each old number among the new ones")
    comparing.add_argument("old", type=Path, metavar="OLD.json")
    comparing.add_argument("new", type=Path, metavar="NEW.json")
    comparing.add_argument("--often", action="store_true", help="each number must occur as often as before")
    given = parser.parse_args()
    if given.todo == "compare":
        old, new = (json.loads(path.read_text(encoding="utf-8")) for path in (given.old, given.new))
        raise SystemExit(0 if compare(old, new, given.often) else 1)
    like = json.loads(given.like.read_text(encoding="utf-8")) if given.like else None
    found = collect(given.checkout.resolve(), given.python, like)
    given.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
