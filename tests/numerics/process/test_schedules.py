"""Schedules: published tables, steps and times and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regimes import SCHEDULES, Schedule, clock, noise_schedule

SHORT = {name: noise_schedule(name, steps=50) for name in SCHEDULES}


@pytest.mark.parametrize(("Lambda", "step"), [(7.66, 446), (16.72, 526), (3.05, 329), (12.11, 495), (60.52, 635)])
def test_published_steps_of_the_linear_schedule(Lambda, step):
    # biroli2024's five data sets; 1000 steps, beta from 1e-4 to 0.02
    schedule = noise_schedule("ddpm-linear")
    assert int(np.flatnonzero(schedule.alpha_bar < 1 / Lambda)[0]) == step
    assert clock(0.5 * np.log(Lambda))["clock.step.ddpm-linear"].value == step


def test_linear_schedule_is_the_running_product():
    betas = np.linspace(1e-4, 0.02, 1000)
    assert np.allclose(noise_schedule("ddpm-linear").alpha_bar, np.cumprod(1 - betas), rtol=1e-12, atol=0)


def test_cosine_schedule_is_the_running_product_with_the_cap():
    def level(step):
        return np.cos((step / 1000 + 0.008) / 1.008 * np.pi / 2) ** 2

    k = np.arange(1000)
    betas = np.minimum(1 - level(k + 1) / level(k), 0.999)
    assert np.allclose(noise_schedule("cosine").alpha_bar, np.cumprod(1 - betas), rtol=1e-10, atol=0)


def test_stable_diffusion_has_its_own_steps():
    # scaled linear, 0.00085 to 0.012, 1000 steps: its noisiest level is 14.6146, and the linear schedule has 157 there
    schedule = noise_schedule("scaled_linear")
    betas = np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
    assert np.allclose(schedule.alpha_bar, np.cumprod(1 - betas), rtol=1e-12, atol=0)
    assert schedule.step(1.0) == 628
    for name in ("stable-diffusion", "SD1.5"):
        assert clock(sigma=14.61, schedule=name)["clock.step.scaled-linear"].value == 999


def test_edm_schedule_runs_from_80_to_0002_in_18_steps():
    readings = [clock(step=k, schedule="edm")["clock.sigma"].value for k in (0, 17)]
    assert readings == pytest.approx([80.0, 0.002], rel=1e-12)
    assert noise_schedule("edm").steps == 18


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("count", [2, 18, 1000])
def test_every_step_finds_itself_again(name, count):
    schedule = noise_schedule(name, steps=count)
    assert [schedule.step(schedule.time(k)) for k in range(count)] == list(range(count))


@pytest.mark.parametrize("name", SCHEDULES)
@given(share=st.floats(0.0, 1.0))
def test_step_is_the_least_noisy_one_not_above(name, share):
    schedule = SHORT[name]
    finite = schedule.t[np.isfinite(schedule.t)]
    t = finite.min() + share * (finite.max() - finite.min())
    step = schedule.step(t)
    assert schedule.alpha_bar[step] <= np.exp(-2 * t) * (1 + 1e-9)
    quieter = schedule.t[schedule.t < schedule.t[step]]
    assert np.all(quieter < t)


@pytest.mark.parametrize("name", SCHEDULES)
@given(place=st.floats(0.0, 1.0))
def test_a_place_between_steps_is_found_again(name, place):
    schedule = SHORT[name]
    step = place * (schedule.steps - 1)
    t = schedule.time(step)
    if not np.isfinite(t):
        assert schedule.time(schedule.position(t)) == t
        return
    found = schedule.position(t)
    # Near pure noise a step holds a time only to the spacing of floats at the step.
    assert schedule.time(found) == pytest.approx(t, rel=1e-12, abs=1e-13 * np.exp(t))
    flat = np.abs(np.diff(schedule.t)).min()
    assert found == pytest.approx(step, abs=1e-12 + 1e-15 * max(1.0, t) / flat)


def test_pure_noise_is_the_end_of_a_schedule():
    for name, step in (("zero-snr", 999), ("flow", 1000)):
        schedule = noise_schedule(name)
        assert schedule.step(np.inf) == step
        assert schedule.alpha_bar[step] == 0
        assert schedule.at(np.inf).sigma is None
        # half of the amplitude of the last step with a signal is left half-way to none
        assert schedule.time(step - 0.5) == pytest.approx(schedule.t[step - 1] + np.log(2), rel=1e-12)
    with pytest.raises(ValueError, match="t must lie in 0.00042.* to 2.684.*, got pure noise"):
        noise_schedule("scaled-linear").step(np.inf)


def test_a_schedule_by_hand_is_checked():
    for t, alpha_bar in (([], []), ([[1.0]], [[0.1]]), ([1.0, 2.0], [0.1]), ([-1.0], [0.5]), ([np.nan], [0.5])):
        with pytest.raises(ValueError, match="^Schedule: t "):
            Schedule("own", np.array(t), np.array(alpha_bar), "by hand")
