"""Times of the backward process."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch")

from regimes import noise_schedule
from regimes.validation.sampling import SPACINGS, backward_times, halved_times, schedule_times

ENDS = st.floats(1e-3, 5.0)


@given(ENDS, st.floats(0.01, 0.9), st.integers(1, 300), st.sampled_from(SPACINGS))
def test_times_decrease_from_end_to_end(t, share, steps, spacing):
    times = backward_times(t, end=share * t, steps=steps, spacing=spacing)
    assert times.shape == (steps + 1,)
    assert (times[0], times[-1]) == (t, share * t)
    assert (np.diff(times) < 0).all()


@given(ENDS, st.integers(2, 300))
def test_spacings(t, steps):
    uniform, quadratic = (backward_times(t, steps=steps, spacing=spacing) for spacing in ("uniform", "quadratic"))
    np.testing.assert_allclose(np.diff(uniform), -t / steps, rtol=1e-9)
    np.testing.assert_allclose(np.diff(np.sqrt(quadratic)), -np.sqrt(t) / steps, rtol=1e-9)
    geometric = backward_times(t, end=t / 100, steps=steps, spacing="log-snr")
    log_snr = -np.log(np.expm1(2 * geometric))
    np.testing.assert_allclose(np.diff(log_snr), (log_snr[-1] - log_snr[0]) / steps, rtol=1e-6)


@given(st.lists(st.floats(1e-6, 10), min_size=2, max_size=30, unique=True))
def test_halves(values):
    times = np.sort(values)[::-1]
    halved = halved_times(times)
    np.testing.assert_array_equal(halved[::2], times)
    np.testing.assert_allclose(halved[1::2], (times[1:] + times[:-1]) / 2)


@pytest.mark.parametrize("name", ["ddpm-linear", "cosine", "edm"])
def test_a_schedule_is_walked_down(name):
    schedule = noise_schedule(name)
    times = schedule_times(name)
    np.testing.assert_array_equal(times[:-1], np.sort(schedule.t)[::-1])
    assert times[-1] == 0
    np.testing.assert_array_equal(times, schedule_times(schedule))


def test_a_schedule_from_a_time_on():
    schedule = noise_schedule("ddpm-linear")
    step = 442
    on_a_step = schedule_times(schedule, t=schedule.time(step))
    np.testing.assert_array_equal(on_a_step[:-1], schedule.t[step::-1])
    np.testing.assert_array_equal(on_a_step[1:], schedule_times(schedule, t=schedule.time(step) * (1 + 1e-13))[1:])
    between = schedule_times(schedule, t=1.0, end=0.01)
    assert between[0] == 1.0
    assert between[-1] == 0.01
    inside = schedule.t[(schedule.t < 1.0) & (schedule.t > 0.01)]
    np.testing.assert_array_equal(between[1:-1], inside[::-1])


def test_some_of_the_steps():
    every = schedule_times("ddpm-linear", count=50)
    np.testing.assert_array_equal(every[:-1], schedule_times("ddpm-linear")[:-1:20])
    assert every[-1] == 0
    assert schedule_times("edm", steps=40).size == 41
    assert schedule_times("edm", count=18).size == 19


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: backward_times(0.0, steps=3), r"^backward_times: t \(.*\) must be positive and finite, got 0$"),
        (lambda: backward_times(1.0, end=1.0, steps=3), r"end \(.*\) must lie in 0 to t = 1, got 1$"),
        (lambda: backward_times(1.0, end=-0.1, steps=3), r"got -0.1$"),
        (lambda: backward_times(1.0, steps=0), r"steps \(number of steps\) must be at least 1, got 0"),
        (lambda: backward_times(1.0, steps=3, spacing="cosine"), "one of uniform, quadratic, log-snr, got 'cosine'"),
        (lambda: backward_times(1.0, steps=3, spacing="log-snr"), "must end above 0, .* or use 'quadratic'"),
        (lambda: schedule_times("quadratic"), "schedule must be one of ddpm-linear, .*, got 'quadratic'"),
        (lambda: schedule_times("edm", t=5.0), r"must not exceed the last step of schedule edm, 4.3821.*got 5;"),
        (lambda: schedule_times("edm", t=1.0, end=2.0), "must lie in 0 to t = 1, got 2"),
        (lambda: schedule_times("edm", count=19), "count must not exceed the 18 times between 4.3821.* and 0, got 19"),
        (lambda: schedule_times("edm", count=0), "count .* must be at least 1, got 0"),
        (lambda: schedule_times(noise_schedule("edm"), steps=18), "steps goes with the name of a schedule"),
        (lambda: halved_times([1.0]), r"must be a sequence of at least two, got shape \(1,\)"),
        (lambda: halved_times([0.5, 1.0]), r"strictly decreasing, .* got 0.5 and then 1 \(entries 0 and 1\)"),
        (lambda: halved_times([1.0, 0.5, 0.5]), r"\(entries 1 and 2\); sort them, largest first"),
        (lambda: halved_times([1.0, -0.5]), "must be finite and not negative, got -0.5"),
        (lambda: halved_times([np.inf, 0.5]), "must be finite and not negative, got inf"),
        (lambda: halved_times([1.0, np.nan, 0.0]), "got nan"),
        (lambda: halved_times([1.0, np.nextafter(1.0, 0)]), "strictly decreasing"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
