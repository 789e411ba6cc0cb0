"""What the answers are asked of: data found as a prediction finds them, and a schedule with few steps."""

from types import SimpleNamespace

import numpy as np
import pytest

from regimes.datasets.points.loading import load_dataset
from regimes.numerics.interface.progress import silent
from regimes.numerics.process.schedules import Schedule
from regimes.prediction.dataset.found import Budget, Found


def steps(*t):
    """A sampler that calls its model at these times."""
    times = np.array(t, dtype=float)
    return Schedule("own steps", times, np.exp(-2 * times), "a test")


def found_of(X, labels=None, schedule=None, **options):
    data = load_dataset(X, labels, **options)
    budget = Budget(1024, 0.01, 0, 20, 2**31, silent)
    return Found(data, schedule or steps(2.0, 0.5, 0.01), budget, True, None)


def no_nan(answer):
    """Each number has a value or a reason, and no sentence says nan."""
    assert all((number.value is None) == bool(number.reason) for number in answer.numbers.values())
    assert not any("nan" in text or "None" in text for text in answer.sentences)


@pytest.fixture(scope="session")
def given():
    """The helpers above."""
    return SimpleNamespace(steps=steps, found_of=found_of, no_nan=no_nan)
