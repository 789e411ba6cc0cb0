"""The Gaussian that numbers of sampling steps are quoted for."""

import numpy as np
import pytest

from regimes import load_dataset
from regimes.numerics.decisions.components import gaussian_components


@pytest.fixture(scope="session")
def digits():
    X = load_dataset("digits").X  # from -1 to 1, about the mean
    return gaussian_components(np.maximum(np.linalg.eigvalsh(np.cov(X.T)), 0))
