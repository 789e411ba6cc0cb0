"""Ideal codes in closed form, noise that is taken out again, words by rule, and the homology of known shapes."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes.validation.experiments.bump_factorisation.codes import ideal_codes  # noqa: E402
from regimes.validation.experiments.bump_factorisation.embedding import Plane, embedded  # noqa: E402
from regimes.validation.experiments.bump_factorisation.experiment import PLAN  # noqa: E402
from regimes.validation.experiments.bump_factorisation.figure import panels  # noqa: E402
from regimes.validation.experiments.bump_factorisation.form import grid_of  # noqa: E402
from regimes.validation.experiments.bump_factorisation.homology import Bars, longest_bars  # noqa: E402
from regimes.validation.experiments.bump_factorisation.measures import measure_code  # noqa: E402
from regimes.validation.experiments.bump_factorisation.runs import FactorisationRun, Reading  # noqa: E402
from regimes.validation.experiments.bump_factorisation.summary import sentences, tables_of  # noqa: E402
from regimes.validation.experiments.runner.curves import mesh  # noqa: E402

FORM = replace(PLAN.quick, side=16)
CODES = ideal_codes(grid_of(FORM))
STEPS = np.arange(9)


def reading(code):
    return Reading(measure_code(code), None)


def planted(code, seed, kept=1.0):
    return FactorisationRun(
        1, seed, kept, kept, {"condition": dict.fromkeys(("start", "end", "untrained"), reading(code))}
    )


def test_sums_are_apart_and_differ_in_their_kernels():
    for name in ("circles", "shuffled", "values"):
        found = measure_code(CODES[name])
        assert found.x == pytest.approx(found.y)
        assert max(abs(found.both), found.crossed, found.noise) < 1e-12
        assert found.apart == pytest.approx(1)
        assert found.parallel == pytest.approx((1, 1))
    np.testing.assert_allclose(measure_code(CODES["circles"]).kernels[0], np.cos(2 * np.pi * STEPS / 16), atol=1e-12)
    np.testing.assert_allclose(measure_code(CODES["values"]).kernels[1], [1, *[-1 / 15] * 8], atol=1e-12)
    order = np.random.default_rng(0).permutation(16)
    moved = np.array([np.cos(2 * np.pi * (order - np.roll(order, -k)) / 16).mean() for k in STEPS])
    np.testing.assert_allclose(measure_code(CODES["shuffled"]).kernels[1], moved, atol=1e-12)


def test_the_torus_in_three_dimensions_is_coupled():
    """((2 + cos y) cos x, (2 + cos y) sin x, sin y): variances 4 of x, 1/2 of y and 1/2 of both."""
    found = measure_code(CODES["torus"])
    assert (found.x, found.y, found.both) == pytest.approx((4, 0.5, 0.5))
    assert found.apart == pytest.approx(0.9)
    assert found.parallel == pytest.approx(((4 - 0.5 / 15) / 4.5, (0.5 - 0.5 / 15) / 1))


def test_displacements_of_pairs_in_directions_of_their_own_are_not_parallel():
    found = measure_code(CODES["pairs"])
    assert found.parallel == pytest.approx((0, 0), abs=1e-12)
    assert found.apart == pytest.approx(30 / 255)


def test_parallel_is_the_cosine_of_displacements():
    code = np.random.default_rng(1).normal(size=(5, 5, 3)) + np.arange(5)[:, None]  # [y, x]
    top, bottom = 0.0, 0.0
    for one in range(5):
        for other in range(5):
            moved = code[one] - code[other]  # by x
            bottom += 4 * (moved**2).sum()
            top += sum(moved[a] @ moved[b] for a in range(5) for b in range(5) if a != b)
    assert measure_code(code[None]).parallel[1] == pytest.approx(top / bottom)


def test_images_of_bumps_are_products():
    """Of b(x) b(y) with q the variance of b over the square of its mean: q of x, q of y, q^2 of both."""
    distance = np.minimum(np.arange(16), 16 - np.arange(16))
    profile = np.exp(-(distance**2) / 2)
    overlap = np.array([(profile * np.roll(profile, k)).sum() for k in range(16)])
    q = overlap[0] / overlap.mean() - 1
    found = measure_code(CODES["images"])
    assert found.apart == pytest.approx(2 / (2 + q))
    assert found.parallel == pytest.approx(((1 - q / 15) / (1 + q),) * 2)
    assert found.crossed == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(found.kernels[0], (overlap[:9] / overlap.mean() - 1) / q, atol=1e-12)


def test_shared_directions_are_crossed():
    found = measure_code(CODES["shared"])
    assert (found.crossed, found.dimension) == pytest.approx((1 / 15, 15))
    rng, chance = np.random.default_rng(0), []
    for _ in range(200):  # directions of x and of y drawn apart from each other, in ten dimensions
        x, y = rng.normal(size=(2, 16, 10))
        found = measure_code((x[None] + y[:, None])[None])
        chance.append([found.crossed, found.crossed * found.dimension])
    crossed, crossing = np.mean(chance, axis=0)
    assert crossed == pytest.approx(1 / 10, rel=0.05)
    assert 0.5 < crossing < 1  # sixteen values each spread over fewer of the ten, and not over the same


def test_what_noise_adds_is_taken_out():
    """Noise of a single image as large as all variance between positions, four images of each, sixty times."""
    code = CODES["torus"] + 0.0
    code[..., 2] += 0.5 * CODES["torus"][..., 0]  # x on y: f g = cos x sin y, of 4.5 and .5 the squared cosine .25/2.5
    rng, found = np.random.default_rng(0), []
    exact = measure_code(code)
    for _ in range(60):
        each = measure_code(code + rng.normal(size=(4, 16, 16, 3)) * np.sqrt(5 / 3))
        kernel = each.kernels[0]
        found.append([each.x, each.y, each.both, each.noise, *(each.squares), *(kernel[[1, 4]] * each.x)])
    wanted = [exact.x, exact.y, exact.both, 5.0, *exact.squares, *(exact.kernels[0][[1, 4]] * exact.x)]
    mean, se = np.mean(found, axis=0), np.std(found, axis=0, ddof=1) / np.sqrt(60)
    assert np.abs((mean - wanted) / se).max() < 3.5


def test_what_is_not_there_has_no_value():
    for nothing in (
        np.ones((4, 4, 4, 3)),
        np.random.default_rng(0).normal(size=(6, 8, 8, 5)),
        np.repeat(np.float32(0.1 + np.random.default_rng(0).normal(size=(1, 1, 1, 9))), 16, 0) * np.ones((1, 6, 6, 1)),
    ):
        found = measure_code(nothing)
        assert found.there == (False, False)
        assert found.kernels == found.parallel == (None, None)
        assert found.crossed is found.apart is found.noisy is found.dimension is found.cosines is None
    of_x = measure_code(np.tile(np.eye(8), (8, 1, 1))[None])
    assert of_x.there == (True, False)
    assert (of_x.parallel, of_x.kernels[1], of_x.crossed) == ((pytest.approx(1), None), None, None)
    with pytest.raises(ValueError, match="4 at least, .* got 2 of 5 x 5"):
        measure_code(np.ones((2, 5, 5, 1)))


def test_words_follow_the_rules():
    tables = tables_of(FORM, {name: reading(code) for name, code in CODES.items()}, {}, {})
    assert {name: each["called"] for name, each in tables["ideal"].items()} == {
        "circles": ["factorised", "orthogonal", "continuous"],
        "shuffled": ["factorised", "orthogonal", "discontinuous"],
        "values": ["factorised", "orthogonal", "discontinuous"],
        "shared": ["factorised", "not orthogonal", "discontinuous"],
        "torus": ["coupled", "orthogonal", "continuous"],
        "pairs": ["coupled", "orthogonal", "discontinuous"],
        "images": ["coupled", "orthogonal", "continuous"],
    }


def test_a_word_needs_two_errors_and_a_mean_all_trainings():
    def of(*codes):
        runs = {"waves1": [planted(code, seed) for seed, code in enumerate(codes)]}
        form = replace(FORM, layers=("condition",))
        tables = tables_of(form, {}, runs, {})
        return tables["layers"]["waves1"]["condition"]["end"], " ".join(sentences(form, tables))

    assert of(CODES["circles"], CODES["circles"])[0]["called"] == ["factorised", "orthogonal", "continuous"]
    mixed, said = of(CODES["circles"], CODES["torus"])
    assert mixed["parallel"]["value"] == pytest.approx((1 + 7 / 15) / 2)
    assert mixed["called"] == ["orthogonal", "continuous"]
    assert "condition 0.73(27), 0.00(0), 0.92(0) (orthogonal, continuous)" in said
    missing, said = of(CODES["circles"], np.ones((1, 16, 16, 2)))
    assert missing["parallel"]["value"] is missing["kernel"][1]["value"] is None
    assert missing["called"] == []
    assert "condition no x and y beyond noise" in said


def test_bars_count_if_they_are_long_and_longer_than_the_next():
    assert Bars(np.array([2, 2, 1.0]), np.array([1, 0.2])).torus
    assert not Bars(np.array([2, 2, 1.5]), np.array([1, 0.2])).torus
    assert not Bars(np.array([0.4, 0.4, 0.1]), np.array([0.4, 0.0])).torus
    assert not Bars(np.array([2, 2, 1.0]), np.array([0.4, 0.2])).torus


def test_homology_does_not_tell_coupled_from_factorised():
    pytest.importorskip("gudhi")
    shapes = {name: longest_bars(code[0].reshape(256, -1)) for name, code in CODES.items()}
    assert {name: bars.torus for name, bars in shapes.items()} == {
        "circles": True,
        "shuffled": True,
        "values": False,
        "shared": False,
        "torus": True,
        "pairs": False,
        "images": True,
    }
    # A ring of n points on the unit circle: one loop from the step to sqrt(3), in units of the step.
    angle = 2 * np.pi * np.arange(12) / 12
    ring = longest_bars(np.column_stack([np.cos(angle), np.sin(angle)]))
    assert ring.loops[0] == pytest.approx(np.sqrt(3) / (2 * np.sin(np.pi / 12)) - 1, rel=1e-6)
    assert ring.loops[1] == 0
    noise = np.random.default_rng(0).normal(size=(256, 3))
    sphere = noise / np.linalg.norm(noise, axis=1)[:, None]
    assert not any(longest_bars(each).torus for each in (noise, sphere, noise[:, :2], np.zeros((10, 3))))


@pytest.mark.simulation  # its first use compiles for 15 s
def test_the_plane_keeps_neighbours_where_two_axes_do_not():
    """What is near in the plane is near on the torus: the four neighbours of a position are among its nearest eight."""
    pytest.importorskip("umap")
    circles, pairs = (embedded(CODES[name][0].reshape(256, -1)) for name in ("circles", "pairs"))
    again = embedded(CODES["circles"][0].reshape(256, -1))
    np.testing.assert_array_equal(circles.points, again.points)
    assert circles.trust[0] > 0.95 > 0.8 > circles.trust[1]
    assert pairs.trust == pytest.approx([0.5, 0.5], abs=0.05)  # all pairs are equally far: nothing to keep
    distance = np.linalg.norm(circles.points[:, None] - circles.points, axis=2)
    number = np.arange(256).reshape(16, 16)
    beside = np.stack([np.roll(number, by, axis) for by in (1, -1) for axis in (0, 1)], axis=-1).reshape(256, 4)
    nearest = np.argsort(distance, axis=1)[:, 1:9]
    assert np.mean([len(set(one) & set(other)) / 4 for one, other in zip(beside, nearest, strict=True)]) > 0.8


def test_planes_are_drawn_and_their_trust_is_told():
    positions = grid_of(FORM).positions
    flat = Plane(positions + np.where(positions[:, :1] > 7, [40.0, 0.0], 0.0), np.array([0.9, 0.8]))
    ideal = {name: reading(code) for name, code in CODES.items()}
    runs = {"waves1": [replace(planted(CODES["circles"], seed), planes={"condition": flat}) for seed in (0, 1)]}
    form = replace(FORM, layers=("condition",), planes=("circles", "condition"))
    tables = tables_of(form, ideal, runs, {"circles": flat})
    drawn = panels(form, ideal, runs, tables, {"circles": flat})[-2:]
    assert [each.title.split(" (")[0] for each in drawn] == ["UMAP of circles", "UMAP of condition, waves1"]
    assert sorted(len(each.x) for each in drawn[0].curves) == [8] * 32 + [16] * 16  # torn in the middle along x
    assert any("circles 0.90, 0.80; condition, waves1 0.90(0), 0.80(0)" in said for said in sentences(form, tables))


def test_lines_of_a_plane_are_cut_where_it_is_torn():
    positions = np.stack(np.meshgrid(np.arange(4.0), np.arange(3.0)), axis=-1).reshape(-1, 2)
    plane = positions + np.where(positions[:, :1] > 1, [10.0, 0.0], 0.0)
    assert len(mesh(positions, plane, 1.0)) == 7
    lines = mesh(positions, plane, 1.0, torn=4.0)
    assert sorted(len(each.x) for each in lines) == [2] * 6 + [3] * 4
    twice = mesh(np.repeat(positions, 2, axis=0), np.repeat(plane, 2, axis=0), 1.0)
    np.testing.assert_array_equal(twice[0].y, mesh(positions, plane, 1.0)[0].y)


def test_sizes_that_cannot_be_judged_are_refused():
    with pytest.raises(ValueError, match="replicates must be at least 4, .* got 3"):
        replace(FORM, replicates=3)
    with pytest.raises(ValueError, match="below half of a pixel, .* got 0.5"):
        replace(FORM, tolerance=0.5)
