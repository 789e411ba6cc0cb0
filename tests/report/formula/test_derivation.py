"""Derivations as text."""

import dataclasses
import os
import subprocess
import sys

import sympy

from regimes.report.formula import derivation, outcomes
from regimes.report.formula.derivation import derivation_dict, derivation_text
from regimes.report.formula.kept_text import kept_text
from regimes.report.formula.outcomes import checked_steps
from regimes.theory.catalogue import catalogue, formula


def test_text_holds_everything_that_the_formula_holds():
    entry = formula("speciation_time_noise_matched")
    text = derivation_text(entry)
    for part in (entry.title, entry.source, *entry.assumes, *(step.reason for step in entry.steps)):
        assert part in text
    assert text.count("[proven by sympy") == len(entry.steps) + 1


def test_checks_are_recalled_and_equal_a_fresh_verification(tmp_path, monkeypatch):
    monkeypatch.setenv("REGIMES_CACHE_DIR", str(tmp_path))
    entry = formula("snr")
    fresh = entry.verify()

    def refuse(self, **options):
        raise AssertionError("checked again")

    monkeypatch.setattr(type(entry), "verify", refuse)
    assert checked_steps(entry) == fresh  # shipped
    monkeypatch.setattr(outcomes, "_shipped", dict)
    monkeypatch.setattr(type(entry), "verify", lambda self: fresh)
    assert checked_steps(entry) == fresh  # found now, and kept
    monkeypatch.setattr(type(entry), "verify", refuse)
    assert checked_steps(entry) == fresh


def test_an_outcome_is_of_one_formula_and_one_way_of_checking(tmp_path, monkeypatch):
    monkeypatch.setenv("REGIMES_CACHE_DIR", str(tmp_path))
    entry = formula("snr")
    count = len(entry.verify())
    other = dataclasses.replace(entry, expr=2 * entry.expr)
    checks = checked_steps(other)
    assert len(checks) == count
    assert checks[-1].method == "failed"  # the float-safe form is no longer equal
    assert all(check.method == "symbolic" for check in checked_steps(entry))
    monkeypatch.setattr(outcomes, "_checking", lambda: (b"another way",))
    assert "snr" in outcomes.stale()


def test_shipped_outcomes_are_of_the_formulas_as_they_stand():
    """If this fails: ``python -m regimes.report.formula.outcomes`` checks what has changed and writes the file."""
    assert outcomes.stale() == []
    assert not [name for name, entry in outcomes._shipped().items() if "failed" in str(entry["checks"])]


def test_a_text_is_kept_until_the_package_changes(tmp_path, monkeypatch):
    monkeypatch.setenv("REGIMES_CACHE_DIR", str(tmp_path))
    made = iter(["first", "second", "third"])
    for expected in ("first", "first"):
        assert kept_text("snr.text", lambda: next(made)) == expected
    assert kept_text("snr.latex", lambda: next(made)) == "second"
    monkeypatch.setattr("regimes.report.formula.kept_text._package", lambda: "another")
    assert kept_text("snr.text", lambda: next(made)) == "third"


def test_a_console_with_a_single_byte_code_page_gets_plain_characters():
    environment = os.environ | {"PYTHONIOENCODING": "cp1252"}
    command = [sys.executable, "-m", "regimes", "derive", "snr"]
    done = subprocess.run(command, capture_output=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    assert b"snr = ---------" in done.stdout


def test_where_a_formula_stands_and_what_it_demands_of_its_inputs_together():
    text = derivation_text(formula("hierarchy_threshold_pair"))
    assert "  2*m < v + 1\n" in text
    assert "written: regimes/theory/hierarchy/transition.py:" in text
    assert "compiled: regimes/numerics/hierarchy/" in text
    assert "tests: tests/" in text


def test_dictionaries_hold_latex_for_every_formula(monkeypatch):
    # The checks themselves are the subject of the identity tests; here only the rendering is.
    monkeypatch.setattr(derivation, "checked_steps", lambda entry: _stand_in(entry))
    for entry in catalogue():
        plain = derivation_dict(entry)
        assert plain["latex"].startswith(sympy.latex(entry.symbol))
        assert len(plain["steps"]) == len(entry.steps)
        assert (plain["float_form"] is None) == (entry.stable is None)


def _stand_in(entry):
    from regimes.theory import StepCheck

    count = len(entry.steps) + (entry.stable is not None)
    return tuple(StepCheck("stand-in", "numeric", 50.0, 3) for _ in range(count))
