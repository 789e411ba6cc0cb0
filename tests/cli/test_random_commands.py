"""Command lines at random, sensible and absurd: each ends in an answer or in one message and exit code 2."""

import json
import os
import random
import re
import time
import warnings

import numpy as np
import pytest
from click.testing import CliRunner

from regimes.cli import main

SECONDS = 20  # of any command line
EXTREMES = (
    *(
        "0",
        "-0.0",
        "-1",
        "1",
        "2",
        "3",
        "0.5",
        "1e-320",
        "1e-300",
        "1e-12",
        "1e12",
        "1e154",
        "1e300",
        "1e308",
        "-1e308",
    ),
    *(
        "inf",
        "-inf",
        "nan",
        "9" * 30,
        "-" + "9" * 400,
        "1e",
        "0x10",
        "1_0",
        "",
        " ",
        "a",
        "\u0663",
        "\x1b[31m",
        "1,",
        ",",
        "-",
    ),
)
PATHS = (
    "x.npz",
    "x.npy",
    "x.csv",
    "y.npy",
    "absent.npy",
    ".",
    "-",
    "~nobody1/x.npy",
    "n" * 300,
    "",
    "short.npy",
    "z.json",
)
WORDS = ("edm", "cosine", "ddpm-linear", "none", "classes", "collapse", "a,b", "b", "\x1b[2J", "$x^$", "é\u202e", "0")


def number(*sensible):
    return sensible, EXTREMES


SCHEDULE = (("ddpm-linear", "cosine", "edm"), WORDS)
TIMES = (("1", "0.2,1", "0.1 0.5 2", "7"), EXTREMES)
OUTPUT = {
    "--json": None,
    "--cite": None,
    "-o": (("out.json", "-"), PATHS),
    "--plot": (("out.png",), ("out.gif", "x.npz", "absent/out.svg", "-")),
}
POINTS = {
    "--decimal": ((".", ","), WORDS),
    "--labels": (("y.npy", "y", "2"), (*PATHS, *WORDS)),
    "--classes": (("a,b", "0,1", "b"), (*WORDS, *EXTREMES)),
    "--scale": (("none", "range", "standard", "feature", "0.5"), EXTREMES),
    "--seed": number("0", "3"),
    "--memory": number("1", "0.1"),
}
MODEL = {"--dim": number("8", "256", "1"), "--mu": number("1", "0.1", "0"), "--sigma": number("1", "0.3")}
COMMANDS = {
    "predict": (
        (("x.npz", "x.npy", "x.csv", "-"), PATHS),
        {"--probes": number("16", "64")},
        POINTS
        | OUTPUT
        | {"--no-center": None, "--groups": number("5", "10"), "--time": TIMES, "--schedule": SCHEDULE}
        | {"--parts": (("speciation", "classes,collapse"), WORDS), "--losses": (("l.csv",), PATHS)},
    ),
    "classes": (
        (("x.npz", "x.csv"), PATHS),
        {},
        POINTS | OUTPUT | {"--no-center": None, "--groups": number("5"), "--time": TIMES, "--schedule": SCHEDULE},
    ),
    "speciation": (
        None,
        {},
        MODEL | OUTPUT | {"--Lambda": number("4", "1.5"), "--time": TIMES, "--schedule": SCHEDULE},
    ),
    "collapse": (
        None,
        {"--dim": MODEL["--dim"], "--sigma": MODEL["--sigma"], "--samples": number("100", "20000", "2")},
        OUTPUT | {"--mu": MODEL["--mu"], "--time": TIMES, "--schedule": SCHEDULE},
    ),
    "hierarchy": (
        None,
        {"--symbols": number("4", "8"), "--rules": number("2", "3"), "--population": number("64", "128")}
        | {"--depth": number("2", "3"), "--instances": number("1", "2"), "--samples": number("2", "4")},
        OUTPUT
        | {"--children": number("2", "3"), "--classes": number("2", "4"), "--exact": None}
        | {"--noise": (("epsilon", "masking", "uniform", "gaussian"), WORDS), "--level": TIMES, "--schedule": SCHEDULE}
        | {"--memory": POINTS["--memory"], "--rules-file": (("r.json",), PATHS), "--seed": POINTS["--seed"]},
    ),
    "percolation": (
        (("x.npz", None, None), PATHS),
        {"--grid": (("8", "4,6", "12x5"), EXTREMES), "--sigma": number("0.7", "1.5"), "--runs": number("2", "4", "0")},
        POINTS
        | OUTPUT
        | {"--tau": number("0.01", "0.5"), "--overlap": (("cosine", "coefficient", "product"), WORDS), "--pixels": None}
        | {
            "--dx": number("1", "2"),
            "--dy": number("1", "0.5"),
            "--periodic": None,
            "--lambda": (("0.2,0.8",), EXTREMES),
        },
    ),
    "clock": (
        None,
        {},
        {"--time": number("1", "0.1"), "--alpha-bar": number("0.5"), "--snr": number("1"), "--log-snr": number("-2")}
        | {"--sigma": number("0.5"), "--flow-time": number("0.5"), "--step": number("5"), "--schedule": SCHEDULE}
        | {"--steps": number("10", "2"), "--json": None, "--cite": None},
    ),
    "derive": (
        (("collapse_time", "collapse.time", "t_S", "snr", None), (*WORDS, *EXTREMES)),
        {},
        {"--list": None, "--latex": None, "--json": None, "--cite": None},
    ),
    "validate": (
        (("--list",), WORDS),
        {},
        {"--device": (("cpu",), WORDS), "--json": None, "--quick": None},
    ),
}
NOT_OURS = re.compile(
    r"Traceback|Warning:|operands|be broadcast|codec|literal|dtype\(|out of bounds|math domain|math range|"
    r"object has no|positional argument|not subscriptable|zero-size|could not convert|cannot convert|"
    r"too large to convert|not supported"
)


def value(pools, drawn, absurd):
    return drawn.choice(pools[1] if drawn.random() < absurd else pools[0])


def command_line(seed):
    """A command with some of its options, of which few to many are absurd."""
    drawn = random.Random(seed)
    absurd = drawn.choice((0.0, 0.1, 0.3, 0.6))
    name = drawn.choice(list(COMMANDS))
    argument, usual, options = COMMANDS[name]
    line = [name]
    if argument is not None:
        given = value(argument, drawn, absurd)
        line += [] if given is None else [given]
    if name == "clock" and drawn.random() > absurd:
        options = dict(drawn.sample(list(options.items()), 1)) | {"--json": None, "--schedule": SCHEDULE}
    for option, pools in usual.items():
        if drawn.random() > absurd / 3 and not (name == "percolation" and len(line) == 2 and option != "--runs"):
            line += [option, value(pools, drawn, absurd)]
    for option, pools in options.items():
        if drawn.random() < min(1.0, 2.5 / len(options)):
            line += [option] if pools is None else [option, value(pools, drawn, absurd)]
    return line


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 2)) + np.repeat([[0.0, 0.0], [3.0, 1.0]], 15, axis=0)
    np.savez("x.npz", X=X, y=np.repeat(["a", "[/b]$\x1b[31m"], 15))
    np.save("x.npy", X)
    np.save("y.npy", np.repeat([0, 1], 15))
    np.save("short.npy", np.arange(5))
    rows = [f"{a},{b},{name}" for (a, b), name in zip(X, "a" * 15 + "b" * 15, strict=True)]
    (tmp_path / "x.csv").write_text("\n".join(["p,q,y", *rows]))
    (tmp_path / "l.csv").write_text("t,train_loss,test_loss\n" + "".join(f"{t},{t},{t}\n" for t in (0.1, 0.5, 1, 2, 4)))
    (tmp_path / "z.json").write_text("{}")
    from regimes import Hierarchy
    from regimes.hierarchy import random_hierarchy, save_rules

    save_rules(random_hierarchy(Hierarchy(4, 2, 2, 2)), "r.json")
    return tmp_path


def fault(line, folder):
    """What is wrong with how a command line ends; None where nothing is."""
    kept = {name: (folder / name).read_bytes() for name in ("x.npz", "x.npy", "x.csv", "y.npy", "l.csv", "r.json")}
    start = time.monotonic()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        done = CliRunner().invoke(main, line, input=kept["x.npz"])
    if time.monotonic() - start > SECONDS:
        return f"took {time.monotonic() - start:.0f} s"
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        return f"{type(done.exception).__name__}: {done.exception}"
    if done.exit_code not in (0, 2):
        return f"exit code {done.exit_code}: {done.output}"
    changed = [name for name, content in kept.items() if (folder / name).read_bytes() != content]
    for name in changed:
        (folder / name).write_bytes(kept[name])
    if any(sum(name in word for word in line) > 1 for name in changed):
        return "an input was changed"
    found = NOT_OURS.search(done.output)
    if found:
        return f"{found[0]!r} in {done.output[-500:]}"
    if any("\x1b" in text or "\u202e" in text for text in (done.stdout, done.stderr)):
        return "steers the terminal"
    if done.exit_code == 2:
        many = len(done.stderr.strip().splitlines()) > 3
        return f"not one message: {done.output}" if many or not done.stderr.startswith("Error: ") else None
    if re.search(r"(?<![\w.])[+-]?(nan|inf)\b", done.output, re.IGNORECASE):
        return f"prints nan or inf: {done.output}"
    if "--json" in line:
        json.loads(done.stdout, parse_constant=lambda word: pytest.fail(f"{word} in JSON"))
    return None


def faults(seeds, folder):
    found = []
    for seed in seeds:
        line = command_line(seed)
        wrong = fault(line, folder)
        if wrong is not None:
            found.append(f"{seed} {line}: {wrong}")
        for name in os.listdir(folder):
            if name.startswith("out"):
                os.unlink(name)
    return found


def test_random_command_lines(folder):
    assert not faults(range(60), folder)


@pytest.mark.long
def test_many_random_command_lines(folder):
    assert not faults(range(2000), folder)
