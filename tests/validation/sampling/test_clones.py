"""Clones and U-turns of Gaussian data, whose covariances are known."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes import compile_formula  # noqa: E402
from regimes.validation.sampling import (  # noqa: E402
    NoiseStream,
    backward,
    backward_states,
    backward_times,
    clone_pairs,
    noised,
    sampler,
    u_turn,
)

OWN = 0.3


def variance(t):
    return OWN * math.exp(-2 * t) - math.expm1(-2 * t)


def score(x, t):
    return x * (-1 / variance(t))


def points(rows, shape=(2,), seed=1):
    return NoiseStream(seed, 9).normal(0, 0, rows, shape) * math.sqrt(OWN)


def z_of_covariance(one, other, covariance):
    products = (one.double() * other.double()).flatten()
    return float((products.mean() - covariance) / products.std() * math.sqrt(products.numel()))


def expected_covariance(t):
    snr = compile_formula("snr", target="numpy")(t)
    return float(compile_formula("clone_covariance", target="numpy")(snr, OWN))


@pytest.mark.parametrize("rule", ["exponential", "ancestral", sampler("ddim", eta=0.7)])
@pytest.mark.parametrize("born", ["forward", "backward"])
def test_clones_share_what_their_state_says(born, rule):
    """E a a' = snr L^2/(1 + snr L), from states of the forward process and from those of a backward run."""
    t, rows = 0.4, 20_000
    if born == "forward":
        x = noised(points(rows), t, noise=2)
    else:
        times = np.append(backward_times(2.0, end=t, steps=300), 0.2)
        begin = NoiseStream(3).normal(0, 0, rows, (2,)) * math.sqrt(variance(2.0))
        (x,) = backward_states(score, begin, times, [t], noise=4)
    one, two = clone_pairs(score, x, backward_times(t, steps=200, spacing="quadratic"), sampler=rule, noise=5)
    if rule in ("exponential", "ancestral"):
        assert abs(z_of_covariance(one, two, expected_covariance(t))) < 4
        assert abs(z_of_covariance(one, one, OWN)) < 4
    # Less noise, and clones differ less.
    else:
        assert z_of_covariance(one, two, expected_covariance(t)) > 4


def test_more_clones_and_parts_of_the_states():
    x = points(7)
    three = clone_pairs(score, x, [0.5, 0.2, 0.0], count=3, noise=1)
    assert three.shape == (3, 7, 2)
    parts = [clone_pairs(score, x[:3], [0.5, 0.2, 0.0], count=3, noise=1)]
    parts.append(clone_pairs(score, x[3:], [0.5, 0.2, 0.0], count=3, noise=1, first_row=3, batch=2))
    assert torch.equal(three, torch.cat(parts, dim=1))
    rows = {}

    def watch(step, t, state, first_row):
        rows[step] = state.clone()

    clone_pairs(score, x, [0.5, 0.2, 0.0], count=3, noise=1, watch=watch)
    assert torch.equal(rows[0], x.repeat_interleave(3, dim=0))
    assert torch.equal(rows[2][5], three[2, 1])


@pytest.mark.parametrize(
    ("rule", "advice"), [("ddim", "give ddim an eta above 0, or use u_turn"), ("flow", "use u_turn")]
)
def test_clones_under_a_deterministic_sampler_are_refused(rule, advice):
    message = (
        rf"^clone_pairs: sampler must be stochastic, got the deterministic '{rule}', .* coincide; take .*, {advice} "
    )
    with pytest.raises(ValueError, match=message):
        clone_pairs(score, points(3), [0.5, 0.0], sampler=rule)


def test_bad_clones():
    with pytest.raises(ValueError, match=r"^clone_pairs: count \(clones of a state\) must be at least 2, got 1$"):
        clone_pairs(score, points(3), [0.5, 0.0], count=1)
    with pytest.raises(ValueError, match=r"^clone_pairs: x_t \(states\) must be finite"):
        clone_pairs(score, points(3) * math.nan, [0.5, 0.0])
    with pytest.raises(ValueError, match=r"^clone_pairs: first_row .* must be at least 0, got -1"):
        clone_pairs(score, points(3), [0.5, 0.0], first_row=-1)


def test_clones_and_u_turns_take_numbers_of_their_own():
    """Every run leaves 0 by its noise alone: those with the same numbers would end at multiples of each other."""
    x, times = torch.zeros(20_000, 1), [0.5, 0.0]
    ends = {
        "run": backward(score, x, times),
        "later": backward(score, x, [0.4, 0.0]),
        "noised": noised(x, 0.5),
        "u_turn": u_turn(score, x, 0.5, steps=1),
        "later u_turn": u_turn(score, x, 0.4, steps=1),
        "clone": clone_pairs(score, torch.zeros(10_000, 1), times).transpose(0, 1).reshape(-1, 1),
        "later clone": clone_pairs(score, torch.zeros(10_000, 1), [0.4, 0.0]).transpose(0, 1).reshape(-1, 1),
    }
    correlation = np.corrcoef(np.stack([end.squeeze(1).double().numpy() for end in ends.values()]))
    assert np.abs(correlation - np.eye(len(ends))).max() < 4.5 / math.sqrt(20_000)


@pytest.mark.parametrize("rule", ["exponential", "ancestral"])
def test_a_u_turn_ends_at_a_clone(rule):
    a = points(20_000)
    end = u_turn(score, a, 0.4, steps=200, spacing="quadratic", sampler=rule, noise=6)
    assert abs(z_of_covariance(a, end, expected_covariance(0.4))) < 4
    assert abs(z_of_covariance(end, end, OWN)) < 4


@pytest.mark.parametrize("rule", ["ddim", "flow"])
def test_a_u_turn_by_a_flow(rule):
    """The flow takes x_t to x_t sqrt(C_0/C_t): the covariance with the data point is exp(-t) L sqrt(L/C_t)."""
    t, a = 0.4, points(20_000)
    end = u_turn(score, a, t, steps=400, spacing="quadratic", sampler=rule, noise=6)
    assert abs(z_of_covariance(a, end, math.exp(-t) * OWN * math.sqrt(OWN / variance(t)))) < 4
    assert abs(z_of_covariance(end, end, OWN)) < 4


def test_a_u_turn_is_a_way_out_and_a_way_back():
    a, noise = points(5), NoiseStream(3, 2)
    out = noised(a, 0.5, noise=noise.substream(0))
    back = backward(score, out, backward_times(0.5, end=0.1, steps=4), noise=noise.substream(1))
    assert torch.equal(back, u_turn(score, a, 0.5, end=0.1, steps=4, noise=noise))
    assert torch.equal(back, u_turn(score, a, 0.5, times=backward_times(0.5, end=0.1, steps=4), noise=noise))
    part = u_turn(score, a[2:], 0.5, end=0.1, steps=4, noise=noise, first_row=2)
    assert torch.equal(back[2:], part)


def test_bad_u_turns():
    with pytest.raises(ValueError, match=r"^u_turn: times must begin at t = 0.5, got 0.4.*; put t first$"):
        u_turn(score, points(3), 0.5, times=[0.4, 0.0])
    with pytest.raises(ValueError, match=r"^backward_times: t .* must be positive and finite, got -1"):
        u_turn(score, points(3), -1.0)
    with pytest.raises(ValueError, match=r"^noised: a \(states\) must be finite"):
        u_turn(score, points(3) / 0, 0.5)
