"""``regimes predict`` as a user meets it."""

import io
import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner

from regimes.cli import main


def run(*arguments, code=0):
    result = CliRunner().invoke(main, ["predict", *map(str, arguments)])
    assert result.exit_code == code, result.output
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_digits_pair(tmp_path):
    figure, output = tmp_path / "digits.png", tmp_path / "digits.json"
    text = run("digits", "--classes", "0,7", "--probes", 4096, "--plot", figure, "-o", output)
    plain = json.loads(output.read_text())
    assert plain["numbers"]["speciation.sample_spectral_time"]["value"] == pytest.approx(0.984, abs=0.0005)
    assert f"{plain['numbers']['speciation.spectral_time']['value']:.4f}" in text
    assert "357 points in 64 dimensions, 2 classes (0, 7)" in text
    assert "step of ddpm-linear" in text
    assert figure.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "line",
    [["-:b"], ["-:b", "--labels", "y"], ["--", "-:b"], ["--labels=y", "-:b"], ["--scale", "none", "-:b"]],
    ids=" ".join,
)
def test_a_key_of_standard_input_is_no_option(line):
    stream = io.BytesIO()
    X = np.random.default_rng(0).normal(size=(40, 3))
    np.savez(stream, a=X, b=X[:, :2], y=np.arange(40) % 2)
    result = CliRunner().invoke(main, ["predict", "--parts", "speciation", *line], input=stream.getvalue())
    assert result.output.startswith("standard input: 40 points in 2 dimensions, 2 classes (0, 1); array b; labels y")
    twice = CliRunner().invoke(main, ["predict", "-:a", "--labels", "-:y"], input=stream.getvalue())
    assert (twice.exit_code, "standard input can be read once" in twice.output) == (2, True)


def test_a_table_takes_its_labels_from_standard_input(tmp_path):
    np.savetxt(tmp_path / "a.csv", np.random.default_rng(0).normal(size=(40, 3)), delimiter=",")
    line = ["predict", str(tmp_path / "a.csv"), "--parts", "speciation", "--labels"]
    result = CliRunner().invoke(main, [*line, "-"], input="a\nb\n" * 20)
    assert "2 classes (a, b)" in result.output
    result = CliRunner().invoke(main, [*line, "-:y"], input="a\nb\n" * 20)
    assert "got standard input:y: it has no keys such as 'y'; give the file alone" in result.output


def test_the_first_line_and_the_json_say_what_was_taken(tmp_path):
    X = np.random.default_rng(0).normal(size=(40, 3))
    path = tmp_path / "frame.csv"
    path.write_text(",a,b,c\n" + "".join(f"{n},{a},{b},{c}\n" for n, (a, b, c) in enumerate(X.tolist())))
    options = ("--drop", "b", "--parts", "speciation")
    taken = "first line as a header; first column left out: it counts the rows; 2 of 4 columns (a, c)"
    assert f"frame: 40 points in 2 dimensions, no labels; {taken} " in " ".join(run(path, *options).split())
    assert json.loads(run(path, *options, "--json"))["problem"]["taken"] == taken
    assert "header says how" in run("digits", "--header", code=2)


def test_json_is_the_only_thing_on_standard_output():
    plain = json.loads(run("iris", "--probes", 256, "--json", "--time", "0.1,1"))
    assert plain["schema"] == 2
    assert plain["curves"]["t"] == [0.1, 1.0]


def test_seed_changes_the_noise_and_nothing_else():
    one, two, other = (json.loads(run("iris", "--probes", 256, "--seed", s, "--json")) for s in (1, 1, 2))
    assert one == two
    assert one["curves"]["clone_index"] != other["curves"]["clone_index"]
    assert one["numbers"]["speciation.sample_Lambda"] == other["numbers"]["speciation.sample_Lambda"]


def test_files(tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(50, 3)) * 2, np.repeat(["cat", "dog"], 25)
    np.save(tmp_path / "x.npy", X)
    np.savez(tmp_path / "x.npz", images=X.reshape(50, 3, 1), kind=y)
    lines = ["a,b,c,kind"] + [",".join(map(repr, map(float, row))) + f",{name}" for row, name in zip(X, y, strict=True)]
    (tmp_path / "x.csv").write_text("\n".join(lines))
    np.save(tmp_path / "y.npy", np.repeat([0, 1], 25))
    results = [
        json.loads(run(tmp_path / name, *extra, "--probes", 128, "--json"))
        for name, extra in (
            ("x.npy", ["--labels", tmp_path / "y.npy"]),
            ("x.npz", ["--labels", "kind"]),
            ("x.csv", ["--labels", "kind"]),
        )
    ]
    assert results[1]["problem"]["classes"] == ["cat", "dog"]
    for other in results[1:]:
        values = [each["numbers"]["speciation.sample_Lambda"]["value"] for each in (other, results[0])]
        assert values[0] == pytest.approx(values[1], rel=1e-9)
        assert other["curves"]["clone_class"] == pytest.approx(results[0]["curves"]["clone_class"], rel=1e-6)


def test_losses_of_a_model(tmp_path):
    """Of the posterior mean of standard normal data, snr as the clock: it generalises."""
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(80, 4)))
    snr = np.geomspace(1e-4, 60, 40)
    rows = [f"{s},{4 / (1 + s)},{4 / (1 + s)}" for s in snr]
    (tmp_path / "losses.csv").write_text("\n".join(["snr,train_loss,test_loss", *rows]))
    arguments = (tmp_path / "x.npy", "--losses", tmp_path / "losses.csv", "--probes", 512)
    plain = json.loads(run(*arguments, "--json"))
    time = plain["numbers"]["losses.time"]["value"]
    assert plain["sentences"][-1].endswith("it generalises")
    assert time == pytest.approx(0.5 * np.log1p(1 / (80**0.5 - 1)), rel=1e-3)
    text = " ".join(run(*arguments).split())
    assert "of the gap G of the exact empirical score: it generalises" in text
    assert f"test loss passes log n {time:.4f}" in text
    (tmp_path / "losses.csv").write_text("\n".join(["snr,train_loss", *(row.rpartition(",")[0] for row in rows)]))
    text = " ".join(run(*arguments).split())
    assert "no share of the gap G of the exact empirical score: the losses are those on training points alone" in text


class Trap:
    def __reduce__(self):
        return (open, ("trap-was-sprung", "w"))


@pytest.fixture
def bad(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    good = np.random.default_rng(0).normal(size=(20, 4))
    holed = good.copy()
    holed[3, 2] = np.nan
    np.save("nan.npy", holed)
    np.save("inf.npy", np.where(np.isnan(holed), np.inf, holed))
    np.save("flat.npy", np.ones((20, 4)))
    np.save("one.npy", good[:1])
    np.save("line.npy", good[:, 0])
    np.save("good.npy", good)
    np.save("short.npy", np.zeros(19))
    np.save("single.npy", np.zeros(20))
    np.save("object.npy", np.array([Trap()], dtype=object), allow_pickle=True)
    (tmp_path / "x.pkl").write_bytes(pickle.dumps(Trap()))
    (tmp_path / "pickle.npy").write_bytes(pickle.dumps(Trap()))
    (tmp_path / "text.csv").write_text("a,b\n1,2\n3,x\n")
    (tmp_path / "losses.csv").write_text("t,train_loss\n1,2\n2,x\n")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.npy"], "missing.npy"),
        (["no-such-data"], "digits"),
        (["nan.npy"], "row 3, column 2"),
        (["inf.npy"], "row 3, column 2"),
        (["flat.npy"], "equal"),
        (["one.npy"], "two"),
        (["line.npy"], "shape"),
        (["object.npy"], "object"),
        (["pickle.npy"], "pickle.npy"),
        (["x.pkl"], "x.pkl"),
        (["text.csv"], "row 1, column 'b' (line 3 of text.csv)"),
        (["good.npy", "--labels", "short.npy"], "19"),
        (["good.npy", "--labels", "single.npy"], "there is one class"),
        (["good.npy", "--classes", "0,1"], "label"),
        (["digits", "--classes", "0,eleven"], "eleven"),
        (["digits", "--scale", "-2"], "scale"),
        (["digits", "--scale", "huge"], "scale"),
        (["digits", "--probes", "0"], "probes"),
        (["digits", "--probes", "-5"], "probes"),
        (["digits", "--memory", "0.000001"], "memory"),
        (["digits", "--memory", "inf"], "memory must be a positive number of GiB, got inf"),
        (["digits", "--memory", "nan"], "memory must be a positive number of GiB, got nan"),
        (["digits", "--plot", "figure.jpg"], "must end in .png"),
        (["digits", "-o", "."], "is a folder"),
        (["digits", "--time", "-1"], "must be positive"),
        (["digits", "--parts", "everything"], "parts must be among"),
        (["diabetes", "--parts", "classes"], "no labels"),
        (["digits", "--seed", "-1"], "seed"),
        (["good.npy", "--losses", "no.csv"], "there is no file no.csv"),
        (["good.npy", "--losses", "text.csv"], "must have the columns t, snr, train_loss"),
        (["good.npy", "--losses", "losses.csv"], "line 3: train_loss must be a number, got 'x'"),
        (["good.npy", "--losses", "good.npy"], "must be text in UTF-8"),
        (["good.npy", "--losses", "."], "there is no file ."),
        (["good.npy", "--losses", "losses.csv", "--parts", "speciation"], "parts leave collapse out; add it"),
    ],
)
def test_bad_input_is_one_message_and_exit_code_2(bad, arguments, words):
    output = run(*arguments, code=2)
    assert words in " ".join(output.split())
    assert "Traceback" not in output
    assert not (bad / "trap-was-sprung").exists()


def test_destinations_are_checked_before_the_work(monkeypatch):
    def refuse(*arguments, **options):
        raise AssertionError("worked first")

    monkeypatch.setattr("regimes.prediction.dataset.predict.predict", refuse)
    for extra in (["--plot", "x.gif"], ["--plot", "no/folder/x.png"], ["-o", "no/folder/x.json"]):
        run("digits", *extra, code=2)


def test_labels_that_a_table_wrote_as_floats_are_integers(tmp_path):
    X = np.random.default_rng(0).normal(size=(30, 2))
    np.savetxt(
        tmp_path / "x.csv", np.column_stack([X, np.repeat([0, 1, 2], 10)]), delimiter=",", header="a,b,k", comments=""
    )
    plain = json.loads(run(tmp_path / "x.csv", "--labels", "k", "--classes", "0,2", "--probes", 64, "--json"))
    assert plain["problem"]["classes"] == ["0", "2"]


def test_a_failed_run_leaves_an_old_result_alone(bad):
    (bad / "result.json").write_text("precious")
    run("nan.npy", "-o", "result.json", code=2)
    assert (bad / "result.json").read_text() == "precious"


def test_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "regimes", "predict", "iris", "--probes", "64", "--json"],
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout)["problem"]["name"] == "iris"
    assert done.stderr == b""
