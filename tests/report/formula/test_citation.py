"""BibTeX of exactly what the sources of formulas name."""

import re
from pathlib import Path

import pytest

from regimes.report.formula.citation import citation, references
from regimes.theory.catalogue import catalogue, formula

ROOT = Path(__file__).parents[3]


def keys(text):
    return re.findall(r"^@\w+\{(\w+),$", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("names", "cited"),
    [
        ([], []),
        (["collapse_time", "gaussian_channel_mmse", "collapse_time"], ["biroli2024", "guo2005"]),
        (["speciation_time_noise_matched"], ["biroli2024"]),  # derived from landau_curvature
        (["hierarchy_slope"], ["sclocchi2024"]),  # derived from hierarchy_upward
        (["top_eigenvalue_error"], []),
        (["linear_beta", "score_from_v"], ["ho2020", "salimans2022"]),
    ],
)
def test_papers_of_formulas(names, cited):
    found = keys(citation(names))
    assert found[0] == "regimes"
    assert sorted(found[1:]) == cited


def test_entries_are_those_of_the_file_with_accents_that_every_bibtex_reads():
    text = citation(["speciation_time"])
    assert text.isascii()
    assert r"Marc M{\'e}zard" in text
    assert "eprint = {2402.18491}" in text
    assert all(entry.count("{") == entry.count("}") for entry in references().values())


def test_the_software_is_that_of_the_citation_file():
    cff = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    software = citation([])
    for field in ("title", "version", "license"):
        value = re.search(rf'^{field}: "?(.*?)"?$', cff, re.MULTILINE)[1]
        assert f"{field} = {{{value}}}" in software
    assert re.search(r"^  - name: (.*)$", cff, re.MULTILINE)[1] in software


def test_no_source_is_empty_or_names_what_is_not_there():
    for entry in catalogue():
        years = re.findall(r"\b[a-z]+\d{4}[a-z]?\b", entry.source)
        assert set(years) <= set(references()), entry.name
        assert years or entry.source.startswith(("derived", "definition", "Tweedie", "finite-size")), entry.name
        assert "docs/" not in entry.source


def test_a_formula_derived_from_another_says_which():
    assert formula("speciation_time_noise_matched").source == "derived from landau_curvature"
