"""Figures: what they must show."""

import pytest
from matplotlib.figure import Figure

from regimes import Mixture, predict_collapse, predict_speciation


def test_speciation_marks_every_convention():
    figure = predict_speciation(Mixture(64, 1, 1)).plot()
    (axis,) = figure.axes
    labels = [text.get_text() for text in axis.get_legend().get_texts()]
    assert len(labels) == 5
    assert any("free-entropy" in label for label in labels)


def test_collapse_shows_the_corrected_curve_only_with_classes():
    for mu, lines in ((0.0, 3), (1.0, 5)):
        (axis,) = predict_collapse(Mixture(64, mu, 1, 1000)).plot().axes
        assert len(axis.lines) == lines
        assert axis.get_xlabel()
        assert axis.get_ylabel()


def test_an_axes_of_the_user_is_drawn_into():
    own = Figure()
    axis = own.subplots()
    assert predict_collapse(Mixture(64, 0, 1, 1000)).plot(axis) is own
    assert axis.lines


def test_lines_differ_without_colour():
    (axis,) = predict_speciation(Mixture(64, 1, 1)).plot().axes
    styles = [line.get_linestyle() for line in axis.lines[1:]]
    assert len(set(styles)) == len(styles)


def test_wrong_number_of_axes():
    from regimes.report.parts.axes import figure_axes

    with pytest.raises(ValueError, match="ax must hold 2 axes, one for each panel, got 1"):
        figure_axes([Figure().subplots()], rows=2, height=4)
