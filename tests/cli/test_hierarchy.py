"""``regimes hierarchy`` as a user meets it."""

import io
import json
import math

import numpy as np
import pytest
from click.testing import CliRunner

from regimes import Hierarchy
from regimes.cli import main
from regimes.hierarchy import random_hierarchy, save_rules

SMALL = ("--symbols", 8, "--rules", 3, "--depth", 3)


def run(*arguments, code=0):
    result = CliRunner().invoke(main, ["hierarchy", *map(str, arguments)])
    assert result.exit_code == code, result.output
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def result(*arguments):
    return json.loads(run(*arguments, "--json"))


def value(plain, key):
    return plain["numbers"][key]["value"]


def test_the_published_numbers():
    plain = result("--symbols", 32, "--rules", 8, "--level", "0.65,0.7", "--level", "0.73 0.76")
    slope = value(plain, "transition.slope")
    assert slope == pytest.approx(2 * 7 * 24 * 33 / (8 * 31**2))
    assert value(plain, "transition.p_star") == pytest.approx(7 / 24)
    assert value(plain, "transition.epsilon_star") == pytest.approx(32 * 17 / (31 * 24))
    assert value(plain, "transition.nu") == pytest.approx(math.log(2) / math.log(slope))
    assert value(plain, "transition.susceptibility_growth") == pytest.approx(slope**2 / 2)
    assert value(plain, "threshold.value") == value(plain, "transition.epsilon_star")
    assert plain["numbers"]["threshold.value"]["error"] is None
    assert plain["curves"]["noise_level"] == [0.65, 0.7, 0.73, 0.76]
    assert np.shape(plain["curves"]["mean_field"]) == (9, 4)
    assert plain["curves"]["mean_field"][0] == pytest.approx([0.942, 0.766, 0.313, 0.046], abs=6e-4)
    assert "exact" not in plain["curves"]
    assert len(plain["curves"]["susceptibility_mean_field"]) == 4


def test_the_table_shows_root_and_leaves_and_both_conditions():
    text = run("--symbols", 32, "--rules", 8)
    for words in ("0.2917", "0.7312", "1.4422", "0.4848  below 1", "0.2424  below 1", "1.0400  above 1: chi diverges"):
        assert words in text
    assert "256 leaves, 32 classes" in text
    *_, last, average, noise = text.splitlines()
    assert last.split()[0] == "1.0000"
    assert (average, noise) == ("assumes: annealed average over the rules", "assumes: epsilon-process on the leaves")
    assert max(map(len, text.splitlines())) <= 110


def test_defaults_are_two_children_and_eight_levels():
    plain = result("--symbols", 16, "--rules", 4, "--level", "0.5")
    assert plain["problem"] == {"v": 16, "m": 4, "s": 2, "L": 8, "classes": 16}
    assert value(plain, "tree.leaves") == 256


def test_without_a_transition_there_are_reasons_and_curves():
    plain = result("--symbols", 8, "--rules", 6, "--depth", 4)
    assert value(plain, "transition.slope_at_one") == pytest.approx(2 * 6 * 7 / 63)
    for key in ("transition.p_star", "threshold.value"):
        assert value(plain, key) is None
        assert "1.33333" in plain["numbers"][key]["reason"]
    assert min(map(min, plain["curves"]["mean_field"])) > 0
    text = " ".join(run("--symbols", 8, "--rules", 6, "--depth", 4).split())
    assert "epsilon - no transition" in text
    assert "not below 1: no transition" in text
    assert text.count("1.33333") == 1


def test_without_a_transition_real_noise_gives_curves_too():
    plain = result(
        "--symbols", 8, "--rules", 6, "--depth", 2, "--noise", "masking", "--population", 200, "--level", 0.5
    )
    assert value(plain, "threshold.value") is None
    assert "1.33333" in plain["numbers"]["threshold.value"]["reason"]
    arguments = ("--noise", "masking", "--population", 200, "--level", 0.5)
    text = run("--symbols", 8, "--rules", 6, "--depth", 2, *arguments)
    assert "density evolution, average" not in text
    assert "no transition: masking needs both conditions of the epsilon-process: F'(1) must be below 1" in text
    assert 1 / 8 < plain["curves"]["density_evolution"][0][0] < 1


def test_exact_curves_with_errors():
    arguments = (*SMALL, "--exact", "--instances", 3, "--samples", 24, "--level", "0.2,0.5,1")
    plain = result(*arguments)
    exact, error = (np.array(plain["curves"][name]) for name in ("exact", "exact_se"))
    assert exact.shape == error.shape == (4, 3)
    assert exact[0, 2] == pytest.approx(1 / 8)  # nothing is known: the root is one of eight
    assert (np.abs(exact - plain["curves"]["mean_field"]) < 5 * error + 0.05).all()
    assert plain["settings"]["instances"] == 3
    text = run(*arguments)
    assert "3 random sets of rules, 24 samples of each; errors are over sets of rules" in " ".join(text.split())
    assert f"{exact[0, 1]:.4f}({round(error[0, 1] * 1e4)})" in text
    assert max(map(len, text.splitlines())) <= 110


def test_seed_changes_the_exact_curves_and_nothing_else():
    arguments = (*SMALL, "--exact", "--instances", 2, "--samples", 8, "--level", "0.5")
    one, two, other = (result(*arguments, "--seed", seed) for seed in (1, 1, 2))
    assert one == two
    assert one["curves"]["exact"] != other["curves"]["exact"]
    assert one["curves"]["mean_field"] == other["curves"]["mean_field"]


def test_masking_threshold_in_steps():
    arguments = (*SMALL, "--noise", "masking", "--population", 400, "--level", "0.2,0.8")
    plain = result(*arguments)
    assert plain["settings"]["noise"] == "masking"
    found, error = value(plain, "threshold.value"), plain["numbers"]["threshold.value"]["error"]
    assert 0 < error < 0.05
    text = run(*arguments)
    assert f"{found:.4f}({round(error * 1e4)})" in text
    (line,) = [line for line in text.splitlines() if line.startswith("step of even masking")]
    assert line.split()[-3:] == [str(round(1000 * found)), "of", "1000"]
    # Masking is the epsilon-process for mean field, with epsilon the fraction, to the nearest leaf of the population.
    epsilon = result(*SMALL, "--level", "0.2,0.8")
    assert np.array(plain["curves"]["mean_field"]) == pytest.approx(np.array(epsilon["curves"]["mean_field"]), abs=0.01)


def test_gaussian_threshold_in_time_and_steps():
    arguments = (*SMALL, "--noise", "gaussian", "--population", 400, "--level", "0.05,0.5")
    plain = result(*arguments)
    time = value(plain, "threshold.time")
    assert time == pytest.approx(0.5 * math.log(1 + value(plain, "threshold.value") ** -2))
    text = run(*arguments, "--schedule", "cosine")
    (line,) = [line for line in text.splitlines() if line.startswith("step of cosine")]
    alpha_bar = np.cumprod(1 - cosine_betas(1000))
    assert int(line.split()[-3]) == np.argmax(alpha_bar <= math.exp(-2 * time))


def cosine_betas(steps):
    def level(k):
        return np.cos((k / steps + 0.008) / 1.008 * np.pi / 2) ** 2

    k = np.arange(steps)
    return np.minimum(1 - level(k + 1) / level(k), 0.999)


def test_thresholds_of_the_levels_have_errors_and_say_how_coarse_the_grid_is():
    arguments = (*SMALL, "--exact", "--instances", 4, "--samples", 64, "--level", "0.1,0.6,0.9")
    numbers = result(*arguments)["numbers"]
    rows = {line[:28].strip(): line.split() for line in run(*arguments).splitlines()}
    halves = [numbers[f"threshold.exact.level_{level}"] for level in range(4)]
    values, errors = ([half[name] for half in halves] for name in ("value", "error"))
    shown = [f"{value:.4f}({round(error * 1e4)})" for value, error in zip(values, errors, strict=True)]
    found = next(words for name, words in rows.items() if name.startswith("normalised clone probability"))
    assert found[-4:] == shown
    below, above = (next(words for name, words in rows.items() if name == key)[-4:] for key in LIMITS)
    for value, low, high in zip(values, below, above, strict=True):
        assert (float(low), float(high)) == ((0.1, 0.6) if value < 0.6 else (0.6, 0.9))
    assert "noise levels lie far apart" in run(*arguments)


LIMITS = ("interpolated between", "and")


def test_an_error_that_does_not_exist_is_left_out():
    text = run("--symbols", 16, "--rules", 4, "--depth", 4, "--exact", "--samples", 4, "--instances", 3)
    assert "susceptibility_exact is missing" in " ".join(text.split())
    assert "nan" not in text


@pytest.mark.parametrize("width", [60, 80])
def test_a_narrow_terminal_loses_no_number(width, monkeypatch):
    arguments = (*SMALL, "--noise", "masking", "--population", 200, "--exact", "--instances", 2, "--samples", 8)
    arguments = (*arguments, "--level", "0.2,0.5")
    wide = run(*arguments)
    monkeypatch.setattr("regimes.cli.output._TABLE_WIDTH", width)
    narrow = run(*arguments)
    assert "\u2026" not in narrow
    assert narrow.split() == wide.split()
    assert {line for line in wide.splitlines() if "(" in line and "  " in line} <= {*narrow.splitlines()}
    assert not any(line.endswith(" ") for line in narrow.splitlines())


@pytest.mark.parametrize(
    ("arguments", "ignored"),
    [
        ([*SMALL, "--level", 0.5, "--instances", 2, "--samples", 9, "--memory", 1], ["instances", "samples", "memory"]),
        ([*SMALL, "--level", 0.5, "--population", 9, "--schedule", "cosine"], ["population", "schedule"]),
        (["--rules-file", "good.json", "--level", 0.5, "--instances", 2, "--samples", 9], ["instances"]),
        ([*SMALL, "--level", 0.5, "--exact", "--instances", 2, "--samples", 9], []),
        ([*SMALL, "--level", 0.5], []),
    ],
)
def test_what_is_ignored_is_said_on_standard_error(bad, arguments, ignored):
    found = CliRunner().invoke(main, ["hierarchy", *map(str, arguments)])
    assert found.exit_code == 0
    assert [line.split()[1] for line in found.stderr.splitlines()] == [f"--{name}" for name in ignored]
    assert "ignored" not in found.stdout


def test_averages_are_told_from_the_rules_given(bad):
    text = run("--rules-file", "good.json", "--noise", "masking", "--population", 200, "--level", "0.2,0.5")
    assert "transition (mean field, average over random rules, not of the rules given)" in text
    assert "mean field and density evolution: average over random rules, not of the rules given" in text
    assert "mean field (equal belief): that of the epsilon-process" in text


def test_exhausted_memory_is_one_line_with_advice_for_this_command(monkeypatch):
    def exhaust(*arguments, **options):
        raise MemoryError

    monkeypatch.setattr("regimes.prediction.hierarchy.predict.predict_hierarchy", exhaust)
    output = run(*SMALL, code=2)
    assert "take fewer samples, a smaller population or fewer levels" in output
    assert "points" not in output


def test_own_rules(tmp_path):
    path = tmp_path / "rules.json"
    save_rules(random_hierarchy(Hierarchy(6, 2, 2, 3, 4), rng=3), path)
    arguments = ("--rules-file", path, "--samples", 16, "--level", "0.3,0.9")
    plain = result(*arguments)
    assert plain["problem"] == {"v": 6, "m": 2, "s": 2, "L": 3, "classes": 4}
    assert plain["settings"]["rules"] == "given"
    assert np.shape(plain["curves"]["exact"]) == (4, 2)
    assert plain == result(*arguments, "--symbols", 6, "--depth", 3)
    assert "the rules given, 16 samples; errors are over samples" in run(*arguments)
    message = run(*arguments, "--symbols", 7, code=2)
    assert "the rules must have" in message


@pytest.fixture
def bad(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_rules(random_hierarchy(Hierarchy(4, 2, L=2)), "good.json")
    content = json.loads((tmp_path / "good.json").read_text())
    content["tables"][1][0][0] = content["tables"][1][1][0]
    (tmp_path / "ambiguous.json").write_text(json.dumps(content))
    (tmp_path / "other.json").write_text("{}")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "give --symbols and --rules, or a --rules-file"),
        (["--symbols", 8], "give --symbols and --rules, or a --rules-file"),
        (["--symbols", 8, "--rules", 9], "m (rules of a symbol) must be at most v^(s-1) = 8"),
        (["--symbols", 1, "--rules", 1], "v (number of symbols) must be at least 2, got 1"),
        (["--symbols", 8, "--rules", 0], "m (rules of a symbol) must be at least 1, got 0"),
        (["--symbols", 8, "--rules", 2, "--children", 1], "s (children of a symbol) must be at least 2, got 1"),
        (["--symbols", 8, "--rules", 2, "--depth", 0], "L (levels of rules) must be at least 1, got 0"),
        (["--symbols", 8, "--rules", 2, "--classes", 99], "classes times m must be at most v^s = 64"),
        (["--symbols", 8, "--rules", 2, "--noise", "salt"], "noise must be one of epsilon, masking, uniform, gaussian"),
        (["--symbols", 8, "--rules", 2, "--level", "1.5"], "must lie in [0, 1], got 1.5"),
        (["--symbols", 8, "--rules", 2, "--level", "nan"], "must lie in [0, 1], got nan"),
        (["--symbols", 8, "--rules", 2, "--level", "0.5,0.4"], "increasing numbers"),
        (
            ["--symbols", 8, "--rules", 2, "--noise", "gaussian", "--level", "0"],
            "must be at least 1e-300 and finite, got 0",
        ),
        (["--symbols", 8, "--rules", 2, "--noise", "masking", "--population", 1], "population"),
        (
            ["--symbols", 8, "--rules", 2, "--exact", "--instances", 0],
            "instances (sets of rules) must be at least 1, got 0",
        ),
        (
            ["--symbols", 8, "--rules", 2, "--exact", "--samples", 1],
            "samples (samples of each set of rules) must be at least 2, got 1",
        ),
        (["--symbols", 8, "--rules", 2, "--schedule", "sine"], "schedule must be one of ddpm-linear"),
        (["--symbols", 8, "--rules", 2, "--plot", "x.gif"], "must end in .png"),
        (["--symbols", 8, "--rules", 2, "-o", "no/folder/x.json"], "cannot write to folder no/folder"),
        (["--symbols", 16, "--rules", 4, "--depth", 40, "--exact"], "sample_hierarchy: 64 trees"),
        (["--rules-file", "missing.json"], "missing.json cannot be read"),
        (["--rules-file", "other.json"], "other.json is not a rules file"),
        (["--rules-file", "ambiguous.json"], "ambiguous"),
        (["--rules-file", "good.json", "--rules", 3], "the rules must have"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(bad, arguments, words):
    output = run(*arguments, code=2)
    assert words in output
    assert output.startswith("Error: ")
    assert len(output.splitlines()) == 1


@pytest.mark.parametrize("arguments", [["--symbols", "many"], ["--seed", "-1"]])
def test_what_click_refuses_ends_with_2_as_well(arguments):
    assert "Error: Invalid value" in run(*arguments, code=2)


def test_bad_levels_are_refused_before_the_threshold_is_sought(monkeypatch):
    def refuse(*arguments, **options):
        raise AssertionError("worked first")

    monkeypatch.setattr("regimes.numerics.hierarchy.threshold.hierarchy_threshold", refuse)
    run(*SMALL, "--noise", "masking", "--level", "1.1", code=2)


def test_destinations_are_checked_before_the_work(monkeypatch):
    def refuse(*arguments, **options):
        raise AssertionError("worked first")

    monkeypatch.setattr("regimes.prediction.hierarchy.predict.predict_hierarchy", refuse)
    for extra in (["--plot", "x.gif"], ["--plot", "no/folder/x.png"], ["-o", "no/folder/x.json"]):
        run(*SMALL, *extra, code=2)


def test_an_interrupt_leaves_an_old_result_alone(tmp_path, monkeypatch):
    def interrupt(*arguments, **options):
        raise KeyboardInterrupt

    old = tmp_path / "old.json"
    old.write_text("precious")
    monkeypatch.setattr("regimes.prediction.hierarchy.exact.hierarchy_curves", interrupt)
    output = run(*SMALL, "--exact", "-o", old, "--plot", tmp_path / "new.png", code=130)
    assert "interrupted" in output
    assert old.read_text() == "precious"
    assert [path.name for path in tmp_path.iterdir()] == ["old.json"]


def test_files_are_written_and_the_json_is_what_is_printed(tmp_path):
    figure, output = tmp_path / "h.png", tmp_path / "h.json"
    printed = run(*SMALL, "--json", "-o", output, "--plot", figure)
    assert output.read_text() == printed
    assert figure.read_bytes().startswith(b"\x89PNG")


def test_progress_is_on_standard_error_where_someone_watches(monkeypatch, capsys):
    from regimes.cli.output import progress_line

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    with progress_line() as report:
        report("threshold", 0, 1)
        report("estimate: 2 min", 0, 120)
    assert capsys.readouterr().err == "estimate: 2 min\n"
    watched = Terminal()
    monkeypatch.setattr("sys.stderr", watched)
    with progress_line() as report:
        report("threshold", 0, 1)
        report("threshold", 1, 2)
        report("estimate: 2 min", 0, 120)
        report("belief propagation", 1, 3)
    shown = watched.getvalue()
    assert 0 <= shown.index("threshold") < shown.index("estimate: 2 min") < shown.index("belief propagation")
    assert shown.rindex("threshold") < shown.index("belief propagation")  # one line
