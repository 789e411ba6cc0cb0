"""Table and dendrogram of a tree of classes: every number drawn is one of the result's."""

import dataclasses

import numpy as np
import pytest
from matplotlib.figure import Figure

from regimes import predict_classes
from regimes.report.speciation.class_tree.figure import _leaves


@pytest.fixture(scope="module")
def tree():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(5), 30)
    means = 2 * rng.normal(size=(5, 6))
    return predict_classes(means[labels] + rng.normal(size=(150, 6)), labels)


def lines(drawn):
    return [line.get_xydata() for line in drawn.axes[0].lines]


def test_branches_join_at_the_heights_and_cross_no_other(tree):
    drawn = lines(tree.plot())
    drawn = [line for line in drawn if len(line) == 2 and (line[0] != line[1]).any()]
    upright = sorted(line[0, 0] for line in drawn if line[0, 0] == line[1, 0])
    assert upright == pytest.approx(sorted(merge["height"] for merge in tree.curves["merges"]))
    limits = {(line[0, 0], line[1, 0]) for line in drawn if line[0, 1] == line[1, 1]}
    found = [merge for merge in tree.curves["merges"] if merge["time"] is not None]
    assert limits >= {(merge["interval"][0], merge["time"]) for merge in found}
    order = _leaves(tree.curves["merges"])
    assert sorted(order) == tree.problem.classes
    for merge in tree.curves["merges"]:
        places = sorted(order.index(name) for group in merge["classes"] for name in group)
        assert places == list(range(places[0], places[-1] + 1))


def test_it_draws_on_given_axes_and_where_nothing_parts(tree):
    axis = Figure().subplots()
    assert tree.plot(axis) is axis.figure
    with pytest.raises(ValueError, match="ax must hold 1 axes"):
        tree.plot(Figure().subplots(2))
    merges = [{**merge, "time": None, "interval": None, "height": 0.0} for merge in tree.curves["merges"]]
    flat = dataclasses.replace(tree, curves={**tree.curves, "merges": merges})
    assert all(line[:, 0].max() <= 1.06 for line in lines(flat.plot()))


def test_many_classes_are_cut_to_those_that_part_first_and_last():
    rng = np.random.default_rng(1)
    labels = np.repeat(np.arange(16), 24)
    means = 3 * rng.normal(size=(16, 4))
    many = predict_classes(means[labels] + rng.normal(size=(len(labels), 4)), labels, groups=2)
    text = repr(many)
    assert "the 10 pairs of classes that part last, of 120" in text
    assert "... 3 more" in text
    assert len(text.splitlines()) <= 30
    assert f"{many.curves['merges'][-1]['time']:.3f}" in text
