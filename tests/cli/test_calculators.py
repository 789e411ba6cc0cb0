"""The calculators at the command line: numbers, JSON, tables, errors."""

import json

import pytest
from click.testing import CliRunner

from regimes import __version__
from regimes.cli import main


def run(*arguments, code=0):
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == code, result.output
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_version_and_help():
    assert run("--version").strip() == f"regimes, version {__version__}"
    text = run("--help")
    for name in ("predict", "speciation", "collapse", "hierarchy", "percolation", "validate", "clock", "derive"):
        assert name in text
        assert "Usage" in run(name, "--help")


def test_speciation_json():
    plain = json.loads(run("speciation", "--dim", "256", "--mu", "1", "--sigma", "1", "--time", "2.7726", "--json"))
    assert plain["curves"]["t"] == [2.7726]
    assert plain["curves"]["phi"][0] == pytest.approx(0.7752, abs=1e-4)
    assert plain["numbers"]["speciation.free_entropy"]["value"] == pytest.approx(2.772589, abs=1e-6)


def test_times_may_be_lists_and_repeated():
    plain = json.loads(run("speciation", "--Lambda", "7.66", "--time", "0.5,1", "--time", "1.5 2", "--json"))
    assert plain["curves"]["t"] == [0.5, 1.0, 1.5, 2.0]
    assert plain["numbers"]["speciation.leading"]["value"] == pytest.approx(1.018, abs=5e-4)


def test_collapse_json_and_table():
    arguments = [
        "collapse",
        "--dim",
        "256",
        "--samples",
        "20000",
        "--sigma",
        "1",
        "--mu",
        "1",
        "--time",
        "2.12",
    ]
    plain = json.loads(run(*arguments, "--json"))
    assert plain["numbers"]["collapse.time_closed_form"]["value"] == pytest.approx(1.299, abs=5e-4)
    assert plain["curves"]["excess_entropy_with_classes"][0] == pytest.approx(0.7497, abs=5e-5)
    table = run(*arguments, "--schedule", "cosine")
    assert "1.2988" in table
    assert "0.8124" in table
    assert "step of cosine" in table


def test_clock():
    plain = json.loads(run("clock", "--step", "446", "--schedule", "ddpm-linear", "--json"))
    numbers = {key: each["value"] for key, each in plain["numbers"].items()}
    assert numbers["clock.step.ddpm-linear"] == 446
    assert numbers["clock.fraction.ddpm-linear"] == 446 / 999
    assert plain["settings"]["schedules"] == {"ddpm-linear": 1000}
    assert numbers["clock.alpha_bar"] < 1 / 7.66
    assert "not reached" in run("clock", "--time", "6")


def test_output_file_is_the_json(tmp_path):
    target = tmp_path / "result.json"
    printed = run("speciation", "--Lambda", "4", "--json", "-o", str(target))
    assert target.read_text() == printed
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]


@pytest.mark.parametrize("suffix", [".png", ".pdf", ".svg"])
def test_figures(tmp_path, suffix):
    for command in (
        ["speciation", "--Lambda", "4"],
        ["collapse", "--dim", "9", "--samples", "50", "--sigma", "1", "--mu", "1"],
    ):
        target = tmp_path / f"{command[0]}{suffix}"
        run(*command, "--plot", str(target))
        assert target.stat().st_size > 3000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["speciation", "--Lambda", "0.7"], "Lambda (top covariance eigenvalue) must exceed 1, got 0.7"),
        (["speciation", "--dim", "8"], "give either --Lambda or all of --dim, --mu and --sigma, got d"),
        (["speciation", "--dim", "eight"], "not a valid float"),
        (
            ["speciation", "--Lambda", "4", "--time", "0"],
            "t (Ornstein-Uhlenbeck time) must be positive and finite, got 0",
        ),
        (["speciation", "--Lambda", "4", "--time", "x"], "takes numbers, separated by commas, got 'x'"),
        (["speciation", "--Lambda", "4", "--plot", "figure.gif"], "the file must end in .png, .pdf, .svg"),
        (
            ["speciation", "--Lambda", "4", "-o", "no/such/folder/x.json"],
            "cannot write to folder no/such/folder",
        ),
        (
            ["collapse", "--dim", "8", "--samples", "0", "--sigma", "1"],
            "n (number of training points) must be positive",
        ),
        (["collapse", "--dim", "8", "--sigma", "1"], "Missing option '--samples'"),
        (["clock"], "give exactly one of"),
        (["clock", "--time", "9", "--schedule", "edm"], "must lie in 2e-06 to 4.3821"),
        (["clock", "--step", "-1", "--schedule", "edm"], "step must lie in 0 to 17, got -1"),
        (["derive"], "give the NAME of a formula"),
        (["derive", "colapse_time"], "did you mean collapse_time"),
        (["derive", "snr", "--latex", "--json"], "give one of --latex, --json and --cite, not several"),
        (["nonsense"], "No such command 'nonsense'"),
    ],
)
def test_an_error_of_the_user_is_one_message_and_exit_code_2(arguments, message):
    output = run(*arguments, code=2)
    assert message in " ".join(output.split())
    assert "Traceback" not in output


def test_derive_lists_every_formula_and_prints_how_each_step_was_checked():
    listing = run("derive", "--list")
    assert "collapse_time" in listing
    assert len(listing.splitlines()) == len(json.loads(run("derive", "--list", "--json")))
    text = run("derive", "collapse_time")
    assert "source: biroli2024" in text
    assert text.count("[proven by sympy, and at 3 random points to") == 3
    entry = json.loads(run("derive", "overlap_potential", "--json"))
    assert [step["method"] for step in entry["steps"]] == ["symbolic"]
    assert run("derive", "collapse_time", "--latex").startswith("\\begin{align*}")


@pytest.mark.parametrize(
    "command",
    [
        ["speciation", "--Lambda", "7.66"],
        ["collapse", "--dim", "256", "--samples", "20000", "--sigma", "1"],
        ["predict", "iris", "--parts", "speciation"],
        ["classes", "iris"],
        ["hierarchy", "--symbols", "16", "--rules", "4", "--noise", "masking", "--population", "500"],
    ],
)
def test_a_schedule_is_never_written_over(command, tmp_path):
    own = tmp_path / "own.json"
    own.write_text('{"sigmas": [80, 10, 1, 0.1]}')
    before = own.read_bytes()
    result = CliRunner().invoke(main, [*command, "--schedule", str(own), "-o", str(own)])
    assert result.exit_code == 2
    assert "must not replace what is read" in result.output
    assert own.read_bytes() == before
