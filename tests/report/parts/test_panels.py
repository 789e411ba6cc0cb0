"""What panels draw besides lines and points: images, and paths in the order of their points."""

import numpy as np

from regimes.report.parts.panels import draw_panels
from regimes.validation.outcome.panels import Panel, curve


def test_an_image_fills_its_panel_first_row_on_top():
    image = np.array([[0.0, 1.0, 0.2], [0.4, 0.0, 0.0]])
    (axis,) = draw_panels("images", [Panel("made", "", "", (), image=image)]).axes
    (drawn,) = axis.images
    assert np.array_equal(drawn.get_array(), image)
    assert drawn.origin == "upper"
    assert drawn.get_clim() == (0, 1)
    assert axis.get_title() == "made"
    assert not axis.axison


def test_a_path_keeps_the_order_of_its_points_and_a_line_does_not():
    x, y = [0.0, 2.0, 1.0], [0.0, 1.0, 5.0]
    curves = (curve("", "path", x, y), curve("", "theory", x, y))
    (axis,) = draw_panels("paths", [Panel("", "x", "y", curves)]).axes
    path, line = (drawn.get_xdata().tolist() for drawn in axis.get_lines())
    assert path == x
    assert line == sorted(x)
