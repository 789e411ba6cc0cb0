"""What identifies a data set in its result."""

import numpy as np
import pytest

from regimes import load_dataset
from regimes.numerics.interface.result import plain
from regimes.prediction.dataset.result import GivenData


def test_what_identifies_the_data():
    points = np.array([[0.0, 1.0, 4.0], [2.0, -1.0, 0.0], [1.0, 3.0, 0.5], [-3.0, 0.0, 0.25]])
    data = load_dataset(points, ["a", "b", "a", "b"], name="four")
    assert plain(GivenData.of(data)) == {
        "name": "four",
        "n": 4,
        "d": 3,
        "classes": ["a", "b"],
        "preprocessing": {
            "scale": "none",
            "center": True,
            "factor": 1.0,
            "offset": 0.0,
            "description": "values as given, mean subtracted",
            "input_range": [-3.0, 4.0],
            "mean_variance": pytest.approx(np.trace(np.cov(points.T)) / 3),
            "faint": 0.0,
        },
        "source": "ndarray of shape (4, 3)",
        "taken": "",
    }
