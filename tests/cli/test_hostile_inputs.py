"""Inputs that are damaged, absurd or made to harm: each is one message, exit code 2, and nothing else happens.

A kind is a function that yields cases: a file with its content, and the command line that reads it (``FILE``). A reader
that is added gives its kinds a file of its own here.
"""

import io
import json
import os
import pickle
import re
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest
from click.testing import CliRunner

from regimes.cli import main

FILE, MARK = "FILE", "trap-was-sprung"
POINTS = np.random.default_rng(0).normal(size=(20, 3))
LOSSES = "t,snr,train_loss,train_se,test_loss,test_se\n0.1,,1,0,1,0\n0.5,,2,0,2,0\n1,,3,0,3,0\n"
RULES = {"schema": "regimes.hierarchy-rules", "version": 1, "v": 2, "m": 1, "s": 2, "L": 1, "classes": 2}
RULES["tables"] = [[[[0, 1]], [[1, 0]]]]
NUMBERS = {
    "predict good.npy": ("--probes", "--groups", "--memory", "--time", "--seed", "--scale"),
    "classes good.npz": ("--groups", "--memory", "--time", "--seed", "--scale"),
    "speciation --dim 8 --mu 1 --sigma 1": ("--dim", "--mu", "--sigma", "--time", "--Lambda"),
    "collapse --dim 8 --samples 100 --sigma 1": ("--dim", "--samples", "--sigma", "--mu", "--time"),
    "hierarchy --symbols 4 --rules 2": (
        "--symbols",
        "--rules",
        "--children",
        "--depth",
        "--classes",
        "--level",
        "--seed",
    ),
    "percolation --grid 8 --sigma 1 --runs 1": ("--grid", "--sigma", "--tau", "--dx", "--dy", "--runs", "--lambda"),
    "percolation good.npy --tau 0.5": ("--tau", "--runs", "--memory", "--scale", "--lambda"),
    "clock": ("--time", "--alpha-bar", "--snr", "--log-snr", "--sigma", "--flow-time", "--step", "--steps"),
}
NOT_OURS = re.compile(
    r"Traceback|Maximum allowed|broadcast together|invalid literal|math domain|too large to convert|"
    r"'NoneType' object|to unpack|out of bounds|not supported between|Warning"
)


class Trap:
    def __reduce__(self):
        return (open, (MARK, "w"))


@dataclass
class Case:
    """Content of a file under a name, and a command line; ``make`` where it takes more than content."""

    name: str
    content: bytes = b""
    line: list[str] = field(default_factory=lambda: ["predict", FILE])
    make: Callable[[str], None] | None = None
    fed: bytes = b""


READERS = {
    ".npy": ["predict", FILE],
    ".npz": ["classes", FILE],
    ".csv": ["percolation", FILE],
    ".labels.npy": ["predict", "good.npy", "--labels", FILE],
    ".labels.txt": ["predict", "good.npy", "--labels", FILE],
    ".losses.csv": ["predict", "good.npy", "--losses", FILE],
    ".json": ["hierarchy", "--rules-file", FILE],
}


def npy(values, **options):
    stream = io.BytesIO()
    np.save(stream, values, **options)
    return stream.getvalue()


def npz(compression=zipfile.ZIP_DEFLATED, **members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)
    return stream.getvalue()


def header(shape, descr="<f8"):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": descr, "fortran_order": False, "shape": shape})
    return stream.getvalue()


WHOLE = {
    ".npy": npy(POINTS),
    ".npz": npz(X=npy(POINTS), y=npy(np.arange(20) % 2)),
    ".labels.npy": npy(np.arange(20) % 2),
}
WHOLE[".json"] = json.dumps(RULES).encode()


def truncations() -> Iterator[Case]:
    for suffix, whole in WHOLE.items():
        for place in sorted({0, 1, 7, len(whole) - 1, *range(2, len(whole), len(whole) // 30)}):
            yield Case(f"cut{place}{suffix}", whole[:place], READERS[suffix])


def bytes_that_are_wrong() -> Iterator[Case]:
    whole = WHOLE[".npy"]
    for place in (*range(8), *range(10, 128)):
        yield Case(f"wrong{place}.npy", whole[:place] + b"\xff" + whole[place + 1 :])
    for suffix in (".npy", ".npz", ".labels.npy"):
        for extra in (b"\0", b"\n", b"PK", whole):
            yield Case(f"more{len(extra)}{suffix}", WHOLE[suffix] + extra, READERS[suffix])


def arrays() -> Iterator[Case]:
    text = np.array([["a", "b"], ["c", "d"]])
    objects = np.array([[Trap(), 1], [2, 3]], dtype=object)
    holes = [np.where(np.arange(60).reshape(20, 3) == 7, bad, POINTS) for bad in (np.nan, np.inf, -np.inf)]
    structured = np.zeros(4, dtype=[("a", "f8"), ("b", "f8")])
    odd = [text, text.astype("S"), POINTS + 1j, POINTS.astype("M8[s]"), POINTS.astype("m8[s]"), structured, *holes]
    shapes = [np.float64(1), POINTS[:, 0], POINTS[:1], POINTS[:0], POINTS[:, :0], np.ones((5, 2)), POINTS * 1e300]
    for number, values in enumerate([*odd, *shapes, POINTS.astype("V8")]):
        yield Case(f"array{number}.npy", npy(values))
        yield Case(f"array{number}.npz", npz(X=npy(values)), READERS[".npz"])
    yield Case("objects.npy", npy(objects, allow_pickle=True))
    yield Case("objects.npz", npz(X=npy(objects, allow_pickle=True)), READERS[".npz"])
    yield Case("objects.labels.npy", npy(objects[0], allow_pickle=True), READERS[".labels.npy"])
    for number, labels in enumerate(
        [
            np.arange(19),
            np.arange(40).reshape(20, 2),
            np.arange(20) / 3,
            np.full(20, np.nan),
            np.full(20, " "),
            1.0,
            POINTS,
        ]
    ):
        yield Case(f"y{number}.labels.npy", npy(labels), READERS[".labels.npy"])
        yield Case(f"y{number}.npz", npz(X=npy(POINTS), y=npy(labels)), ["predict", FILE, "--labels", "y"])


def declared_shapes() -> Iterator[Case]:
    shapes = [(2**40, 2**20), (2**62, 2**62), (2**63, 2), (-1, 3), (2, -3), (10**30, 1), (0, 2**62), (4, 2) + (1,) * 70]
    for number, shape in enumerate(shapes):
        for descr in ("<f8", "|i1", "|V0", "<U0", "|O"):
            content = header(shape, descr)
            yield Case(f"shape{number}.npy", content + bytes(48 if shape == (-1, 3) else 0))
            yield Case(f"shape{number}.npz", npz(X=content), READERS[".npz"])
    large = header((2**16, 2**9), "|i1") + bytes(2**25)
    yield Case("zeros.npz", npz(X=large), ["predict", FILE, "--memory", "0.01"])
    yield Case("labels.npz", npz(X=npy(POINTS), y=large), ["predict", FILE, "--labels", "y"])
    yield Case("large.npy", large, ["percolation", FILE, "--memory", "0.01"])


def archives() -> Iterator[Case]:
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        yield Case(f"method{method}.npz", npz(method, X=npy(POINTS)))
    whole = WHOLE[".npz"]
    for place in (*range(4), *range(len(whole) - 22, len(whole) - 18), *range(26, 32)):
        yield Case(f"zip{place}.npz", whole[:place] + b"\xff" + whole[place + 1 :])
    yield Case("prefix.npz", b"#!/bin/sh\n" + whole)
    yield Case("none.npz", npz())
    yield Case("text.npz", npz(X=b"1,2\n3,4\n"))
    yield Case("keys.npz", npz(a=npy(POINTS), b=npy(POINTS)))
    yield Case("steering.npz", npz(**{"\x1b[2J": npy(POINTS), "b": npy(POINTS)}))
    yield Case("many.npz", npz(**{f"k{number}": b"" for number in range(3000)}))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the zip module: the name is there already
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as file:
            for _ in range(2):
                file.writestr("X.npy", npy(POINTS))
    yield Case("twice.npz", stream.getvalue())
    yield Case("array.npz", npy(POINTS))
    yield Case("archive.npy", whole)
    yield Case("key.npz", whole, ["predict", f"{FILE}:absent"])
    yield Case("label.npz", whole, ["predict", FILE, "--labels", "absent"])


def foreign_content() -> Iterator[Case]:
    noise = np.random.default_rng(1).bytes(4000)
    contents = [noise, b"\0" * 4000, b"\x89PNG\r\n\x1a\n" + noise, b"\x1f\x8b\x08" + noise, b"\xff\xd8\xff" + noise]
    contents += [pickle.dumps(Trap(), protocol) for protocol in range(6)]
    for number, content in enumerate(contents):
        for suffix, line in READERS.items():
            yield Case(f"foreign{number}{suffix}", content, line)
    for suffix in (".pkl", ".mat", ".exe", ".npy~", ""):
        yield Case(f"foreign{suffix}", WHOLE[".npy"])


def tables() -> Iterator[Case]:
    lines = [
        "a,b\n1,2\n3,x\n",
        "1,2\n3\n",
        "1,2\n3,4,5\n",
        "",
        "\n\n\n",
        "a,b\n",
        "1,2\n",
        '1,"2\n3,4\n',
        "1,nan\n2,3\n",
    ]
    lines += ["1,inf\n2,3\n", "1,1e999\n2,3\n", "1,1.2.3\n2,3\n", "1,\x1b[31m\n2,3\n", "1,2\n" + "x" * 10**6 + ",3\n"]
    lines += ["1,0x10\n2,3\n", "5,5\n5,5\n5,5\n"]
    for number, text in enumerate(lines):
        yield Case(f"table{number}.csv", text.encode(), READERS[".csv"])
    lines = [
        "1.5;2\n3;4\n",
        "1,2,3\n4,5,6\n",
        "1,,5;2\n3;4\n",
        ",;,\n,;,\n",
        "1.234,5.6;1\n2;3\n",
        "#,1\n#,2\n\n",
        ",\n,\n",
    ]
    for number, text in enumerate(lines):
        yield Case(f"decimal{number}.csv", text.encode(), ["predict", FILE, "--decimal", ","])
    yield Case("decimal.csv", b"1;2\n3;4\n", ["predict", FILE, "--decimal", "x"])
    yield Case("decimal.npy", WHOLE[".npy"], ["predict", FILE, "--decimal", "."])
    for number, text in enumerate(["a\n", "a\n" * 19, "a,b\n" * 20, "", "a\n\n" * 22, "a\n" * 20]):
        yield Case(f"labels{number}.labels.txt", text.encode(), READERS[".labels.txt"])


def losses() -> Iterator[Case]:
    head, *rows = LOSSES.splitlines()
    for column in range(6):
        for bad in ("x", "-1", "nan", "-inf", "1e999", "0x1", "\x1b[31m"):
            cells = rows[1].split(",")
            if column != 0 or bad != "1e999":  # t = inf is the row without a signal
                cells[column] = bad
                yield Case(
                    f"l{column}{len(bad)}{bad[0]}.losses.csv",
                    "\n".join([head, rows[0], ",".join(cells)]).encode(),
                    READERS[".losses.csv"],
                )
    texts = [head, "\n".join([head, rows[0]]), "\n".join([head, rows[0], rows[0]]), "t\n1\n2\n", "a,b\n1,2\n"]
    texts += [
        "t,t,train_loss\n1,1,1\n2,2,2\n",
        "train_loss\n1\n2\n",
        LOSSES.replace("0.5,,2", ",,2"),
        LOSSES.replace("0.5", "0"),
    ]
    for number, text in enumerate(texts):
        yield Case(f"losses{number}.losses.csv", text.encode(), READERS[".losses.csv"])


def rules() -> Iterator[Case]:
    for key in RULES:
        for bad in (None, "4", 4.0, True, -1, 10**30, [], {}, [[]], "\x1b[31m"):
            yield Case(f"rules-{key}.json", json.dumps(RULES | {key: bad}).encode(), READERS[".json"])
        yield Case(
            f"without-{key}.json", json.dumps({k: v for k, v in RULES.items() if k != key}).encode(), READERS[".json"]
        )
    whole = WHOLE[".json"].decode()
    texts = [
        "[" * 100_000,
        "[]",
        "null",
        whole * 2,
        whole.replace("[0, 1]", "[0, 2]"),
        whole.replace("[0, 1]", "[1, 0]"),
    ]
    texts += [
        whole.replace("[0, 1]", part)
        for part in ("[0]", "[0, 1, 0]", "[NaN, 1]", "[0, 1e0]", "[0, -1]", f"[0, {'9' * 5000}]")
    ]
    for number, text in enumerate(texts):
        yield Case(f"rules{number}.json", text.encode(), READERS[".json"])
    yield Case("utf16.json", whole.encode("utf-16"), READERS[".json"])
    yield Case("memory.json", WHOLE[".json"], [*READERS[".json"], "--memory", "1e-6"])


def paths() -> Iterator[Case]:
    odd = (
        "~nobody1/x",
        "n" * 300,
        "a/" * 3000,
        "",
        "absent",
        "nul\0l",
        ".",
        "loop",
        "dangling",
        "pipe",
        "\udcff\x1b[2J",
    )
    for suffix, line in READERS.items():
        for place in odd:
            whole = place + suffix if place and place != "." else place
            yield Case(f"path-{place[:3]!r}", line=[whole if word == FILE else word for word in line])
        yield Case(f"folder{suffix}", line=line, make=os.mkdir)
        yield Case("/dev/zero", line=["/dev/zero" if word == FILE else word for word in line])
    yield Case("empty", line=["predict", "-"])
    yield Case("twice", line=["predict", "-", "--labels", "-"], fed=WHOLE[".npy"])
    yield Case("cut", line=["predict", "-"], fed=WHOLE[".npz"][:-5])
    yield Case("pickled", line=["predict", "-"], fed=pickle.dumps(Trap()))
    yield Case("large", line=["predict", "-", "--memory", "1e-7"], fed=WHOLE[".npy"])


def destinations() -> Iterator[Case]:
    inputs = {"predict": "good.npy", "classes": "good.npz", "percolation": "good.npy"}
    for command, data in inputs.items():
        for place in (data, f"./{data}", f"../here/{data}", os.path.abspath(data), f"hard-{data}", f"soft-{data}"):
            yield Case(f"over-{place}", line=[command, data, "-o", place])
            yield Case(f"over-{place}", line=[command, f"soft-{data}", "-o", place])
        for place in (
            "",
            ".",
            "absent/x.json",
            "good.npy/x.json",
            "n" * 300,
            "nul\0l",
            "~nobody1/x.json",
            "loop",
            "/proc/x.json",
        ):
            yield Case(f"to-{place[:9]!r}", line=[command, data, "-o", place])
            yield Case(f"draw-{place[:9]!r}", line=[command, data, "--plot", place])
        for place in ("x.gif", "x", "-", ".png"):
            yield Case(f"figure-{place}", line=[command, data, "--plot", place])
        yield Case("same", line=[command, data, "-o", "x.png", "--plot", "./x.png"])
        yield Case("linked", line=[command, data, "-o", "linked.png", "--plot", "link.png"])
        yield Case("cited", line=[command, data, "-o", "-", "--cite"])
    yield Case("labels", line=["predict", "good.npy", "--labels", "y.npy", "-o", "y.npy"])
    yield Case("losses", line=["predict", "good.npy", "--losses", "good.losses.csv", "-o", "good.losses.csv"])
    yield Case("rules", line=["hierarchy", "--rules-file", "good.json", "-o", "good.json"])
    yield Case("checkpoint", line=["validate", "potential", "--checkpoint", "run", "-o", "run"])


def numbers() -> Iterator[Case]:
    for command, options in NUMBERS.items():
        for option in options:
            for bad in ("nan", "inf", "-inf", "a", "", "1e", "-1", "9" * 400):
                harmless = (option in ("--log-snr", "--mu") and bad == "-1") or (option == "--seed" and bad[:1] == "9")
                if not (harmless or (option in ("--level", "--time", "--lambda") and bad == "")):
                    yield Case(f"{option}={bad[:4]}", line=[*command.split(), option, bad])


KINDS = (
    *(truncations, bytes_that_are_wrong, arrays, declared_shapes, archives, foreign_content, tables, losses, rules),
    *(paths, destinations, numbers),
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    for name, content in {"good.npy": WHOLE[".npy"], "good.npz": WHOLE[".npz"], "y.npy": WHOLE[".labels.npy"]}.items():
        (place / name).write_bytes(content)
        os.link(name, f"hard-{name}")
        os.symlink(name, f"soft-{name}")
    (place / "good.losses.csv").write_text(LOSSES)
    (place / "good.json").write_bytes(WHOLE[".json"])
    (place / "linked.png").write_bytes(b"")
    os.link("linked.png", "link.png")
    for suffix in READERS:
        os.symlink(f"loop{suffix}", f"loop{suffix}")
        os.symlink("nowhere", f"dangling{suffix}")
        os.mkfifo(f"pipe{suffix}")
    os.symlink("loop", "loop")
    return place


def fault(case, folder):
    """What is wrong with how a case ends; None where nothing is."""
    if case.make is not None:
        case.make(case.name)
    elif FILE in " ".join(case.line):
        (folder / case.name).write_bytes(case.content)
    done = CliRunner().invoke(main, [word.replace(FILE, case.name) for word in case.line], input=case.fed)
    if FILE in " ".join(case.line) and case.make is None:
        (folder / case.name).unlink()
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        return f"{type(done.exception).__name__}: {done.exception}"
    lines = done.stderr.strip().splitlines()
    if done.exit_code != 2 or done.stdout or not 1 <= len(lines) <= 3 or not lines[0].startswith("Error: "):
        return f"exit code {done.exit_code}, {done.output[:300]!r}"
    if any(ord(character) < 32 for character in "".join(lines)) or len(done.stderr) > 3000:
        return f"no plain message: {done.stderr[:300]!r}"
    foreign = NOT_OURS.search(done.stderr)
    if foreign:
        return f"words of a library: {foreign[0]}"
    if os.path.exists(MARK):
        return "code was run"
    return None


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_inputs_are_refused_in_one_message(kind, folder):
    kept = {
        name: (folder / name).read_bytes() for name in ("good.npy", "good.npz", "y.npy", "good.json", "good.losses.csv")
    }
    found = {}
    for case in kind():
        wrong = fault(case, folder)
        if wrong is not None:
            found[f"{case.name[:40]} {case.line}"[:200]] = wrong
    assert not found
    assert kept == {name: (folder / name).read_bytes() for name in kept}


def test_there_are_many(folder):
    assert sum(1 for kind in KINDS for _ in kind()) >= 400


MEASURE = """
import resource, sys, tracemalloc
from click.testing import CliRunner
from regimes import load_dataset
from regimes.cli import main
from regimes.cli.predict import command
import regimes.prediction.dataset.predict
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
MEMORY = 2**23
LIMIT = ["--memory", str(MEMORY / 2**30)]
run = lambda *line, fed=b"": CliRunner().invoke(main, ["predict", *line, *LIMIT], input=fed).exit_code
run("good.npy", "--labels", "absent.npy")
before = peak()
print(run("zeros.npz"), run("zeros.npy"), run("labels.npz"), run("good.npy", "--labels", "zeros.npy"), end=" ")
print(run("-", fed=open("zeros.npy", "rb").read(2**24)), max(0, peak() - before - 2**24) <= 2 * MEMORY, end=" ")
load_dataset("fits.npz", memory=2**26)
print(peak() - before <= 2 * 2**26)
"""


def test_the_memory_that_a_file_takes_is_bounded(folder):
    """In a process of its own: 64 MiB of zeros, zipped and plain, refused within 16; 64 MiB as doubles within 128."""
    zeros = header((2**12, 2**11)) + bytes(2**26)
    (folder / "zeros.npz").write_bytes(npz(X=zeros))
    (folder / "labels.npz").write_bytes(npz(X=npy(POINTS), y=header((2**26,), "|i1") + bytes(2**26)))
    with open("zeros.npy", "wb") as file:
        file.write(zeros[:4096])
        file.truncate(len(zeros))
    del zeros
    fits = np.zeros((2**12, 2**11), dtype=np.float32)
    fits[:, 0] = np.arange(2**12)
    (folder / "fits.npz").write_bytes(npz(X=npy(fits)))
    done = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2", "2", "2", "2", "2", "True", "True"]
