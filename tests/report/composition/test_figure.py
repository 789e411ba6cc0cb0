"""Figures and tables of percolation: what they must show."""

import io
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from rich.console import Console

from regimes import BumpGrid, predict_data_percolation, predict_percolation
from regimes.report.composition.grid_figure import grid_figure
from regimes.report.composition.shown import default_lambdas, shown_lambdas
from regimes.report.parts.rounding import capped, rounded
from regimes.report.views import table

WIDTH = 92  # of the outputs in the documentation
INFINITE, GRID, HALF = (f"percolation.{name}" for name in ("threshold_infinite", "threshold_grid", "half_fraction"))


def predicted(grid, sigma, *, runs=32, lambdas=None, **options):
    return predict_percolation(BumpGrid(grid, sigma, **options), runs=runs, lambdas=lambdas)


def with_value(result, key, value):
    return replace(result, numbers=result.numbers | {key: replace(result[key], value=value)})


@pytest.fixture(scope="module")
def half():
    return predicted(24, 0.5, runs=8)


@pytest.fixture(scope="module")
def one_run():
    return predicted(24, 0.5, runs=1)


@pytest.fixture(scope="module")
def disconnected():
    return predicted(12, 0.5, steps=(5, 1), runs=2)


@pytest.fixture(scope="module")
def chain():
    """Forty points on a circle, each overlapping with the next, and three that stand alone."""
    angle = 2 * np.pi * np.arange(40) / 40
    ring = np.stack([np.cos(angle), np.sin(angle), *np.zeros((3, 40))], axis=1)
    return predict_data_percolation(np.concatenate([ring, np.eye(5)[2:]]), tau=0.98, orders=8)


def upright(axis):
    """Abscissae of the vertical lines."""
    return [line.get_xdata()[0] for line in axis.lines if len(set(line.get_xdata())) == 1 and len(line.get_xdata()) > 1]


def labels(axis):
    return [text.get_text() for text in axis.get_legend().get_texts()]


def text_boxes(axis, figure):
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    return [text.get_window_extent(renderer) for text in axis.texts], figure.bbox


def printed(renderable, width=WIDTH):
    stream = io.StringIO()
    Console(file=stream, width=width, highlight=False, color_system=None).print(renderable)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def cells(lines, label):
    """What stands in the row of a label, which must be whole in one line."""
    (row,) = [line for line in lines if line.startswith(label)]
    return row.removeprefix(label).split()


# The grid.


def test_curves_are_those_of_the_simulation(half):
    top, bottom = grid_figure(half).axes
    assert top.lines[0].get_ydata().tolist() == half.curves["largest"].tolist()
    assert bottom.lines[0].get_ydata().tolist() == half.curves["spanning"].tolist()
    assert labels(top) == ["largest cluster", "all that is kept", "half of it"]
    guide, halved = top.lines[1:3]
    assert list(guide.get_xdata()) == list(guide.get_ydata())
    assert [2 * y for y in halved.get_ydata()] == list(halved.get_xdata())
    assert "spans" in bottom.get_ylabel()
    assert top.get_ylabel()
    assert bottom.get_xlabel()
    assert "1.96" in top.get_legend().get_title().get_text()


def test_both_thresholds_are_marked_with_their_errors(half):
    top, bottom = grid_figure(half).axes
    infinite, grid = half[INFINITE], half[GRID]
    for axis in (top, bottom):
        assert upright(axis) == [infinite.value, grid.value]
        spans = {round(span.get_x() + span.get_width() / 2, 9): span.get_width() / 2 for span in axis.patches}
        for number in (infinite, grid):
            assert spans[round(number.value, 9)] == pytest.approx(1.96 * number.error)
    this, endless = sorted((text.get_text() for text in top.texts), reverse=True)
    assert endless == rf"infinite grid: $\lambda_c$ = {rounded(infinite.value, infinite.error)}"
    assert this == f"this grid: {rounded(grid.value, grid.error)}"


def test_the_band_of_a_fit_is_its_largest_deviation():
    wide = predicted(24, 2.4, runs=8)
    top, _ = grid_figure(wide).axes
    assert "band of the fit: largest deviation" in top.get_legend().get_title().get_text()
    halves = [span.get_width() / 2 for span in top.patches]
    assert min(halves) == pytest.approx(0.005 * wide[INFINITE].value)
    assert "(fit)" in top.texts[0].get_text()


@pytest.mark.parametrize(
    ("grid", "sigma", "options"),
    [
        (32, 0.5, {"periodic": True}),
        (32, 2.4, {}),
        ((20, 40), 1, {"steps": (2, 1)}),
        (24, 0.5, {"lambdas": [0.2]}),
        (12, 0.5, {"steps": (5, 1)}),
    ],
)
def test_names_of_the_thresholds_neither_overlap_nor_leave_the_figure(grid, sigma, options):
    figure = grid_figure(predicted(grid, sigma, runs=4, **options))
    names, whole = text_boxes(figure.axes[0], figure)
    assert len(names) == (1 if options.get("steps") == (5, 1) else 2)
    for i, box in enumerate(names):
        assert whole.x0 <= box.x0 < box.x1 <= whole.x1
        assert not any(box.overlaps(other) for other in names[i + 1 :])


def test_bands_stay_within_0_and_1(half):
    few = predicted(24, 0.5, runs=2)
    for axis in (*grid_figure(half).axes, *grid_figure(few).axes):
        for band in axis.collections:
            heights = band.get_paths()[0].vertices[:, 1]
            assert heights.min() >= 0
            assert heights.max() <= 1


def test_chosen_fractions_and_both_thresholds_are_all_in_sight(half):
    chosen = predicted(24, 0.5, runs=8, lambdas=[0.9, 0.5, 0.7])
    for axis in grid_figure(chosen).axes:
        low, high = axis.get_xlim()
        assert low < min(half[INFINITE].value, half[GRID].value)
        assert high > 0.9
        assert sorted(upright(axis)) == sorted([half[INFINITE].value, half[GRID].value])
    assert list(grid_figure(chosen).axes[0].lines[0].get_xdata()) == [0.5, 0.7, 0.9]
    lines = printed(table(chosen))
    first = next(i for i, line in enumerate(lines) if line.startswith("kept fraction"))
    assert [line.split()[0] for line in lines[first + 1 : -1]] == ["0.5", "0.7", "0.9"]


def test_every_one_of_many_chosen_fractions_is_a_row():
    many = predicted(16, 0.5, runs=1, lambdas=np.linspace(0.005, 0.995, 67).tolist())
    lines = printed(table(many))
    first = next(i for i, line in enumerate(lines) if line.startswith("kept fraction"))
    assert len(lines[first + 1 : -1]) == 67
    parts = predict_data_percolation(np.eye(90) + 0.1, tau=0.01, orders=1, lambdas=np.arange(1, 60) / 60)
    lines = printed(table(parts))
    first = next(i for i, line in enumerate(lines) if line.startswith("kept fraction"))
    assert len(lines[first + 1 :]) == 59


@pytest.mark.parametrize("options", [{}, {"sigma": 2}, {"steps": (5, 1)}, {"runs": 1}, {"periodic": True}])
def test_fractions_that_nobody_chose_are_recognised(options):
    assert default_lambdas(predicted(24, **({"sigma": 0.5, "runs": 2} | options)).curves["lambda"])
    chosen = predicted(24, **({"sigma": 0.5, "runs": 1} | options), lambdas=[0.0, 0.5, 1.0])
    assert not default_lambdas(chosen.curves["lambda"])


def test_the_first_name_is_that_of_the_smaller_threshold(half):
    for place in (0.15, 0.25):
        figure = grid_figure(with_value(half, GRID, place))
        names, _ = text_boxes(figure.axes[0], figure)
        order = [text.get_text().split(":")[0] for text in figure.axes[0].texts]
        assert order == (
            ["this grid", "infinite grid"] if place < half[INFINITE].value else ["infinite grid", "this grid"]
        )
        assert names[0].x1 < names[1].x0


def test_one_run_has_neither_bands_nor_words_about_them(one_run):
    top, bottom = grid_figure(one_run).axes
    assert not top.collections
    assert not bottom.collections
    assert top.get_legend().get_title().get_text() == ""
    assert upright(top) == [one_run[INFINITE].value, one_run[GRID].value]
    assert "1 random order\n" in top.get_title()


def test_only_the_part_around_the_threshold_is_shown(half):
    low, high = grid_figure(half).axes[1].get_xlim()
    assert low < 0
    assert 1.9 * half[GRID].value < high < 2.1 * half[GRID].value
    far = predicted(24, 0.5, runs=2, lambdas=[0.7, 0.9])
    assert shown_lambdas(far.curves["lambda"], far[GRID].value).all()


def test_a_single_fraction_can_be_seen():
    top, bottom = grid_figure(predicted(24, 0.5, runs=4, lambdas=[0.2])).axes
    assert top.lines[0].get_marker() == "o"
    assert len(bottom.containers) == 1
    low, high = bottom.get_xlim()
    assert low < 0.1 < 0.3 < high


def test_a_grid_that_nothing_spans_says_so(disconnected):
    top, bottom = grid_figure(disconnected).axes
    assert upright(top) == [1.0]
    assert [text.get_text() for text in bottom.texts] == ["no cluster spans, even if all points are kept"]


def test_the_title_tells_grid_and_connection():
    result = predicted((16, 20), 1, steps=(2, 1), overlap="coefficient", periodic=True, runs=2)
    top, bottom = grid_figure(result).axes
    assert top.get_title() == (
        "grid of 16 x 20, rows 2 px apart, columns 1 px, periodic edges, 2 random orders\n"
        "bumps of sigma = 1 px connect from an overlap coefficient of 0.005 on"
    )
    assert "winds" in bottom.get_ylabel()


def test_axes_of_the_user_are_drawn_into(half):
    own = Figure()
    axes = own.subplots(2)
    assert half.plot(axes) is own
    with pytest.raises(ValueError, match="ax must hold 2 axes, one for each panel, got 1"):
        half.plot(axes[:1])


def test_without_a_simulation_there_is_nothing_to_draw():
    with pytest.raises(ValueError, match="ask for one run"):
        predicted(24, 0.5, runs=0).plot()


def test_rows_of_the_table(half):
    lines = printed(table(half))
    number = {key.removeprefix("percolation."): each for key, each in half.numbers.items()}
    assert lines[0] == "grid of 24 x 24, open edges"
    assert lines[1] == "bumps of sigma = 0.5 px connect from a cosine overlap of 0.005 on"
    assert cells(lines, "connection radius") == ["2.302", "pixels"]
    assert cells(lines, "neighbours of a point") == ["20"]
    for label, key in (("lambda_c, infinite grid", "threshold_infinite"), ("lambda_c, this grid", "threshold_grid")):
        assert cells(lines, label)[0] == rounded(number[key].value, number[key].error)
    assert cells(lines, "  standard deviation")[0] == rounded(number["width"].value)
    together = cells(lines, "half of what is kept hangs together")
    assert together == [f"{number['half_fraction'].value:.4g}", "from", "this", "fraction", "on"]
    assert not any(line.startswith("limit") for line in lines)
    images = [line.split()[2] for line in lines if line.startswith("  in images")]
    assert images == [f"{number[f'images_{of}'].value:.0f}" for of in ("infinite", "grid")]
    assert lines[-1] == "a cluster spans if it joins the first and the last row"
    wide = predicted(24, 2.4, runs=0)
    assert cells(printed(table(wide)), "limit of many neighbours")[0] == rounded(wide["percolation.disc_limit"].value)


def test_the_curve_in_the_table_surrounds_the_threshold(half):
    lines = printed(table(half))
    first = next(i for i, line in enumerate(lines) if line.startswith("kept fraction"))
    rows = [line.split() for line in lines[first + 1 : -1]]
    x = [float(row[0]) for row in rows]
    assert 8 <= len(x) <= 17
    assert x == sorted(set(x))
    curves = half.curves
    after = int(np.searchsorted(curves["lambda"], half[GRID].value))
    for place in (after - 1, after):
        (row,) = [row for row in rows if row[0] == f"{curves['lambda'][place]:.4g}"]
        names = ("largest", "largest_share", "mean_size", "spanning")
        assert row[1:] == [capped(curves[name][place], curves[f"{name}_se"][place]) for name in names]
    assert {"0.05", "0.1", "0.15", "0.3", "0.35"} <= {row[0] for row in rows}  # near round fractions


@pytest.mark.parametrize(
    ("sigma", "options", "text"),
    [
        (2, {}, "a cluster spans if it joins the first 4 and the last 4 rows"),
        (0.5, {"periodic": True}, "a cluster winds if it goes around the grid, across all rows"),
        (0.5, {"steps": (5, 1)}, "exact: any gap cuts a line"),
        (0.5, {"steps": (5, 1)}, "no threshold: bumps connect along rows only, rows are 5 px apart, beyond the radius"),
        (0.5, {"steps": (1, 4)}, "no threshold: bumps connect along columns only, columns are 4 px apart, beyond the"),
        (0.5, {"steps": (1, 5), "pixels": True}, "columns are 5 px apart, beyond the reach of the overlap"),
        (0.5, {"steps": (5, 1)}, "no lambda_c, this grid: even the full grid is not spanned"),
        (0.5, {"pixels": True}, "the direction counts as well"),
        (0.3, {"pixels": True, "overlap": "product"}, "a density product of 0.005 per px^2 on"),
        (0.5, {"runs": 0}, "no lambda_c, this grid: there is no simulation without runs"),
        (2.4, {}, "fit, off by at most 0.5%"),
        (2.4, {}, "the fit is to the number of neighbours z alone, 4 eta_c/(z + 3.3)"),
        (0.7, {"steps": (3, 1)}, "fit, off by at most 10%"),
        (0.456, {"steps": (2, 1)}, "fit, its error is unknown"),
        (0.3, {}, "0.5927  jacobsen2015, standard error"),
        (0.5, {"steps": (2, 2)}, "grid of 24 x 24, steps of 2 px, open edges"),
    ],
)
def test_the_table_says_what_holds(sigma, options, text):
    lines = printed(table(predicted(24, sigma, **({"runs": 2} | options))), width=200)
    assert text in "\n".join(lines)


def test_a_grid_without_a_threshold_has_no_number_of_images(disconnected):
    lines = printed(table(disconnected))
    assert cells(lines, "lambda_c, infinite grid")[0] == "1"
    assert not any("in images" in line for line in lines)


def test_too_few_orders_have_no_error_of_the_median():
    (row,) = [line for line in printed(table(predicted(24, 0.5, runs=7))) if "median" in line]
    assert "(" not in row


@pytest.mark.parametrize(
    ("sigma", "options"), [(0.7, {}), (2.4, {}), (2, {"pixels": True, "periodic": True}), (0.5, {"runs": 3})]
)
def test_tables_fit_in_80_columns(sigma, options):
    lines = printed(table(predicted(32, sigma, **options)), width=300)
    assert max(map(len, lines)) <= 80


def test_numbers_of_the_curve_have_four_decimals_or_three_digits():
    assert capped(0.15749, 0.00075) == "0.1575(8)"
    assert capped(0.9999952, 0.0000048) == "1.0000"
    assert capped(0.00070042, 0.0000351) == "0.000700(35)"
    assert capped(0.00070042, 0.0000351, digits=0) == "0.0007"
    assert capped(55.2, 20.1) == "55(20)"
    assert capped(0.25) == "0.25"


@pytest.mark.parametrize("options", [{}, {"pixels": True}, {"periodic": True, "overlap": "coefficient"}, {"runs": 1}])
def test_rows_of_the_table_are_not_broken(options):
    result = predicted(40, 0.7, **({"runs": 3} | options))
    assert printed(table(result)) == printed(table(result), width=300)


# Data.


def test_the_curve_of_data_and_where_half_hold_together(chain):
    half = chain["components.half_fraction"]
    (axis,) = chain.plot().axes
    assert axis.lines[0].get_ydata().tolist() == chain.curves["largest_share"].tolist()
    assert labels(axis) == ["largest component", "half of what is kept"]
    assert upright(axis) == [half.value]
    (span,) = axis.patches
    assert span.get_width() == pytest.approx(2 * 1.96 * half.error)
    assert rounded(half.value, half.error) in axis.texts[0].get_text()
    assert "43 points, 4 components: cosine overlap of 0.98" in axis.get_title()


def test_data_without_a_half_say_so():
    apart = predict_data_percolation(np.eye(6), tau=0.5, orders=1)
    (axis,) = apart.plot().axes
    assert upright(axis) == []
    assert "less than half" in axis.texts[0].get_text()
    lines = printed(table(apart))
    assert cells(lines, "largest component holds half from") == ["-", "see", "below"]
    assert any(line.startswith("no such fraction: the largest component holds 0.167") for line in lines)


def test_rows_of_the_table_of_data(chain):
    lines = printed(table(chain))
    half = chain["components.half_fraction"]
    assert lines[0].endswith("43 points in 5 dimensions")
    assert lines[2] == "cosine overlap of 0.98 or more connects"
    assert cells(lines, "components") == ["4", "of", "sizes", "40,", "1,", "1,", "1"]
    assert cells(lines, "largest component  ")[0] == f"{40 / 43:.4f}"
    assert cells(lines, "points that connect to no other") == ["3"]
    assert cells(lines, "neighbours of a point, mean")[:3] == [f"{80 / 43:.4g}", "40", "pairs,"]
    assert cells(lines, "largest component holds half from")[0] == rounded(half.value, half.error)
    assert lines[-1].split() == ["1", "43", f"{40 / 43:.4g}"]
    assert printed(table(chain), width=300) == lines


def test_data_with_their_history_are_told_by_name():
    result = predict_data_percolation("iris", scale="none", orders=2)
    lines = printed(table(result), width=300)
    assert lines[0] == "iris: 150 points in 4 dimensions"
    assert lines[1] == "values as given, mean kept"
    assert lines[2].startswith("cosine overlap of ")
    assert lines[2].endswith(" or more connects, the largest at which all points are connected")
    for what, key in (("all", "whole"), ("half", "half")):
        assert cells(lines, f"overlap that connects {what}")[0] == f"{result[f'connecting.{key}'].value:.4g}"
    assert max(len(line) for line in lines[3:] if not line.startswith("note")) <= 80


def test_chosen_fractions_of_data_and_the_half_are_all_in_sight(chain):
    few = {name: None if curve is None else curve[-3:] for name, curve in chain.curves.items()}
    low, high = with_value(replace(chain, curves=few), "components.half_fraction", 0.2).plot().axes[0].get_xlim()
    assert low < 0.2
    assert high > 1


def test_a_threshold_that_tells_nothing_is_noted():
    close = predict_data_percolation([[1, 1], [1, 1.01], [1, 1.02]], tau=0.5, orders=2)
    assert any(line.startswith("note: in every order") for line in printed(table(close)))
