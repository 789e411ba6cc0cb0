"""Figures and tables of a hierarchy: what they must show."""

from dataclasses import replace

import matplotlib.colors
import numpy as np
import pytest
from matplotlib.figure import Figure

from regimes import Hierarchy, predict_hierarchy
from regimes.hierarchy import (
    HierarchyBudget,
    HierarchyPlane,
    hierarchy_phase_diagram,
    hierarchy_transition,
    random_hierarchy,
)
from regimes.numerics.hierarchy.phase_diagram import PhaseDiagram
from regimes.numerics.interface.number import Number
from regimes.report.hierarchy.levels import shown_levels


@pytest.fixture(scope="module")
def plain():
    return predict_hierarchy(Hierarchy(16, 4, 2, 6))


@pytest.fixture(scope="module")
def exact():
    budget = HierarchyBudget(instances=3, samples=12)
    return predict_hierarchy(Hierarchy(8, 3, 2, 3), exact=True, budget=budget, noise_levels=[0.2, 0.4, 0.6, 0.8])


def with_density_evolution(result, noise="masking", numbers=None, **curves):
    shape = result.curves["mean_field"].shape
    numbers = numbers or {"threshold.value": Number("masked fraction", 0.5, 0.02, covers="density evolution")}
    return replace(
        result,
        numbers=result.numbers | numbers,
        curves=result.curves
        | {"density_evolution": np.full(shape, 0.4), "density_evolution_se": np.full(shape, 0.01)}
        | curves,
        settings=result.settings | {"noise": noise, "unit": "masked fraction"},
    )


def upright(axis):
    """Abscissae of the vertical lines."""
    return [line.get_xdata()[0] for line in axis.lines if len(set(line.get_xdata())) == 1 and len(line.get_xdata()) > 1]


def test_levels_and_susceptibility_are_drawn_and_the_threshold_is_marked(plain):
    top, bottom = plain.plot().axes
    labels = [text.get_text() for text in top.get_legend().get_texts()]
    assert labels == ["root", "level 2", "level 4", "leaves"]
    assert upright(top) == upright(bottom) == [pytest.approx(0.8)]
    assert any("0.8" in text.get_text() for text in top.texts)
    root = top.lines[0]
    assert root.get_ydata().tolist() == plain.curves["mean_field"][0].tolist()
    assert np.nanmax(bottom.lines[0].get_ydata()) > 1
    assert not top.containers
    for axis in (top, bottom):
        assert axis.get_ylabel()
    assert bottom.get_xlabel()


def test_exact_points_carry_the_errors_of_the_result(exact):
    top, bottom = exact.plot().axes
    assert len(top.containers) == 4
    assert len(bottom.containers) == 1
    (bars,) = top.containers[0].lines[2]
    heights = [np.ptp(segment[:, 1]) / 2 for segment in bars.get_segments()]
    assert heights == pytest.approx(1.96 * exact.curves["exact_se"][0])
    assert "exact" in top.get_legend().get_title().get_text()


def test_density_evolution_has_bands_and_the_threshold_its_error(plain):
    figure = with_density_evolution(plain).plot()
    top = figure.axes[0]
    assert len(top.collections) == 4  # one band a level
    assert "thin: mean field" in top.get_legend().get_title().get_text()
    (span,) = top.patches
    assert span.get_x() == pytest.approx(0.5 - 1.96 * 0.02)
    assert span.get_width() == pytest.approx(2 * 1.96 * 0.02)


def test_the_threshold_of_gaussian_noise_has_the_error_of_its_time(plain):
    numbers = {"threshold.value": Number("sqrt(snr)", 2.0, 0.1), "threshold.time": Number("t (OU)", 0.11, 0.004)}
    times = np.geomspace(0.01, 1, plain.curves["noise_level"].size)
    top, bottom = with_density_evolution(plain, "gaussian", numbers, noise_level=times).plot().axes
    for axis in (top, bottom):
        (span,) = axis.patches
        assert span.get_x() == pytest.approx(0.11 - 1.96 * 0.004)
        assert span.get_width() == pytest.approx(2 * 1.96 * 0.004)
    low, high = bottom.get_xlim()
    assert low < 0.01 * 0.99
    assert high > 1.01


def test_without_a_threshold_nothing_is_marked_and_the_title_says_so(plain):
    top, bottom = predict_hierarchy(Hierarchy(8, 6, 2, 3)).plot().axes
    assert upright(top) == upright(bottom) == []
    assert "no transition" in top.get_title()
    assert "no transition" not in plain.plot().axes[0].get_title()


def test_the_title_names_the_noise_and_whose_rules(plain):
    assert "masking; average over random rules" in with_density_evolution(plain).plot().axes[0].get_title()
    given = predict_hierarchy(
        random_hierarchy(Hierarchy(4, 2, 2, 2)), budget=HierarchyBudget(samples=8), noise_levels=[0.3, 0.6]
    )
    assert "points: rules given" in given.plot().axes[0].get_title()


def test_the_susceptibility_of_real_noise_is_marked_as_that_of_equal_belief(plain):
    line = with_density_evolution(plain).plot().axes[1].lines[0]
    assert line.get_label() == "mean field (equal belief)"
    assert line.get_linestyle() == ":"
    assert plain.plot().axes[1].lines[0].get_linestyle() == "-"


def test_root_and_leaves_have_the_same_look_at_any_depth():
    looks = set()
    for depth in (1, 2, 3, 6, 8):
        lines = predict_hierarchy(Hierarchy(8, 3, 2, depth)).plot().axes[0].lines
        drawn = {line.get_label(): line for line in lines}
        looks.add(tuple((drawn[name].get_color(), str(drawn[name].get_linestyle())) for name in ("root", "leaves")))
    assert len(looks) == 1


def test_a_single_noise_level_can_be_seen():
    top, _ = predict_hierarchy(Hierarchy(8, 3, 2, 3), noise_levels=0.5).plot().axes
    assert [text.get_text() for text in top.get_legend().get_texts()] == ["root", "level 1", "level 2", "leaves"]
    assert all(line.get_marker() == "." for line in top.lines[:4])


def test_levels_differ_without_colour(exact):
    top = exact.plot().axes[0]
    drawn = [line for line in top.lines if line.get_label() in ("root", "level 1", "level 2", "leaves")]
    assert len({str(line._unscaled_dash_pattern) for line in drawn}) == 4
    grey = [np.dot(matplotlib.colors.to_rgb(line.get_color()), (0.299, 0.587, 0.114)) for line in drawn]
    assert max(grey) < 0.7


def test_axes_of_the_user_are_drawn_into(plain):
    own = Figure()
    axes = own.subplots(2)
    assert plain.plot(axes) is own
    with pytest.raises(ValueError, match="ax must hold 2 axes, one for each panel, got 1"):
        plain.plot(axes[0])


def test_root_and_leaves_are_always_among_few_levels():
    for depth in range(1, 30):
        levels = shown_levels(depth)
        assert (levels[0], levels[-1]) == (0, depth)
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
    (axis,) = hierarchy_transition(Hierarchy(v, m, s)).plot().axes
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
    (axis,) = hierarchy_transition(Hierarchy(32, 8)).plot().axes
    up, down = (next(line for line in axis.lines if fate in line.get_label()) for fate in ("certainty", "ignorance"))
    assert (np.diff(up.get_ydata()) >= 0).all()
    assert (np.diff(down.get_ydata()) <= 0).all()
    assert up.get_ydata()[-1] == pytest.approx(1, abs=0.01)
    assert down.get_ydata()[-1] == pytest.approx(1 / 32, abs=0.01)


@pytest.mark.parametrize(("m", "stable"), [(6, 1 / 8), (1, 1.0)])
def test_upward_map_without_a_transition_has_two_fixed_points(m, stable):
    (axis,) = hierarchy_transition(Hierarchy(8, m)).plot().axes
    assert fixed_points(axis) == {1.0: stable == 1.0, 0.125: stable != 1.0}


@pytest.fixture(scope="module")
def diagram():
    return hierarchy_phase_diagram(HierarchyPlane((2, 3), largest_v=100))


@pytest.fixture(scope="module")
def phases(diagram):
    return diagram.plot()


def test_boundaries_of_the_phase_diagram_are_those_of_the_two_conditions(phases, diagram):
    for axis, s in zip(phases.axes, (2, 3), strict=False):
        most, fewest = axis.lines
        for line, boundary, key in (
            (most, lambda v, s=s: sum(v**k for k in range(s)) / s, "most"),
            (fewest, lambda v, s=s: s / sum(v**-k for k in range(s)), "fewest"),
        ):
            v, m = line.get_data()
            assert m == pytest.approx(boundary(v), rel=1e-12)
            assert diagram[f"phase.{key}_rules_{s}"].value == pytest.approx(boundary(100.0), rel=1e-12)


def test_formulas_of_the_phase_diagram_and_its_way_through_json(diagram):
    found = {key: number.formulas for key, number in diagram.numbers.items()}
    for s in (2, 3):
        assert found[f"phase.most_rules_{s}"] == ("hierarchy_slope_at_one",)
        assert found[f"phase.fewest_rules_{s}"] == ("hierarchy_slope_at_uniform",)
    assert PhaseDiagram.from_dict(diagram.to_dict()) == diagram
    assert len(repr(diagram).splitlines()) <= 30


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"children": [1]}, "children .* must be at least 2, got 1"),
        ({"children": []}, ".*at least one number of children, got none"),
        ({"largest_v": 2}, "largest_v .largest number of symbols. must exceed 2, got 2"),
    ],
)
def test_planes_that_do_not_exist(options, message):
    with pytest.raises(ValueError, match="^HierarchyPlane: " + message):
        HierarchyPlane(**options)


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
    assert hierarchy_phase_diagram(HierarchyPlane((2, 4))).plot(axes) is axes[0].figure
    with pytest.raises(ValueError, match="ax must hold 1 axes, .* got 2"):
        hierarchy_phase_diagram(HierarchyPlane((2,))).plot(axes)
