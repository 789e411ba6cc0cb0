"""The main job: transition times of real data, held against independent measurements."""

import json

import numpy as np
import pytest
from scipy.special import logsumexp
from sklearn.datasets import load_digits

from regimes import Mixture, Prediction, load_dataset, noise_schedule, predict, predict_collapse
from regimes.numerics.collapse.finite_size import collapse_time, finite_size_collapse_time
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
    times = [result["collapse.time"].value, result["speciation.class_time_memorised"].value]
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
    assert pair["speciation.Lambda"].value == pytest.approx(7.16, abs=0.005)
    assert pair["speciation.spectral_time"].value == pytest.approx(0.984, abs=0.0005)


@pytest.mark.parametrize(
    ("curve", "value", "error"), [("clone_index", 0.2663, 0.0007), ("excess_entropy", 0.3891, 0.0008)]
)
def test_digits_pair_curves_match_the_independent_measurement(pair, curve, value, error):
    own = pair.curves[f"{curve}_se"][0]
    check = Agreement(curve, 0.3231, value, float(pair.curves[curve][0]), float(np.hypot(own, error)), 32768)
    assert abs(check.z) < 3


def test_all_digits_match_the_independent_measurement(digits):
    assert digits["speciation.Lambda"].value == pytest.approx(2.797, abs=0.0005)
    assert digits["collapse.bound"].value == pytest.approx(0.2913, abs=0.0001)


TIMES = {
    "speciation.spectral_time": "data",
    "speciation.class_time_memorised": "data and probes",
    "speciation.class_time": "data and probes",
    "collapse.time": "data and probes, not the finite-size bias",
    "collapse.point_time": "data and probes",
}


def test_intervals_hold_the_value_and_say_what_they_cover(digits):
    for key, covers in TIMES.items():
        low, high = digits[key].interval
        assert 0 < low < digits[key].value < high
        assert digits[key].covers == covers
    assert digits.settings["groups"] == 20


def test_interval_of_the_speciation_time_is_that_of_the_logarithm(digits):
    """t_S = log(Lambda)/2, a thousandth of an error of Lambda up and down."""
    Lambda, error = digits["speciation.Lambda"].value, digits["speciation.Lambda"].error
    half = 1.959964 * (np.log(Lambda + error / 1000) - np.log(Lambda - error / 1000)) / 2 * 500
    time = digits["speciation.spectral_time"]
    assert time.interval == pytest.approx((time.value - half, time.value + half), rel=1e-6)


def test_interval_of_the_class_crossing_over_probes_follows_the_slope_of_the_curve():
    """The clone probability itself, without its floor taken off: both its error and its slope scale alike."""
    options = {"classes": [0, 7], "groups": 0, "probes": 512, "parts": ["classes"]}
    found = predict("digits", **options)["speciation.class_time_memorised"]
    at = found.value
    curves = predict("digits", t=at * np.array([0.99, 1, 1.01]), **options).curves
    value, error = curves["clone_class"], curves["clone_class_se"]
    half = 1.959964 * error[1] * 0.02 * at / (value[0] - value[2])
    assert found.interval == pytest.approx((at - abs(half), at + abs(half)), abs=0.1 * abs(half))


FORMULAS = {
    "speciation.Lambda": {"top_eigenvalue_error"},
    "speciation.spectral_time": {"top_eigenvalue_error", "speciation_time"},
    "speciation.noise_matched": {"top_eigenvalue_error", "speciation_time_noise_matched"},
    "speciation.potential": {"top_eigenvalue_error", "speciation_time_potential"},
    "speciation.class_level": {"clone_disagreement_from_mean_sech", "normalised_clone_probability"},
    "speciation.class_time_memorised": {"snr", "class_clone_probability", "normalised_clone_probability"},
    "speciation.class_time": {"snr", "class_clone_probability", "normalised_clone_probability"},
    "collapse.time": {"snr", "leave_one_out_excess_entropy"},
    "collapse.point_time": {"snr", "index_clone_probability"},
    "collapse.point_level": {"index_clone_probability"},
    "collapse.bound": {"gaussian_channel_information", "time_from_log_snr"},
}


def test_each_number_names_the_formulas_that_made_it(digits):
    """A second prediction in the process, so that nothing hides behind a cache."""
    assert set(digits.numbers) == set(FORMULAS)
    again = predict("iris", probes=256)
    for key, formulas in FORMULAS.items():
        assert formulas <= set(digits[key].formulas)
        assert again[key].formulas == digits[key].formulas


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
    assert "collapse, leave-one-out zero" in repr(digits)
    assert "<code>collapse.time</code>" in digits._repr_html_()


def test_the_same_seed_gives_the_same_bytes():
    one, other = (predict("iris", rng=3, probes=512) for _ in range(2))
    assert one.to_dict() == other.to_dict()


def test_interval_of_the_collapse_time_covers_repeated_data():
    """Delete-a-group jackknife against the scatter over data sets of the same law."""
    found, reach = [], []
    for seed in range(12):
        X = np.random.default_rng(seed).normal(size=(300, 24))
        own = predict(X, rng=seed, probes=3000, parts=["collapse"])["collapse.time"]
        found.append(own.value)
        reach.append((own.interval[1] - own.interval[0]) / 2)
    scatter = 1.96 * np.std(found, ddof=1)
    assert 0.5 < np.mean(reach) / scatter < 2.0


@pytest.mark.parametrize(
    ("d", "low", "high"), [(64, 0.04, 0.06), pytest.param(256, 0.015, 0.035, marks=pytest.mark.long)]
)
def test_isotropic_gaussian_data_lie_above_the_closed_form_by_the_finite_size_shift(d, low, high):
    one = Mixture(d, 0, 1, 2000)
    closed, predicted = collapse_time(one), finite_size_collapse_time(one)
    shifts = []
    for seed in range(3):
        X = np.random.default_rng(seed).normal(size=(2000, d))
        shifts.append(predict(X, rng=seed, probes=3000, parts=["collapse"])["collapse.time"].value / closed - 1)
    assert low < np.mean(shifts) < high
    assert abs(np.mean(shifts) - (predicted / closed - 1)) < 0.5 * np.mean(shifts)


def test_mixture_curve_needs_the_class_information():
    """d = 256, n = 20000, t = 2.12: the data give what the corrected curve gives, not what the paper's gives."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20000, 256)) + np.repeat([1.0, -1.0], 10000)[:, None]
    result = predict(X, t=[2.12], probes=2000, groups=0, parts=["collapse"])
    theory = predict_collapse(Mixture(256, 1, 1, 20000), t=[2.12]).curves
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


def test_small_scale_has_no_speciation_time_unless_asked_for():
    X = np.random.default_rng(0).normal(size=(60, 5)) * 0.3
    result = predict(X, probes=256)
    assert result["speciation.spectral_time"].value is None
    assert "must exceed 1" in result["speciation.spectral_time"].reason
    assert any("variance per dimension" in text for text in result.warnings)
    with pytest.raises(ValueError, match="must exceed 1, got 0.1"):
        predict(X, probes=256, parts=["speciation"])


def test_one_class():
    found = predict("digits", classes=[3], probes=256)["speciation.class_time_memorised"]
    assert found.reason == "there is one class, and speciation needs two"
    with pytest.raises(ValueError, match="needs at least two classes, but there is one class"):
        predict("digits", classes=[3], parts=["classes"])
    with pytest.raises(ValueError, match="needs at least two classes, but there is one class"):
        predict(np.eye(5), labels=np.zeros(5))


def test_collapse_before_speciation_is_said():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(30, 400)) * 1.2
    result = predict(X, probes=512)
    assert result["collapse.time"].value > result["speciation.spectral_time"].value
    assert any("no generalising regime" in text for text in result.warnings)
    assert not any("order in the backward process is open" in text for text in result.warnings)


def test_duplicated_points():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(100, 8))
    half = predict(np.vstack([X, X]), probes=1024)
    assert any("repeat another exactly" in text for text in half.warnings)
    assert half["collapse.time"].value is None  # a point left out is still there once
    assert "stays above 0" in half["collapse.time"].reason
    assert half.curves["clone_index"].max() <= 0.5 + 1e-9
    once = predict(X, probes=1024)
    assert half["collapse.point_level"].value == 0.25
    assert 0.5 < half["collapse.point_time"].value / once["collapse.point_time"].value < 1.5


def test_noise_does_not_replay_data_made_with_the_same_seed():
    """Points from ``default_rng(s)`` and ``rng=s``: a shared stream moved the collapse time by several errors."""
    same, other = [], []
    for seed in range(8):
        X = np.random.default_rng(seed).standard_normal((400, 32))
        same.append(predict(X, rng=seed, probes=2000, groups=0, parts=["collapse"])["collapse.time"].value)
        other.append(predict(X, rng=seed + 1000, probes=2000, groups=0, parts=["collapse"])["collapse.time"].value)
    difference = np.array(same) - np.array(other)
    assert abs(difference.mean()) < 4 * difference.std(ddof=1) / np.sqrt(8)
    assert np.std(same, ddof=1) < 2 * np.std(other, ddof=1)


def test_a_zero_above_the_bound_is_said():
    X = np.random.default_rng(3).normal(size=(2000, 64))
    result = predict(X, probes=1000, groups=0, parts=["collapse"])
    assert result["collapse.time"].value > result["collapse.bound"].value
    assert any("finite-size bias" in text for text in result.warnings)


def test_too_few_points_for_an_interval_have_none_and_a_reason():
    for n in (2, 3):
        result = predict(np.random.default_rng(0).normal(size=(n, 2)), probes=64)
        assert result["collapse.time"].interval is None
        assert result["collapse.time"].reason


def test_scale_of_the_pixels_moves_the_time_by_log_two():
    X = load_digits().data
    wide = predict(X / 8 - 1, probes=64, groups=0)
    narrow = predict(X / 16, probes=64, groups=0)
    assert wide["speciation.Lambda"].value / narrow["speciation.Lambda"].value == pytest.approx(4.0, rel=1e-9)
    assert any("fourfold" in text for text in narrow.warnings)


def test_times_asked_for_are_the_times_of_the_curves_and_change_no_crossing():
    free = predict("iris", probes=2048)
    fixed = predict("iris", probes=2048, t=[0.5, 0.1])
    assert fixed.curves["t"].tolist() == [0.5, 0.1]
    assert fixed["collapse.time"].value == pytest.approx(free["collapse.time"].value, rel=1e-4)
    one = predict("iris", probes=2048, t=[0.1])
    assert fixed.curves["clone_index"][1] == pytest.approx(one.curves["clone_index"][0], rel=1e-6)


def test_the_mean_moves_Lambda_and_nothing_else():
    X = np.random.default_rng(0).normal(size=(300, 8)) * 2
    centred = predict(X, probes=512)
    kept = predict(X + 50, probes=512, center=False)
    assert kept["speciation.Lambda"].value > 100 * centred["speciation.Lambda"].value
    assert kept["collapse.bound"].value == pytest.approx(centred["collapse.bound"].value, rel=1e-9)
    assert kept["collapse.time"].value == pytest.approx(centred["collapse.time"].value, rel=1e-6)


def test_steps_follow_the_schedule():
    result = predict("digits", parts=["speciation"], schedule="cosine")
    assert result.settings["schedule"] == "cosine"
    assert {key for key in result.numbers if key.startswith("collapse")} == set()
    assert result["speciation.spectral_time"].step.index == noise_schedule("cosine").step(
        result["speciation.spectral_time"].value
    )
    assert result.curves == {}
    with pytest.raises(ValueError, match="holds no curves"):
        result.plot()


def test_figure_shows_both_panels(digits):
    figure = digits.plot()
    top, bottom = figure.axes
    assert "clone probability" in top.get_ylabel()
    assert "excess entropy" in bottom.get_ylabel()
    assert len(top.lines) >= 3
    assert {text.get_text() for text in bottom.texts} == {"I\nundecided", "II\ngeneralisation", "III\ncollapse"}


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("digits",), {"parts": ["class"]}, "parts must be among speciation, classes, collapse, got class"),
        (("digits",), {"parts": []}, "parts must be among .* got none"),
        (("digits",), {"schedule": "x"}, "name must be one of ddpm-linear"),
        (("digits",), {"t": [0.0]}, "must be positive and finite, got 0"),
        (("digits",), {"probes": 1}, "probes"),
        (("diabetes",), {"parts": ["classes"]}, "the data have no labels"),
    ],
)
def test_bad_input(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        predict(*arguments, **options)
