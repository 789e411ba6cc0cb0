"""Agreement of theory and simulation."""

import pytest

from regimes.validation import Agreement


def test_z_and_dict():
    check = Agreement("phi", at=1.0, theory=0.5, simulation=0.53, se=0.01, samples=100)
    assert check.z == pytest.approx(3.0)
    assert check.to_dict()["z"] == check.z
    assert list(check.to_dict()) == ["quantity", "at", "theory", "simulation", "se", "samples", "z"]


@pytest.mark.parametrize("se", [0.0, -1.0, float("nan"), float("inf")])
def test_without_an_error_there_is_nothing_to_compare(se):
    with pytest.raises(ValueError, match="se of phi must be positive and finite"):
        Agreement("phi", 1.0, 0.5, 0.5, se, 100)


def test_one_sample_is_none():
    with pytest.raises(ValueError, match="needs at least 2 samples, got 1"):
        Agreement("phi", 1.0, 0.5, 0.5, 0.1, 1)
