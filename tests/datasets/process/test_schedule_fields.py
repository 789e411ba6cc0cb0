"""Every field and option of every named schedule changes the schedule, or is refused by name."""

import itertools

import numpy as np
import pytest

from regimes import SCHEDULES, noise_schedule

VALUES = {
    "num_train_timesteps": (200, 300),
    "beta_start": (0.0002, 0.001),
    "beta_end": (0.01, 0.03),
    "beta_schedule": ("linear", "scaled_linear"),
    "rescale_betas_zero_snr": ("true", "false"),
    "prediction_type": ("epsilon", "v_prediction"),
    "timestep_spacing": ("leading", "trailing"),
    "steps_offset": (0, 2),
    "set_alpha_to_one": ("true", "false"),
    "interpolation_type": ("linear", "log_linear"),
    "timestep_type": ("discrete", "continuous"),
    "final_sigmas_type": ("zero", "sigma_min"),
    "use_karras_sigmas": ("true", "false"),
    "use_exponential_sigmas": ("true", "false"),
    "use_beta_sigmas": ("true", "false"),
    "sigma_min": (0.05, 0.1),
    "sigma_max": (5, 9),
    "sigma_schedule": ("karras", "exponential"),
    "rho": (3, 5),
    "shift": (2, 5),
    "use_dynamic_shifting": ("true", "false"),
    "time_shift_type": ("exponential", "linear"),
    "base_shift": (0.3, 0.9),
    "max_shift": (1.1, 2),
    "base_image_seq_len": (100, 300),
    "max_image_seq_len": (5000, 9000),
    "shift_terminal": (0.1, 0.2),
    "invert_sigmas": ("true", "false"),
    "beta_min": (0.05, 0.2),
    "beta_max": (10, 30),
    "sampling_eps": (0.01, 0.05),
}
OPTIONS = {
    "steps": (30, 40),
    "inference_steps": (9, 10),
    "spacing": ("linspace", "trailing"),
    "strength": (0.5, 0.8),
    "tokens": (500, 900),
    "values": ("sigma", "alpha_bar"),
}


def answer(source, **options):
    """The schedule as comparable parts, or why there is none."""
    try:
        found = noise_schedule(source, **options)
    except ValueError as error:
        return str(error)
    tables = (found, found.training) if found.training is not None else (found,)
    told = [None if each.timesteps is None else each.timesteps.tolist() for each in tables]
    return [[each.t.tolist() for each in tables], told, found.end]


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_field_changes_the_schedule_or_is_refused(name):
    taken = 0
    for asked, (field, pair) in itertools.product(({}, {"inference_steps": 10}), VALUES.items()):
        first, second = (answer(f"{name},{field}={value}", **asked) for value in pair)
        assert first != second or field in first, (asked, field)
        taken += not isinstance(first, str)
        for text in (first, second):
            assert not isinstance(text, str) or (field in text and len(text) < 3 * 120), text
    assert taken > 3


@pytest.mark.parametrize("name", SCHEDULES)
def test_an_option_changes_the_schedule_or_is_refused(name):
    for asked in ({}, {"inference_steps": 10}, {"steps": 50}):
        for option, pair in OPTIONS.items():
            if option not in asked:
                first, second = (answer(name, **asked, **{option: value}) for value in pair)
                assert first != second or option in first, (asked, option)


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        ("edm", {"steps": 40, "inference_steps": 10}, "got steps, which edm does not use beside inference_steps"),
        ("sdxl,sigma_max=3", {}, "sdxl, .* does not use sigma_max; it takes num_train_timesteps, beta_start, beta_end"),
        ("cosine,beta_end=.5", {}, "does not use beta_end; it takes num_train_timesteps, beta_schedule, rescale"),
        ("sdxl,timestep_spacing=trailing", {}, "is of a sampler of sdxl, got it without inference_steps"),
        ("flux,shift=2", {"inference_steps": 4}, "flux, .* does not use shift; it takes num_train_timesteps, use_dyn"),
        ("flux", {"tokens": 500}, "are of a sampler, got tokens alone; give inference_steps"),
        ("flow", {"spacing": "leading", "inference_steps": 4}, "must be linspace or trailing, got leading"),
        (
            "scaled-linear,use_karras_sigmas=true",
            {"inference_steps": 4},
            "takes FIELD=VALUE .*, got .use_karras",
        ),
        ("karras,rho=5,rho=7", {}, "once after karras, got rho twice"),
        ("edm,sigma_schedule=polyexponential", {}, "must be karras or exponential"),
        ({"_class_name": "DPMSolverMultistepScheduler", "use_karras_sigmas": True}, {"spacing": "leading"}, "spacing"),
        (
            "flux",
            {"inference_steps": 4, "tokens": 10**6},
            "have steps that are apart, got one noise level at all 4",
        ),
        ("flux,base_image_seq_len=4096", {"inference_steps": 4}, "max_image_seq_len must exceed base_image_seq_len"),
        ({"_class_name": "KDPM2DiscreteScheduler", "beta_end": 1.0}, {"inference_steps": 50}, "got none at step 1;"),
        ("zero-snr,beta_start=1", {}, "must have betas that leave some signal"),
        ({"_class_name": "MiniMaxH3Scheduler"}, {}, "MiniMaxH3 has no steps of its own; give inference_steps"),
    ],
)
def test_what_changes_nothing_is_refused(source, options, message):
    with pytest.raises(ValueError, match=message):
        noise_schedule(source, **options)


def test_a_grid_of_euler_lies_between_the_steps_that_are_spaced():
    ends = [
        noise_schedule("sdxl,use_karras_sigmas=true", inference_steps=10, spacing=spacing).timesteps[[0, -1]].tolist()
        for spacing in ("leading", "trailing")
    ]
    assert np.round(ends).tolist() == [[901, 1], [999, 99]]


@pytest.mark.parametrize(
    ("source", "steps", "most"),
    [
        ("sdxl", 2000, "leading spacing takes at most 1000 of the 1000 training steps, got 2000"),
        ("sdxl", 1000, "must lie in 0 to 999, got 1000, since steps_offset is 1"),
        ({"_class_name": "DPMSolverMultistepScheduler"}, 1000, "takes whole training steps, got 1000 .* not apart"),
        ({"_class_name": "DPMSolverMultistepInverseScheduler"}, 2000, "has at most 1000 steps, got 2000"),
        ({"_class_name": "LMSDiscreteScheduler", "timestep_spacing": "trailing"}, 1001, "at most 1000 of the 1000"),
    ],
)
def test_more_steps_than_there_are_training_steps(source, steps, most):
    with pytest.raises(ValueError, match=most):
        noise_schedule(source, inference_steps=steps)
    assert noise_schedule({"_class_name": "EulerDiscreteScheduler"}, inference_steps=2000).steps == 2000  # fractions


@pytest.mark.parametrize("name", ["PiflowScheduler", "MiniMaxH3Scheduler", "FlowMapEulerDiscreteScheduler"])
def test_strength_where_no_pipeline_begins_in_the_middle(name):
    with pytest.raises(ValueError, match=f"strength goes with a sampler of image to image, got {name}"):
        noise_schedule({"_class_name": name}, inference_steps=10, strength=0.5)
