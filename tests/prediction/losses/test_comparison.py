"""Losses of a model beside those of the exact empirical score of its training points."""

import json
from statistics import NormalDist

import numpy as np
import pytest
from scipy.special import logsumexp

from regimes import Prediction, predict
from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.posterior.curves import posterior_curves
from regimes.numerics.posterior.layout import draw_probes
from regimes.prediction.losses.comparison import compared_losses
from regimes.prediction.losses.curve import LossCurve

LAMBDA = np.array([4.0, 2.0, 1.0, 1.0, 0.5, 0.5])
N = 150


@pytest.fixture(scope="module")
def points():
    """Points whose covariance is exactly diagonal, so that losses of the Gaussian denoiser have a closed form."""
    X = np.random.default_rng(0).normal(size=(N, LAMBDA.size))
    X -= X.mean(axis=0)
    left, _, _ = np.linalg.svd(X, full_matrices=False)
    return left * np.sqrt((N - 1) * LAMBDA)


def snr_of(t):
    return 1 / np.expm1(2 * np.asarray(t))


def gaussian_loss(t):
    """Of the posterior mean of Gaussian data, on any points of this covariance: sum lambda/(1 + snr lambda)."""
    return (LAMBDA / (1 + snr_of(t)[:, None] * LAMBDA)).sum(axis=1)


def gaussian_information(t):
    return np.log1p(snr_of(np.atleast_1d(t))[:, None] * LAMBDA).sum(axis=1) / 2


def table(place, t, train, test=None, *, se=0.0, silent=True):
    """Written by hand, as another program might."""
    rows = [
        f"{time!r},{own!r},{se!r}," + ("," if test is None else f"{float(test[k])!r},{se!r}")
        for k, (time, own) in enumerate(zip(t.tolist(), train.tolist(), strict=True))
    ]
    if silent:
        total = float(LAMBDA.sum())
        rows.append(f"inf,{total},," + ("," if test is None else f"{total},"))
    place.write_text("\n".join(["t,train_loss,train_se,test_loss,test_se", *rows]))
    return place


TIMES = np.geomspace(0.02, 5, 60)


def test_a_gaussian_model_generalises(points, tmp_path):
    """J is 1/2 sum log(1 + snr lambda) on both sets, G is 0, and J_test passes log n where that does."""
    loss = gaussian_loss(TIMES)
    found = predict(points, losses=table(tmp_path / "losses.csv", TIMES, loss, loss), probes=2048)
    own, time, share = found.curves, found["losses.time"], found["losses.share"]
    J = gaussian_information(TIMES)
    np.testing.assert_allclose(own["losses.J_train"], J, rtol=1e-4)
    assert np.all(np.abs(own["losses.J_test"] - J) <= own["losses.J_test_se"])
    assert not own["losses.G"].any()
    assert found["losses.log_n"].value == pytest.approx(np.log(N), rel=1e-15)
    assert gaussian_information(time.value)[0] == pytest.approx(np.log(N), rel=1e-4)
    assert time.interval[0] < time.value < time.interval[1]
    assert (time.covers, time.step.index > 0) == ("losses", True)
    assert found["losses.read_at"].value == found["collapse.leave_one_out_zero"].value / 2
    assert share.value == 0
    assert share.error < 0.05
    assert found.sentences[-1].endswith("it generalises")
    assert found.warnings == predict(points, probes=2048).warnings
    with_value = {key for key, number in found.numbers.items() if number.value is not None}
    assert all(found[key].formulas for key in with_value if not key.startswith("steps."))  # those are counted
    assert not any(number.reason for key, number in found.numbers.items() if key.startswith("losses"))
    stored = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert Prediction.from_dict(stored) == found


def test_the_interval_follows_the_slope_of_the_information(points, tmp_path):
    loss = gaussian_loss(TIMES)
    found = predict(points, losses=table(tmp_path / "losses.csv", TIMES, loss, loss, se=0.01), probes=512)
    own, at = found.curves, found["losses.time"].value
    slope = (gaussian_information(at * 1.001)[0] - gaussian_information(at / 1.001)[0]) / (at * 1.001 - at / 1.001)
    half = NormalDist().inv_cdf(0.975) * np.interp(at, own["losses.t"], own["losses.J_test_se"]) / abs(slope)
    assert found["losses.time"].interval == pytest.approx((at - half, at + half), abs=0.05 * half)


def test_the_error_of_the_law_is_that_of_points_left_out(tmp_path):
    """Plain sums over the other points with the same noise, each group of points and probes left out in turn."""
    n, groups, probes, loss = 20, 5, 512, gaussian_loss(TIMES)
    X = np.random.default_rng(7).normal(size=(n, 6)) * np.sqrt(LAMBDA)
    own = predict(
        X, losses=table(tmp_path / "losses.csv", TIMES, loss, silent=False), groups=groups, probes=probes, rng=2
    ).curves
    inside = np.flatnonzero(np.isfinite(own["losses.J_test_exact"]))
    noise = generator(Stream.POSTERIOR_NOISE, 2)
    mu, rank = draw_probes(n, probes, noise)
    Z, steps = noise.standard_normal((probes, 6)), X[mu][:, None] - X
    D, W = (steps**2).sum(axis=2), np.einsum("pi,pni->pn", Z, steps)
    for k in inside[[10, 20]]:
        snr, left_out = snr_of(own["losses.t"][k]), []
        for group in range(groups):
            kept = np.flatnonzero(rank[mu] % groups != group)
            others = (rank % groups != group) & (np.arange(n) != mu[kept, None])
            log_sums = [
                logsumexp(-snr / 2 * D[kept] - sign * np.sqrt(snr) * W[kept], axis=1, b=others) for sign in (1, -1)
            ]
            # -E log of the mean weight of the other points: the information in x_t about a point of their law
            left_out.append(np.log(n - n // groups - 1) - np.mean(log_sums))
        error = np.sqrt((groups - 1) * np.var(left_out))
        assert own["losses.J_test_exact_se"][k] == pytest.approx(error, rel=0.01)


def test_losses_change_nothing_else(points, tmp_path):
    place = table(tmp_path / "losses.csv", TIMES, gaussian_loss(TIMES))
    with_losses, without = predict(points, losses=place, probes=512), predict(points, probes=512)
    assert with_losses.sentences[: len(without.sentences)] == without.sentences
    for name, number in without.numbers.items():
        assert with_losses[name] == number
    for name, curve in without.curves.items():
        assert np.array_equal(with_losses.curves[name], curve)
    assert (with_losses.warnings, with_losses.settings) == (without.warnings, without.settings)


def exact_information(X, a, rows, t, rounds, seed):
    """``E log p(x_t | a)/mean_nu p(x_t | a_nu)`` by plain sums; rows: own places of a in X, or None for others."""
    rng, values = np.random.default_rng(seed), np.empty((rounds, len(a)))
    for i in range(rounds):
        x = np.exp(-t) * a + np.sqrt(-np.expm1(-2 * t)) * rng.normal(size=a.shape)
        scale = -2 * np.expm1(-2 * t)
        distance = ((x[:, None] - np.exp(-t) * X) ** 2).sum(axis=2)
        values[i] = np.log(len(X)) - ((x - np.exp(-t) * a) ** 2).sum(axis=1) / scale - logsumexp(
            -distance / scale, axis=1
        )  # fmt: skip
    of_point = values.mean(axis=0)
    if rows:  # the points are given
        return of_point.mean(), values.std(ddof=1) / np.sqrt(values.size)
    return of_point.mean(), of_point.std(ddof=1) / np.sqrt(len(a))


def test_curves_of_the_exact_score_are_plain_sums(points, tmp_path):
    """Training points and the law behind them, for which a new sample stands."""
    X = np.random.default_rng(5).normal(size=(N, 6)) * np.sqrt(LAMBDA)
    others = np.random.default_rng(6).normal(size=(4000, 6)) * np.sqrt(LAMBDA)
    loss = gaussian_loss(TIMES)
    own = predict(X, losses=table(tmp_path / "losses.csv", TIMES, loss, silent=False)).curves
    inside = np.flatnonzero(np.isfinite(own["losses.G_exact"]))
    for k in inside[[5, 20, 35]]:
        t = own["losses.t"][k]
        train, train_se = exact_information(X, X, True, t, 60, seed=k)
        test, test_se = exact_information(X, others, False, t, 2, seed=k)
        assert abs(own["losses.J_train_exact"][k] - train) < 4 * np.hypot(train_se, own["losses.J_train_exact_se"][k])
        assert abs(own["losses.J_test_exact"][k] - test) < 4 * np.hypot(test_se, own["losses.J_test_exact_se"][k])
        assert own["losses.G_exact"][k] == own["losses.J_test_exact"][k] - own["losses.J_train_exact"][k]
    assert 0 < inside.size < TIMES.size  # the curves of the prediction end before the losses: nothing is extrapolated


def test_what_is_missing_is_said(points, tmp_path):
    place, loss = tmp_path / "losses.csv", gaussian_loss(TIMES)
    found = predict(points, losses=table(place, TIMES, loss), probes=512)
    assert not {"losses.G", "losses.J_test"} & set(found.curves)
    for name in ("losses.time", "losses.share"):
        assert found[name].value is None
        assert "on training points alone" in found[name].reason
    late = TIMES[TIMES > 0.5]
    found = predict(points, losses=table(place, late, gaussian_loss(late), gaussian_loss(late)), probes=512)
    assert "stays below log n = 5.011 for t from 0.529" in found["losses.time"].reason
    assert "at smaller times" in found["losses.time"].reason
    assert "lies below the smallest time of the losses, t = 0.52" in found["losses.share"].reason
    assert found["losses.share"].value is None
    assert not any("gap G" in text for text in found.sentences)
    early = np.geomspace(0.001, 0.05, 20)
    found = predict(points, losses=table(place, early, gaussian_loss(early), gaussian_loss(early)), probes=512)
    assert "stays above log n" in found["losses.time"].reason
    assert "lies above the largest time of the losses, t = 0.05" in found["losses.share"].reason


def test_copies_count_once_where_the_share_is_read(tmp_path):
    """Each point three times: left out one at a time they would be found at any noise."""
    X = np.repeat(np.random.default_rng(0).normal(size=(40, 6)) * np.sqrt(LAMBDA), 3, axis=0)
    X *= np.sqrt(LAMBDA.sum() / X.var(axis=0).sum())
    loss = gaussian_loss(TIMES)
    found = predict(X, losses=table(tmp_path / "losses.csv", TIMES, loss, loss), probes=512)
    once = predict(X[::3], scale="none", center=False, probes=512)
    zero = found["collapse.leave_one_out_zero"].value
    assert zero == pytest.approx(once["collapse.leave_one_out_zero"].value, rel=0.05)
    assert found["losses.read_at"].value == zero / 2
    assert found["losses.share"].value == 0


def test_no_collapse_time_no_share(points):
    curves = posterior_curves(points, np.geomspace(0.02, 3, 12), probes=64)
    loss, silent = gaussian_loss(TIMES), np.zeros(TIMES.size)
    losses = LossCurve(TIMES, snr_of(TIMES), loss, silent, loss, silent, LAMBDA.sum(), LAMBDA.sum())
    compared, reasons = compared_losses(losses, N, curves, (0.02, 3.0), None)
    assert (compared.read_at, compared.share) == (None, None)
    assert "no collapse time is predicted" in reasons["share"]


def test_large_errors_leave_it_undecided(points, tmp_path):
    loss = gaussian_loss(TIMES)
    own = predict(points, losses=table(tmp_path / "losses.csv", TIMES, loss, loss, se=0.4), probes=512)
    assert own["losses.share"].value == 0
    assert own["losses.share"].error > 0.3
    assert "undecided" in own.sentences[-1]


def test_another_scale_is_noticed_and_other_points_are_refused(points, tmp_path):
    loss = gaussian_loss(TIMES)
    place = table(tmp_path / "losses.csv", TIMES, loss, loss)
    found = predict(points * 2, losses=place, probes=512)
    assert "total variance 35.76: the losses are of other points or of another scale" in found.warnings[-1]
    none = np.zeros_like(loss)
    curve = LossCurve(TIMES, snr_of(TIMES), loss, none, None, None, None, None, n_train=N - 1)
    with pytest.raises(ValueError, match="got losses on 149 training points and data of 150; give the data that"):
        predict(points, losses=curve)
    with pytest.raises(ValueError, match="losses are held against the collapse .* parts leave collapse out; add it"):
        predict(points, losses=place, parts="speciation")
    with pytest.raises(ValueError, match="there is no file"):
        predict(points, losses=tmp_path / "nothing.csv")


@pytest.mark.long
def test_exact_scores_of_points_and_of_the_law_are_told_apart(tmp_path):
    """The empirical score has the whole gap of the exact one, that of the mixture, which knows no point, none."""
    pytest.importorskip("torch")
    from regimes.validation import EmpiricalScore, MixtureScore, loss_curve
    from regimes.validation.running.torch_threads import torch_threads_kept

    d, m, rng = 8, np.ones(8), np.random.default_rng(0)
    X, others = (rng.normal(size=(n, d)) + rng.choice([-1, 1], size=(n, 1)) * m for n in (200, 600))
    t = np.geomspace(0.03, 6, 40)
    found = {}
    for name, score in (("points", EmpiricalScore(X)), ("law", MixtureScore([1, 1], [m, -m], 1.0))):
        losses = loss_curve(score, X, t, test=others, draws=6)
        losses.save_csv(tmp_path / "losses.csv")
        with torch_threads_kept():  # bytes of other tests depend on their number
            own = predict(X, losses=losses, center=False)
            read = predict(X, losses=tmp_path / "losses.csv", center=False)
        found[name] = own
        np.testing.assert_allclose(read.curves["losses.J_train"], own.curves["losses.J_train"], rtol=1e-12)
        assert np.all(read.curves["losses.J_train_se"] >= own.curves["losses.J_train_se"] * (1 - 1e-9))
        assert read.sentences[-1].endswith({"points": "it memorises", "law": "it generalises"}[name])
        assert own.sentences[-1].endswith({"points": "it memorises", "law": "it generalises"}[name])
        assert not any("another scale" in text for text in own.warnings)
    exact, law = found["points"], found["law"]
    inside = np.isfinite(exact.curves["losses.G_exact"])
    for name in ("losses.J_train", "losses.J_test", "losses.G"):
        difference = (exact.curves[name] - exact.curves[f"{name}_exact"])[inside]
        errors = np.hypot(exact.curves[f"{name}_se"], exact.curves[f"{name}_exact_se"])[inside]
        assert np.abs(difference / errors).max() < 4, name
    share, none = exact["losses.share"], law["losses.share"]
    assert abs(share.value - 1) < 3 * share.error < 0.4
    assert abs(none.value) < 4 * none.error < 0.4
    # A time read off the test loss tells nothing: both have one near that of the prediction.
    assert 0.7 < law["losses.time"].value / exact["losses.time"].value < 1.1
