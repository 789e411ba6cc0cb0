"""The prediction for a hierarchy: its parts against each other, against earlier measurements, and its errors."""

import json

import numpy as np
import pytest

from regimes.datasets.process.noise_schedule import noise_schedule
from regimes.hierarchy import random_hierarchy, sample_hierarchy
from regimes.numerics.hierarchy.correlations import hierarchy_correlations
from regimes.numerics.hierarchy.mean_field import hierarchy_mean_field
from regimes.numerics.hierarchy.problem import Hierarchy
from regimes.numerics.hierarchy.spins import covariance_sums
from regimes.numerics.hierarchy.transition import hierarchy_transition
from regimes.prediction.hierarchy.budget import HierarchyBudget
from regimes.prediction.hierarchy.exact import _ratio
from regimes.prediction.hierarchy.predict import predict_hierarchy
from regimes.prediction.hierarchy.result import HierarchyPrediction

# Mean field and exact averages of an independent program over few draws of the rules: root probability by epsilon.
EARLIER = {
    (32, 8, 2, 8): {0.65: (0.942, 0.943), 0.70: (0.766, 0.770), 0.73: (0.313, 0.322), 0.76: (0.046, 0.047)},
    (16, 4, 2, 6): {0.70: (0.823, 0.825), 0.80: (0.250, 0.257)},
}
# The same program: chi by epsilon at (16, 4, 2, 8), by posterior samples and in mean field.
EARLIER_CHI = {0.70: (2.56, 2.45), 0.775: (4.39, 4.25), 0.80: (4.42, 4.33), 0.90: (1.73, 1.73)}
SMALL = Hierarchy(8, 2, 2, 3)


def exact(model, levels, instances, samples, **options):
    """Exact curves; a population that is hardly any serves density evolution."""
    budget = HierarchyBudget(instances=instances, samples=samples, population=options.pop("population", 50))
    return predict_hierarchy(model, noise_levels=levels, exact=True, budget=budget, **options)


def halves(result, what="value"):
    """Thresholds of all levels, or their errors."""
    levels = range(result.problem.L + 1)
    return np.array([getattr(result[f"threshold.exact.level_{level}"], what) for level in levels], dtype=float)


@pytest.mark.parametrize("model", EARLIER)
def test_exact_root_and_mean_field_agree_within_the_scatter_over_rules(model):
    instances = 12
    curves = exact(Hierarchy(*model), list(EARLIER[model]), instances, 64).curves
    mean_field, earlier = np.array(list(EARLIER[model].values())).T
    np.testing.assert_allclose(curves["mean_field"][0], mean_field, rtol=0, atol=5e-4)
    scatter = curves["exact_se"][0] * np.sqrt(instances)
    assert np.all(np.abs(curves["exact"][0] - mean_field) < 3 * scatter)
    assert np.all(np.abs(curves["exact"][0] - earlier) < 3 * scatter)
    assert np.all(scatter < 0.06)


def test_susceptibility_agrees_with_earlier_samples_within_five_per_cent_and_its_error():
    curves = exact(Hierarchy(16, 4), list(EARLIER_CHI), 16, 200, rng=1).curves
    earlier, mean_field = np.array(list(EARLIER_CHI.values())).T
    np.testing.assert_allclose(curves["susceptibility_mean_field"], mean_field, rtol=0, atol=5e-3)
    found, error = curves["susceptibility_exact"], curves["susceptibility_exact_se"]
    assert np.all(np.abs(found - earlier) < 0.05 * earlier + 3 * error)
    assert np.all(error < 0.05 * found)


def test_one_set_of_rules_gives_its_own_curves_and_thresholds():
    rules = random_hierarchy(Hierarchy(8, 3, 2, 4, classes=5), rng=3)
    grid = np.linspace(0, 1, 9)
    budget = HierarchyBudget(population=200)
    result = predict_hierarchy(rules, noise="masking", noise_levels=grid, budget=budget)
    assert result.problem == rules.hierarchy
    assert result.settings["rules"] == "given"
    assert result.settings["instances"] == 1
    assert result.curves["exact"].shape == (5, 9)
    assert result.curves["exact"][:, 0] == pytest.approx(1)
    assert np.all(np.isfinite(result.curves["exact_se"]))
    assert halves(result)[0] < halves(result)[-1]  # the class is lost first
    assert result["threshold.exact.level_0"].reason == "no error: one set of rules has no scatter"
    assert result["threshold.value"].covers == "density evolution, average over random rules, not of the rules given"


def test_real_noise_is_described_by_density_evolution_and_not_by_mean_field():
    """Masking at (16, 4, 2, 6): exact averages, density evolution, and the epsilon-process of the same mean belief."""
    result = exact(Hierarchy(16, 4, 2, 6), [0.3, 0.5], 12, 100, noise="masking", population=4000)
    curves = result.curves
    error = np.hypot(curves["exact_se"], curves["density_evolution_se"])
    # Shared rules within a level, which density evolution leaves out, count for less than 0.01 here.
    assert np.all(np.abs(curves["exact"] - curves["density_evolution"]) < 3.5 * error + 0.01)
    assert np.all(curves["mean_field"][0] - curves["exact"][0] > 10 * error[0])
    threshold = result["threshold.value"]
    assert 0.4 < threshold.value < 0.6
    assert threshold.covers == "density evolution, average over random rules"
    assert threshold.error > 0


def test_mean_field_of_replaced_leaves_has_their_mean_belief():
    """A leaf shows its own symbol with probability a, each other with b: it is believed a or b, so a a + (v-1) b b."""
    model, level = Hierarchy(8, 1, 2, 3), 0.4
    v = model.v
    own, other = 1 - level + level / v, level / v
    belief = own**2 + (v - 1) * other**2
    result = predict_hierarchy(model, noise="uniform", noise_levels=[level])
    expected = hierarchy_mean_field(model, [(1 - belief) * v / (v - 1)]).reconstruction
    np.testing.assert_allclose(result.curves["mean_field"], expected, atol=2e-3)


def test_a_third_set_of_rules_adds_its_deviation_to_the_squares():
    """The first two are the same: n (n - 1) se^2 is the sum of squares about the mean, of two and of three."""
    two, three = (exact(SMALL, [0.5], k, 8).curves for k in (2, 3))
    last = 3 * three["exact"] - 2 * two["exact"]
    squares = 2 * two["exact_se"] ** 2 + 2 * (two["exact"] - three["exact"]) ** 2 + (last - three["exact"]) ** 2
    np.testing.assert_allclose(6 * three["exact_se"] ** 2, squares, rtol=1e-9)


def test_gaussian_threshold_is_given_in_time_as_well():
    result = predict_hierarchy(Hierarchy(16, 4, 2, 3), noise="gaussian", budget=HierarchyBudget(population=500))
    root, time = result["threshold.value"], result["threshold.time"]
    assert time.value == pytest.approx(0.5 * np.log1p(1 / root.value**2), rel=1e-12)
    assert result.curves["noise_level"][0] < time.value < result.curves["noise_level"][-1]
    # d t/d sqrt(snr) = -1/(sqrt(snr) (1 + snr))
    slope = 1 / (root.value * (1 + root.value**2))
    assert time.error == pytest.approx(root.error * slope, rel=0.01)
    assert time.step.index == noise_schedule("ddpm-linear").step(time.value)
    assert time.unit == "OU time"
    assert (result.settings["schedule"], result.settings["schedule_steps"]) == ("ddpm-linear", 1000)


def test_masking_threshold_is_given_as_a_step_of_an_even_schedule():
    budget = HierarchyBudget(population=500)
    result = predict_hierarchy(Hierarchy(16, 4, 2, 3), noise="masking", noise_levels=[0.5], budget=budget)
    assert result["threshold.step"].value == round(1000 * result["threshold.value"].value)
    assert result["threshold.step"].unit == "of 1000"
    assert result.settings["schedule"] == "even masking"


def test_the_curves_follow_a_transition_close_to_the_end():
    result = predict_hierarchy(Hierarchy(1000, 30, 2, 30))
    level, root = result.curves["noise_level"], result.curves["mean_field"][0]
    after = np.argmax(level > result["threshold.value"].value)
    assert root[after - 2] > 0.9
    assert root[after] < 0.1


@pytest.mark.parametrize(("v", "m", "condition"), [(8, 1, "F'(1/v)"), (8, 5, "F'(1)")])
@pytest.mark.parametrize("noise", ["epsilon", "uniform"])
def test_without_a_transition_the_reason_is_given_and_the_curves_remain(v, m, condition, noise):
    model = Hierarchy(v, m, 2, 3)
    budget = HierarchyBudget(population=100)
    result = predict_hierarchy(model, noise=noise, noise_levels=[0.2, 0.6], budget=budget)
    reason = hierarchy_transition(model)["transition.p_star"].reason
    assert condition in reason
    for key in ("p_star", "epsilon_star", "slope", "nu", "susceptibility_growth"):
        number = result[f"transition.{key}"]
        assert (number.value, number.reason) == (None, reason)
    assert result["threshold.value"].value is None
    assert reason in result["threshold.value"].reason
    assert np.all(np.isfinite(result.curves["mean_field"]))


LEAVES = {
    "epsilon": ("hierarchy_leaf_belief", "hierarchy_leaf_doubt"),
    "uniform": ("hierarchy_leaf_belief", "hierarchy_leaf_doubt"),
    "masking": (),
    "gaussian": ("signal_amplitude", "noise_variance", "one_hot_log_message"),
}
SLOPES = ("hierarchy_slope_at_one", "hierarchy_slope_at_uniform")


@pytest.mark.parametrize("noise", LEAVES)
def test_every_number_names_the_formulas_that_made_it(noise):
    levels = [0.02, 0.1, 0.5] if noise == "gaussian" else [0.2, 0.6, 0.95]
    result = exact(Hierarchy(8, 2, 2, 2), levels, 2, 16, noise=noise)
    without = {key for key, number in result.numbers.items() if not number.formulas}
    assert without - {"steps.before", "steps.after"} == {"tree.leaves"}
    wanted = {"hierarchy_threshold_pair"} if noise == "epsilon" else {*SLOPES, *LEAVES[noise]}
    time = {"time_from_snr"} if noise == "gaussian" else set()
    assert set(result["threshold.value"].formulas) == wanted | time
    assert set(result["threshold.exact.level_0"].formulas) == {*LEAVES[noise], "normalised_clone_probability"}
    assert result["transition.slope"].formulas == ("hierarchy_slope_pair",)
    if noise == "gaussian":
        assert "time_from_snr" in result["threshold.time"].formulas
    if noise == "masking":
        assert result["threshold.step"].formulas == result["threshold.value"].formulas


@pytest.mark.parametrize("noise", ["epsilon", "masking", "gaussian"])
def test_a_result_comes_back_from_json(noise):
    """Missing values among it: without noise nothing changes, and chi does not exist."""
    levels = [0.01, 0.5] if noise == "gaussian" else [0.0, 0.5]
    result = exact(SMALL, levels, 2, 8, noise=noise)
    text = json.dumps(result.to_dict(), allow_nan=False)
    again = HierarchyPrediction.from_dict(json.loads(text))
    assert again == result
    assert again.problem == SMALL
    assert again.curves["exact"].shape == (4, 2)
    assert repr(again) == repr(result)
    content = json.loads(text)
    assert (content["schema"], content["kind"]) == (2, "hierarchy")
    if noise != "gaussian":
        assert content["curves"]["susceptibility_mean_field"][0] is None
        assert content["curves"]["susceptibility_exact"][0] is None


def test_a_repr_is_short_and_a_page_has_every_number():
    result = predict_hierarchy(Hierarchy(32, 8))
    assert len(repr(result).splitlines()) <= 30
    assert all(key in result._repr_html_() for key in result.numbers)


def test_the_same_seed_gives_the_same_result_and_another_seed_does_not():
    first, again, other = (exact(SMALL, [0.5], 2, 8, rng=seed).curves["exact"] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_data_with_noise_of_the_same_seed_share_no_numbers():
    """Rules, data and noise of one seed are drawn from streams of their own."""
    assert sample_hierarchy(random_hierarchy(SMALL, rng=0), 50, rng=0).labels.std() > 0


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
    found = [exact(Hierarchy(8, 2, 2, 4), [0.03, 0.1], 40, 24, rng=seed).curves for seed in range(4)]
    chi = np.array([curves["susceptibility_exact"] for curves in found])
    error = np.sqrt(np.mean([curves["susceptibility_exact_se"] ** 2 for curves in found], axis=0) / len(found))
    assert np.all(np.abs(chi.mean(axis=0) - found[0]["susceptibility_mean_field"]) < 4 * error + 0.01)


def test_two_samples_of_each_set_are_enough_for_a_susceptibility():
    curves = exact(SMALL, [0.5, 0.9], 20, 2).curves
    assert np.all(np.isfinite(curves["susceptibility_exact"]))
    assert np.all(curves["susceptibility_exact_se"] > 0)


def test_a_susceptibility_that_is_missing_has_its_reason():
    (warning,) = exact(SMALL, [0.0, 0.9], 2, 8).warnings
    assert warning.startswith("susceptibility_exact is missing")
    assert warning.endswith("epsilon 0")


def test_a_single_data_point_has_no_susceptibility():
    model = Hierarchy(4, 1, 2, 2, classes=1)
    assert np.isnan(predict_hierarchy(model, noise_levels=[0.5]).curves["susceptibility_mean_field"]).all()
    with pytest.raises(ValueError, match="there is a single data point"):
        hierarchy_correlations(model, [0.5])


def test_memory_does_not_change_the_result():
    block = 8 * 4 * 15 * 8 * 16
    whole, parts = (
        predict_hierarchy(SMALL, noise_levels=[0.5], exact=True, budget=HierarchyBudget(2, 40, memory=memory))
        for memory in (2**30, block)
    )
    np.testing.assert_array_equal(whole.curves["exact"], parts.curves["exact"])
    with pytest.raises(ValueError, match="raise memory"):
        predict_hierarchy(SMALL, noise_levels=[0.5], exact=True, budget=HierarchyBudget(2, 40, memory=block - 1))


def test_errors_of_the_exact_thresholds_cover_other_sets_of_rules():
    """Scatter over independent predictions against the jackknife error of each."""
    grid = np.linspace(0.2, 1, 9)
    found = [exact(SMALL, grid, 8, 32, rng=seed) for seed in range(12)]
    values, errors = (np.array([halves(result, what) for result in found]) for what in ("value", "error"))
    ratio = values.std(axis=0, ddof=1) / np.sqrt((errors**2).mean(axis=0))
    assert np.all((ratio > 0.4) & (ratio < 2))  # 12 values scatter by 20%, and so does each error


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"noise": "salt"}, "noise must be one of epsilon, masking, uniform, gaussian, got 'salt'"),
        ({"noise_levels": [0.5, 0.4]}, "noise_levels must be one or more increasing numbers"),
        ({"noise_levels": [1.5]}, r"must lie in \[0, 1\], got 1.5"),
        ({"rng": -1}, r"rng \(seed\) must be at least 0, got -1"),
        ({"noise_levels": ["a"]}, "noise_levels must hold real numbers"),
        ({"noise": "gaussian", "noise_levels": [1e-310]}, "must be at least 1e-300"),
    ],
)
def test_what_is_out_of_range_is_refused(options, message):
    with pytest.raises(ValueError, match="^predict_hierarchy: .*" + message):
        predict_hierarchy(SMALL, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"instances": 0}, r"instances \(sets of rules\) must be at least 1, got 0"),
        ({"instances": 1.5}, "must be a whole number, got 1.5"),
        ({"samples": 1}, r"samples \(samples of each set of rules\) must be at least 2, got 1"),
        ({"population": 1}, r"population \(messages in a population\) must be at least 2, got 1"),
    ],
)
def test_budgets_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match="^predict_hierarchy: .*" + message):
        HierarchyBudget(**options)


def test_numbers_in_place_of_a_hierarchy():
    with pytest.raises(ValueError, match=r"^predict_hierarchy: hierarchy must be a Hierarchy, got int"):
        predict_hierarchy(32)


@pytest.mark.parametrize("noise", ["masking", "gaussian"])
def test_populations_obey_the_memory(noise):
    budget = HierarchyBudget(population=10**6, memory=2**24)
    with pytest.raises(ValueError, match="hierarchy_threshold: a population of 1000000 messages .* more than memory"):
        predict_hierarchy(Hierarchy(32, 8, 2, 3), noise=noise, budget=budget)
