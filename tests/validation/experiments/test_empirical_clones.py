"""The experiment under the exact empirical score, in a form that takes seconds; its long form is the quick one."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes import load_dataset, posterior_curves  # noqa: E402
from regimes.validation import ExperimentResult  # noqa: E402
from regimes.validation.experiments import empirical_clones as module  # noqa: E402
from regimes.validation.experiments.empirical_clones.runs import EmpiricalForm, EmpiricalRuns  # noqa: E402
from regimes.validation.running.checkpoints import Checkpoints  # noqa: E402
from regimes.validation.running.torch_threads import one_torch_thread  # noqa: E402
from regimes.validation.sampling import NoiseStream  # noqa: E402

TINY = (
    EmpiricalForm("mixture", 60, 8, 0.7, 600, 400, 150, 60, 4, (0.9, 0.6, 0.2), 4000),
    EmpiricalForm("iris", 0, 0, 0.0, 400, 300, 100, 60, 4, (0.8, 0.4), 4000),
)


def run(seed=0, **options):
    return module._run(TINY, True, "cpu", seed, options.get("checkpoint"), options.get("progress"))


@pytest.fixture(scope="module")
def result():
    return run()


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


def test_times_are_where_the_levels_are(result):
    data = load_dataset("iris").X
    at = [each.at for each in result.agreement if each.quantity == "phi_index, iris"]
    phi = posterior_curves(data, at, probes=20_000, groups=0).clone_index
    assert phi == pytest.approx([0.8, 0.4], abs=0.03)  # found with few probes


def test_shares_of_a_few_pairs_are_not_compared(result):
    assert all(
        each.samples * min(each.theory, 1 - each.theory) >= 10
        for each in result.agreement
        if "mean" not in each.quantity
    )
    curves = {each.label: each for each in result.panels[0].curves}
    assert all(curve.x.size == 3 for label, curve in curves.items() if label == "" and curve.kind == "simulation")


def test_errors_hold_those_of_the_theory(result):
    for each in result.agreement:
        if each.quantity == "phi_index, mixture":
            binomial = np.sqrt(each.theory * (1 - each.theory) / each.samples)
            assert binomial < each.se < 1.2 * binomial


def test_findings_sum_up(result):
    for name in ("mixture", "iris"):
        found = result.findings[name]
        low, high = found["median_between"]
        assert low < found["last_change_exact"]["quantiles"]["0.5"] < high
        assert len(found["halving"]) == len(TINY[name == "iris"].levels)
        assert 0 < found["index_at_mean"] < 1
    assert len(result.statements) == 5
    assert "by the exact law" in result.statements[1]


def test_shares_of_last_changes_have_the_covariance_of_common_paths():
    """Against the scatter of many simulated pairs of samples of one law."""
    with one_torch_thread():
        runs = EmpiricalRuns(TINY[0], NoiseStream(0, 9), torch.device("cpu"), Checkpoints(None, {}), None)
        last, exact, _ = runs._last_changes()
    rng, law = np.random.default_rng(0), exact.time
    values = []
    for _ in range(300):
        one, two = (type(last)(rng.choice(law, size), 0, last.index) for size in (last.time.size, law.size))
        values.append(runs._later(one, two)[1].value)
    dof = runs._later(last, exact)[1].dof
    assert np.mean(values) == pytest.approx(dof, abs=4 * np.sqrt(2 * dof / 300))


def test_it_is_plain_and_is_drawn(result):
    stored = json.loads(json.dumps(result.to_dict()))
    again = ExperimentResult.from_dict(stored)
    assert again.to_dict() == result.to_dict()
    assert stored["settings"]["data"][0]["source"] == "mixture"
    titles = [axis.get_title() for axis in result.plot().axes]
    assert titles[0] == "Pairs of clones: mixture, n = 60"
    assert len(titles) == 4


def test_an_interruption_changes_nothing(result, tmp_path):
    def stop(part, done, total):
        if part == "iris: clones":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(checkpoint=tmp_path / "run", progress=stop)
    seen = []
    again = run(checkpoint=tmp_path / "run", progress=lambda *report: seen.append(report))
    assert {part for part, _, _ in seen} >= {"mixture: clones", "iris: last changes"}
    first, second = result.to_dict(), again.to_dict()
    for each in (first, second):
        del each["seconds"], each["provenance"]
    assert json.dumps(first) == json.dumps(second)


def test_seeds_share_nothing(result):
    other = run(seed=1)
    same = [
        one.theory == two.theory or one.simulation == two.simulation
        for one, two in zip(result.agreement, other.agreement, strict=False)
        if one.quantity.startswith("phi_index") and "iris" not in one.quantity
    ]
    assert not any(same)


@pytest.mark.long
def test_the_quick_form_agrees():
    found = module.empirical_clones(quick=True, device="cpu")
    assert found.verdict == "agrees"
    assert found.settings["quick"]
    assert found.provenance["command"] == "regimes validate empirical-clones --quick --seed 0"
