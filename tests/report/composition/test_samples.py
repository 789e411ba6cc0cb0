"""Figures of composition data for several widths: what they must show."""

import matplotlib.colors
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from regimes import BumpGrid, predict_percolation
from regimes.composition import BumpStaircase, predict_staircase
from regimes.report.composition.samples import plot_largest_clusters, plot_overlaps
from regimes.report.composition.staircase_figure import plot_staircase

INFINITE, GRID = "percolation.threshold_infinite", "percolation.threshold_grid"


def predicted(grid, sigma, *, runs, **options):
    return predict_percolation(BumpGrid(grid, sigma, **options), runs=runs)


def staircase(**options):
    return predict_staircase(BumpStaircase(**options))


@pytest.fixture(scope="module")
def half():
    return predicted(24, 0.5, runs=8)


def upright(axis):
    """Abscissae of the vertical lines."""
    return [line.get_xdata()[0] for line in axis.lines if len(set(line.get_xdata())) == 1 and len(line.get_xdata()) > 1]


def labels(axis):
    return [text.get_text() for text in axis.get_legend().get_texts()]


def text_boxes(axis, figure):
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    return [text.get_window_extent(renderer) for text in axis.texts], figure.bbox


def test_radii_lie_where_the_overlaps_meet_the_threshold():
    figure = plot_overlaps((0.3, 0.5, 1.0), tau=0.01)
    for axis in figure.axes:
        marks = [line for line in axis.lines if line.get_marker() == "o" and len(line.get_xdata()) == 1]
        curves = [line for line in axis.lines if len(line.get_xdata()) > 100]
        assert len(curves) == len(marks) == 3
        for mark, curve in zip(marks, curves, strict=True):
            assert mark.get_ydata()[0] == 0.01
            x, y = curve.get_data()
            assert np.interp(mark.get_xdata()[0], x, np.log(y)) == pytest.approx(np.log(0.01), abs=0.01)
    assert [text.split(" px")[0] for text in labels(figure.axes[-1])[:3]] == [
        rf"$\sigma$ = {sigma}" for sigma in ("0.3", "0.5", "1")
    ]


def test_markers_are_whole():
    for axis in plot_overlaps().axes:
        (left, right), (bottom, _) = axis.get_xlim(), axis.get_ylim()
        for line in axis.lines:
            if line.get_marker() == "None":
                continue
            assert np.all((line.get_xdata() > left) & (line.get_xdata() < right))
            assert np.all(line.get_ydata() > 1.4 * bottom)


def test_points_are_sums_over_pixels():
    """Against images, drawn here."""
    axis = plot_overlaps((0.5,)).axes[0]
    (points,) = [line for line in axis.lines if line.get_markerfacecolor() == "white"]
    pixels = np.arange(-10, 15)
    images = [np.exp(-((pixels - place) ** 2) / (2 * 0.5**2)) for place in points.get_xdata()]
    cosines = [image @ images[0] / np.linalg.norm(image) / np.linalg.norm(images[0]) for image in images]
    assert points.get_ydata() == pytest.approx(cosines, rel=1e-9)


def test_bumps_that_are_too_wide_for_the_density_product_have_no_radius():
    product = plot_overlaps((5.0,)).axes[2]
    assert not [line for line in product.lines if line.get_marker() == "o" and len(line.get_xdata()) == 1]


def test_largest_clusters_of_several_widths(half):
    wide = predicted(24, 1, runs=3)
    (axis,) = plot_largest_clusters([half, wide]).axes
    assert sorted(upright(axis)) == sorted([half[INFINITE].value, wide[INFINITE].value])
    curve = axis.lines[0]
    kept = half.curves["lambda"] > 0
    assert curve.get_ydata() == pytest.approx(half.curves["largest"][kept] / half.curves["lambda"][kept])
    assert labels(axis) == [
        rf"$\sigma$ = {one.problem.sigma:g} px, $\lambda_c$ = {one[INFINITE].value:.3g}" for one in (half, wide)
    ]
    assert axis.get_legend().get_title().get_text() == (
        "grid of 24 x 24\nbands: 1.96 standard errors, vertical lines: infinite grid"
    )
    for drawn in axis.collections:
        heights = drawn.get_paths()[0].vertices[:, 1]
        assert heights.min() >= 0
        assert heights.max() <= 1
    assert not plot_largest_clusters([predicted(24, 0.5, runs=1)]).axes[0].collections
    looks = {(line.get_color(), str(line.get_linestyle())) for line in (axis.lines[0], axis.lines[2])}
    assert len(looks) == 2


def test_widths_differ_without_colour():
    curves = [line for line in plot_overlaps((0.3, 0.5, 0.7, 1.0, 2.0)).axes[0].lines if len(line.get_xdata()) > 100]
    assert len({str(line._unscaled_dash_pattern) for line in curves}) == 5
    grey = [np.dot(matplotlib.colors.to_rgb(line.get_color()), (0.299, 0.587, 0.114)) for line in curves]
    assert max(grey) < 0.7


@pytest.fixture(scope="module")
def stairs():
    results = [predicted(48, sigma, runs=24, periodic=True) for sigma in (0.25, 0.37, 0.55)]
    results.append(predicted(48, 0.35, runs=24, periodic=True, pixels=True))
    both = [staircase(largest=1.4), staircase(largest=1.4, pixels=True)]
    return plot_staircase(both, results), results


@pytest.fixture(scope="module")
def narrow():
    return staircase(largest=0.6)


def value_at(line, x):
    """Of a line of steps."""
    places, values = line.get_data()
    return values[np.searchsorted(places, x, side="right") - 1]


def test_the_staircase_has_the_thresholds_of_the_issue(stairs):
    figure, _ = stairs
    line = figure.axes[0].lines[0]
    assert line.get_drawstyle() == "steps-post"
    for sigma, threshold in ((0.3, 0.593), (0.5, 0.197), (0.7, 0.115), (1, 0.063)):
        assert value_at(line, sigma) == pytest.approx(threshold, abs=1e-3)


def test_simulated_points_lie_on_the_staircase(stairs, narrow):
    figure, results = stairs
    (axis,) = figure.axes
    for container, chosen in zip(axis.containers, (results[:3], results[3:]), strict=True):
        points = container.lines[0]
        assert points.get_ydata().tolist() == [one[GRID].value for one in chosen]
        (bars,) = container.lines[2]
        heights = [np.ptp(segment[:, 1]) / 2 for segment in bars.get_segments()]
        assert heights == pytest.approx([1.96 * one[GRID].error for one in chosen])
        for one in chosen:
            assert abs(one[GRID].value - one[INFINITE].value) < 4 * one[GRID].error
    assert sum("simulated" in text for text in labels(axis)) == 2
    assert "bars: 1.96 standard errors" in axis.get_title()
    assert "bars" not in narrow.plot().axes[0].get_title()


def test_why_the_staircase_on_pixels_ends_is_said(stairs):
    axis = stairs[0].axes[0]
    (line,) = [one for one in axis.lines if one.get_label().startswith("on pixels")]
    assert "wider" in line.get_label()
    assert max(line.get_xdata()) == pytest.approx(1.0)


def test_where_nothing_connects_is_said(stairs):
    axis = stairs[0].axes[0]
    texts = [text.get_text() for text in axis.texts]
    assert any("below" in text and "0.217" in text for text in texts)
    assert any("below 0.289" in text for text in texts)
    assert min(axis.lines[0].get_xdata()) == pytest.approx(0.21722, abs=1e-4)
    figure = stairs[0]
    boxes, _ = text_boxes(axis, figure)
    legend = axis.get_legend().get_window_extent()
    assert not boxes[0].overlaps(boxes[1])
    assert not any(box.overlaps(legend) for box in boxes)


def test_the_limit_of_discs_is_drawn_where_it_is_of_use(stairs, narrow):
    (limit,) = [line for line in stairs[0].axes[0].lines if line.get_label().startswith("limit of discs")]
    x, y = limit.get_data()
    drawn = x[np.isfinite(y)]
    assert drawn.min() == pytest.approx(6 / (2 * np.sqrt(np.log(200))), abs=0.01)
    assert not any("discs" in text for text in labels(narrow.plot().axes[0]))


def test_the_staircase_of_the_density_product_ends_where_bumps_are_too_faint():
    line = staircase(overlap="product", largest=6.0).plot().axes[0].lines[0]
    assert max(line.get_xdata()) == pytest.approx(3.958, abs=1e-3)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (
            {"tau": 0.01},
            "of cosine overlap, tau = 0.005 and a square grid in the plane, got cosine overlap, tau = 0.01",
        ),
        ({"steps": (2, 1)}, "steps of 2 x 1"),
        ({"overlap": "coefficient"}, "got overlap coefficient"),
        ({"runs": 0}, "ask for runs"),
    ],
)
def test_points_of_another_kind_are_refused(narrow, options, error):
    with pytest.raises(ValueError, match=error):
        plot_staircase([narrow], [predicted(24, 0.5, **({"runs": 2} | options))])


def test_what_cannot_be_drawn_is_refused(half):
    with pytest.raises(ValueError, match="give one staircase at least, got none"):
        plot_staircase([])
    with pytest.raises(ValueError, match="one prediction at least"):
        plot_largest_clusters([])
    with pytest.raises(ValueError, match="hold a simulation"):
        plot_largest_clusters([half, predicted(24, 0.5, runs=0)])
    with pytest.raises(ValueError, match="one at least, got none"):
        plot_overlaps(())
    with pytest.raises(ValueError, match="ax must hold 3 axes, got 2"):
        plot_overlaps(ax=Figure().subplots(1, 2))
