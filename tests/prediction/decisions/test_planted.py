"""Answers held against what is right by construction: ``planted.py`` knows the parameters, the answers see points."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from regimes.prediction.decisions.advise import advise

_SPEC = spec_from_file_location("planted", Path(__file__).with_name("planted.py"))
planted = sys.modules["planted"] = module_from_spec(_SPEC)
_SPEC.loader.exec_module(planted)
CASES = planted.planted_cases()


def said(case):
    """What the answers say, in the words of the verdict."""
    X, labels, samples = case.draw()
    questions = ["guidance", "start", "data", *(["copies"] if samples is not None else [])]
    advice = advise(X, labels, samples=samples, scale="none", only=questions)
    guidance, start = advice["guidance.low"], advice["start.time"]
    found = {1: "copies", 0: "new"}.get(advice["data.exact_score_copies"].value, "open")
    copied = None if samples is None else {1: "copied", 0: "new"}.get(advice["copies.found"].value, "open")
    return planted.Verdict(
        classes=classes_said(advice, guidance),
        copies_in_data=any("points are copies" in text for text in advice.warnings),
        exact_score=found,
        samples=copied or "none given",
        start="not asked" if case.pairs else "Gaussian" if start.value is None else "not Gaussian",
    )


def classes_said(advice, low):
    if low.value is None:
        reasons = {"no labels": "no labels", "one class": "one class"}
        return next((word for text, word in reasons.items() if text in low.reason), "not told")
    if any("above the largest noise" in text for text in advice.warnings):
        return "decided above the largest noise"
    below = any("below the smallest noise" in text for text in advice.warnings)
    return "undecided at the smallest noise" if below else "decided in between"


def judged(cases):
    wrong = []
    for number, case in cases:
        answer, truth = said(case), case.verdict()
        if answer != truth:
            wrong.append((number, case, answer, truth))
    return wrong


def test_the_first_planted_cases_are_told():
    assert judged(list(enumerate(CASES))[:6]) == []


@pytest.mark.long
def test_at_least_ninety_five_of_a_hundred_planted_cases_are_told():
    wrong = judged(enumerate(CASES))
    assert len(wrong) <= 5, wrong


def test_the_window_holds_the_time_at_which_kappa_is_one():
    case = next(each for each in CASES if each.verdict().classes == "decided in between" and each.n == 400)
    X, labels, _ = case.draw()
    advice = advise(X, labels, scale="none", only="guidance")
    assert advice["guidance.low"].value < case.class_time < advice["guidance.high"].value
