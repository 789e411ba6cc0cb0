"""U-turns of hierarchies: what the comparison notices, correlations against those of the spins, lifetimes of chains."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes.numerics.hierarchy.spins import spin_correlations, spin_susceptibility  # noqa: E402
from regimes.numerics.hierarchy.uturns.kept import observed_kept  # noqa: E402
from regimes.numerics.interface.checkpoints import Checkpoints  # noqa: E402
from regimes.validation import NoiseStream, run_experiment  # noqa: E402
from regimes.validation.experiments.hierarchy_exact.chains import Chain, ChainForm, chain  # noqa: E402
from regimes.validation.experiments.hierarchy_exact.comparison import (  # noqa: E402
    QUANTITIES,
    blocks_of,
    joint_test,
    mean_z_test,
)
from regimes.validation.experiments.hierarchy_exact.depths import ClassByDepth, crossing  # noqa: E402
from regimes.validation.experiments.hierarchy_exact.runs import (  # noqa: E402
    HierarchyModel,
    UTurnForm,
    UTurnPoint,
    u_turns,
)
from regimes.validation.experiments.hierarchy_exact.susceptibility import leaf_correlations  # noqa: E402
from regimes.validation.experiments.hierarchy_exact.tables import kept_if_changed  # noqa: E402
from regimes.validation.experiments.runner.run import Bench  # noqa: E402
from regimes.validation.running.progress import silent  # noqa: E402

MODEL = HierarchyModel(4, 2, 2, 2, threshold=0.5, depths=(2,))
FORM = UTurnForm(multiples=(1.0,), rules=4, starts=400, iterated=400, step=0.05)


def bench(seed=3):
    return Bench(NoiseStream(seed, 5), torch.device("cpu"), Checkpoints(None, {}), silent, seed)


@pytest.fixture(scope="module")
def point():
    return u_turns(bench(), 0, MODEL, FORM, 0)


@pytest.mark.parametrize("way", ["once", "iterated"])
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_draws_and_small_steps_follow_the_exact_law(point, quantity, way):
    test = joint_test("all", blocks_of([point], quantity, way))
    assert test.dof == {"share": 3, "changed": 2, "squares": 2}[quantity]
    assert test.p > 1e-3


def test_long_steps_do_not(point):
    rough = u_turns(bench(), 0, MODEL, replace(FORM, step=2.0), 0)
    one = replace(rough, kept=rough.kept | {"iterated": rough.kept["coarse"]})
    assert joint_test("all", blocks_of([one], "share", "iterated")).p < 1e-6
    assert mean_z_test("mean", blocks_of([one], "share", "iterated"))[0].p < 1e-4
    assert mean_z_test("mean", blocks_of([point], "share", "iterated"))[0].p > 1e-3


def test_shares_that_hardly_ever_change_are_left_out(point):
    few = replace(point, kept=point.kept | {"exact": replace(point.kept["exact"], share=np.full((1600, 3), 0.99))})
    assert blocks_of([few], "share", "once") == []


def test_what_is_kept_where_the_class_changes_is_counted(point):
    once = point.kept["once"]
    other = once.share[:, 0] == 0
    kept, se = kept_if_changed(point, "once")
    np.testing.assert_allclose(kept, np.where(np.arange(3) == 0, 0, once.share[other].mean(axis=0)), rtol=1e-12)
    assert (se[1:] > 0).all()


def test_squares_give_the_susceptibility_and_correlations_of_the_spins():
    rng, n, groups = np.random.default_rng(0), 6000, 6
    flip = np.repeat(rng.random((n, 2)) < 0.5, 2, axis=1) & (rng.random((n, 4)) < 0.9)
    start = [np.zeros((n, size), int) for size in (1, 2, 4)]
    drawn = [np.zeros((n, 1), int), np.zeros((n, 2), int), flip.astype(int)]
    kept = observed_kept(start, drawn)
    made = UTurnPoint(MODEL, 0.5, 1.0, {"exact": kept, "once": kept}, {}, 0.5, groups)
    found, labels = leaf_correlations(made, "once"), np.repeat(np.arange(groups), n // groups)
    chi, correlation = spin_susceptibility(~flip, labels), spin_correlations(~flip, 2, labels)
    assert found.chi == pytest.approx(chi.susceptibility, rel=1e-3)
    assert found.chi_se == pytest.approx(chi.se, rel=0.1)
    np.testing.assert_allclose(found.correlation, correlation.correlation, atol=1e-3)
    assert found.chi_difference == 0


def test_a_lifetime_is_that_of_an_exponential():
    turns = (1, 2, 4, 8, 16)
    memory = np.exp(-np.array(turns) / 5.0)
    kept = np.broadcast_to((0.25 + 0.75 * memory)[:, None, None], (5, 6, 3))
    one = Chain(MODEL, 2, 1.0, 0.5, turns, kept, np.full((3, 3), 0.25))
    np.testing.assert_allclose(one.memory[0][:, 1], memory)
    assert one.lifetime(1) == pytest.approx(5.0)
    assert replace(one, kept=np.ones_like(kept)).lifetime(1) is None


def test_chains_begin_as_u_turns_and_end_as_two_data_points():
    form = ChainForm(multiples=(1.0, 3.0), rules=4, starts=500, turns=(1, 30))
    short, far = (chain(bench(), 0, MODEL, form, 2, place) for place in (0, 1))
    exact = u_turns(bench(), 0, MODEL, FORM, 0).kept["exact"].share
    for level in range(3):
        # The same rules; both over starts and noise.
        se = np.hypot(exact[:, level].std() / 40, short.kept[0][:, level].std() / np.sqrt(2000))
        assert abs(short.kept[0][:, level].mean() - exact[:, level].mean()) < 4 * se
        rest = far.kept[-1][:, level] - np.repeat(far.floor, 500, axis=0)[:, level]
        assert abs(rest.mean()) < 4 * rest.std() / np.sqrt(2000)


def test_classes_of_two_depths_cross_where_they_are_alike():
    t, noise = np.geomspace(0.05, 5, 60), np.random.default_rng(0).normal(size=(20, 1))
    curves = [
        ClassByDepth(
            MODEL, depth, t, 0.25 + 0.75 / (1 + (t / (0.7 * np.exp(0.1 * noise))) ** depth), (0.7, 0.1), (0.7, 0.1)
        )
        for depth in (2, 4)
    ]
    where, error = crossing(*curves)
    assert where == pytest.approx(0.7, rel=0.1)
    assert error == pytest.approx(0.7 * 0.1 * noise.std() / np.sqrt(20), rel=0.3)
    (early, _), (half, _), (late, _) = curves[1].crossings()
    assert early < half < late
    assert half == pytest.approx(0.7, rel=0.1)
    assert late / early == pytest.approx(9 ** (2 / 4), rel=0.1)


@pytest.mark.simulation
def test_what_is_compared(tiny):
    result = tiny("hierarchy-exact")
    assert [test.quantity for test in result.tests] == [
        "symbol kept, one draw",
        "symbol kept, class changed, one draw",
        "pairs of leaves kept, one draw",
        "symbol kept, small steps",
        "symbol kept, class changed, small steps",
        "pairs of leaves kept, small steps",
        "mean z, one draw",
        "mean z, small steps",
        "chains end as two data points",
    ]
    assert len(result.tables["u_turns"]) == 4
    assert len(result.tables["chains"]) == 8
    assert (
        result["measure.kept_if_changed.model_1.level_2"].value
        > result["measure.kept_if_changed.model_1.level_1"].value
    )


@pytest.mark.long
def test_the_full_form_agrees():
    assert run_experiment("hierarchy-exact", device="cpu").verdict == "agrees"
