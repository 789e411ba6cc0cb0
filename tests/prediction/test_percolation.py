"""From a width and a grid to the share that must be kept."""

import json
import math

import numba
import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from regimes import predict_data_percolation, predict_percolation


@pytest.mark.parametrize(("sigma", "lambda_c"), [(0.3, 0.593), (0.5, 0.197), (0.7, 0.115), (1, 0.063), (2, 0.017)])
def test_thresholds_of_the_cosine_overlap(sigma, lambda_c):
    result = predict_percolation(64, sigma, runs=0)
    assert result.lambda_c == pytest.approx(lambda_c, abs=6e-4)
    assert result.radius == pytest.approx(2 * sigma * math.sqrt(math.log(200)))


def test_no_connection_below_the_smallest_width():
    assert predict_percolation(8, 0.2173, runs=0).neighbours == 4
    with pytest.raises(ValueError, match=r"no two bumps connect at sigma = 0\.217, .* only from sigma = 0\.217221 on"):
        predict_percolation(8, 0.217, runs=0)
    assert predict_percolation(8, 0.2889, pixels=True, runs=0).neighbours == 4
    with pytest.raises(ValueError, match=r"no two bumps connect at sigma = 0\.2888, .* only from sigma = 0\.288881 on"):
        predict_percolation(8, 0.2888, pixels=True, runs=0)


def test_the_grid_itself_percolates_near_the_infinite_one():
    result = predict_percolation(256, 0.5, runs=64, rng=3)
    assert result.lambda_c_finite == pytest.approx(result.lambda_c, abs=4 * result.lambda_c_finite_se + 0.005)
    assert 0 < result.lambda_c_finite_se < 0.005
    curve = result.to_dict()["curve"]
    assert set(curve) == {
        "lambda", "largest", "largest_se", "mean_size", "mean_size_se", "spanning", "spanning_se"
    }  # fmt: skip
    assert np.all(np.diff(curve["lambda"]) > 0)
    assert np.all(np.diff(curve["largest"]) >= 0)
    assert curve["largest"][-1] == 1
    half = np.interp(0.5, curve["spanning"], curve["lambda"])
    assert half == pytest.approx(result.lambda_c_finite, abs=0.002)


def test_the_dictionary_is_json_and_holds_the_demanded_keys():
    result = predict_percolation((12, 20), 0.5, steps=(2, 1), runs=3, lambdas=[0.2, 0.8], rng=1)
    plain = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert {"radius", "neighbours", "lambda_c", "lambda_c_finite", "lambda_c_finite_se", "curve"} <= set(plain)
    assert plain["model"]["grid"] == [12, 20]
    assert plain["model"]["points"] == 240
    assert plain["model"]["steps"] == [2.0, 1.0]
    assert plain["curve"]["lambda"] == [0.2, 0.8]
    assert plain["threshold"]["method"] == "fit"
    assert plain["settings"] == {"runs": 3, "rng": 1}
    again = predict_percolation((12, 20), 0.5, steps=(2, 1), runs=3, lambdas=[0.2, 0.8], rng=1)
    assert json.dumps(again.to_dict()) == json.dumps(result.to_dict())


def test_without_runs_there_are_reasons():
    result = predict_percolation(16, 0.5, runs=0)
    assert result.simulation is None
    assert result.lambda_c_finite is None
    assert result.to_dict()["curve"] is None
    assert set(result.reasons) == {"lambda_c_finite", "curve"}
    with pytest.raises(ValueError, match="holds no simulation; ask for one run at least"):
        result.plot()


@pytest.mark.parametrize("runs", [1, 7])
def test_few_runs_do_not_tell_the_error_of_the_median(runs):
    result = predict_percolation(16, 0.5, runs=runs)
    assert result.lambda_c_finite is not None
    assert result.lambda_c_finite_se is None
    assert (result.to_dict()["curve"]["largest_se"] is None) is (runs == 1)


def test_rows_that_do_not_connect_never_percolate():
    """Steps of 5 pixels between rows: only points of one row are within the radius of 2.3."""
    result = predict_percolation(16, 0.5, steps=(5, 1), runs=4)
    assert result.threshold.method == "exact"
    assert result.lambda_c == 1
    assert result.lambda_c_finite is None
    why = "even the full grid is not spanned: rows are 5 px apart, beyond the radius of 2.302 px"
    assert result.reasons["lambda_c_finite"] == why


def test_kept_fractions_are_sorted():
    curve = predict_percolation(16, 0.5, runs=2, lambdas=[0.5, 0.1, 0.5]).to_dict()["curve"]
    assert curve["lambda"] == [0.1, 0.5]


def test_half_of_what_is_kept():
    result = predict_percolation(64, 0.5, runs=16, rng=2)
    found = result.simulation.half_fraction
    share = np.interp(found, result.simulation.lambdas, result.simulation.largest_share)
    assert share == pytest.approx(0.5, abs=0.01)
    assert result.to_dict()["half_fraction"] == found
    assert predict_percolation(64, 0.5, runs=16, lambdas=[0.05, 0.1]).simulation.half_fraction is None


@pytest.mark.parametrize(
    ("arguments", "options", "error"),
    [
        ((16, 0.5), {"tau": 0}, "tau"),
        ((16, 0.5), {"tau": 1}, "tau"),
        ((16, 0.5), {"tau": math.nan}, "tau"),
        ((16, -1), {}, "sigma"),
        ((4, 2), {}, "a radius larger than the lattice; take a larger grid or a smaller radius"),
        ((4, 0.5), {"periodic": True}, "take at least 5 points"),
        ((16, 0.5), {"steps": (1, 1, 1)}, r"must be two, \(dy, dx\), got 3"),
        ((16, 0.5), {"steps": 0}, "steps"),
        ((16, 0.5), {"overlap": "jaccard"}, "overlap"),
        ((16, 0.5), {"runs": -1}, "runs"),
        ((16, 0.5), {"rng": -1}, "rng"),
        ((0, 0.5), {}, "at least 1"),
        (("a", 0.5), {}, "must be a whole number or one for each axis, got 'a'"),
        ((16, 0.5), {"lambdas": [1.5]}, "0, 1"),
        ((16, 0.5), {"lambdas": []}, "lambdas"),
        ((4096, 0.5), {"memory": 10**6}, "memory"),
    ],
)
def test_bad_input(arguments, options, error):
    with pytest.raises(ValueError, match=error):
        predict_percolation(*arguments, **options)


def test_the_threshold_that_is_chosen_is_the_largest_that_connects_all():
    """Against the components of the graph of all overlaps just below and just above it."""
    points = np.random.default_rng(0).random((40, 3))
    found = predict_data_percolation(points, orders=1)
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    for factor, components in ((1 - 1e-9, 1), (1 + 1e-9, 2)):
        assert connected_components(unit @ unit.T >= factor * found.percolation.tau)[0] == components
    assert found.tau_chosen
    assert found.percolation.components.tolist() == [40]


def test_connecting_overlaps_that_nobody_asked_for_need_no_memory():
    points = np.random.default_rng(0).random((1500, 2))
    threads = numba.get_num_threads()
    numba.set_num_threads(1)  # each takes memory
    try:
        assert predict_data_percolation(points, tau=0.9, orders=1).connecting is not None
        assert predict_data_percolation(points, tau=0.9, orders=1, memory=16 * 2**20).connecting is None
    finally:
        numba.set_num_threads(threads)
