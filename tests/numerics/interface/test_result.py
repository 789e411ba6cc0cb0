"""The one shape of all results: what is stored, read back, shown and refused."""

import json
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from regimes import Mixture, Number, Result, predict_collapse
from regimes.numerics.interface.number import Step
from regimes.numerics.interface.result import plain


@dataclass(frozen=True)
class Problem:
    size: int


@dataclass(frozen=True, eq=False, repr=False)
class Found(Result):
    kind: ClassVar[str] = "found"
    problem_type = Problem


def found(**changed):
    numbers = {
        "part.time": Number("a time", 1.5, interval=(1.0, None), step=Step(3, None, 0.5), formulas=("snr",)),
        "part.none": Number("nothing", None, reason="there is none"),
    }
    curves = {"t": np.array([1.0, 2.0]), "levels": np.array([[0.1, np.nan], [0.3, np.inf]])}
    return Found(**{"problem": Problem(2), "numbers": numbers, "curves": curves, **changed})


def test_what_is_stored_comes_back_equal():
    stored = json.loads(json.dumps(found().to_dict(), allow_nan=False))
    assert list(stored) == [
        "schema",
        "kind",
        "problem",
        "numbers",
        "curves",
        "settings",
        "sentences",
        "assumes",
        "warnings",
    ]
    assert stored["curves"]["levels"] == [[0.1, None], [0.3, None]]
    again = Found.from_dict(stored)
    assert again == found()
    assert again["part.time"] == found()["part.time"]
    assert again.problem == Problem(2)
    assert again != found(warnings=("scale",))
    assert again != 1


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"schema": 1}, "takes a result of kind 'found' with schema 2, got kind 'found' with schema 1"),
        ({"kind": "lost"}, "got kind 'lost'"),
        ({"problem": {"length": 2}}, "the dictionary is not whole: TypeError"),
        ({"numbers": {"part.time": {"value": 1}}}, "the dictionary is not whole: KeyError"),
    ],
)
def test_what_is_not_a_result_is_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        Found.from_dict(found().to_dict() | changed)


def test_a_key_that_is_not_there_names_those_that_are():
    with pytest.raises(KeyError, match=r"'part.tim': this result has part.time, part.none"):
        found()["part.tim"]


def test_plain_values_keep_their_types():
    values = {"a": (1, np.float32(0.5)), "b": [np.int64(3), True, None, "x"], "c": float("nan")}
    assert json.dumps(plain(values)) == '{"a": [1, 0.5], "b": [3, true, null, "x"], "c": null}'


def test_it_shows_itself_as_text_and_as_a_page():
    result = predict_collapse(Mixture(256, 1, 1, 20000))
    lines = repr(result).splitlines()
    assert len(lines) <= 30
    assert lines[1].split()[:4] == ["closed", "form", "1.2988", "505"]
    page = result._repr_html_()
    assert page.count("<tr>") == 1 + len(result.numbers)
    assert "<code>collapse.time_closed_form</code>" in page


def test_curves_as_a_frame():
    pandas = pytest.importorskip("pandas")
    frame = found().to_frame()
    assert frame.index.name == "t"
    assert list(frame.columns) == ["levels[0]", "levels[1]"]
    assert isinstance(predict_collapse(Mixture(4, 0, 1, 9)).to_frame(), pandas.DataFrame)
