"""What is said of seconds and bytes before long work; how well it holds is measured in benchmarks/predict_cost.py."""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

from regimes import predict
from regimes.cli import main
from regimes.prediction.dataset import cost
from regimes.prediction.dataset.cost import Work

ALL = ("speciation", "classes", "collapse")
WORK = Work(20000, 1024, 10, 44, 2048, 20, 4, ALL, 2**31)


@pytest.fixture
def slow(monkeypatch):
    """A machine on which everything takes minutes."""
    monkeypatch.setattr(cost, "_SLOWEST", 1e6)
    monkeypatch.setattr(cost, "product_rate", lambda: 1e6)


def told(source, *arguments, **options):
    seen = []
    predict(source, *arguments, progress=lambda *report: seen.append(report), **options)
    return [report for report in seen if report[0].startswith("estimate: ")]


def test_nothing_is_said_of_less_than_a_minute():
    assert told("digits", classes=[0, 7], probes=64) == []
    assert CliRunner().invoke(main, ["predict", "iris", "--probes", "64"]).stderr == ""


@pytest.mark.usefixtures("slow")
def test_one_line_says_how_long_and_how_much():
    ((text, done, seconds),) = told("iris", probes=64)
    work = Work(150, 4, 3, 44, 64, 20, 8, ALL, 2**31)
    assert (done, seconds) == (0, round(sum(work.seconds(1e6).values())))
    assert re.fullmatch(r"estimate: \d+ (s|min|h), 0.\d+ GiB of memory", text)
    ((text, _, _),) = told("iris", parts="collapse")
    assert " to " in text  # it is not known how many noised points a precision needs
    said = CliRunner().invoke(main, ["predict", "iris", "--probes", "64"]).stderr
    assert re.fullmatch(r"estimate: \d+ (s|min|h), 0.\d+ GiB of memory\n", said)


@pytest.mark.usefixtures("slow")
def test_passes_over_a_file_take_their_time(tmp_path, monkeypatch):
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(3000, 300)))
    options = {"probes": 64, "parts": "speciation", "groups": 0}
    ((_, _, held),) = told(tmp_path / "x.npy", **options)
    monkeypatch.setattr(cost, "time", SimpleNamespace(perf_counter=iter((0.0, 2.0)).__next__))  # of all rows
    ((_, _, stored),) = told(tmp_path / "x.npy", memory=12 * 10**6, **options)
    passes = replace(WORK, probes=64, classes=1, groups=0, d=300, memory=12 * 10**6, held=False).passes
    assert stored == pytest.approx(held + 2 * passes, abs=1)


def test_more_of_anything_costs_more_and_nothing_exceeds_the_memory():
    seconds = sum(WORK.seconds(1e10).values())
    for name in ("n", "d", "classes", "times", "probes", "groups"):
        more = replace(WORK, **{name: 2 * getattr(WORK, name)})
        assert sum(more.seconds(1e10).values()) > seconds
        assert more.bytes() >= WORK.bytes()
    assert sum(replace(WORK, parts=("speciation",)).seconds(1e10).values()) < seconds
    assert replace(WORK, memory=2**27).bytes() == 2**27


def test_numbers_of_a_span_have_two_digits():
    assert [cost._spoken(seconds) for seconds in (61, 96, 130, 5000, 30000)] == [
        "60 s",
        "100 s",
        "2 min",
        "83 min",
        "8 h",
    ]
