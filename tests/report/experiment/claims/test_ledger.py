"""Every claim has evidence, and every number of it is that of a stored result or of a command."""

import json
from pathlib import Path

import pytest

from regimes.report.experiment.claims.evidence import found
from regimes.report.experiment.claims.ledger import EVIDENCE, STATUS, claims, written
from regimes.report.formula.citation import references

ROOT = Path(__file__).parents[4]


def test_numbers_are_those_of_stored_results_and_of_commands():
    shipped = json.loads(EVIDENCE.read_text(encoding="utf-8"))
    again = found(ROOT / "docs" / "results")
    assert again.keys() == shipped.keys()
    for where, of in again.items():
        assert of["command"] == shipped[where]["command"]
        assert of["numbers"].keys() == shipped[where]["numbers"].keys()
        for key, numbers in of["numbers"].items():
            kept = [each for each in shipped[where]["numbers"][key] if each is not None]
            assert kept == pytest.approx([each for each in numbers if each is not None], rel=1e-6), (where, key)


def test_no_row_is_without_evidence():
    ids = [each.id for each in claims()]
    assert len(set(ids)) == len(ids)
    for each in claims():
        assert each.evidence, each.id
        assert each.status in STATUS, each.id
        assert each.paper in references(), each.id
        assert each.status != "out of reach" or each.left, each.id
        for number in each.evidence:
            assert number.said
            assert number.value is not None or (ROOT / "docs" / number.page).is_file(), (each.id, number.key)
    fields = {"id", "paper", "claim", "published", "status", "found", "left", "evidence"}
    assert all(set(row) <= fields for row in written())


def test_other_papers_are_errors():
    with pytest.raises(ValueError, match="'nobody' is no reference; give one of biroli2024, sclocchi2024"):
        claims("nobody")
    with pytest.raises(ValueError, match="'karras2022' is a reference without claims"):
        claims("karras2022")
