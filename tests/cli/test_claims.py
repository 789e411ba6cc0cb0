"""The ledger at the command line."""

import json

from click.testing import CliRunner

from regimes.cli import main


def run(*arguments, code=0):
    result = CliRunner().invoke(main, ["claims", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_each_claim_has_its_numbers_and_commands():
    text = run("biroli2024")
    assert text.startswith("10 claims: 5 reproduced, 5 refined\n")
    assert "B10" in text
    assert "S1" not in text
    assert "$ regimes validate mixture-clones --seed 0" in text
    row = next(each for each in json.loads(run("--json")) if each["id"] == "B5")
    assert [round(each["value"], 3) for each in row["evidence"][:3]] == [1.299, 1.978, 2.667]  # as published


def test_a_paper_without_claims_is_an_error():
    assert "no reference; give one of biroli2024" in run("nobody", code=2)
