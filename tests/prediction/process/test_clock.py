"""One noise level on every clock."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regimes import Clock, clock, noise_schedule


@given(st.floats(1e-3, 12.0))
def test_every_clock_leads_back_to_the_time(t):
    reading = clock(t)
    for name in ("alpha_bar", "snr", "log_snr", "sigma", "flow_time"):
        # alpha_bar near 1 and flow time near 1 hold t only to the spacing of floats there
        tolerance = 1e-12 + 1e-15 * np.exp(2 * t) + 1e-15 / t
        assert clock(**{name: reading[f"clock.{name}"].value})["clock.time"].value == pytest.approx(t, rel=tolerance)


def test_pure_noise_is_a_noise_level():
    for given_ in ({"alpha_bar": 0}, {"flow_time": 1}, {"snr": 0}):
        numbers = clock(**given_).to_dict()["numbers"]
        assert [numbers[f"clock.{name}"]["value"] for name in ("alpha_bar", "snr", "flow_time")] == [0, 0, 1]
        for name in ("time", "log_snr", "sigma"):
            assert (numbers[f"clock.{name}"]["value"], numbers[f"clock.{name}"]["reason"]) == (
                None,
                "infinite: pure noise",
            )
    reading = clock(alpha_bar=0, schedule="flow")
    assert reading["clock.step.flow"].value == reading["clock.position.flow"].value == 1000


@pytest.mark.parametrize("given_", [{"time": 800.0}, {"sigma": 1e-200}, {"sigma": 1e300}, {"log_snr": -1e4}])
def test_a_level_beyond_float64_gives_back_what_was_given_and_no_infinity(given_):
    numbers = clock(**given_).numbers
    ((name, value),) = given_.items()
    assert numbers[f"clock.{name}"].value == value
    for number in numbers.values():
        assert number.value is not None or number.reason
        assert number.value is None or np.isfinite(number.value)


def test_steps_of_training_and_of_the_sampler():
    sampler = noise_schedule("sdxl", inference_steps=30)
    by_index, by_step = clock(index=10, schedule=sampler), clock(step=628, schedule=sampler)
    for reading in (by_index, by_step):
        assert reading["clock.step.sdxl"].value == 10
        assert reading["clock.step.sdxl"].step.timestep == 628  # leading, at a distance of 33, with an offset of 1
        assert reading["clock.position.sdxl"].value == pytest.approx(628, abs=1e-9)
    between = clock(step=926.45, schedule="ddpm-linear")
    assert between["clock.position.ddpm-linear"].value == pytest.approx(926.45, abs=1e-9)
    assert clock(step=926, schedule="ddpm-linear")["clock.sigma"].value < between["clock.sigma"].value


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
        ({"alpha_bar": 1.0}, "alpha_bar .* must be at least 0, which is pure noise, and below 1, got 1"),
        ({"flow_time": 1.5}, "flow_time .* above 0 and at most 1, which is pure noise, got 1.5"),
        ({"step": 5}, "step is of a schedule; give schedule, ddpm-linear"),
        ({"index": 5}, "index is of a schedule; give schedule"),
        ({"index": 5, "schedule": "sdxl"}, "index is a step of a sampler, got schedule sdxl .*; give inference_steps"),
        ({"index": 2.5, "schedule": "edm"}, "index .* must be a whole number, got 2.5"),
        ({"step": 1000, "schedule": "ddpm-linear"}, "step must lie in 0 to 999, got 1000"),
        ({"time": 1, "schedule": "cosin"}, "schedule must be one of ddpm-linear, .*, got 'cosin'; did you mean cosine"),
        ({"time": 1, "schedule": "sd16"}, r"\(scaled-linear is of Stable Diffusion\), .*, got 'sd16'"),
        ({"sigma": 14.62, "schedule": "sdxl"}, r"sdxl: sigma .* must lie in 0\.02916\d+ to 14\.6146, got 14\.62; the"),
        ({"time": 1, "steps": 10}, "steps belongs to a schedule"),
        ({"step": 1, "schedule": "edm", "steps": 1}, "steps .* must be at least 2, got 1"),
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
