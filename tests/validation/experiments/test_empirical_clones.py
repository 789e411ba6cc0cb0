"""The experiment under the exact empirical score, in a form that takes seconds; its long form is the quick one."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes import load_dataset  # noqa: E402
from regimes.collapse import posterior_curves  # noqa: E402
from regimes.numerics.interface.checkpoints import Checkpoints  # noqa: E402
from regimes.validation import run_experiment  # noqa: E402
from regimes.validation.experiments.empirical_clones.last_changes import (  # noqa: E402
    compare_last_changes,
    simulate_last_changes,
)
from regimes.validation.experiments.empirical_clones.points import EmpiricalPoints  # noqa: E402
from regimes.validation.experiments.runner.run import Bench  # noqa: E402
from regimes.validation.running.progress import silent  # noqa: E402
from regimes.validation.running.torch_threads import one_torch_thread  # noqa: E402
from regimes.validation.sampling import NoiseStream  # noqa: E402


@pytest.fixture
def result(tiny):
    return tiny("empirical-clones")


@pytest.mark.simulation
def test_trajectories_agree_with_the_posterior(result):
    assert result.verdict == "agrees"
    names = [test.quantity for test in result.tests]
    assert names == [
        "phi_index, mixture",
        "phi_class, mixture",
        "nearest is last, mixture",
        "last change, mixture",
        "phi_index, iris",
        "phi_class, iris",
        "nearest is last, iris",
        "last change, iris",
        "systematic deviation of phi_index",
    ]
    assert all(test.p > 1e-4 for test in result.tests)
    assert max(abs(each.z) for each in result.agreement) < 4.5


@pytest.mark.simulation
def test_times_are_where_the_levels_are(result):
    data = load_dataset("iris").X
    at = [each.at for each in result.agreement if each.quantity == "phi_index, iris"]
    phi = posterior_curves(data, at, probes=20_000, groups=0).clone_index
    assert phi == pytest.approx([0.8, 0.4], abs=0.03)  # found with few probes


@pytest.mark.simulation
def test_shares_of_a_few_pairs_are_not_compared(result):
    assert all(
        each.samples * min(each.theory, 1 - each.theory) >= 10
        for each in result.agreement
        if "mean" not in each.quantity
    )
    curves = {each.label: each for each in result.panels[0].curves}
    assert all(curve.x.size == 3 for label, curve in curves.items() if label == "" and curve.kind == "simulation")


@pytest.mark.simulation
def test_errors_hold_those_of_the_theory(result):
    for each in result.agreement:
        if each.quantity == "phi_index, mixture":
            binomial = np.sqrt(each.theory * (1 - each.theory) / each.samples)
            assert binomial < each.se < 1.2 * binomial


@pytest.mark.simulation
def test_findings_sum_up(result, plan_of):
    for name in ("mixture", "iris"):
        found = result.tables[name]
        low, high = found["median_between"]
        assert low < found["last_change_exact"]["quantiles"]["0.5"] < high
        assert len(found["halving"]) == len(plan_of("empirical-clones").quick.data[name == "iris"].levels)
        assert 0 < found["index_at_mean"] < 1
    assert len(result.statements) == 5
    assert "by the exact law" in result.statements[1]


def test_shares_of_last_changes_have_the_covariance_of_common_paths(plan_of):
    """Against the scatter of many simulated pairs of samples of one law."""
    form = plan_of("empirical-clones").quick.data[0]
    with one_torch_thread():
        of = EmpiricalPoints(form, Bench(NoiseStream(0, 9), torch.device("cpu"), Checkpoints(None, {}), silent, 0))
        found = simulate_last_changes(of)
    last, exact = found.last, found.exact
    rng, law = np.random.default_rng(0), exact.time
    values = []
    for _ in range(300):
        one, two = (type(last)(rng.choice(law, size), 0, last.index) for size in (last.time.size, law.size))
        values.append(compare_last_changes("mixture", of.t, one, two)[1].value)
    dof = compare_last_changes("mixture", of.t, last, exact)[1].dof
    assert np.mean(values) == pytest.approx(dof, abs=4 * np.sqrt(2 * dof / 300))


@pytest.mark.simulation
def test_seeds_share_nothing(result, run_tiny):
    other = run_tiny("empirical-clones", rng=1)
    same = [
        one.theory == two.theory or one.simulation == two.simulation
        for one, two in zip(result.agreement, other.agreement, strict=False)
        if one.quantity.startswith("phi_index") and "iris" not in one.quantity
    ]
    assert not any(same)


@pytest.mark.long
def test_the_quick_form_agrees():
    found = run_experiment("empirical-clones", quick=True, device="cpu")
    assert found.verdict == "agrees"
    assert found.settings["quick"]
