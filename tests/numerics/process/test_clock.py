"""Clocks and schedules."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regimes import SCHEDULES, Clock, clock, noise_schedule


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
    schedule = noise_schedule(name, steps=50)
    t = schedule.t.min() + share * (schedule.t.max() - schedule.t.min())
    step = schedule.step(t)
    assert schedule.alpha_bar[step] <= np.exp(-2 * t) * (1 + 1e-9)
    quieter = schedule.t[schedule.t < schedule.t[step]]
    assert np.all(quieter < t)


@given(st.floats(1e-3, 12.0))
def test_every_clock_leads_back_to_the_time(t):
    reading = clock(t)
    for name in ("alpha_bar", "snr", "log_snr", "sigma", "flow_time"):
        # alpha_bar near 1 and flow time near 1 hold t only to the spacing of floats there
        tolerance = 1e-12 + 1e-15 * np.exp(2 * t) + 1e-15 / t
        assert clock(**{name: reading[f"clock.{name}"].value})["clock.time"].value == pytest.approx(t, rel=tolerance)


def test_unreached_schedules_have_a_reason_unless_asked_for():
    reading = clock(4.9)
    assert reading["clock.step.edm"].value is None
    assert "must lie in 2e-06 to 4.3821" in reading["clock.step.edm"].reason
    with pytest.raises(ValueError, match=r"schedule edm: t must lie in 2e-06 to 4\.3821 \(OU time\), got 4\.9"):
        clock(4.9, schedule="edm")


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({}, "give exactly one of time, alpha_bar, .* got none"),
        ({"time": 1, "snr": 2}, "give exactly one of .* got time, snr"),
        ({"time": -1.0}, r"time \(Ornstein-Uhlenbeck time\) must lie strictly between 0 and inf, got -1"),
        ({"time": float("nan")}, "got nan"),
        ({"alpha_bar": 1.0}, "alpha_bar .* must lie strictly between 0 and 1, got 1"),
        ({"flow_time": 1.5}, "flow_time .* between 0 and 1, got 1.5"),
        ({"step": 5}, "a step needs a schedule"),
        ({"step": 1000, "schedule": "ddpm-linear"}, "step must lie in 0 to 999, got 1000"),
        ({"time": 1, "schedule": "linear"}, "name must be one of ddpm-linear, cosine, edm, got 'linear'"),
        ({"time": 1, "steps": 10}, "steps belongs to a schedule"),
        ({"step": 1, "schedule": "edm", "steps": 1}, "edm needs at least 2 steps, got 1"),
    ],
)
def test_bad_input(given_, message):
    with pytest.raises(ValueError, match=message):
        clock(**given_)


def test_each_reading_names_its_formulas_and_can_be_stored():
    for reading in (clock(1.0), clock(4.9), clock(step=3, schedule="edm"), clock(alpha_bar=0.3, schedule="cosine")):
        assert Clock.from_dict(json.loads(json.dumps(reading.to_dict()))) == reading
    assert clock(alpha_bar=0.3)["clock.sigma"].formulas == ("time_from_alpha_bar", "edm_sigma")
    assert set(clock(1.0)["clock.step.ddpm-linear"].formulas) == {"linear_beta", "time_from_alpha_bar"}
