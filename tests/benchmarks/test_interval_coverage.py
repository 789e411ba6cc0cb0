"""The families whose truth intervals are held against, and how draws become a table."""

import argparse
import json

import numpy as np
import pytest


def number(value, interval, estimate=None):
    return {"value": value, "interval": interval, "estimate": estimate}


def test_intervals_of_either_kind_are_read():
    from families.measures import has_interval, holds, is_time

    two, above, below = number(1.0, [0.9, 1.1]), number(0.9, [0.9, None]), number(None, [None, 1.1])
    assert holds("", two, 1.05, 0)
    assert not holds("", two, 1.15, 0)
    assert holds("", two, 1.15, 0.1)  # a truth with an error of its own
    assert holds("", above, 5.0, 0)
    assert not holds("", above, 0.8, 0)
    assert holds("", below, 0.1, 0)
    assert not holds("", below, 1.2, 0)
    assert is_time(two)
    assert is_time(above)
    assert not is_time(below)
    bound = number(1.0, None)
    assert has_interval("collapse.bound", bound)
    assert not has_interval("collapse.time", bound)
    assert holds("collapse.bound", bound, 0.9, 0)
    assert not holds("collapse.bound", bound, 1.1, 0)


def test_a_run_goes_on_where_it_stopped(tmp_path, monkeypatch):
    import interval_coverage

    def drawn(task, probes):
        assert probes == 64
        family, n, d, draw = task
        numbers = {"speciation.Lambda": number(2.3, [2.2 + 0.1 * (draw - 7), 2.5])}
        return {"family": family, "n": n, "d": d, "draw": draw, "numbers": numbers, "within": {}}

    monkeypatch.setattr(interval_coverage, "drawn", drawn)
    asked = argparse.Namespace(first=7, draws=3, families=["isotropic"], only=["20x40", "80x40"])
    path = tmp_path / "draws.jsonl"
    tasks = interval_coverage.missing(asked, [])
    assert tasks[:2] == [("isotropic", 20, 40, 7), ("isotropic", 80, 40, 7)]
    interval_coverage.run(path, tasks[:3], 64, 1, 1)
    path.write_text(path.read_text("utf-8")[:-5], "utf-8")  # stopped while it wrote
    left = interval_coverage.missing(asked, interval_coverage.read(path))
    assert len(left) == 4
    told = interval_coverage.left(asked, interval_coverage.read(path))
    assert told.endswith("- 20 x 40: 2 of isotropic\n- 80 x 40: 2 of isotropic")
    interval_coverage.run(path, left, 64, 1, 1)
    done = interval_coverage.read(path)
    assert len(done) == 6
    assert interval_coverage.left(asked, done) == "All of 3 draws a cell have run."
    from families.measures import cells, table

    (first, _) = cells(done)
    assert (first.draws, first.intervals, first.truth) == (3, 3, 2.25)
    assert first.covered == pytest.approx(1 / 3)  # 2.2 to 2.5 holds 2.25; 2.3 and 2.4 do not
    assert "33.3% ± " in table(cells(done))


def test_draws_are_named_by_family_cell_and_number(monkeypatch):
    import interval_coverage

    from regimes.prediction.dataset import found

    seen = []

    def refuse(data, steps, budget, center, times):
        seen.append((data.X, budget.rng))
        raise ValueError("no")

    monkeypatch.setattr(found, "Found", refuse)
    for draw in (0, 1, 0):
        assert interval_coverage.drawn(("power law", 20, 40, draw))["refused"] == "no"
    assert np.array_equal(seen[0][0], seen[2][0])
    assert seen[0][1] == seen[2][1] != seen[1][1]
    assert not np.array_equal(seen[0][0], seen[1][0])
    json.dumps(interval_coverage.drawn(("power law", 20, 40, 0)))


@pytest.mark.long
def test_truths_by_a_second_method():
    from families.truths import checks

    off = {name: (other - truth) / error for name, truth, other, error in checks(samples=20000)}
    assert max(map(abs, off.values())) < 4, off


@pytest.mark.long
def test_times_of_points_are_those_of_their_clones():
    """The posterior averaged, as coverage has it, against clones drawn and counted, as the panel has it."""
    from families.models import FAMILIES
    from families.truths import of_points
    from panel.clones import Clones

    X, labels = FAMILIES["five classes"](40).draw(80, np.random.default_rng(3))
    found, drawn = of_points(X, labels, 8000, 4), Clones(X - X.mean(axis=0), 4000)
    for key, other in (
        ("speciation.class_time_memorised", drawn.class_time(labels)),
        ("collapse.point_time", drawn.point_time(np.arange(80))),
    ):
        value, error = found[key]
        assert abs(value - other.value) < 4 * np.hypot(error, other.error) < 0.05


@pytest.mark.long
@pytest.mark.parametrize("family", ["isotropic", "two classes", "power law"])
def test_intervals_hold_the_truth(family):
    """Sixty draws tell 95% from 84%: the table of the pages comes from a thousand."""
    from families.measures import cells
    from interval_coverage import drawn

    draws = [drawn((family, 400, 40, draw)) for draw in range(60)]
    low = {cell.key: cell.covered for cell in cells(draws) if cell.intervals > 20 and cell.covered < 0.84}
    assert not low
