"""The posterior kernel against brute force, quadrature, recomputation without a group, and earlier measurements."""

import gc
import json
import tracemalloc
import weakref

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import logsumexp
from scipy.stats import chi2
from sklearn.datasets import load_digits

from regimes.collapse import posterior_curves
from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.interface.result import plain
from regimes.numerics.posterior.exponential import CEILING, CUTOFF, add_exponentials
from regimes.numerics.posterior.layout import Plan, arrange_columns, draw_probes
from regimes.numerics.posterior.vectors import LANES
from regimes.theory.formula.record import recorded

CURVES = ("excess_entropy", "leave_one_out", "clone_index", "clone_class", "clone_class_leave_one_out")
TIMES = np.array([1e-6, 1e-3, 0.05, 0.2, 0.5, 1.0, 3.0, 20.0])


def brute_force(X, t, labels, probes, seed, groups):
    """Every distance and exponent in float64, with the kernel's draws: means, errors, and means without each group."""
    X = np.asarray(X, dtype=float)
    n, d = X.shape
    noise = generator(Stream.POSTERIOR_NOISE, seed)
    mu, rank = draw_probes(n, probes, noise)
    Z = noise.standard_normal((probes, d))
    labels = np.zeros(n, dtype=int) if labels is None else labels
    one_hot = np.eye(labels.max() + 1)[labels]
    steps = X[mu][:, None] - X[None]
    D, W = np.einsum("pnd,pnd->pn", steps, steps), np.einsum("pd,pnd->pn", Z, steps)

    def values(kept_points, kept_probes):
        n_kept, own = kept_points.sum(), mu[kept_probes]
        rows = np.arange(own.size)
        result = np.zeros((len(t), 5, own.size))
        for k, snr in enumerate(1 / np.expm1(2 * np.asarray(t))):
            for sign in (1, -1):
                e = -snr / 2 * D[kept_probes] - sign * np.sqrt(snr) * W[kept_probes]
                e[:, ~kept_points] = -np.inf
                total = logsumexp(e, axis=1, keepdims=True)
                others = e.copy()
                others[rows, own] = -np.inf
                rest = logsumexp(others, axis=1, keepdims=True)
                # log(1 + S) from S itself: the difference of two float64 logarithms would drown a small one.
                found = (
                    np.where(rest < -30, np.exp(rest), total)[:, 0] / np.log(n_kept),
                    (rest[:, 0] + np.log(n_kept / (n_kept - 1))) / np.log(n_kept),
                    np.exp(2 * (e - total)).sum(axis=1),
                    ((np.exp(e - total) @ one_hot) ** 2).sum(axis=1),
                    ((np.exp(others - rest) @ one_hot) ** 2).sum(axis=1),
                )
                result[k] += np.array(found) / 2
        return result

    everything = values(np.ones(n, dtype=bool), np.ones(probes, dtype=bool))
    left_out = [values(rank % groups != g, rank[mu] % groups != g).mean(axis=2) for g in range(groups)]
    return everything.mean(axis=2), error_of_the_mean(everything, mu, n), left_out


def error_of_the_mean(values, mu, n):
    """The noise of each point scatters about the point's own mean; points differ in weight by one probe at most."""
    probes, total = mu.size, values.var(axis=2, ddof=1)
    repeated = [values[..., mu == point] for point in np.unique(mu)]
    free = sum(of_point.shape[2] - 1 for of_point in repeated)
    if free < 32:
        return np.sqrt(total / probes)
    within = sum(((of_point - of_point.mean(axis=2, keepdims=True)) ** 2).sum(axis=2) for of_point in repeated) / free
    weights = np.bincount(mu, minlength=n) / probes
    return np.sqrt(within / probes + np.maximum(total - within, 0) * ((weights - 1 / n) ** 2).sum())


def gaussian(n, d, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d)) + 3


def clusters(n, d):
    """Points in order of distance: what a slot meets first lies far from what it meets last."""
    X = gaussian(n, d)
    X[: n // 2] += 300
    return X


DATA = {
    "two points on a line": (np.array([[0.3], [1.7]]), 2),
    "three points": (gaussian(3, 2), 3),
    "small": (gaussian(97, 5), 3),
    "many small classes": (gaussian(150, 12), 40),
    "more points than a sweep": (gaussian(9000, 3), 1),
    "far clusters": (clusters(9000, 3), 2),
    "near duplicates": (np.vstack([gaussian(40, 6), gaussian(40, 6) + 1e-5 * gaussian(40, 6, 1)]), 2),
    "large offset": (gaussian(60, 4) + 1000, 2),
    "tiny unit": (gaussian(60, 4) * 1e-30, 2),
}


@pytest.mark.parametrize("products", ["double", "single"])
@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("parts", [1, 3])
def test_curves_and_jackknife_equal_brute_force(name, products, parts, monkeypatch):
    """With all points at once, and with parts of them one after another."""
    X, classes = DATA[name]
    if parts > 1:
        plan = Plan(probes=23, rows=9, points=-(-len(X) // parts), copy=2**12)
        monkeypatch.setattr("regimes.numerics.posterior.sweep.plan_sweep", lambda *_, **__: plan)
    labels = np.arange(len(X)) % classes
    probes, groups = (24, 3) if len(X) > 1000 else (64, 6)
    # Data in a tiny unit have the same exponents at a tiny time.
    t = 0.5 * np.log1p(np.expm1(2 * TIMES) * 1e-60) if name == "tiny unit" else TIMES
    curves = posterior_curves(X, t, labels=labels, probes=probes, rng=5, groups=groups, products=products)
    full, error, left_out = brute_force(X, t, labels, probes, 5, curves.groups)
    relative, absolute = (1e-6, 1e-6) if products == "double" else (1e-5, 1e-5)
    for place, curve in enumerate(CURVES):
        np.testing.assert_allclose(getattr(curves, curve), full[:, place], rtol=relative, atol=absolute)
        # Values as large as 1e6 at the smallest time are rounded in proportion, however little they scatter.
        allowed = 10 * (relative * error[:, place] + absolute * np.maximum(1, np.abs(full[:, place])))
        assert np.all(np.abs(getattr(curves, f"{curve}_se") - error[:, place]) <= allowed)
        if curves.groups:
            np.testing.assert_allclose(
                getattr(curves, f"jackknife_{curve}"), np.array(left_out)[..., place], rtol=relative, atol=absolute
            )
    if products == "double":
        np.testing.assert_allclose(curves.excess_entropy, full[:, 0], rtol=1e-6, atol=0)


def test_two_points_on_a_line_equal_quadrature():
    """Posterior of the sign of a = +-1 given x_t, integrated over x_t without sampling."""
    t = np.array([0.1, 0.4, 1.0, 2.0])
    curves = posterior_curves([[-1.0], [1.0]], t, probes=40000, rng=11)
    for k, snr in enumerate(1 / np.expm1(2 * t)):

        def integrand(z, power, snr=snr):
            odds = np.exp(-2 * snr - 2 * np.sqrt(snr) * z)
            own = 1 / (1 + odds)
            value = own**2 + (1 - own) ** 2 if power == 2 else np.log1p(odds) / np.log(2)
            return value * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)

        clones = quad(integrand, -12, 12, args=(2,), epsabs=1e-12)[0]
        entropy = quad(integrand, -12, 12, args=(1,), epsabs=1e-12)[0]
        assert abs(curves.clone_index[k] - clones) < 4 * curves.clone_index_se[k]
        assert abs(curves.excess_entropy[k] - entropy) < 4 * curves.excess_entropy_se[k]
        # With one other point S = odds, whose logarithm is Gaussian of mean -2 snr.
        assert abs(curves.leave_one_out[k] - (1 - 2 * snr / np.log(2))) < 1e-5 * (1 + snr)


@st.composite
def data_sets(draw):
    n, d = draw(st.integers(2, 14)), draw(st.integers(1, 4))
    value = st.floats(-8, 8, allow_nan=False, width=32)
    X = np.array(draw(st.lists(st.lists(value, min_size=d, max_size=d), min_size=n, max_size=n)))
    return X, np.array(draw(st.permutations(np.arange(n) % draw(st.integers(1, n)))))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(data_sets(), st.integers(0, 2**32))
def test_bounds_and_invariances(data, seed):
    X, labels = data
    t = [0.02, 0.3, 1.0, 4.0]
    options = {"probes": 256, "rng": seed, "groups": 0}
    one = posterior_curves(X, t, labels=labels, **options)
    assert np.all(one.excess_entropy >= 0)
    # Bounded by 1 as means over x_t, hence up to their errors; the sums of squares are so for every x_t.
    assert np.all(one.excess_entropy <= 1 + 6 * one.excess_entropy_se + 1e-6)
    assert np.all(one.leave_one_out <= 1 + 6 * one.leave_one_out_se + 1e-6)
    assert np.all((one.clone_index >= 1 / len(X) - 1e-6) & (one.clone_index <= 1 + 1e-6))
    assert np.all(one.clone_class >= one.clone_index - 1e-6)
    assert np.all((one.clone_class_leave_one_out >= 0) & (one.clone_class_leave_one_out <= 1 + 1e-6))
    renamed = posterior_curves(X, t, labels=labels.max() - labels, **options)
    moved = posterior_curves(X + 50.0, t, labels=labels, **options)
    for curve in CURVES:
        np.testing.assert_allclose(getattr(renamed, curve), getattr(one, curve), rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(getattr(moved, curve), getattr(one, curve), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("products", ["double", "single"])
def test_an_exact_copy_of_every_point_halves_the_clone_probability(products):
    X = gaussian(80, 10)
    curves = posterior_curves(np.vstack([X, X]), [1e-6, 1e-3], probes=200, groups=4, products=products)
    np.testing.assert_allclose(curves.clone_index, 0.5, rtol=1e-12)
    np.testing.assert_allclose(curves.excess_entropy * np.log(160), np.log(2), rtol=1e-12)
    np.testing.assert_allclose(curves.leave_one_out * np.log(160), np.log(160 / 159), rtol=1e-9)
    assert np.isfinite(curves.jackknife_leave_one_out).all()


@pytest.mark.parametrize("products", ["double", "single"])
def test_identical_points_are_indistinguishable(products):
    curves = posterior_curves(np.full((50, 3), 0.1), [1e-3, 1.0], probes=20, products=products)
    np.testing.assert_allclose(curves.excess_entropy, 1, rtol=1e-12)
    np.testing.assert_allclose(curves.leave_one_out, 1, rtol=1e-12)
    np.testing.assert_allclose(curves.clone_index, 1 / 50, rtol=1e-12)


def test_block_size_changes_nothing_but_rounding():
    X, labels = gaussian(700, 6), np.arange(700) % 3
    seen = {}
    for memory in (3 * 2**20, 2**31):
        steps = []
        options = {"probes": 1001, "rng": 3, "products": "double", "memory": memory}
        told = lambda part, done, total, steps=steps: steps.append((done, total))  # noqa: E731
        curves = posterior_curves(X, TIMES, labels=labels, progress=told, **options)
        assert steps[-1] == (1001, 1001)
        assert [done for done, _ in steps] == sorted({done for done, _ in steps})
        seen[len(steps)] = curves
    few, many = sorted(seen)
    assert many > few
    for curve in CURVES:
        for name in (curve, f"{curve}_se", f"jackknife_{curve}"):
            np.testing.assert_allclose(getattr(seen[few], name), getattr(seen[many], name), rtol=1e-9, atol=1e-12)


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="one thread only")
@pytest.mark.parametrize("products", ["double", "single"])
def test_threads_change_no_bit(products):
    X, labels = gaussian(500, 8), np.arange(500) % 2
    found = []
    threads = numba.get_num_threads()
    try:
        for number in (1, 2):
            numba.set_num_threads(number)
            curves = posterior_curves(X, TIMES, labels=labels, probes=333, rng=4, products=products)
            found.append(json.dumps(plain(curves)))
    finally:
        numba.set_num_threads(threads)
    assert found[0] == found[1]


@pytest.mark.parametrize("probes", [40, 110, 400])
def test_standard_errors_are_those_of_repeated_probes(probes):
    X, t, repeats = gaussian(60, 4) * 2, [0.1, 0.3, 0.8], 60
    options = {"labels": np.arange(60) % 2, "probes": probes, "groups": 0}
    runs = [posterior_curves(X, t, rng=seed, **options) for seed in range(repeats)]
    low, high = chi2.ppf([1e-4, 1 - 1e-4], repeats - 1)
    for curve in CURVES:
        values = np.array([getattr(run, curve) for run in runs])
        errors = np.array([getattr(run, f"{curve}_se") for run in runs])
        # Of a mean of a few skewed probes the error is right in the mean square, not in each run.
        scale = errors if probes == 400 else np.sqrt((errors**2).mean(axis=0))
        spread = (((values - values.mean(axis=0)) / scale) ** 2).sum(axis=0)
        assert np.all(spread < high), curve
        if probes > 60:  # with fewer probes than points the scatter between points is in the error in full, if anything
            assert np.all(spread > low), curve


@pytest.fixture(scope="module")
def digits():
    data = load_digits()
    return data.data / 8 - 1, data.target


def test_digits_zero_and_seven_match_the_independent_measurement(digits):
    X, labels = digits
    pair = np.isin(labels, (0, 7))
    curves = posterior_curves(X[pair], [0.3231], labels=labels[pair] // 7, probes=65536, rng=1, groups=0)
    for value, error, expected, expected_error in (
        (curves.clone_index, curves.clone_index_se, 0.2663, 0.0007),
        (curves.excess_entropy, curves.excess_entropy_se, 0.3891, 0.0008),
    ):
        assert abs(value[0] - expected) / np.hypot(error[0], expected_error) < 3


@pytest.mark.parametrize("classes", [(0, 7), range(10)])
def test_leave_one_out_of_digits_vanishes_where_plain_sampling_says(digits, classes):
    """Zero of the leave-one-out entropy against every distance in float64 with fresh noise of one sign per time."""
    X, labels = digits
    X = X[np.isin(labels, classes)]
    curves = posterior_curves(X, np.linspace(0.2, 0.25, 11), probes=16000, rng=2, groups=0)
    zero = np.interp(0, curves.leave_one_out, curves.t)
    error = np.interp(zero, curves.t, curves.leave_one_out_se)
    generator, n = np.random.default_rng(3), len(X)
    rest = []
    for _ in range(16):
        mu, Z = generator.integers(n, size=500), generator.standard_normal((500, X.shape[1]))
        x = np.exp(-zero) * X[mu] + np.sqrt(-np.expm1(-2 * zero)) * Z
        distances = (x**2).sum(axis=1)[:, None] - 2 * np.exp(-zero) * x @ X.T + np.exp(-2 * zero) * (X**2).sum(axis=1)
        e = (((x - np.exp(-zero) * X[mu]) ** 2).sum(axis=1)[:, None] - distances) / (-2 * np.expm1(-2 * zero))
        e[np.arange(500), mu] = -np.inf
        rest.append(logsumexp(e, axis=1))
    rest = (np.concatenate(rest) + np.log(n / (n - 1))) / np.log(n)
    assert abs(rest.mean()) < 4 * np.hypot(error, rest.std() / np.sqrt(rest.size))


def test_exponential_error_over_its_whole_range():
    @numba.njit
    def exponentials_of(x):
        result = np.empty(x.size)
        D, W = np.empty(LANES, np.float32), np.zeros(LANES, np.float32)
        shift, sums, squares, live = np.zeros(LANES), np.zeros(LANES), np.zeros(LANES), np.zeros(LANES)
        for start in range(0, x.size, LANES):
            D[:] = x[start : start + LANES]
            sums[:] = 0.0
            add_exponentials(D, W, np.int64(LANES), 1.0, 1.0, np.nan, 0, live, shift, sums, squares)
            result[start : start + LANES] = sums
        return result

    # Above 36 the sum is refused, so the range up to the ceiling is not reached here.
    x = np.concatenate([np.linspace(CUTOFF, 35.9, 2**18), np.linspace(-1, 1, 2**16)]).astype(np.float32)
    assert np.abs(exponentials_of(x) / np.exp(x.astype(float)) - 1).max() < 2e-7
    below = np.nextafter(np.full(LANES, CUTOFF, np.float32), np.float32(-np.inf))
    assert np.all(exponentials_of(np.concatenate([below, np.full(LANES, -3e38, np.float32)])) == 0)
    assert np.all(exponentials_of(np.full(LANES, CEILING, np.float32)) == 0)  # refused: nothing was added


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(1, 400), st.integers(1, 7), st.integers(1, 30), st.integers(0, 1000))
def test_every_point_stands_in_one_slot_of_its_cell(n, classes, groups, seed):
    generator = np.random.default_rng(seed)
    members, group = generator.integers(classes, size=n), generator.integers(groups, size=n)
    columns = arrange_columns(members, group)
    held = columns.order >= 0
    assert sorted(columns.order[held]) == list(range(n))
    assert np.array_equal(columns.order[columns.place], np.arange(n))
    end = 0
    for (slot, start, width), filled in zip(columns.segments, columns.filled, strict=True):
        assert start == end
        assert width % LANES == 0
        end += width
        lanes = columns.order[start : start + width].reshape(-1, LANES)
        assert np.array_equal((lanes >= 0).sum(axis=0), filled)
        for lane, points in enumerate(lanes.T):
            points = points[points >= 0]
            assert np.all(members[points] == columns.slot_cell[slot + lane, 0]) or points.size == 0
            assert np.all(group[points] == columns.slot_cell[slot + lane, 1]) or points.size == 0
    assert end == columns.order.size


def test_every_point_is_a_probe_as_often_as_any_other():
    mu, rank = draw_probes(5, 100_000, np.random.default_rng(1))
    assert np.bincount(mu).tolist() == [20_000] * 5
    assert mu[:5].tolist() == np.argsort(rank).tolist()
    firsts = np.bincount([draw_probes(5, 1, np.random.default_rng(seed))[0][0] for seed in range(1000)], minlength=5)
    assert chi2.sf(((firsts - 200) ** 2 / 200).sum(), 4) > 1e-4


def test_draws_do_not_depend_on_where_they_end():
    X, asked = gaussian(300, 3), []

    def enough(curves):
        asked.append(curves.probes)
        return len(asked) == 2

    some = posterior_curves(X, TIMES, probes=5000, enough=enough)
    assert asked == [1024, 2048]
    assert json.dumps(plain(some)) == json.dumps(plain(posterior_curves(X, TIMES, probes=2048)))
    assert posterior_curves(X, TIMES, probes=1024, enough=enough).probes == 1024  # nothing is left to ask for
    assert asked == [1024, 2048]


def test_memory_is_bounded():
    X = gaussian(4000, 30).astype(np.float32)
    options = {"probes": 3000, "rng": 0, "products": "single", "memory": 40 * 2**20}
    posterior_curves(X, TIMES, **(options | {"probes": 8}))
    tracemalloc.start()
    posterior_curves(X, TIMES, **options)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < options["memory"] + 1.2 * X.nbytes


def test_the_least_memory_that_is_told_is_enough():
    X = gaussian(50, 4000)
    with pytest.raises(ValueError, match="memory must hold some points and probes") as refused:
        posterior_curves(X, TIMES, probes=256, memory=10**6)
    told = int(str(refused.value).split(" bytes for n")[0].split()[-1])
    assert posterior_curves(X, TIMES, probes=256, memory=told).probes == 256
    with pytest.raises(ValueError, match=f" {told} bytes"):
        posterior_curves(X, TIMES, probes=256, memory=told * 3 // 4)


def test_what_is_absent_is_none():
    X = gaussian(30, 2)
    with recorded() as used:
        curves = posterior_curves(X, 0.5, probes=16, groups=1)
    assert set(used) == {"snr", "empirical_excess_entropy", "leave_one_out_excess_entropy", "index_clone_probability"}
    assert curves.formulas["leave_one_out"] == ("snr", "leave_one_out_excess_entropy")
    assert (curves.n_classes, curves.groups, curves.jackknife_clone_index) == (None, 0, None)
    assert curves.clone_class is curves.clone_class_se is curves.jackknife_clone_class is None
    assert curves.t.tolist() == [0.5]
    assert posterior_curves(X, 0.5, probes=16).jackknife_clone_index.shape == (20, 1)
    assert posterior_curves(X[:2], 0.5, probes=16).groups == 0  # one point alone has no posterior
    assert posterior_curves(np.arange(6).reshape(3, 2), 0.5, labels=[0, 0, 1], probes=16).n_classes == 2
    assert posterior_curves(X, [0.5], labels=np.arange(30), probes=64, groups=500).groups == 30


def test_type_of_products_follows_the_size_of_the_work():
    X = gaussian(30, 2)
    assert posterior_curves(X, 0.5, probes=16).products == "double"
    assert posterior_curves(X, 0.5, probes=16, products="single").products == "single"
    assert posterior_curves(gaussian(2000, 1000), 0.5, probes=2100, groups=0).products == "single"


def test_a_generator_continues_and_a_seed_repeats():
    X = gaussian(30, 2)
    generator = np.random.default_rng(8)
    values = [
        posterior_curves(X, 0.5, probes=16, rng=rng).excess_entropy[0] for rng in (generator, generator, 8, np.int64(8))
    ]
    first, second, seeded, again = values
    assert seeded == again
    assert len({first, second, seeded}) == 3  # a seed is set apart from default_rng(8), which may have made the data


def test_an_interrupt_passes_through():
    def stop(part, done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        posterior_curves(gaussian(30, 2), 0.5, probes=16, progress=stop)


GOOD = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 1.0]])


@pytest.mark.parametrize(
    ("X", "t", "options", "message"),
    [
        ([1.0, 2.0], 1, {}, r"X must be 2-d, of shape \(n, d\), got shape \(2,\); flatten each point"),
        ([[1.0], [2.0, 3.0]], 1, {}, "got rows of unequal length"),
        ([[1j], [2.0]], 1, {}, "X must hold real numbers, got complex128"),
        ([["a"], ["b"]], 1, {}, "X must hold real numbers, got <U1"),
        ([[1.0, 2.0]], 1, {}, r"at least 2 points of dimension at least 1, got shape \(1, 2\)"),
        (np.zeros((3, 0)), 1, {}, r"got shape \(3, 0\)"),
        ([[0, 1], [np.nan, 2]], 1, {}, "X must be finite, got nan in row 1, column 0; drop or fill such points"),
        ([[0, 1], [0, np.inf]], 1, {}, "got inf in row 1, column 1"),
        (GOOD, [0.5, -1], {}, "must be positive and finite, got -1"),
        (GOOD, [], {}, "got shape"),
        (GOOD, 1e-40, {}, r"t must be so large that sqrt\(snr\) times the extent of the data .* got t = 1e-40"),
        (GOOD, 1, {"labels": [0, 1]}, r"labels must be one per point, shape \(3,\), got shape \(2,\)"),
        (GOOD, 1, {"labels": [0.0, 1.0, 1.0]}, "labels must be integers 0 to K - 1, got float64; relabel with"),
        (GOOD, 1, {"labels": [0, 2, 2]}, "got labels from 0 to 2 and none equal to 1; relabel"),
        (GOOD, 1, {"labels": [-1, 0, 1]}, "got labels from -1 to 1"),
        (GOOD, 1, {"labels": [1, 2, 3]}, "none equal to 0"),
        (GOOD, 1, {"probes": 1}, r"probes \(noised points\) must be at least 2, got 1"),
        (GOOD, 1, {"probes": 2.5}, r"probes \(noised points\) must be a whole number, got 2.5"),
        (GOOD, 1, {"groups": -1}, r"groups \(of the jackknife\) must be at least 0, got -1"),
        (
            GOOD,
            1,
            {"memory": 300_000},
            "memory must hold some points and probes, .* got 300000; allow",
        ),
        (GOOD, 1, {"probes": 10**9, "memory": 2**30}, "memory must hold 32 bytes for each of 1000000000 probes"),
        (GOOD, 1, {"products": "half"}, "products must be 'auto', 'double' or 'single', got 'half'"),
        (GOOD, 1, {"rng": "x"}, r"rng \(seed\) must be a whole number, got 'x'"),
    ],
)
def test_bad_input(X, t, options, message):
    with pytest.raises(ValueError, match=message):
        posterior_curves(X, t, **options)


def test_points_are_freed_with_the_last_who_holds_them():
    X = np.random.default_rng(0).normal(size=(200, 5))
    kept = weakref.ref(X)
    gc.disable()  # what refers to itself would wait for the collector, which does not see how large arrays are
    try:
        posterior_curves(X, [0.5], probes=16)
        del X
        assert kept() is None
    finally:
        gc.enable()
