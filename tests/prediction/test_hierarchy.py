"""The prediction for a hierarchy: its parts against each other, against earlier measurements, and its errors."""

import json

import numpy as np
import pytest

from regimes.datasets.hierarchy import random_hierarchy, sample_hierarchy
from regimes.numerics.hierarchy.correlations import hierarchy_correlations
from regimes.numerics.hierarchy.mean_field import hierarchy_mean_field
from regimes.numerics.hierarchy.spins import covariance_sums
from regimes.numerics.hierarchy.transition import hierarchy_transition
from regimes.numerics.schedules import noise_schedule
from regimes.prediction.hierarchy import predict_hierarchy
from regimes.prediction.hierarchy_exact import _ratio

# Mean field and exact averages of an independent program over few draws of the rules: root probability by epsilon.
EARLIER = {
    (32, 8, 2, 8): {0.65: (0.942, 0.943), 0.70: (0.766, 0.770), 0.73: (0.313, 0.322), 0.76: (0.046, 0.047)},
    (16, 4, 2, 6): {0.70: (0.823, 0.825), 0.80: (0.250, 0.257)},
}
# The same program: chi by epsilon at (16, 4, 2, 8), by posterior samples and in mean field.
EARLIER_CHI = {0.70: (2.56, 2.45), 0.775: (4.39, 4.25), 0.80: (4.42, 4.33), 0.90: (1.73, 1.73)}


@pytest.mark.parametrize("model", EARLIER)
def test_exact_root_and_mean_field_agree_within_the_scatter_over_rules(model):
    epsilon = list(EARLIER[model])
    instances = 12
    result = predict_hierarchy(*model, noise_levels=epsilon, exact=True, instances=instances, samples=64)
    mean_field, exact = np.array(list(EARLIER[model].values())).T
    np.testing.assert_allclose(result.levels.mean_field[0], mean_field, rtol=0, atol=5e-4)
    scatter = result.levels.exact_se[0] * np.sqrt(instances)
    assert np.all(np.abs(result.levels.exact[0] - mean_field) < 3 * scatter)
    assert np.all(np.abs(result.levels.exact[0] - exact) < 3 * scatter)
    assert np.all(scatter < 0.06)


def test_susceptibility_agrees_with_earlier_samples_within_five_per_cent_and_its_error():
    result = predict_hierarchy(
        16, 4, 2, 8, noise_levels=list(EARLIER_CHI), exact=True, instances=16, samples=200, rng=1
    )
    exact, mean_field = np.array(list(EARLIER_CHI.values())).T
    np.testing.assert_allclose(result.susceptibility.mean_field, mean_field, rtol=0, atol=5e-3)
    found, error = result.susceptibility.exact, result.susceptibility.exact_se
    assert np.all(np.abs(found - exact) < 0.05 * exact + 3 * error)
    assert np.all(error < 0.05 * found)


def test_one_set_of_rules_gives_its_own_curves_and_thresholds():
    rules = random_hierarchy(8, 3, 2, 4, classes=5, rng=3)
    grid = np.linspace(0, 1, 9)
    result = predict_hierarchy(8, 3, 2, 4, classes=5, noise="masking", noise_levels=grid, rules=rules, population=200)
    assert result.settings["rules"] == "given"
    assert result.settings["instances"] == 1
    assert result.levels.exact.shape == (5, 9)
    assert result.levels.exact[:, 0] == pytest.approx(1)
    assert np.all(np.isfinite(result.levels.exact_se))
    thresholds = result.levels.exact_thresholds
    assert len(thresholds) == 5
    assert thresholds[0] < thresholds[-1]  # the class is lost first
    with pytest.raises(
        ValueError, match=r"must have \(v, m, s, L, classes\) = \(8, 3, 2, 4, 8\), got \(8, 3, 2, 4, 5\)"
    ):
        predict_hierarchy(8, 3, 2, 4, rules=rules)


def test_real_noise_is_described_by_density_evolution_and_not_by_mean_field():
    """Masking at (16, 4, 2, 6): exact averages, density evolution, and the epsilon-process of the same mean belief."""
    result = predict_hierarchy(
        16, 4, 2, 6, noise="masking", noise_levels=[0.3, 0.5], exact=True, instances=12, samples=100, population=10000
    )
    levels = result.levels
    error = np.hypot(levels.exact_se, levels.density_evolution_se)
    # Shared rules within a level, which density evolution leaves out, count for less than 0.01 here.
    assert np.all(np.abs(levels.exact - levels.density_evolution) < 3.5 * error + 0.01)
    assert np.all(levels.mean_field[0] - levels.exact[0] > 10 * error[0])
    assert 0.4 < result.threshold.value < 0.6
    assert result.threshold.method == "density evolution"
    assert result.threshold.se > 0


def test_mean_field_of_replaced_leaves_has_their_mean_belief():
    """A leaf shows its own symbol with probability a, each other with b: it is believed a or b, so a a + (v-1) b b."""
    v, level = 8, 0.4
    own, other = 1 - level + level / v, level / v
    belief = own**2 + (v - 1) * other**2
    result = predict_hierarchy(v, 1, 2, 3, noise="uniform", noise_levels=[level])
    expected = hierarchy_mean_field(v, 1, 2, 3, [(1 - belief) * v / (v - 1)]).reconstruction
    np.testing.assert_allclose(result.levels.mean_field, expected, atol=2e-3)


def test_a_third_set_of_rules_adds_its_deviation_to_the_squares():
    """The first two are the same: n (n - 1) se^2 is the sum of squares about the mean, of two and of three."""
    two, three = (
        predict_hierarchy(8, 2, 2, 3, noise_levels=[0.5], exact=True, instances=k, samples=8).levels for k in (2, 3)
    )
    last = 3 * three.exact - 2 * two.exact
    squares = 2 * two.exact_se**2 + 2 * (two.exact - three.exact) ** 2 + (last - three.exact) ** 2
    np.testing.assert_allclose(6 * three.exact_se**2, squares, rtol=1e-9)


def test_gaussian_threshold_is_given_in_time_as_well():
    result = predict_hierarchy(16, 4, 2, 3, noise="gaussian", population=500)
    threshold = result.threshold
    assert threshold.time == pytest.approx(0.5 * np.log1p(1 / threshold.value**2), rel=1e-12)
    assert result.levels.noise_level[0] < threshold.time < result.levels.noise_level[-1]
    # d t/d sqrt(snr) = -1/(sqrt(snr) (1 + snr))
    slope = 1 / (threshold.value * (1 + threshold.value**2))
    assert threshold.time_se == pytest.approx(threshold.se * slope, rel=0.01)
    step = noise_schedule("ddpm-linear").step(threshold.time)
    assert threshold.steps == {"schedule": "ddpm-linear", "step": step, "steps": 1000}


def test_masking_threshold_is_given_as_a_step_of_an_even_schedule():
    threshold = predict_hierarchy(16, 4, 2, 3, noise="masking", noise_levels=[0.5], population=500).threshold
    assert threshold.steps == {"schedule": "even masking", "step": round(1000 * threshold.value), "steps": 1000}


def test_the_curves_follow_a_transition_close_to_the_end():
    result = predict_hierarchy(1000, 30, 2, 30)
    level, root = result.levels.noise_level, result.levels.mean_field[0]
    assert root[np.argmax(level > result.threshold.value) - 2] > 0.9
    assert root[np.argmax(level > result.threshold.value)] < 0.1


@pytest.mark.parametrize(("v", "m", "condition"), [(8, 1, "F'(1/v)"), (8, 5, "F'(1)")])
@pytest.mark.parametrize("noise", ["epsilon", "uniform"])
def test_without_a_transition_the_reason_is_given_and_the_curves_remain(v, m, condition, noise):
    result = predict_hierarchy(v, m, 2, 3, noise=noise, noise_levels=[0.2, 0.6], population=100)
    assert not result.transition.exists
    assert result.threshold.value is None
    assert condition in result.reasons["transition"]
    assert hierarchy_transition(v, m, 2).reason in result.reasons["threshold"]
    assert np.all(np.isfinite(result.levels.mean_field))
    json.loads(json.dumps(result.to_dict(), allow_nan=False))


def test_json_has_the_keys_that_are_promised():
    result = predict_hierarchy(8, 2, 2, 3, noise_levels=[0.0, 0.5], exact=True, instances=2, samples=8)
    content = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert content["schema"] == 1
    assert {"exists", "p_star", "epsilon_star", "slope", "nu", "slope_at_one", "slope_at_uniform"} <= set(
        content["transition"]
    )
    assert {"noise", "value", "se", "time"} <= set(content["threshold"])
    assert {"noise_level", "mean_field", "exact", "exact_se"} <= set(content["levels"])
    assert np.shape(content["levels"]["mean_field"]) == np.shape(content["levels"]["exact"]) == (4, 2)
    assert content["susceptibility"]["mean_field"][0] is None  # nothing changes without noise
    assert content["susceptibility"]["exact"][0] is None


def test_the_same_seed_gives_the_same_result_and_another_seed_does_not():
    first, again, other = (
        predict_hierarchy(8, 2, 2, 3, noise_levels=[0.5], exact=True, instances=2, samples=8, rng=seed).levels.exact
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_data_with_noise_of_the_same_seed_share_no_numbers():
    """Rules, data and noise of one seed are drawn from streams of their own."""
    rules = random_hierarchy(8, 2, 2, 3, rng=0)
    assert sample_hierarchy(rules, 50, rng=0).labels.std() > 0


def test_susceptibility_is_the_ratio_of_sums_over_sets_of_rules():
    """Against covariance matrices, of sets one of which varies in a single sample only."""
    rng = np.random.default_rng(0)
    sets = [rng.random((9, 4)) < 0.6, np.eye(9, 4, dtype=bool)[::-1] & (np.arange(4) == 2)]
    matrices = [np.cov(2.0 * unchanged.T - 1) * 8 for unchanged in sets]
    expected = sum(matrix.sum() for matrix in matrices) / sum(np.trace(matrix) for matrix in matrices)
    chi = np.array([covariance_sums(unchanged) for unchanged in sets]).T[:, :, None]
    assert _ratio(chi)[0] == pytest.approx(expected, rel=1e-12)
    assert np.isnan(_ratio(np.zeros((2, 3, 1)))[0])


def test_susceptibility_at_low_noise_is_not_biased_by_sets_in_which_little_varies():
    """Pooled over many small sets, against mean field, which is exact to a few per cent there."""
    found = [
        predict_hierarchy(
            8, 2, 2, 4, noise_levels=[0.03, 0.1], exact=True, instances=40, samples=24, rng=seed
        ).susceptibility
        for seed in range(4)
    ]
    chi = np.array([result.exact for result in found])
    error = np.sqrt(np.mean([result.exact_se**2 for result in found], axis=0) / len(found))
    assert np.all(np.abs(chi.mean(axis=0) - found[0].mean_field) < 4 * error + 0.01)


def test_two_samples_of_each_set_are_enough_for_a_susceptibility():
    result = predict_hierarchy(8, 2, 2, 3, noise_levels=[0.5, 0.9], exact=True, instances=20, samples=2)
    assert np.all(np.isfinite(result.susceptibility.exact))
    assert np.all(result.susceptibility.exact_se > 0)


def test_a_susceptibility_that_is_missing_has_its_reason():
    result = predict_hierarchy(8, 2, 2, 3, noise_levels=[0.0, 0.9], exact=True, instances=2, samples=8)
    assert "epsilon 0" in result.reasons["susceptibility.exact"]


def test_a_single_data_point_has_no_susceptibility():
    result = predict_hierarchy(4, 1, 2, 2, classes=1, noise_levels=[0.5])
    assert np.isnan(result.susceptibility.mean_field).all()
    with pytest.raises(ValueError, match="there is a single data point"):
        hierarchy_correlations(4, 1, 2, 2, [0.5], classes=1)


def test_memory_is_an_option_and_does_not_change_the_result():
    options = {"noise_levels": [0.5], "exact": True, "instances": 2, "samples": 40}
    block = 8 * 4 * 15 * 8 * 16
    whole, parts = (predict_hierarchy(8, 2, 2, 3, memory=memory, **options) for memory in (2**30, block))
    np.testing.assert_array_equal(whole.levels.exact, parts.levels.exact)
    with pytest.raises(ValueError, match="raise memory"):
        predict_hierarchy(8, 2, 2, 3, memory=block - 1, **options)


def test_errors_of_the_exact_thresholds_cover_other_sets_of_rules():
    """Scatter over independent predictions against the jackknife error of each."""
    grid = np.linspace(0, 1, 21)
    found = [
        predict_hierarchy(
            8, 2, 2, 3, noise="masking", noise_levels=grid, exact=True, instances=8, samples=32, population=50, rng=seed
        ).levels
        for seed in range(12)
    ]
    values = np.array([levels.exact_thresholds for levels in found], dtype=float)
    errors = np.array([levels.exact_thresholds_se for levels in found], dtype=float)
    ratio = values.std(axis=0, ddof=1) / np.sqrt((errors**2).mean(axis=0))
    assert np.all((ratio > 0.4) & (ratio < 2))  # 12 values scatter by 20%, and so does each error


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"noise": "salt"}, "noise must be one of epsilon, masking, uniform, gaussian, got 'salt'"),
        ({"noise_levels": [0.5, 0.4]}, "noise_levels must be one or more increasing numbers"),
        ({"noise_levels": [1.5]}, r"must lie in \[0, 1\], got 1.5"),
        ({"instances": 0, "exact": True}, "must be at least 1, got 0"),
        ({"samples": 1, "exact": True}, r"samples \(samples of each set of rules\) must be at least 2, got 1"),
        ({"instances": 1.5, "exact": True}, "must be a whole number, got 1.5"),
        ({"rng": -1}, r"rng \(seed\) must be at least 0, got -1"),
        ({"noise_levels": ["a"]}, "noise_levels must hold real numbers"),
        ({"noise": "gaussian", "noise_levels": [1e-310]}, "must be at least 1e-300"),
    ],
)
def test_what_is_out_of_range_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        predict_hierarchy(8, 2, 2, 3, **options)


@pytest.mark.parametrize("noise", ["masking", "gaussian"])
def test_populations_obey_the_memory(noise):
    with pytest.raises(ValueError, match="hierarchy_threshold: a population of 1000000 messages .* more than memory"):
        predict_hierarchy(32, 8, 2, 3, noise=noise, population=10**6, memory=2**24)
