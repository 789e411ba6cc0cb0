"""What is allowed of memory is for everything, the points included."""

import tracemalloc

import numpy as np
import pytest

from regimes import predict


@pytest.mark.parametrize("center", [True, False])
def test_memory_holds_the_points_and_all_arrays(tmp_path, center):
    draw = np.random.default_rng(0)
    X = (draw.normal(size=(4000, 300)) * np.arange(1, 301) ** -0.5).astype(np.float64)
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "y.npy", (X[:, 0] > 0).astype(int))
    options = {"labels": tmp_path / "y.npy", "center": center, "probes": 256, "groups": 10}
    plenty = predict(tmp_path / "x.npy", **options)  # everything is imported and compiled
    peaks = []
    for memory in (5 * X.nbytes, 12 * X.nbytes):
        tracemalloc.start()
        found = predict(tmp_path / "x.npy", memory=memory, **options)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert peaks[-1] < memory + 2**21  # objects of Python
        assert found["collapse.point_time"].value == pytest.approx(plenty["collapse.point_time"].value, rel=1e-9)
        assert found["speciation.Lambda"].value == pytest.approx(plenty["speciation.Lambda"].value, rel=1e-9)
    assert peaks[1] > peaks[0]


def test_too_little_memory_says_what_the_points_take():
    X = np.random.default_rng(0).normal(size=(2000, 100))
    with pytest.raises(ValueError, match=r"memory .*\(0.00149 GiB of the memory = 0.00156 GiB hold the points\)"):
        predict(X, memory=X.nbytes * 21 // 20)
