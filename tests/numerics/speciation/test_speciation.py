"""Speciation from parameters."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regimes import predict_speciation
from regimes.speciation import clone_probability, speciation_times


@pytest.mark.parametrize("d", [256, 1024, 4096, 16384])
def test_published_clone_probability_at_the_speciation_time(d):
    # biroli2024, figure 2: phi = 0.775 at 1/2 log d for mu = sigma = 1
    assert float(predict_speciation(d=d, mu=1, sigma=1, t=0.5 * np.log(d)).phi[0]) == pytest.approx(0.775, rel=0.002)


@given(st.floats(1.001, 1e6))
def test_the_conventions_differ_as_the_theory_says(Lambda):
    times = speciation_times(Lambda)
    assert times["noise_matched"] - times["leading"] == pytest.approx(0.5 * np.log1p(1 / Lambda), rel=1e-9, abs=1e-15)
    assert times["potential"] - times["leading"] == pytest.approx(0.5 * np.log(2), rel=1e-12)


@given(st.floats(2, 1e5), st.floats(0.1, 10.0), st.floats(0.1, 10.0))
def test_free_entropy_time_is_where_kappa_is_one(d, mu, sigma):
    if d * mu**2 <= 1.01 * sigma**2 or d * mu**2 + sigma**2 <= 1.01 or 1 + d * mu**2 - sigma**2 <= 1.01:
        return
    time = predict_speciation(d=d, mu=mu, sigma=sigma).t_S_conventions["free_entropy"]
    phi = predict_speciation(d=d, mu=mu, sigma=sigma, t=time).phi[0]
    assert phi == pytest.approx(float(clone_probability(1.0)), rel=1e-9)


def test_overlapping_classes_have_no_free_entropy_time():
    result = predict_speciation(d=2, mu=0.5, sigma=3)
    assert "free_entropy" not in result.t_S_conventions
    assert any("overlap at every time" in text for text in result.assumes)


def test_Lambda_alone_assumes_and_says_so():
    result = predict_speciation(7.66, t=[0.5 * np.log(7.66)])
    assert result.phi[0] == pytest.approx(0.7752002, abs=1e-6)
    assert "sigma = 1" in result.assumes[0]


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({}, "give either Lambda or all of d, mu and sigma, got none"),
        ({"d": 4, "mu": 1}, "got d, mu"),
        ({"Lambda": 4, "d": 1}, "got Lambda, d"),
        (
            {"Lambda": 0.7},
            r"Lambda \(top covariance eigenvalue\) must exceed 1, got 0.7: .* check centring and scaling",
        ),
        ({"Lambda": -1}, "must be positive and finite, got -1"),
        ({"d": 0, "mu": 1, "sigma": 1}, r"d \(dimension\) must be finite and at least 1, got 0"),
        ({"d": 4, "mu": 0, "sigma": 1}, "mu .* must be positive and finite, got 0"),
        ({"d": 4, "mu": 1, "sigma": float("inf")}, "sigma .* got inf"),
        ({"d": 4, "mu": "x", "sigma": 1}, "mu .* must be a number, got 'x'"),
        ({"Lambda": 4, "t": [1, -1]}, "must be positive and finite, got -1"),
        ({"Lambda": 4, "t": []}, "must be a number or a 1-d sequence"),
    ],
)
def test_bad_input(given_, message):
    with pytest.raises(ValueError, match=message):
        predict_speciation(**given_)


def test_to_dict_has_the_published_keys():
    assert {"t_S", "t_S_conventions", "t", "phi"} <= set(predict_speciation(4.0).to_dict())
