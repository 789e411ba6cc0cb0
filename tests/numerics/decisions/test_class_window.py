"""Where the class is decided: posteriors against brute force, and windows against the closed form of two classes."""

import numpy as np
import pytest

from regimes.numerics.decisions.class_posteriors import exact_class_posteriors, held_out_class_posteriors
from regimes.numerics.decisions.class_window import class_information, class_parts, class_window, pair_information
from regimes.numerics.estimation.roots import bracketed_root
from regimes.numerics.posterior.curves import posterior_curves
from regimes.numerics.speciation.class_bound.simplex import best_log_mixture
from regimes.numerics.speciation.clone_probability import class_information as of_two

TIMES = np.geomspace(0.05, 4.0, 12)


def two_classes(n: int, d: int = 8, rng: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Unit classes at +-3/2 in each direction, so that kappa = 9/4 d exp(-2t) at every time."""
    labels = np.arange(n) % 2
    return np.random.default_rng(rng).normal(size=(n, d)) + 1.5 * (2 * labels[:, None] - 1), labels


def truth(share: float, d: int = 8) -> float:
    total = share * np.log(2)
    return bracketed_root(lambda t: float(of_two(2.25 * d * np.exp(-2 * t))) - total, 0.01, 8.0)


def window_of(given):  # type: ignore[no-untyped-def]
    found = class_information(given)
    return class_window(found.t, found.information, found.entropy, error=found.error, replicates=found.replicates)


def test_exact_posteriors_are_those_of_all_points_added_up() -> None:
    X, labels = two_classes(60, 5)
    given = exact_class_posteriors(X, labels, [0.2, 1.0], probes=90, rng=3, memory=2**21)
    curves = posterior_curves(X, [0.2, 1.0], labels=labels, probes=4000)
    squares = (given.posterior.astype(float) ** 2).sum(axis=-1).mean(axis=0)
    error = np.hypot(squares.std(axis=1) / np.sqrt(90), curves.clone_class_se)
    assert np.all(np.abs(squares.mean(axis=1) - curves.clone_class) < 4 * error)


def test_blocks_of_points_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    X, labels = two_classes(60, 5)
    whole = exact_class_posteriors(X, labels, [0.02, 1.0], probes=20)
    monkeypatch.setattr("regimes.numerics.decisions.class_posteriors._BLOCK", 20 * 7)
    parts = exact_class_posteriors(X, labels, [0.02, 1.0], probes=20)
    assert np.allclose(whole.posterior, parts.posterior, atol=1e-5)


def test_many_classes_in_little_memory_take_fewer_noised_points_and_say_the_same() -> None:
    """Of 200 classes of three points: what does not fit is not refused until 128 noised points do not."""
    rng, labels = np.random.default_rng(5), np.repeat(np.arange(200), 3)
    X = 2 * rng.normal(size=(200, 12))[labels] + 0.4 * rng.normal(size=(600, 12))
    for posteriors, of_few, refused in (
        (held_out_class_posteriors, 2**23, 2**22),
        (exact_class_posteriors, 3 * 2**20, 2**19),
    ):
        whole, part = (posteriors(X, labels, [0.3, 1.2], memory=memory) for memory in (2**30, of_few))
        assert 128 <= part.members.size < whole.members.size / 2
        all_of_it, some = class_information(whole), class_information(part)
        assert np.all(np.abs(some.information - all_of_it.information) < 4 * np.hypot(some.error, all_of_it.error))
        assert some.information[0] > 1.5 * some.information[1] > 0
        rule = (
            "128 noised points with posteriors of 200 classes.* would take .*, more than memory = .*; leave out classes"
        )
        with pytest.raises(ValueError, match=rule):
            posteriors(X, labels, [0.3, 1.2], memory=refused)


def test_windows_of_two_gaussian_classes_bound_the_closed_form() -> None:
    low, high = truth(0.95), truth(0.05)
    for rng in range(2):
        given = held_out_class_posteriors(*two_classes(400, rng=rng), TIMES)
        window = window_of(given)
        assert window.complete
        ends = window.interval(0), window.interval(1)
        assert ends[0] is not None
        assert ends[0][0] < low < 1.5 * ends[0][1]
        assert ends[1] is not None
        assert ends[1][0] < high < 1.1 * ends[1][1]
        found = class_information(given)
        exact = of_two(18 * np.exp(-2 * TIMES))
        assert np.all(found.information < exact + 4 * found.error + 1e-3)


def test_classes_and_pairs_are_parts_of_the_information() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [150, 100, 50])
    X = rng.normal(size=(300, 3)) + 3 * np.eye(3)[labels]
    given = held_out_class_posteriors(X, labels, TIMES)
    found = class_information(given)
    assert np.allclose(given.share @ class_parts(given), found.information, atol=1e-6)
    # Two of the classes, symmetric: half the distance of the centres is 3/sqrt(2).
    pair = pair_information(given, 0, 2)
    assert pair is not None
    kappa = 4.5 * np.exp(-2 * TIMES)
    assert np.all(np.abs(pair - of_two(kappa)) < 0.07)


def test_a_window_of_a_part_is_of_what_is_proven_and_noise_has_none() -> None:
    X, labels = two_classes(400)
    flipped = np.where(np.random.default_rng(1).random(400) < 0.1, 1 - labels, labels)
    window = window_of(held_out_class_posteriors(X, flipped, TIMES))
    told = np.log(2) + 0.1 * np.log(0.1) + 0.9 * np.log(0.9)
    assert not window.complete
    assert abs(window.total - told) < 0.1
    assert window.low is not None
    windows = [
        window_of(held_out_class_posteriors(X[:n], np.random.default_rng(n).permutation(labels[:n]), TIMES[::3]))
        for n in (20, 60, 100)
    ]
    assert all(each.low is None and each.high is None for each in windows)
    assert windows[0].reasons[0] is not None
    assert "cannot be told" in windows[0].reasons[0]


def test_log_mixtures_are_the_best() -> None:
    rng = np.random.default_rng(0)
    own = rng.dirichlet(np.ones(3), size=(1, 500)).astype(np.float32)[..., :2]
    grid = np.linspace(0, 1, 2001)[:, None]
    score = np.log(own[0] @ np.concatenate([1 - grid, grid], axis=1).T).sum(axis=0)
    weights = best_log_mixture(own)
    reached = np.log(own[0] @ weights[0]).sum()
    assert weights.sum() == pytest.approx(1)
    assert reached > score.max() - 0.02
    nothing = best_log_mixture(np.array([[[0.5, 0.0], [0.5, 0.0]]], np.float32))
    assert np.allclose(nothing, [[1.0, 0.0]])
    assert np.isfinite(best_log_mixture(np.zeros((1, 4, 2), np.float32))).all()


def test_exact_posteriors_of_a_rare_class_far_away_tell_all_of_the_class():
    rng = np.random.default_rng(0)
    labels = np.arange(100) >= 98
    X = rng.standard_normal((100, 3)) + 30.0 * labels[:, None]
    t = np.geomspace(0.01, 8, 24)
    found = class_information(exact_class_posteriors(X, labels.astype(int), t))
    window = class_window(t, found.information, found.entropy, error=found.error, replicates=found.replicates)
    assert window.complete
    assert found.information[0] == pytest.approx(found.entropy, rel=1e-6)
    assert window.interval(0) is not None
