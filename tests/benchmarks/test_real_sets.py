"""The references of the panel on data of which everything is known."""

import numpy as np
import pytest


def test_clones_of_two_points_part_at_kappa_one():
    """Two points at +-m: kappa = |m|^2 e^-2t / Delta_t = 1, where normalised clones of two classes agree at .5504."""
    from panel.clones import Clones

    m = np.array([[2.0, 0, 0], [-2.0, 0, 0]])
    found = Clones(m, probes=6000).class_time(np.array([0, 1]))
    assert abs(found.value - 0.5 * np.log(5)) < 4 * found.error < 0.1


def test_near_copies_are_one_point():
    from panel.clones import Clones, near_copies

    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 8))
    copied = np.concatenate([X, X + 1e-3 * rng.normal(size=X.shape), X[:5]])
    groups = near_copies(copied)
    assert len(set(groups)) == 40
    assert np.array_equal(groups[:40], groups[40:80])
    one, two = (Clones(points).point_time(near_copies(points)) for points in (X, copied))
    assert abs(one.value - two.value) < 4 * np.hypot(one.error, two.error)


def test_a_missing_package_is_skipped():
    from panel.sets import RealSet

    assert RealSet("nothing", "no_such_package", lambda: None, "").points() is None


def test_rows_are_judged():
    from panel.crossings import Reference
    from panel.verdicts import Entry, agrees, bound_holds, not_below, row, table

    from regimes.numerics.interface.number import Number

    number = Number("", 0.5, interval=(0.45, 0.55))
    assert row("", number, Reference(0.54, 0.02), agrees).verdict == "agrees"
    assert row("", number, Reference(1.0, 0.02), agrees).verdict == "off by -50%"
    assert row("", number, Reference(0.3, 0.02), not_below).verdict == "higher"
    assert row("", number, Reference(0.7, 0.02), not_below).verdict == "below by 29%"
    assert row("", number, Reference(), not_below).verdict == "reference has no time"
    assert row("", Number("", None), Reference(), not_below).verdict == "both: no time"
    assert row("", None, Reference(0.3, 0.1), agrees).verdict == "not predicted"
    assert row("", Number("", 0.5), Reference(0.6, 0.0), bound_holds).verdict == "too low by 16.7%"
    lower = Number("", 0.5, interval=(0.5, None), estimate=0.6)
    assert row("", lower, Reference(0.69, 0.0), not_below).verdict == "agrees"  # 0.6 +- 0.1, by its point estimate
    assert row("", lower, Reference(0.71, 0.0), not_below).verdict == "below by 15%"
    entry = Entry("a", "", 3, 2, 1, rows=[row("class", Number("", 0.5, interval=(0.4, None)), None, agrees)])
    assert Entry.read(entry.plain()) == entry
    assert "| a | 3 x 2, 1 | class | 0.500 | above 0.400 | - | - | no reference |" in table([entry])


@pytest.mark.long
def test_classifiers_find_two_gaussian_classes():
    """Centres at distance 6: kappa = 1 at log 3. The score of half of the points is a lower bound."""
    from panel.classifier import classifier_time

    rng = np.random.default_rng(1)
    labels = np.arange(1200) % 2
    X = rng.normal(size=(1200, 10))
    X[:, 0] += 6 * labels - 3
    found = classifier_time(X, labels)
    assert np.log(3) * 0.95 - 3 * found.error < found.value < np.log(3) + 3 * found.error
    assert classifier_time(rng.normal(size=X.shape), labels).value is None


@pytest.mark.long
def test_held_out_points_show_the_information():
    """Isotropic Gaussian: I = d/2 log(1 + snr), so that log n is told at 1/2 log(1 + 1/(n^(2/d) - 1))."""
    from panel.clones import information_time

    n, d = 60, 4
    X = np.random.default_rng(2).normal(size=(3000, d))
    found = information_time(X, n)
    assert abs(found.value - 0.5 * np.log1p(1 / (n ** (2 / d) - 1))) < 3 * found.error < 0.15
