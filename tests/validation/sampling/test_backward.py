"""The backward process: its laws, its batches, what it shows and what it refuses."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

torch = pytest.importorskip("torch")

from regimes.validation.sampling import (  # noqa: E402
    SAMPLERS,
    NoiseStream,
    backward,
    backward_states,
    backward_times,
    noised,
    sampler,
    schedule_times,
)

MODES = [sampler(name) for name in SAMPLERS] + [sampler("ddim", eta=0.5)]
NAMES = [f"{rule.name} {rule.eta}" if rule.eta else rule.name for rule in MODES]


def variance(t, own):
    return own * math.exp(-2 * t) - math.expm1(-2 * t)


def gaussian(own):
    return lambda x, t: x * (-1 / variance(t, own))


def simulated_variances(rule, times, own):
    """Of Gaussian data at every time, step by step: the score is linear."""
    squares, weights = [variance(times[0], own)], rule.weights(times)
    for k, t in enumerate(times[:-1]):
        one = torch.ones(1, 1, dtype=torch.float64)
        factor = float(rule.step(gaussian(own), one, t, times[k + 1], torch.zeros_like(one)))
        squares.append(factor**2 * squares[-1] + weights.noise[k] ** 2)
    return squares


def z_of_spread(x, square):
    """Of the mean square of independent centred normal numbers."""
    return float(x.double().square().mean() / square - 1) / math.sqrt(2 / x.numel())


def mixture(centre, own):
    """Two classes of equal weight in one dimension."""

    def score(x, t):
        spread, shrunk = variance(t, own), centre * math.exp(-t)
        return torch.tanh(x * (shrunk / spread)).mul_(shrunk).sub_(x).div_(spread)

    return score


def start(rows, shape, seed=1, dtype=torch.float32):
    return NoiseStream(seed, 99).normal(0, 0, rows, shape, dtype=dtype)


@pytest.mark.parametrize("rule", MODES, ids=NAMES)
@pytest.mark.parametrize(
    "times", [[1.0, 0.8, 0.5, 0.1, 0.0], schedule_times("ddpm-linear", t=2.0, count=25)], ids=["few", "schedule"]
)
def test_the_spread_of_gaussian_data_is_that_of_the_recursion(times, rule):
    """Noise of the right size enters at the right place: the variance is known for any steps, few ones too."""
    own, rows = 0.3, 20_000
    x = start(rows, (2,)) * math.sqrt(variance(times[0], own))
    end = backward(gaussian(own), x, times, sampler=rule, noise=3)
    square = simulated_variances(rule, times, own)[-1]
    assert abs(z_of_spread(end, square)) < 4
    assert abs(end.double().mean()) < 4 * math.sqrt(square / end.numel())


@pytest.mark.parametrize("rule", MODES, ids=NAMES)
def test_a_mixture_is_sampled(rule):
    centre, own, rows = 1.5, 0.25, 20_000
    times = backward_times(3.0, steps=400, spacing="quadratic")
    a = centre * (2 * (NoiseStream(5).uniform(0, 0, rows, ()) < 0.5).double() - 1)
    a += math.sqrt(own) * start(rows, (), dtype=torch.float64)
    x = noised(a, 3.0, noise=NoiseStream(6))
    end = backward(mixture(centre, own), x, times, sampler=rule, noise=7).numpy()
    law = stats.norm(loc=[-centre, centre], scale=math.sqrt(own))
    assert stats.kstest(end, lambda y: law.cdf(np.asarray(y)[..., None]).mean(axis=-1)).pvalue > 1e-3
    square = centre**2 + own
    fourth = centre**4 + 6 * centre**2 * own + 3 * own**2
    assert abs((end**2).mean() - square) < 4 * math.sqrt((fourth - square**2) / rows)


def test_noise_of_the_forward_process():
    a = torch.full((30_000, 2), 2.0)
    x = noised(a, 0.4, noise=NoiseStream(1)).double()
    spread = -math.expm1(-0.8)
    assert abs(x.mean() - 2 * math.exp(-0.4)) < 4 * math.sqrt(spread / x.numel())
    assert abs(x.var() / spread - 1) < 4 * math.sqrt(2 / x.numel())
    assert torch.equal(noised(a[100:], 0.4, noise=1, first_row=100), noised(a, 0.4, noise=1)[100:])
    assert not torch.equal(noised(a, 0.4, noise=1, step=1), noised(a, 0.4, noise=1))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("rule", MODES, ids=NAMES)
def test_batches_change_no_byte(rule, dtype):
    x, times = start(37, (5, 3), dtype=dtype), backward_times(1.0, steps=7)

    def run(x, **options):
        return backward(lambda x, t: x * (t - 1.3), x, times, sampler=rule, noise=2, **options)

    whole = run(x)
    assert whole.dtype == dtype
    for batch in (1, 10, 36, 1000):
        assert torch.equal(whole, run(x, batch=batch))
    assert torch.equal(whole, run(x, memory=1))
    assert torch.equal(whole, torch.cat([run(x[:11]), run(x[11:], first_row=11)]))


@settings(max_examples=15)
@given(st.integers(1, 30), st.integers(1, 9), st.integers(1, 9), st.sampled_from(MODES))
def test_a_run_in_pieces_is_the_run(rows, before, after, rule):
    x, times = start(rows, (3,)), backward_times(1.0, steps=before + after)
    options = {"sampler": rule, "noise": NoiseStream(3, 1)}
    middle = backward(gaussian(0.5), x, times[: before + 1], **options)
    end = backward(gaussian(0.5), middle, times[before:], first_step=before, **options)
    assert torch.equal(end, backward(gaussian(0.5), x, times, **options))


def test_a_run_that_goes_on_with_its_seed_draws_anew():
    """Its numbers were those of the beginning again: a variance of 1.3 for Gaussian data of variance 0.3 at t = 0.5."""
    own, times, rows = 0.3, backward_times(2.0, end=0.5, steps=60, spacing="log-snr"), 20_000
    x = start(rows, (1,)) * math.sqrt(variance(2.0, own))
    expected = simulated_variances(sampler("exponential"), times, own)[-1]
    (middle,) = backward_states(gaussian(own), x, times, times[30])
    assert torch.equal(middle, backward(gaussian(own), x, times[:31]))  # the same beginning, the same numbers
    assert abs(z_of_spread(backward(gaussian(own), middle, times[30:]), expected)) < 4


def test_memory_bounds_the_batch():
    sizes = set()

    def score(x, t):
        sizes.add(len(x))
        return -x

    backward(score, start(1000, (64,)), [1.0, 0.5], memory=8 * 64 * 4 * 300)
    assert sizes == {300, 100}
    sizes.clear()
    backward(score, start(1000, (64,)), [1.0, 0.5])
    assert sizes == {1000}


def test_rows_of_one_number_and_of_many_axes():
    for shape in [(), (1,), (2, 3, 4)]:
        x = start(6, shape)
        assert backward(lambda x, t: -x, x, [1.0, 0.5, 0.0]).shape == (6, *shape)


def test_nothing_is_left_behind():
    x, model = start(5, (3,)), torch.nn.Linear(3, 3)
    before, state = x.clone(), torch.get_rng_state()
    end = backward(lambda x, t: model(x), x, [1.0, 0.5], noise=1)
    assert not end.requires_grad
    assert torch.is_grad_enabled()
    assert torch.equal(x, before)
    again = backward(lambda x, t: model(x), x.requires_grad_(), [1.0, 0.5], noise=1)
    assert torch.equal(end, again)
    assert torch.equal(state, torch.get_rng_state())


def test_a_score_that_hands_back_its_argument_is_no_trap():
    x = start(5, (3,), dtype=torch.float64)
    for rule in MODES:
        aliased = backward(lambda x, t: x, x, [1.0, 0.5, 0.0], sampler=rule)
        assert torch.equal(aliased, backward(lambda x, t: x.clone(), x, [1.0, 0.5, 0.0], sampler=rule))


@pytest.mark.parametrize("batch", [None, 4])
def test_every_state_is_seen(batch):
    x, times, seen, done = start(10, (2,)), np.array([1.0, 0.5, 0.2, 0.0]), {}, []

    def watch(step, t, x, first_row):
        assert t == times[step]
        seen.setdefault(step, []).append((first_row, x.clone()))

    end = backward(
        gaussian(0.5),
        x,
        times,
        noise=1,
        batch=batch,
        first_row=100,
        watch=watch,
        progress=lambda part, *numbers: done.append(numbers),
    )
    states = {step: torch.cat([state for _, state in parts]) for step, parts in seen.items()}
    assert list(states) == [0, 1, 2, 3]
    assert [first for first, _ in seen[0]] == ([100] if batch is None else [100, 104, 108])
    assert torch.equal(states[0], x)
    assert torch.equal(states[3], end)
    kept = backward_states(gaussian(0.5), x, times, [0.0, 0.5, 1.0, 0.5], noise=1, batch=batch, first_row=100)
    assert torch.equal(kept, torch.stack([states[3], states[1], states[0], states[1]]))
    assert done[-1] == (30, 30)
    assert [now for now, _ in done] == sorted(now for now, _ in done)
    assert len(done) == 3 * (1 if batch is None else 3)


def test_states_on_the_way_have_the_spread_of_their_time():
    own, times, places = 0.3, backward_times(2.0, steps=200), [50, 100, 150]
    x = start(10_000, (2,)) * math.sqrt(variance(2.0, own))
    expected = simulated_variances(sampler("exponential"), times, own)
    states = backward_states(gaussian(own), x, times, times[places], noise=9)
    for place, state in zip(places, states, strict=True):
        assert abs(z_of_spread(state, expected[place])) < 4


class Singular(torch.nn.Module):
    """Infinite at t = 0, and not a tensor of the right kind elsewhere if so asked."""

    def forward(self, x, t):
        if t == 0:
            raise ZeroDivisionError
        return -x / t


@pytest.mark.parametrize("rule", MODES, ids=NAMES)
def test_a_score_that_is_singular_at_zero_is_not_asked_there(rule):
    end = backward(Singular(), start(5, (2,)), [1.0, 0.5, 0.0], sampler=rule)
    assert torch.isfinite(end).all()


def test_it_is_asked_there_if_it_may():
    with pytest.raises(ZeroDivisionError):
        backward(Singular(), start(5, (2,)), [1.0, 0.5, 0.0], sampler=sampler("flow", score_at_zero=True))


def spoiled(value, row=6):
    def score(x, t):
        result = -x
        if t < 0.6 and len(x) > row:
            result[row, 1] = value
        return result

    return score


def test_a_score_that_is_not_finite_is_named_with_its_place():
    message = (
        r"^backward: the score must be finite, got nan or inf in 1 of 10 rows at t = 0.5 \(step 1 of 3\); first in row "
        r"106, whose state is finite. A score may be singular at t = 0 \(end at a positive time\), overflow in float32 "
        r"\(use float64\), or come from a model that has diverged$"
    )
    for value in (math.nan, math.inf, -math.inf):
        with pytest.raises(ValueError, match=message):
            backward(spoiled(value), start(10, (2,)), [1.0, 0.5, 0.2, 0.0], first_row=100)
    with pytest.raises(ValueError, match=r"^backward_states: .* in 1 of 7 rows .* first in row 16,"):
        backward_states(spoiled(math.nan), start(20, (2,)), [0.5, 0.2], [0.2], batch=7, first_row=10)


def test_a_state_that_is_not_finite_is_named():
    with pytest.raises(ValueError, match=r"whose state is itself not finite"):
        backward(lambda x, t: x + 3e38, start(10, (2,)), [1.0, 0.5, 0.4, 0.0])
    with pytest.raises(
        ValueError, match=r"^backward: the states must stay finite, got nan or inf at t = 0.5; .*float64$"
    ):
        backward(lambda x, t: torch.full_like(x, 3e38), start(1, (1,)), [1.0, 0.5], sampler="exponential")


def test_large_scores_whose_sum_overflows_are_let_through():
    x = start(1000, (2,))
    end = backward(lambda x, t: torch.full_like(x, 1e37), x, [1e-3, 0.0])
    assert torch.isfinite(end).all()


FINE = torch.ones(4, 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: backward(lambda x, t: x[:, :1], FINE, [1.0, 0.5]),
            r"must have the shape of the states, \(4, 2\), got \(4, 1\) at t = 1 \(step 0 of 1\); a model for other",
        ),
        (lambda: backward(lambda x, t: x.mean(), FINE, [1.0, 0.5]), r"got \(\) at t = 1 .* an average over rows\?$"),
        (
            lambda: backward(lambda x, t: x.double(), FINE, [1.0, 0.5]),
            r"must be torch.float32 on cpu like the states, got torch.float64 on cpu at t = 1",
        ),
        (lambda: backward(lambda x, t: (x, t), FINE, [1.0, 0.5]), "must be a tensor, got tuple at t = 1"),
        (lambda: backward(lambda x, t: None, FINE, [1.0, 0.5]), "must be a tensor, got NoneType"),
        (lambda: backward(lambda x, t: x, FINE, [0.5, 1.0]), "^backward: times must be strictly decreasing"),
        (lambda: backward(lambda x, t: x, FINE, [1.0]), "sequence of at least two"),
        (lambda: backward(lambda x, t: x, np.ones((4, 2)), [1.0, 0.5]), "x must be a torch tensor, got ndarray"),
        (lambda: backward(lambda x, t: x, FINE.half(), [1.0, 0.5]), r"float32 or float64 of .* got torch.float16"),
        (lambda: backward(lambda x, t: x, torch.ones(0, 2), [1.0, 0.5]), r"at least one row, got .* shape \(0, 2\)"),
        (lambda: backward(lambda x, t: x, torch.tensor(1.0), [1.0, 0.5]), r"got torch.float32 of shape \(\)"),
        (lambda: backward(lambda x, t: x, FINE / 0, [1.0, 0.5]), r"x \(states\) must be finite, got nan or inf"),
        (lambda: backward(lambda x, t: x, FINE, [1.0, 0.5], batch=0), "batch .* must be at least 1, got 0"),
        (lambda: backward(lambda x, t: x, FINE, [1.0, 0.5], memory=-1), "memory .* must be at least 1, got -1"),
        (lambda: backward(lambda x, t: x, FINE, [1.0, 0.5], first_row=-1), "first_row .* must be at least 0, got -1"),
        (lambda: backward(lambda x, t: x, FINE, [1.0, 0.5], first_step=1.5), "first_step .* whole number, got 1.5"),
        (lambda: backward(lambda x, t: x, FINE, [1.0, 0.5], sampler="heun"), "^sampler: name must be one of"),
        (lambda: backward(lambda x, t: x, FINE, [1.0, 0.5], noise="x"), "^backward: noise must be a .* got 'x'"),
        (
            lambda: backward_states(lambda x, t: x, FINE, [1.0, 0.5], [0.7]),
            "^backward_states: at must be times among those of the run, 1 to 0.5, got 0.69.*; put it among the times$",
        ),
        (lambda: backward_states(lambda x, t: x, FINE, [1.0, 0.5], []), r"got an array of shape \(0,\)"),
        (lambda: noised(FINE, 0.0), r"^noised: t \(Ornstein-Uhlenbeck time\) must be positive and finite, got 0$"),
        (lambda: noised(FINE * math.nan, 1.0), r"^noised: a \(states\) must be finite"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
