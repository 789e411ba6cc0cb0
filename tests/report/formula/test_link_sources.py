"""What the source of a test says about numbers, read without running it."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

SPEC = spec_from_file_location("link_sources", Path(__file__).parents[2] / "link_sources.py")
sources = module_from_spec(SPEC)
SPEC.loader.exec_module(sources)
WRITTEN = """
HALF, WIDTH = (f"percolation.{name}" for name in ("half_fraction", "width"))

def test_close():
    assert result["collapse.time"].value == pytest.approx(1.3)

def test_longer():
    assert result["collapse.time_closed_form"].value == 1.3

def test_none():
    assert (result["collapse.time"].value, result["collapse.time"].reason) == (None, "why")

def test_interval():
    assert result["collapse.time"].interval == pytest.approx((1, 2))

def test_way():
    times = [result["collapse.time"].value, 2]
    assert np.interp(times[0], a, b) < 3

def test_merge():
    for place in range(3):
        row = found[f"classes.merge.{place}"]
        assert (row.value, row.error) == (1, 2)

def test_constant():
    assert result[HALF].value < 1

@pytest.mark.parametrize("name", ["time", "bound"])
def test_parameter(name):
    assert result[f"collapse.{name}"].value == 2
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("written") / "test_written.py"
    path.write_text(WRITTEN, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("test", "key", "how"),
    [
        ("close", "collapse.time", sources.CLOSELY),
        ("longer", "collapse.time", None),
        ("longer", "collapse.time_closed_form", sources.EQUAL),
        ("none", "collapse.time", sources.NAMED),
        ("interval", "collapse.time", sources.NAMED),
        ("way", "collapse.time", sources.ORDERED),
        ("merge", "classes.merge.N", sources.EQUAL),
        ("constant", "percolation.half_fraction", sources.ORDERED),
        ("constant", "percolation.width", None),
        ("parameter", "collapse.bound", sources.EQUAL),
        ("parameter", "collapse.point_time", None),
    ],
)
def test_how_a_test_holds_a_number(file, test, key, how):
    assert sources.speaks_of(f"{file}::test_{test}", key) is (how is not None)
    assert sources.strength(f"{file}::test_{test}", key) == (sources.NAMED if how is None else how)
