"""Speciation from parameters."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regimes import Mixture, Speciation, predict_speciation
from regimes.speciation import clone_probability, speciation_times


@pytest.mark.parametrize("d", [256, 1024, 4096, 16384])
def test_published_clone_probability_at_the_speciation_time(d):
    # biroli2024, figure 2: phi = 0.775 at 1/2 log d for mu = sigma = 1
    assert float(predict_speciation(Mixture(d, 1, 1), t=0.5 * np.log(d)).curves["phi"][0]) == pytest.approx(
        0.775, rel=0.002
    )


@given(st.floats(1.001, 1e6))
def test_the_conventions_differ_as_the_theory_says(Lambda):
    times = speciation_times(Lambda)
    assert times["noise_matched"] - times["leading"] == pytest.approx(0.5 * np.log1p(1 / Lambda), rel=1e-9, abs=1e-15)
    assert times["potential"] - times["leading"] == pytest.approx(0.5 * np.log(2), rel=1e-12)


@given(st.floats(2, 1e5), st.floats(0.1, 10.0), st.floats(0.1, 10.0))
def test_free_entropy_time_is_where_kappa_is_one(d, mu, sigma):
    if d * mu**2 <= 1.01 * sigma**2 or d * mu**2 + sigma**2 <= 1.01 or 1 + d * mu**2 - sigma**2 <= 1.01:
        return
    time = predict_speciation(Mixture(d, mu, sigma))["speciation.free_entropy"].value
    phi = predict_speciation(Mixture(d, mu, sigma), t=time).curves["phi"][0]
    assert phi == pytest.approx(float(clone_probability(1.0)), rel=1e-9)


def test_overlapping_classes_have_no_free_entropy_time():
    result = predict_speciation(Mixture(2, 0.5, 3))
    assert result["speciation.free_entropy"].value is None
    assert "overlap at every time" in result["speciation.free_entropy"].reason
    assert any("overlap at every time" in text for text in result.assumes)


def test_Lambda_alone_assumes_and_says_so():
    result = predict_speciation(7.66, t=[0.5 * np.log(7.66)])
    assert result.curves["phi"][0] == pytest.approx(0.7752002, abs=1e-6)
    assert "sigma = 1" in result.assumes[0]


@pytest.mark.parametrize(
    ("problem", "options", "message"),
    [
        (0.7, {}, r"Lambda \(top covariance eigenvalue\) must exceed 1, got 0.7: .* check centring and scaling"),
        (-1, {}, "must be positive and finite, got -1"),
        (4, {"t": [1, -1]}, "must be positive and finite, got -1"),
        (4, {"t": []}, "must be a number or a 1-d sequence"),
        (Mixture(4, 0, 1), {}, "Lambda .* must exceed 1, got 1"),
    ],
)
def test_bad_input(problem, options, message):
    with pytest.raises(ValueError, match=message):
        predict_speciation(problem, **options)


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ((0, 1, 1), r"d \(dimension\) must be finite and at least 1, got 0"),
        ((4, 1, float("inf")), "sigma .* got inf"),
        ((4, 1, 0), "sigma .* must be positive and finite, got 0"),
        ((4, "x", 1), "mu .* must be a number, got 'x'"),
        ((4, -1, 1), "mu .* must be positive and finite, got -1"),
        ((16, 1, 1, 1), "n .* must exceed 1, got 1: one point is always collapsed"),
        ((16, 1, 1, -5), "n .* must be positive and finite, got -5"),
    ],
)
def test_a_mixture_is_checked_once(given_, message):
    with pytest.raises(ValueError, match=message):
        Mixture(*given_)


def test_each_number_names_its_formulas_and_can_be_stored():
    for problem in (Mixture(256, 1, 1), Mixture(2, 0.9, 3), 7.66):
        result = predict_speciation(problem, t=[1.0])
        assert Speciation.from_dict(json.loads(json.dumps(result.to_dict()))) == result
    result = predict_speciation(Mixture(256, 1, 1))
    assert {
        key: set(each.formulas)
        for key, each in result.numbers.items()
        if key.startswith("speciation.") and key != "speciation.free_entropy"
    } == {
        "speciation.Lambda": {"mixture_covariance"},
        "speciation.leading": {"mixture_covariance", "speciation_time"},
        "speciation.noise_matched": {"mixture_covariance", "speciation_time_noise_matched"},
        "speciation.potential": {"overlap_curvature_time"},
    }
    assert {"mixture_speciation_time", "clone_disagreement_from_mean_sech"} <= set(
        result["speciation.free_entropy"].formulas
    )
    assert predict_speciation(7.66)["speciation.potential"].formulas == ("speciation_time_potential",)
