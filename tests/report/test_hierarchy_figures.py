"""Figures and tables of a hierarchy: what they must show."""

from dataclasses import replace

import matplotlib.colors
import numpy as np
import pytest
from matplotlib.figure import Figure

from regimes import predict_hierarchy
from regimes.hierarchy import random_hierarchy
from regimes.report.hierarchy.figure import plot_hierarchy, shown_levels
from regimes.report.hierarchy.phase_diagram import plot_phase_diagram, plot_upward_map


@pytest.fixture(scope="module")
def plain():
    return predict_hierarchy(16, 4, 2, 6)


@pytest.fixture(scope="module")
def exact():
    return predict_hierarchy(8, 3, 2, 3, exact=True, instances=3, samples=12, noise_levels=[0.2, 0.4, 0.6, 0.8])


def with_density_evolution(prediction):
    shape = prediction.levels.mean_field.shape
    levels = replace(
        prediction.levels,
        noise="masking",
        unit="masked fraction",
        density_evolution=np.full(shape, 0.4),
        density_evolution_se=np.full(shape, 0.01),
    )
    threshold = replace(prediction.threshold, noise="masking", value=0.5, se=0.02, method="density evolution")
    return replace(prediction, levels=levels, threshold=threshold)


def upright(axis):
    """Abscissae of the vertical lines."""
    return [line.get_xdata()[0] for line in axis.lines if len(set(line.get_xdata())) == 1 and len(line.get_xdata()) > 1]


def test_levels_and_susceptibility_are_drawn_and_the_threshold_is_marked(plain):
    top, bottom = plot_hierarchy(plain).axes
    labels = [text.get_text() for text in top.get_legend().get_texts()]
    assert labels == ["root", "level 2", "level 4", "leaves"]
    assert upright(top) == upright(bottom) == [pytest.approx(0.8)]
    assert any("0.8" in text.get_text() for text in top.texts)
    root = top.lines[0]
    assert root.get_ydata().tolist() == plain.levels.mean_field[0].tolist()
    assert np.nanmax(bottom.lines[0].get_ydata()) > 1
    assert not top.containers
    for axis in (top, bottom):
        assert axis.get_ylabel()
    assert bottom.get_xlabel()


def test_exact_points_carry_the_errors_of_the_result(exact):
    top, bottom = plot_hierarchy(exact).axes
    assert len(top.containers) == 4
    assert len(bottom.containers) == 1
    (bars,) = top.containers[0].lines[2]
    heights = [np.ptp(segment[:, 1]) / 2 for segment in bars.get_segments()]
    assert heights == pytest.approx(1.96 * exact.levels.exact_se[0])
    assert "exact" in top.get_legend().get_title().get_text()


def test_density_evolution_has_bands_and_the_threshold_its_error(plain):
    figure = plot_hierarchy(with_density_evolution(plain))
    top = figure.axes[0]
    assert len(top.collections) == 4  # one band a level
    assert "thin: mean field" in top.get_legend().get_title().get_text()
    (span,) = top.patches
    assert span.get_x() == pytest.approx(0.5 - 1.96 * 0.02)
    assert span.get_width() == pytest.approx(2 * 1.96 * 0.02)


def test_the_threshold_of_gaussian_noise_has_the_error_of_its_time(plain):
    prediction = with_density_evolution(plain)
    levels = replace(
        prediction.levels, noise="gaussian", noise_level=np.geomspace(0.01, 1, plain.levels.noise_level.size)
    )
    threshold = replace(prediction.threshold, noise="gaussian", value=2.0, se=0.1, time=0.11, time_se=0.004)
    top, bottom = plot_hierarchy(replace(prediction, levels=levels, threshold=threshold)).axes
    for axis in (top, bottom):
        (span,) = axis.patches
        assert span.get_x() == pytest.approx(0.11 - 1.96 * 0.004)
        assert span.get_width() == pytest.approx(2 * 1.96 * 0.004)
    low, high = bottom.get_xlim()
    assert low < 0.01 * 0.99
    assert high > 1.01


def test_without_a_threshold_nothing_is_marked_and_the_title_says_so(plain):
    top, bottom = plot_hierarchy(predict_hierarchy(8, 6, 2, 3)).axes
    assert upright(top) == upright(bottom) == []
    assert "no transition" in top.get_title()
    assert "no transition" not in plot_hierarchy(plain).axes[0].get_title()


def test_the_title_names_the_noise_and_whose_rules(plain):
    assert "masking; average over random rules" in plot_hierarchy(with_density_evolution(plain)).axes[0].get_title()
    given = predict_hierarchy(4, 2, 2, 2, rules=random_hierarchy(4, 2, 2, 2), samples=8, noise_levels=[0.3, 0.6])
    assert "points: rules given" in plot_hierarchy(given).axes[0].get_title()


def test_the_susceptibility_of_real_noise_is_marked_as_that_of_equal_belief(plain):
    line = plot_hierarchy(with_density_evolution(plain)).axes[1].lines[0]
    assert line.get_label() == "mean field (equal belief)"
    assert line.get_linestyle() == ":"
    assert plot_hierarchy(plain).axes[1].lines[0].get_linestyle() == "-"


def test_root_and_leaves_have_the_same_look_at_any_depth():
    looks = set()
    for depth in (1, 2, 3, 6, 8):
        lines = plot_hierarchy(predict_hierarchy(8, 3, 2, depth)).axes[0].lines
        drawn = {line.get_label(): line for line in lines}
        looks.add(tuple((drawn[name].get_color(), str(drawn[name].get_linestyle())) for name in ("root", "leaves")))
    assert len(looks) == 1


def test_a_single_noise_level_can_be_seen():
    top, _ = plot_hierarchy(predict_hierarchy(8, 3, 2, 3, noise_levels=0.5)).axes
    assert [text.get_text() for text in top.get_legend().get_texts()] == ["root", "level 1", "level 2", "leaves"]
    assert all(line.get_marker() == "." for line in top.lines[:4])


def test_levels_differ_without_colour(exact):
    top = plot_hierarchy(exact).axes[0]
    drawn = [line for line in top.lines if line.get_label() in ("root", "level 1", "level 2", "leaves")]
    assert len({str(line._unscaled_dash_pattern) for line in drawn}) == 4
    grey = [np.dot(matplotlib.colors.to_rgb(line.get_color()), (0.299, 0.587, 0.114)) for line in drawn]
    assert max(grey) < 0.7


def test_axes_of_the_user_are_drawn_into(plain):
    own = Figure()
    axes = own.subplots(2)
    assert plain.plot(axes) is own
    with pytest.raises(ValueError, match="ax must hold 2 axes, got 1"):
        plain.plot(axes[:1])


@pytest.mark.parametrize("depth", range(1, 30))
def test_root_and_leaves_are_always_among_few_levels(depth):
    levels = shown_levels(depth)
    assert levels[0] == 0
    assert levels[-1] == depth
    assert len(levels) <= 5
    assert levels == sorted(set(levels))


def F(p, v, m, s):
    """The upward map, typed from the issue's equations."""
    f, g = (m * v - 1) / (v**s - 1), (m - 1) / (v**s - 1)
    return (p**s + g * (1 - p**s)) / (p**s + f * (1 - p**s))


def fixed_points(axis):
    """Place and whether it is drawn full, of each mark."""
    marks = [line for line in axis.lines if line.get_marker() == "o" and len(line.get_xdata()) == 1]
    return {round(float(mark.get_xdata()[0]), 9): mark.get_markerfacecolor() != "white" for mark in marks}


@pytest.mark.parametrize(("v", "m", "s"), [(32, 8, 2), (16, 4, 2), (8, 10, 3), (6, 12, 4)])
def test_upward_map_marks_what_is_stable(v, m, s):
    (axis,) = plot_upward_map(v, m, s).axes
    marks = fixed_points(axis)
    assert len(marks) == 3
    full = [text.get_text() for text in axis.get_legend().get_texts() if text.get_text().startswith("stable")]
    assert len(full) == 1
    for place, full in marks.items():
        assert F(place, v, m, s) == pytest.approx(place, abs=1e-7)
        step = 1e-6
        slope = (F(min(place + step, 1.0), v, m, s) - F(place - step, v, m, s)) / (
            min(place + step, 1.0) - place + step
        )
        assert full == (slope < 1)
    assert sum(marks.values()) == 2
    curve = next(line for line in axis.lines if "F(p)" in line.get_label())
    p, image = curve.get_data()
    assert image == pytest.approx(F(p, v, m, s), rel=1e-9)


def test_cobwebs_leave_the_unstable_point_on_both_sides():
    (axis,) = plot_upward_map(32, 8, 2).axes
    up, down = (next(line for line in axis.lines if fate in line.get_label()) for fate in ("certainty", "ignorance"))
    assert (np.diff(up.get_ydata()) >= 0).all()
    assert (np.diff(down.get_ydata()) <= 0).all()
    assert up.get_ydata()[-1] == pytest.approx(1, abs=0.01)
    assert down.get_ydata()[-1] == pytest.approx(1 / 32, abs=0.01)


@pytest.mark.parametrize(("m", "stable"), [(6, 1 / 8), (1, 1.0)])
def test_upward_map_without_a_transition_has_two_fixed_points(m, stable):
    (axis,) = plot_upward_map(8, m, 2).axes
    assert fixed_points(axis) == {1.0: stable == 1.0, 0.125: stable != 1.0}


@pytest.fixture(scope="module")
def phases():
    return plot_phase_diagram(children=(2, 3), largest_v=100)


def test_boundaries_of_the_phase_diagram_are_those_of_the_two_conditions(phases):
    for axis, s in zip(phases.axes, (2, 3), strict=False):
        at_one, at_uniform = axis.collections[-2:]
        for contour, boundary in (
            (at_one, lambda v, s=s: sum(v**k for k in range(s)) / s),
            (at_uniform, lambda v, s=s: s / sum(v**-k for k in range(s))),
        ):
            v, m = np.concatenate([path.vertices for path in contour.get_paths()]).T
            assert len(v) > 50
            assert m == pytest.approx(boundary(v), rel=0.02)


@pytest.mark.parametrize(
    ("panel", "v", "m", "epsilon"), [(0, 32, 8, 0.7312), (0, 8, 2, 0.9524), (0, 64, 8, 0.8889), (1, 8, 10, None)]
)
def test_shades_of_the_phase_diagram_are_the_noise_at_the_transition(phases, panel, v, m, epsilon):
    if epsilon is None:  # bisected here, from the map itself
        low, high = 1 / v + 1e-6, 1 - 1e-6
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (low, middle) if F(middle, v, m, 3) > middle else (middle, high)
        epsilon = (1 - low) * v / (v - 1)
    shades = phases.axes[panel].collections[0].get_paths()
    inside = [number for number, path in enumerate(shades) if path.contains_point((v, m))]
    assert inside == [int(epsilon * 10)]


def test_nothing_is_shaded_where_there_is_no_transition(phases):
    shades = phases.axes[0].collections[0].get_paths()
    for v, m in ((8, 6), (8, 1), (32, 17), (4, 3)):
        assert not any(path.contains_point((v, m)) for path in shades)


def test_phase_diagram_draws_into_axes_of_the_user():
    axes = Figure().subplots(1, 2)
    assert plot_phase_diagram(children=(2, 4), ax=axes) is axes[0].figure
    with pytest.raises(ValueError, match="ax must hold 1 axes, got 2"):
        plot_phase_diagram(children=(2,), ax=axes)
