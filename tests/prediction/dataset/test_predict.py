"""The main job: transition times of real data, held against independent measurements."""

import json

import numpy as np
import pytest
from scipy.special import logsumexp
from sklearn.datasets import load_digits

from regimes import Mixture, Prediction, load_dataset, noise_schedule, predict, predict_collapse
from regimes.numerics.collapse.finite_size import collapse_time, finite_size_collapse_time
from regimes.numerics.interface.number import Number
from regimes.prediction.dataset.verdict import Verdict
from regimes.validation import Agreement


@pytest.fixture(scope="module")
def pair():
    return predict("digits", classes=[0, 7], t=[0.3231], probes=32768, rng=1)


@pytest.fixture(scope="module")
def digits():
    return predict("digits")


def by_brute_force(X, labels, times, rounds, seed):
    """Leave-one-out excess entropy over alpha and normalised class clone probability by plain sums in float64.

    Independent of the package: every point is a probe once a round, all exponents are formed anew.
    """
    n, d = X.shape
    rng, member = np.random.default_rng(seed), np.eye(labels.max() + 1)[labels]
    floor = float(np.sum(member.mean(axis=0) ** 2))
    squares = (X**2).sum(axis=1)
    distance = squares[:, None] + squares - 2 * X @ X.T
    np.fill_diagonal(distance, 0.0)
    values = np.empty((2, len(times), rounds))
    for i in range(rounds):
        z = rng.standard_normal((n, d))
        overlap = (z * X).sum(axis=1)[:, None] - z @ X.T
        np.fill_diagonal(overlap, 0.0)
        for k, t in enumerate(times):
            snr = 1 / np.expm1(2 * t)
            exponents = -snr / 2 * distance - np.sqrt(snr) * overlap
            posterior = np.exp(exponents - exponents.max(axis=1, keepdims=True))
            posterior /= posterior.sum(axis=1, keepdims=True)
            values[1, k, i] = (((posterior @ member) ** 2).sum(axis=1).mean() - floor) / (1 - floor)
            np.fill_diagonal(exponents, -np.inf)
            values[0, k, i] = (logsumexp(exponents, axis=1).mean() + np.log(n / (n - 1))) / np.log(n)
    return values.mean(axis=2), values.std(axis=2, ddof=1) / np.sqrt(rounds)


@pytest.mark.parametrize(("classes", "rounds"), [([0, 7], 80), (None, 6)])
def test_crossings_are_where_brute_force_finds_them(classes, rounds):
    """At the predicted times the brute-force curves stand at their levels, within the errors of both."""
    result = predict("digits", classes=classes, rng=1)
    data = load_dataset("digits", classes=classes)
    times = [result["collapse.leave_one_out_zero"].value, result["speciation.class_time_memorised"].value]
    value, error = by_brute_force(data.X, data.labels, times, rounds, seed=5)
    own = predict("digits", classes=classes, rng=1, t=times, groups=0).curves
    left_out = Agreement(
        "leave-one-out", times[0], 0.0, value[0, 0], float(np.hypot(error[0, 0], own["leave_one_out_se"][0])), rounds
    )
    spread = 1 - float(np.sum(np.bincount(data.labels) ** 2)) / data.n**2
    decided = Agreement(
        "class",
        times[1],
        0.5504005,
        value[1, 1],
        float(np.hypot(error[1, 1], own["clone_class_se"][1] / spread)),
        rounds,
    )
    assert abs(left_out.z) < 4
    assert abs(decided.z) < 4


def test_digits_pair_matches_the_independent_measurement(pair):
    assert pair["speciation.sample_Lambda"].value == pytest.approx(7.16, abs=0.005)
    assert pair["speciation.sample_spectral_time"].value == pytest.approx(0.984, abs=0.0005)


@pytest.mark.parametrize(
    ("curve", "value", "error"), [("clone_index", 0.2663, 0.0007), ("excess_entropy", 0.3891, 0.0008)]
)
def test_digits_pair_curves_match_the_independent_measurement(pair, curve, value, error):
    own = pair.curves[f"{curve}_se"][0]
    check = Agreement(curve, 0.3231, value, float(pair.curves[curve][0]), float(np.hypot(own, error)), 32768)
    assert abs(check.z) < 3


def test_all_digits_match_the_independent_measurement(digits):
    assert digits["speciation.sample_Lambda"].value == pytest.approx(2.797, abs=0.0005)
    assert digits["collapse.bound"].estimate == pytest.approx(0.2913, abs=0.001)  # with the plug-in covariance


COVERS = {
    "speciation.spectral_time": "data",
    "speciation.class_time_memorised": "probes",
    "speciation.class_time_memorised_redrawn": "data and probes",
    "speciation.class_time_left_out": "probes",
    "collapse.point_time": "probes",
    "collapse.point_time_redrawn": "data and probes",
    "collapse.leave_one_out_zero": "data and probes",
}


def test_intervals_hold_the_value_and_say_what_they_cover(digits):
    for key, covers in COVERS.items():
        low, high = digits[key].interval
        assert 0 < low < digits[key].value < high
        assert digits[key].covers == covers
    assert digits.settings["groups"] == 20


@pytest.mark.parametrize(("precision", "copies"), [(0.03, 0), (0.015, 0), (0.03, 12)])
def test_probes_are_drawn_until_they_leave_little_of_each_time_uncertain(precision, copies):
    draw = np.random.default_rng(5)
    X, labels = np.vstack([draw.normal(size=(60, 8)) + shift for shift in (0, 3)]), np.repeat([0, 1], 60)
    X, labels = np.vstack([X, X[:copies]]), np.append(labels, labels[:copies])
    found = predict(X, labels, precision=precision, groups=0)
    asked = [number for number in found.numbers.values() if number.covers == "probes"]
    assert len(asked) >= 3
    half = max(number.interval[1] / number.value - 1 for number in asked)
    assert half <= precision
    fewer = found.settings["probes"] - 1024
    assert fewer % 1024 == 0
    if fewer:
        before = predict(X, labels, probes=fewer, groups=0).numbers.values()
        assert max(number.interval[1] / number.value - 1 for number in before if number.covers == "probes") > precision
    assert found.settings["precision"] == precision
    assert "precision" not in predict(X, labels, probes=64).settings


def test_points_held_in_single_precision_have_the_same_times(monkeypatch):
    X, labels = load_digits(return_X_y=True)
    options = {"labels": labels, "classes": [0, 3, 7], "scale": 0.125, "probes": 512}
    double = predict(X, **options)
    monkeypatch.setattr("regimes.datasets.points.blocks._LARGE", X.size)
    single = predict(X.astype(np.float32), **options)
    for key, number in double.numbers.items():
        assert single[key].value == pytest.approx(number.value, rel=1e-5, abs=1e-12), key
        for one, other in zip(single[key].interval or (), number.interval or (), strict=True):
            assert one is other is None or one == pytest.approx(other, rel=1e-4), key


def test_bounds_are_open_at_one_end(digits):
    low, high = digits["speciation.class_time"].interval
    assert (low < digits["speciation.class_time"].value, high) == (True, None)
    low, high = digits["speciation.spectral_limit"].interval
    assert (low, high) == (None, digits["speciation.spectral_limit"].value)


def test_times_of_a_direction_are_those_of_Lambda(digits):
    """t = log(Lambda)/2, its interval that of Lambda."""
    Lambda, time = digits["speciation.Lambda"], digits["speciation.spectral_time"]
    assert time.value == pytest.approx(np.log(Lambda.value) / 2, rel=1e-12)
    assert time.interval == pytest.approx(np.log(Lambda.interval) / 2, rel=1e-12)
    assert digits["speciation.noise_matched"].value == pytest.approx(np.log1p(Lambda.value) / 2, rel=1e-12)
    assert digits["speciation.noise_matched"].interval == pytest.approx(np.log1p(Lambda.interval) / 2, rel=1e-12)
    assert digits["speciation.potential"].interval == pytest.approx(
        np.log(2 * np.array(Lambda.interval)) / 2, rel=1e-12
    )
    assert digits["speciation.potential"].value == pytest.approx(np.log(2 * Lambda.value) / 2, rel=1e-12)
    first = digits.curves["directions"][0]
    assert (first["Lambda"], first["time"]) == (Lambda.value, time.value)


def test_interval_of_the_class_crossing_over_probes_follows_the_slope_of_the_curve():
    """The clone probability itself, without its floor taken off: both its error and its slope scale alike."""
    options = {"classes": [0, 7], "groups": 0, "probes": 512, "parts": ["classes"]}
    found = predict("digits", **options)["speciation.class_time_memorised"]
    at = found.value
    curves = predict("digits", t=at * np.array([0.99, 1, 1.01]), **options).curves
    value, error = curves["clone_class"], curves["clone_class_se"]
    half = 1.959964 * error[1] * 0.02 * at / (value[0] - value[2])
    assert found.interval == pytest.approx((at - abs(half), at + abs(half)), abs=0.1 * abs(half))


POSTERIOR = {"snr", "class_clone_probability", "normalised_clone_probability"}
DIRECTION = {"corrected_eigenvalue", "eigenvalue_scatter"}
FORMULAS = {
    **{key: set() for key in ("steps.before", "steps.between", "steps.after")},
    "speciation.Lambda": DIRECTION,
    "speciation.Lambda_limit": DIRECTION,
    "speciation.sample_Lambda": {"top_eigenvalue_error"},
    "speciation.spectral_time": DIRECTION | {"speciation_time"},
    "speciation.spectral_limit": DIRECTION | {"speciation_time"},
    "speciation.sample_spectral_time": {"top_eigenvalue_error", "speciation_time"},
    "speciation.noise_matched": DIRECTION | {"speciation_time_noise_matched"},
    "speciation.potential": DIRECTION | {"speciation_time_potential"},
    "speciation.class_level": {"clone_disagreement_from_mean_sech", "normalised_clone_probability"},
    "speciation.class_time": {"class_quadratic_score", "gaussian_log_density", "normalised_clone_probability"},
    "speciation.class_time_memorised": POSTERIOR,
    "speciation.class_time_memorised_redrawn": POSTERIOR,
    "speciation.class_time_left_out": POSTERIOR,
    "speciation.class_time_left_out_redrawn": POSTERIOR,
    "collapse.time": {"snr", "leave_one_out_excess_entropy", "poisson_sum_gap_integrand"},
    "collapse.leave_one_out_zero": {"snr", "leave_one_out_excess_entropy"},
    "collapse.bound": {"resolvent_snr", "resolvent_information_slope", "time_from_log_snr"},
    "collapse.point_time": {"snr", "index_clone_probability"},
    "collapse.point_time_redrawn": {"snr", "index_clone_probability"},
    "collapse.point_level": {"index_clone_probability"},
}


def test_each_number_names_the_formulas_that_made_it(digits):
    """A second prediction in the process, so that nothing hides behind a cache."""
    assert set(digits.numbers) == set(FORMULAS)
    again = predict("wine", probes=256)
    for key, formulas in FORMULAS.items():
        assert formulas <= set(digits[key].formulas)
        assert formulas <= set(again[key].formulas)


def test_it_can_be_stored_and_read_back(digits):
    stored = json.loads(json.dumps(digits.to_dict(), allow_nan=False))
    assert Prediction.from_dict(stored) == digits
    assert Prediction.from_dict(stored).to_dict() == stored
    assert stored["schema"] == 2
    assert stored["problem"]["n"] == 1797
    for name in ("clone_class", "clone_class_leave_one_out", "clone_index", "excess_entropy", "leave_one_out"):
        assert len(stored["curves"][name]) == len(stored["curves"][f"{name}_se"]) == len(stored["curves"]["t"])
    with pytest.raises(ValueError, match="takes a result of kind 'dataset' with schema 2, got kind 'dataset' with"):
        Prediction.from_dict(stored | {"schema": 1})
    with pytest.raises(ValueError, match="not whole: KeyError"):
        Prediction.from_dict({name: part for name, part in stored.items() if name != "curves"})


def test_it_shows_itself_in_thirty_lines(digits):
    assert len(repr(digits).splitlines()) <= 30
    assert "a training point" in repr(digits)
    assert "<code>collapse.time</code>" in digits._repr_html_()


def test_the_same_seed_gives_the_same_bytes():
    one, other = (predict("iris", rng=3, probes=512) for _ in range(2))
    assert one.to_dict() == other.to_dict()


@pytest.mark.long
def test_interval_of_the_collapse_time_covers_repeated_data():
    """Delete-a-group jackknife against the scatter over data sets of the same law."""
    found, reach = [], []
    for seed in range(12):
        X = np.random.default_rng(seed).normal(size=(300, 24))
        own = predict(X, rng=seed, probes=3000, parts=["collapse"])["collapse.leave_one_out_zero"]
        found.append(own.value)
        reach.append((own.interval[1] - own.interval[0]) / 2)
    scatter = 1.96 * np.std(found, ddof=1)
    assert 0.5 < np.mean(reach) / scatter < 2.0


@pytest.mark.parametrize(
    ("d", "low", "high"), [(64, 0.04, 0.06), pytest.param(256, 0.015, 0.035, marks=pytest.mark.long)]
)
def test_collapse_of_isotropic_data_against_the_closed_form(d, low, high):
    """The zero of the leave-one-out excess entropy lies above it by the finite-size shift, the time does not."""
    one = Mixture(d, 0, 1, 2000)
    closed, predicted = collapse_time(one), finite_size_collapse_time(one)
    found = [
        predict(np.random.default_rng(seed).normal(size=(2000, d)), rng=seed, probes=3000, parts=["collapse"])
        for seed in range(3)
    ]
    shifts = [each["collapse.leave_one_out_zero"].value / closed - 1 for each in found]
    assert low < np.mean(shifts) < high
    assert abs(np.mean(shifts) - (predicted / closed - 1)) < 0.5 * np.mean(shifts)
    assert np.mean([each["collapse.time"].value for each in found]) == pytest.approx(closed, rel=0.01)
    assert all(each["collapse.time"].interval[0] < closed < each["collapse.time"].interval[1] for each in found)
    # Of a Gaussian the bound is the time itself.
    assert np.mean([each["collapse.bound"].estimate for each in found]) == pytest.approx(closed, rel=0.01)
    assert all(closed < each["collapse.bound"].value < 1.03 * closed for each in found)
    sizes = found[0].curves["sizes"]
    assert [each["n"] for each in sizes] == [250, 500, 1000, 2000]
    for each in sizes:
        assert abs(each["time"] - collapse_time(Mixture(d, 0, 1, each["n"]))) < 4 * each["error"]


def test_class_time_of_two_Gaussians_lies_below_the_truth():
    """Classes at +-1 in 8 dimensions, kappa = 1: t = log(8)/2, which the lower limit stays below."""
    draw = np.random.default_rng(4)
    labels = np.arange(600) % 2
    X = draw.normal(size=(600, 8)) + (2 * labels[:, None] - 1)
    found = predict(X, labels, probes=512, groups=0, parts=["classes"])["speciation.class_time"]
    assert found.interval[0] < np.log(8) / 2
    assert found.value == pytest.approx(np.log(8) / 2, rel=0.1)


def test_mixture_curve_needs_the_class_information():
    """d = 256, n = 8000, t = 2.12: the data give what the corrected curve gives, not what the paper's gives."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(8000, 256)) + np.repeat([1.0, -1.0], 4000)[:, None]
    result = predict(X, t=[2.12], probes=2000, groups=0, parts=["collapse"])
    theory = predict_collapse(Mixture(256, 1, 1, 8000), t=[2.12]).curves
    simulated, error = float(result.curves["excess_entropy"][0]), float(result.curves["excess_entropy_se"][0])
    corrected = Agreement("f/alpha", 2.12, float(theory["excess_entropy_with_classes"][0]), simulated, error, 2000)
    omitted = Agreement("f/alpha", 2.12, float(theory["excess_entropy"][0]), simulated, error, 2000)
    assert abs(corrected.z) < 4
    assert abs(omitted.z) > 10


def test_unlabelled_data_have_no_class_part_and_say_why():
    result = predict(np.random.default_rng(0).normal(size=(60, 5)) * 2, probes=256)
    assert result["speciation.class_time_memorised"].value is None
    assert result["speciation.class_time_memorised"].reason == "the data have no labels"
    assert "clone_class" not in result.curves


def test_a_direction_below_the_noise_has_no_time():
    X = np.random.default_rng(0).normal(size=(60, 5)) * [0.5, 0.2, 0.2, 0.2, 0.2]
    result = predict(X, probes=256)
    assert 0.15 < result["speciation.Lambda"].value < 0.5
    assert result["speciation.spectral_time"].value is None
    assert "below the unit variance of the noise" in result["speciation.spectral_time"].reason
    assert any("No time of a direction" in text for text in result.sentences)


def test_noise_has_no_direction_but_a_limit():
    X = np.random.default_rng(0).normal(size=(400, 100)) * 2
    result = predict(X, probes=256, parts=["speciation"])
    assert result["speciation.Lambda"].value is None
    assert "No direction stands out" in result["speciation.Lambda"].reason
    assert result["speciation.spectral_time"].value is None
    assert np.log(4) / 2 < result["speciation.spectral_limit"].value < np.log(9) / 2
    assert result["speciation.sample_Lambda"].value > 7
    assert "at most" in repr(result)


def test_one_class():
    found = predict("digits", classes=[3], probes=256)
    for which in ("", "_memorised", "_left_out"):
        assert found[f"speciation.class_time{which}"].reason == "there is one class, and speciation needs two"
    with pytest.raises(ValueError, match="no class to commit to: there is one class"):
        predict("digits", classes=[3], parts=["classes"])
    with pytest.raises(ValueError, match="no class to commit to: there is one class"):
        predict(np.eye(5), labels=np.zeros(5))


def test_labels_of_noise_have_no_class_time_of_a_model_that_generalises():
    draw = np.random.default_rng(3)
    result = predict(draw.normal(size=(200, 10)) * 2, labels=draw.integers(2, size=200), probes=512)
    assert result["speciation.class_time"].value is None
    assert "held-out points" in result["speciation.class_time"].reason
    assert result["speciation.class_time_memorised"].value > 0.3
    assert any("read off the training points" in text for text in result.warnings)


def test_collapse_before_the_class_is_said():
    """Centres so near that the points of 30 in 400 dimensions are told apart long before the classes."""
    draw = np.random.default_rng(1)
    labels = np.arange(30) % 2
    X = draw.normal(size=(30, 400)) * 1.2 + 0.03 * (2 * labels[:, None] - 1)
    result = predict(X, labels, probes=512, parts=["classes", "collapse"])
    assert result["speciation.class_time"].value is None
    assert result["collapse.point_time"].value > result["speciation.class_time_memorised"].value
    assert any("no generalising regime" in text for text in result.sentences)


@pytest.mark.parametrize(
    ("low", "own", "said"),
    [
        (0.45, 0.6, "here something new can be made"),
        (0.35, 0.6, "order is likely, not certain"),
        (None, 0.2, "There is no generalising regime"),
        (None, 0.395, "is open: held-out points show none"),
    ],
)
def test_an_order_of_times_is_as_sure_as_their_intervals(low, own, said):
    def number(value, interval):
        return Number("", value, interval=interval, reason=None if value else "none")

    numbers = {
        "speciation.class_time": number(low and 0.5, low and (low, None)),
        "speciation.class_time_memorised": number(own, (own - 0.01, own + 0.01)),
        "collapse.point_time": number(0.4, (0.39, 0.41)),
    }
    order = Verdict(numbers, noise_schedule("ddpm-linear"), copies=False, dimensions=2).sentences()[-1]
    assert said in order
    assert ("likely" in order) == (low == 0.35)


def test_near_copies_are_decided_as_groups():
    """150 groups of two: the time of a group, whatever the distance of the copies; 0.42 by plain sums."""
    draw = np.random.default_rng(2)
    X = draw.normal(size=(100, 8))
    once = predict(X, probes=1024)
    assert "copies.groups" not in once.numbers
    for distance in (0.0, 1e-6, 0.01):
        twice = predict(np.vstack([X, X + distance * draw.normal(size=X.shape)]), probes=1024)
        assert (twice["copies.groups"].value, twice["copies.points"].value) == (100, 200)
        assert any("200 points are copies, in 100 groups of up to 2" in text for text in twice.warnings)
        assert twice.curves["clone_index"][twice.curves["t"] > 0.05].max() <= 0.5 + 1e-9
        assert twice["collapse.point_time"].value == pytest.approx(once["collapse.point_time"].value, rel=0.05)
        assert twice["collapse.bound"].value == pytest.approx(once["collapse.bound"].value, rel=0.02)
        assert twice["collapse.time"].value == pytest.approx(once["collapse.time"].value, rel=0.1)


def test_the_class_with_the_own_point_left_out_leaves_its_copies_out_too():
    """A copy gives the class away as the point does."""
    draw = np.random.default_rng(4)
    labels = np.arange(60) % 2
    X = draw.normal(size=(60, 12)) + 0.7 * labels[:, None]
    key, options = "speciation.class_time_left_out", {"probes": 1024, "parts": ["classes"]}
    once = predict(X, labels, **options)
    twice = predict(np.vstack([X, X + 1e-7]), np.tile(labels, 2), **options)
    assert twice[key].value == pytest.approx(once[key].value, rel=0.05)
    assert twice["speciation.class_time_memorised"].value > 1.4 * twice[key].value
    alone = predict(np.vstack([X, X]), np.repeat([0, 1], 60), **options)
    assert alone[key].reason == "copies aside there is one class"


def test_noise_does_not_replay_data_made_with_the_same_seed():
    """Points from ``default_rng(s)`` and ``rng=s``: a shared stream moved the collapse time by several errors."""
    same, other = [], []
    for seed in range(8):
        X = np.random.default_rng(seed).standard_normal((400, 32))
        same.append(
            predict(X, rng=seed, probes=2000, groups=0, parts=["collapse"])["collapse.leave_one_out_zero"].value
        )
        other.append(
            predict(X, rng=seed + 1000, probes=2000, groups=0, parts=["collapse"])["collapse.leave_one_out_zero"].value
        )
    difference = np.array(same) - np.array(other)
    assert abs(difference.mean()) < 4 * difference.std(ddof=1) / np.sqrt(8)
    assert np.std(same, ddof=1) < 2 * np.std(other, ddof=1)


def test_too_few_points_for_an_interval_have_none_and_a_reason():
    for n in (2, 3):
        result = predict(np.random.default_rng(0).normal(size=(n, 2)), probes=64)
        assert result["collapse.leave_one_out_zero"].interval is None
        assert result["collapse.leave_one_out_zero"].reason


def test_scale_of_the_pixels_moves_the_time_by_log_two():
    X = load_digits().data
    wide = predict(X / 8 - 1, parts=["speciation"])
    narrow = predict(X / 16, parts=["speciation"])
    assert wide["speciation.Lambda"].value / narrow["speciation.Lambda"].value == pytest.approx(4.0, rel=1e-9)
    assert any("--scale range" in text for text in narrow.warnings)


def test_times_asked_for_are_the_times_of_the_curves_and_change_no_crossing():
    free = predict("iris", probes=2048)
    fixed = predict("iris", probes=2048, t=[0.5, 0.1])
    assert fixed.curves["t"].tolist() == [0.5, 0.1]
    assert fixed["collapse.leave_one_out_zero"].value == pytest.approx(
        free["collapse.leave_one_out_zero"].value, rel=1e-4
    )
    one = predict("iris", probes=2048, t=[0.1])
    assert fixed.curves["clone_index"][1] == pytest.approx(one.curves["clone_index"][0], rel=1e-6)


def test_the_mean_moves_Lambda_and_nothing_else():
    X = np.random.default_rng(0).normal(size=(300, 8)) * 2
    centred = predict(X, probes=512)
    kept = predict(X + 50, probes=512, center=False)
    assert kept["speciation.Lambda"].value > 100 * centred["speciation.sample_Lambda"].value
    assert kept["collapse.bound"].value == pytest.approx(centred["collapse.bound"].value, rel=1e-9)
    assert kept["collapse.leave_one_out_zero"].value == pytest.approx(
        centred["collapse.leave_one_out_zero"].value, rel=1e-6
    )


def test_steps_follow_the_schedule():
    result = predict("digits", parts=["speciation"], schedule="cosine")
    assert result.settings["schedule"] == "cosine"
    assert {key for key in result.numbers if key.startswith("collapse")} == set()
    assert result["speciation.spectral_time"].step.index == noise_schedule("cosine").step(
        result["speciation.spectral_time"].value
    )
    assert list(result.curves) == ["directions"]
    with pytest.raises(ValueError, match="holds no curves"):
        result.plot()


def test_figure_shows_both_panels(digits):
    figure = digits.plot()
    top, bottom = figure.axes
    assert "clone probability" in top.get_ylabel()
    assert "excess entropy" in bottom.get_ylabel()
    assert len(top.lines) >= 3
    assert {text.get_text() for text in bottom.texts} == {"I\nopen", "II\nnew points", "III\none point"}


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("digits",), {"parts": ["class"]}, "parts must be among speciation, classes, collapse, got class"),
        (("digits",), {"parts": []}, "parts must be among .* got none"),
        (("digits",), {"schedule": "x"}, "schedule must be one of ddpm-linear"),
        (("digits",), {"t": [0.0]}, "must be positive and finite, got 0"),
        (("digits",), {"probes": 1}, "probes"),
        (("digits",), {"precision": 0.0}, r"precision \(share of a time\) must be positive and finite, got 0"),
        (("digits",), {"precision": 0.1, "probes": 64}, "a number of probes and a precision, .* exclude each other"),
        (("diabetes",), {"parts": ["classes"]}, "the data have no labels"),
    ],
)
def test_bad_input(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        predict(*arguments, **options)


@pytest.mark.parametrize(
    "X",
    [
        np.eye(20),
        np.eye(50),
        4.0 * (np.arange(16)[:, None] >> np.arange(4) & 1),
        np.vstack([np.ones((30, 4)), np.full((1, 4), 2.0)]),
    ],
    ids=["simplex", "larger simplex", "cube", "one apart"],
)
def test_points_of_a_lattice_have_a_result(X):
    """Eigenvalues that are exactly equal, and hardly any different points."""
    result = predict(X, probes=64)
    assert json.dumps(result.to_dict(), allow_nan=False)
    assert all(number.value is not None or number.reason for number in result.numbers.values())


def test_the_scale_of_the_data_moves_class_and_point_times_by_its_logarithm():
    """Far in the noise times are even in log snr, so that a large scale costs no precision."""
    draw = np.random.default_rng(5)
    labels = np.arange(300) % 2
    X = draw.normal(size=(300, 8)) + 1.5 * labels[:, None]
    found = [predict(X * scale, labels, scale="none", probes=1024, groups=0) for scale in (100, 1e6)]
    for key in ("speciation.class_time", "speciation.class_time_memorised", "collapse.point_time"):
        assert found[1][key].value - found[0][key].value == pytest.approx(np.log(1e4), abs=0.01)


def test_copies_change_no_verdict_on_a_model(tmp_path):
    """Left out one at a time, a copy of a point would be found by any model."""
    draw = np.random.default_rng(6)
    X = draw.normal(size=(200, 16))
    t = np.geomspace(0.02, 4, 40)
    loss = 16 / (1 + 1 / np.expm1(2 * t))
    rows = [f"{a},{b},{b}" for a, b in zip(t, loss, strict=True)]
    (tmp_path / "losses.csv").write_text("\n".join(["t,train_loss,test_loss", *rows]))
    options = {"losses": tmp_path / "losses.csv", "probes": 1024, "parts": ["collapse"]}
    once, twice = predict(X, **options), predict(np.repeat(X, 2, axis=0), **options)
    assert twice["losses.log_n"].value == once["losses.log_n"].value
    assert twice.sentences[-1].endswith("it generalises")
    assert once.sentences[-1].endswith("it generalises")


def test_small_times_keep_their_digits():
    """Data in units of 1/100 have times of 1e-4 of those in units of 1."""
    X = np.random.default_rng(0).normal(size=(40, 3))
    shown = repr(predict(X * 0.01, scale="none", probes=128, parts=["collapse"]))
    time = predict(X * 0.01, scale="none", probes=128, parts=["collapse"])["collapse.point_time"].value
    assert time < 1e-3
    assert f"{time:.3g} (" in shown
