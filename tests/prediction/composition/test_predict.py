"""From a width and a grid, or a data set, to the share that must be kept."""

import json
import math

import numba
import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from regimes import BumpGrid, DataPercolationPrediction, PercolationPrediction, predict_data_percolation
from regimes import predict_percolation as predict
from regimes.composition import (
    BumpStaircase,
    PointOverlaps,
    Staircase,
    connecting_overlaps,
    data_percolation,
    image_grid,
    lattice_percolation,
    predict_staircase,
)

RADIUS, Z, INFINITE, GRID, HALF, WIDTH, LIMIT = (
    f"percolation.{name}"
    for name in ("radius", "neighbours", "threshold_infinite", "threshold_grid", "half_fraction", "width", "disc_limit")
)


@pytest.mark.parametrize(("sigma", "threshold"), [(0.3, 0.593), (0.5, 0.197), (0.7, 0.115), (1, 0.063), (2, 0.017)])
def test_thresholds_of_the_cosine_overlap(sigma, threshold):
    result = predict(BumpGrid(64, sigma), runs=0)
    assert result[INFINITE].value == pytest.approx(threshold, abs=6e-4)
    assert result[RADIUS].value == pytest.approx(2 * sigma * math.sqrt(math.log(200)))


def test_no_connection_below_the_smallest_width():
    assert predict(BumpGrid(8, 0.2173), runs=0)[Z].value == 4
    with pytest.raises(ValueError, match=r"no two bumps connect at sigma = 0\.217, .* only from sigma = 0\.217221 on"):
        predict(BumpGrid(8, 0.217), runs=0)
    assert predict(BumpGrid(8, 0.2889, pixels=True), runs=0)[Z].value == 4
    with pytest.raises(ValueError, match=r"no two bumps connect at sigma = 0\.2888, .* only from sigma = 0\.288881 on"):
        predict(BumpGrid(8, 0.2888, pixels=True), runs=0)


def test_the_grid_itself_percolates_near_the_infinite_one():
    result = predict(BumpGrid(256, 0.5), runs=64, rng=3)
    infinite, grid, curves = result[INFINITE].value, result[GRID], result.curves
    assert grid.value == pytest.approx(infinite, abs=4 * grid.error + 0.005)
    assert 0 < grid.error < 0.005
    assert np.all(np.diff(curves["lambda"]) > 0)
    assert np.all(np.diff(curves["largest"]) >= 0)
    assert curves["largest"][-1] == 1
    assert np.interp(0.5, curves["spanning"], curves["lambda"]) == pytest.approx(grid.value, abs=0.002)


def test_curves_and_numbers_are_those_of_the_simulation():
    problem = BumpGrid(24, 0.5)
    result, found = predict(problem, runs=9, rng=2), lattice_percolation(problem.lattice(), runs=9, rng=2)
    names = [name for name in result.curves if name != "lambda"]
    assert [name.removesuffix("_se") for name in names[::2]] == ["largest", "largest_share", "mean_size", "spanning"]
    np.testing.assert_array_equal(result.curves["lambda"], found.lambdas)
    for name in names:
        np.testing.assert_array_equal(result.curves[name], getattr(found, name))
    assert (result[GRID].value, result[GRID].error) == (found.threshold, found.threshold_se)
    assert (result[WIDTH].value, result[HALF].value) == (found.width, found.half_fraction)


def test_numbers_in_images_are_shares_of_the_points():
    result = predict(BumpGrid((12, 20), 0.5, steps=(2, 1)), runs=3, lambdas=[0.5, 0.1, 0.5], rng=1)
    assert result.problem.points == 240
    for of in ("infinite", "grid"):
        assert result[f"percolation.images_{of}"].value == 240 * result[f"percolation.threshold_{of}"].value
    assert result.curves["lambda"].tolist() == [0.1, 0.5]
    assert result.settings == {"runs": 3, "seed": 1, "depth": 1}


def test_where_a_threshold_comes_from_is_said():
    def infinite(sigma, **options):
        return predict(BumpGrid(24, sigma, **options), runs=0)[INFINITE]

    assert infinite(0.5).covers == "simulated, standard error"
    assert infinite(0.3).covers == "jacobsen2015, standard error"
    fit = infinite(2.4)
    assert (fit.error, fit.covers) == (None, "fit, off by at most 0.5%")
    assert fit.interval == pytest.approx((0.995 * fit.value, 1.005 * fit.value))
    guess = infinite(0.456, steps=(2, 1))
    assert (guess.error, guess.interval, guess.covers) == (None, None, "fit, its error is unknown")
    assert guess.reason == "unknown: the fit is for 8 neighbours and more"


def test_without_runs_there_are_reasons():
    result = predict(BumpGrid(16, 0.5), runs=0)
    assert result.curves == {}
    for key in (GRID, "percolation.images_grid", WIDTH, HALF):
        assert (result[key].value, result[key].reason) == (None, "there is no simulation without runs")
    with pytest.raises(ValueError, match="holds no simulation; ask for one run at least"):
        result.plot()


@pytest.mark.parametrize("runs", [1, 7])
def test_few_runs_do_not_tell_the_error_of_the_median(runs):
    result = predict(BumpGrid(16, 0.5), runs=runs)
    assert (result[GRID].value is not None, result[GRID].error) == (True, None)
    assert result[GRID].reason == "fewer than 8 random orders do not tell the error of their median"
    assert (result.curves["largest_se"] is None) is (runs == 1) is (result[WIDTH].value is None)


def test_rows_that_do_not_connect_never_percolate():
    """Steps of 5 pixels between rows: only points of one row are within the radius of 2.3."""
    result = predict(BumpGrid(16, 0.5, steps=(5, 1)), runs=4)
    assert (result[INFINITE].value, result[INFINITE].covers) == (1, "exact: any gap cuts a line")
    why = "even the full grid is not spanned: rows are 5 px apart, beyond the radius of 2.302 px"
    assert (result[GRID].value, result[GRID].reason) == (None, why)


def test_half_of_what_is_kept():
    result = predict(BumpGrid(64, 0.5), runs=16, rng=2)
    share = np.interp(result[HALF].value, result.curves["lambda"], result.curves["largest_share"])
    assert share == pytest.approx(0.5, abs=0.01)
    few = predict(BumpGrid(64, 0.5), runs=16, lambdas=[0.05, 0.1])
    assert few[HALF].value is None
    assert "less than half" in few[HALF].reason


@pytest.mark.parametrize(
    ("options", "near"),
    [
        ({}, ("cosine_radius",)),
        ({"overlap": "coefficient"}, ("coefficient_radius",)),
        ({"overlap": "product"}, ("density_product", "product_radius")),
        ({"pixels": True}, ("pixel_cosine_overlap",)),
        ({"pixels": True, "overlap": "coefficient"}, ("log_pixel_share",)),
        ({"pixels": True, "overlap": "product"}, ("pixel_density_product",)),
    ],
)
def test_formulas_are_those_that_were_evaluated(options, near):
    result = predict(BumpGrid(24, 0.5, **options), runs=2)
    limit = () if options.get("pixels") else ("percolation_disc_limit",)
    simulated = (*near, "canonical_weight_ratio")
    assert {key.removeprefix("percolation."): number.formulas for key, number in result.numbers.items()} == {
        "radius": near,
        "neighbours": near,
        "threshold_infinite": near,
        "images_infinite": near,
        "disc_limit": (*near, *limit),
        "threshold_grid": simulated,
        "images_grid": simulated,
        "width": near,
        "half_fraction": simulated,
    }


def test_formulas_of_a_fit_and_of_a_line():
    fit = predict(BumpGrid(24, 2.4), runs=0)
    assert fit[INFINITE].formulas == ("cosine_radius", "percolation_threshold_fit")
    assert "4 eta_c/(z + 3.3)" in " ".join(fit.sentences)
    line = predict(BumpGrid(24, 0.5, steps=(5, 1)), runs=0)
    assert line[INFINITE].formulas == ("cosine_radius", "chain_mean_cluster_size")


def through_json(result):
    return type(result).from_dict(json.loads(json.dumps(result.to_dict(), allow_nan=False)))


@pytest.mark.parametrize(
    ("options", "runs"), [({}, 8), ({"steps": (5, 1)}, 1), ({"pixels": True, "periodic": True}, 0)]
)
def test_a_grid_comes_back_from_json(options, runs):
    result = predict(BumpGrid((24, 20), 0.5, **options), runs=runs)
    again = through_json(result)
    assert isinstance(again, PercolationPrediction)
    assert again == result
    assert again.problem == result.problem
    assert repr(again) == repr(result)
    assert predict(BumpGrid((24, 20), 0.5, **options), runs=runs) == result


@pytest.mark.parametrize(
    ("arguments", "options", "error"),
    [
        ((16, 0.5), {"tau": 0}, r"tau \(overlap from which bumps connect\) must be positive and finite, got 0"),
        ((16, 0.5), {"tau": 1}, r"tau .* must lie in \(0, 1\), got 1"),
        ((16, 0.5), {"tau": math.nan}, "tau .* got nan"),
        ((16, -1), {}, r"sigma \(width of a bump, in pixels\) must be positive and finite, got -1"),
        ((16, 0.5), {"steps": (1, 1, 1)}, r"must be two, \(dy, dx\), got 3"),
        ((16, 0.5), {"steps": 0}, "steps .* must be positive and finite, got 0"),
        ((16, 0.5), {"steps": 1.5, "pixels": True}, "pixels=True needs steps of whole pixels, got 1.5"),
        ((16, 0.5), {"overlap": "jaccard"}, "overlap must be one of cosine, coefficient, product, got 'jaccard'"),
        ((0, 0.5), {}, r"grid \(points along an axis\) must be at least 1, got 0"),
        (("a", 0.5), {}, "must be a whole number, got 'a'"),
        (((8, 8, 8), 0.5), {}, r"must be one number of points or \(rows, columns\), got 3 numbers"),
    ],
)
def test_a_problem_is_checked_when_it_is_put(arguments, options, error):
    with pytest.raises(ValueError, match=f"^BumpGrid: .*{error}"):
        BumpGrid(*arguments, **options)


@pytest.mark.parametrize(
    ("problem", "options", "error"),
    [
        ((4, 2), {}, "a radius larger than the lattice; take a larger grid or a smaller radius"),
        ((4, 0.5, True), {}, "take at least 5 points"),
        ((16, 0.5), {"runs": -1}, r"runs \(random orders\) must be at least 0, got -1"),
        ((16, 0.5), {"rng": -1}, "rng"),
        ((16, 0.5), {"lambdas": [1.5]}, "0, 1"),
        ((16, 0.5), {"lambdas": []}, "lambdas"),
        ((4096, 0.5), {"memory": 10**6}, "memory"),
    ],
)
def test_bad_input(problem, options, error):
    grid, sigma, *periodic = problem
    with pytest.raises(ValueError, match=error):
        predict(BumpGrid(grid, sigma, periodic=bool(periodic)), **options)


def test_a_number_is_no_problem():
    with pytest.raises(ValueError, match=r"problem must be a BumpGrid, got int; BumpGrid\(64, 0.7\) is one"):
        predict(64)


def test_images_of_bumps_are_a_problem_and_sums_of_stripes_are_not():
    images = image_grid((32, 48), 1.0, dx=2, periodic=True)
    assert images.bump_grid(tau=0.01) == BumpGrid((16, 24), 1.0, tau=0.01, steps=2, periodic=True)
    with pytest.raises(ValueError, match="which images of kind 'sos'; give the images to data_percolation"):
        image_grid(16, 1.0, kind="sos").bump_grid()


# Data.


@pytest.fixture(scope="module")
def iris():
    return predict_data_percolation("iris", orders=2)


def test_without_tau_the_data_choose_it(iris):
    assert iris.problem.tau is None
    assert iris["connecting.tau"].value == iris["connecting.whole"].value
    assert iris["connecting.tau"].covers == "the largest at which all points are connected"
    assert iris.sizes == (150,)
    given = predict_data_percolation("iris", tau=0.99, orders=1)
    assert (given["connecting.tau"].value, given["connecting.tau"].covers) == (0.99, None)
    assert given["components.half_fraction"].error is None


def test_the_threshold_that_is_chosen_is_the_largest_that_connects_all():
    """Against the components of the graph of all overlaps just below and just above it."""
    points = np.random.default_rng(0).random((40, 3))
    found = predict_data_percolation(points, orders=1)
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    for factor, components in ((1 - 1e-9, 1), (1 + 1e-9, 2)):
        assert connected_components(unit @ unit.T >= factor * found["connecting.tau"].value)[0] == components
    assert found["connecting.tau"].covers == "the largest at which all points are connected"
    assert found.sizes == (40,)


def test_rows_of_data_are_those_of_the_solvers():
    points = np.random.default_rng(3).normal(size=(60, 3))
    result = predict_data_percolation(points, tau=0.8, orders=4, rng=1)
    found, joined = data_percolation(points, 0.8, orders=4, rng=1), connecting_overlaps(points)
    assert {key: number.value for key, number in result.numbers.items()} == {
        "components.count": len(found.components),
        "components.largest": found.largest,
        "components.isolated": found.isolated,
        "links.count": found.links,
        "links.share": found.links / math.comb(60, 2),
        "links.mean_degree": found.mean_degree,
        "connecting.tau": 0.8,
        "connecting.whole": joined.whole,
        "connecting.half": joined.half,
        "components.half_fraction": found.half_fraction,
    }
    assert result["components.half_fraction"].error == found.half_fraction_se
    for name, own in (
        ("lambda", "lambdas"),
        ("kept", "kept"),
        ("largest_share", "curve"),
        ("largest_share_se", "curve_se"),
    ):
        np.testing.assert_array_equal(result.curves[name], getattr(found, own))


def test_data_come_back_from_json(iris):
    apart = predict_data_percolation(np.eye(30), tau=0.5, orders=2)
    for result in (iris, apart):
        again = through_json(result)
        assert isinstance(again, DataPercolationPrediction)
        assert again == result
        assert again.sizes == result.sizes
    assert apart["components.half_fraction"].reason.startswith("the largest component holds 0.0333 of all points")
    assert (apart["components.count"].value, apart["components.isolated"].value) == (30, 30)


def test_connecting_overlaps_that_nobody_asked_for_need_no_memory():
    points = np.random.default_rng(0).random((1500, 2))
    threads = numba.get_num_threads()
    numba.set_num_threads(1)  # each takes memory
    try:
        assert predict_data_percolation(points, tau=0.9, orders=1)["connecting.whole"].value is not None
        short = predict_data_percolation(points, tau=0.9, orders=1, memory=16 * 2**20)["connecting.whole"]
    finally:
        numba.set_num_threads(threads)
    assert (short.value, short.reason) == (None, "not asked for, and there are many points or little memory")


def test_a_problem_of_data_is_checked():
    with pytest.raises(ValueError, match=r"PointOverlaps: tau \(overlap from which two points connect\) must be posi"):
        PointOverlaps({}, "cosine", 0.0)
    with pytest.raises(ValueError, match="PointOverlaps: overlap must be one of cosine, coefficient, product"):
        PointOverlaps({}, "dice", None)


# The staircase.


@pytest.mark.parametrize("overlap", ["cosine", "product"])
def test_a_staircase_comes_back_from_json_and_has_formulas(overlap):
    result = predict_staircase(BumpStaircase(overlap=overlap, largest=0.5))
    assert isinstance(through_json(result), Staircase)
    assert through_json(result) == result
    used = ("cosine_width",) if overlap == "cosine" else ("largest_density_product", "density_product")
    assert result["bumps.narrowest"].formulas == result["bumps.widest"].formulas == used
    assert (result["bumps.widest"].value is None) is (overlap == "cosine")


def test_a_staircase_is_that_of_single_widths():
    curves = predict_staircase(BumpStaircase(largest=2.2)).curves
    fitted = int(np.argmax(curves["fitted"]))
    for row in (0, 100, fitted, 600, -1):
        single = predict(BumpGrid(256, curves["sigma"][row]), runs=0)
        assert curves["threshold"][row] == single[INFINITE].value
        infinite, limit = single[INFINITE], single[LIMIT].value
        assert curves["fitted"][row] == ("fit" in infinite.covers)
        off = infinite.error if infinite.interval is None else infinite.interval[1] - infinite.value
        assert curves["error"][row] == pytest.approx(off)
        assert curves["disc_limit"][row] == limit if limit else np.isnan(curves["disc_limit"][row])


def test_bad_staircases():
    with pytest.raises(ValueError, match=r"must exceed 0\.2172, from which on bumps connect, got 0\.2"):
        predict_staircase(BumpStaircase(largest=0.2))
    with pytest.raises(ValueError, match="BumpStaircase: largest"):
        BumpStaircase(largest=0)
