"""Grids told to samplers of diffusers: the samplers take them, and their samples have the variances that follow."""

import json
import math
import warnings
from importlib import import_module
from itertools import pairwise

import numpy as np
import pytest

from regimes import noise_schedule
from regimes.numerics.decisions.best_end_grid import best_end_grid
from regimes.numerics.decisions.components import gaussian_components
from regimes.numerics.decisions.diffusers_steps import to_diffusers
from regimes.numerics.decisions.step_divergence import end_divergence
from regimes.numerics.decisions.step_grid import schedule_grid, step_grid

VARIANCES = (0.02, 1.0, 9.0)


def plan(name="cosine", calls=12):
    schedule, data = noise_schedule(name, inference_steps=calls), gaussian_components(VARIANCES)
    own = schedule_grid(schedule)
    grid = best_end_grid(data, own.calls, own.snr[0], own.snr[-1], denoises=own.denoises)
    return schedule, data, grid, to_diffusers(grid, schedule, data)


def test_timesteps_are_the_nearest_and_fall_and_the_divergence_is_theirs():
    schedule, data, grid, told = plan()
    assert json.loads(json.dumps(told)) == told
    steps = told["timesteps"]
    assert len(steps) == grid.calls == 12
    assert all(one > other for one, other in pairwise(steps))
    own = -2 * np.log(np.sqrt(np.expm1(2 * schedule.training.t)))
    assert np.abs(own[steps] - np.log(grid.snr)) == pytest.approx(np.abs(own[:, None] - np.log(grid.snr)).min(axis=0))
    rounded = step_grid(1 / np.expm1(2 * schedule.training.t[steps]), denoises=True)
    assert told["end_divergence_rounded"] == pytest.approx(end_divergence(rounded, data))
    assert "not cover" in told["sigmas_for"]


def test_more_levels_than_training_steps_near_them_are_moved_apart():
    schedule = noise_schedule("ddpm-linear", steps=20)
    told = to_diffusers(step_grid(np.geomspace(9e3, 1e4, 20), denoises=True), schedule, gaussian_components([1.0]))
    assert told["timesteps"] == list(range(19, -1, -1))
    told = to_diffusers(step_grid(np.geomspace(9e3, 1e4, 21), denoises=True), schedule, gaussian_components([1.0]))
    assert told["timesteps"] is None
    assert told["timesteps_reason"] == "the training has 20 steps, fewer than the 21 calls"


@pytest.mark.parametrize(("name", "why"), [("edm", "continuous noise level"), ("flow", "is a flow")])
def test_no_whole_steps_has_a_reason(name, why):
    told = plan(name, 6)[-1]
    assert told["timesteps"] is None
    assert told["path_divergence_rounded"] is None
    assert why in told["timesteps_reason"]
    assert len(told["sigmas"]) == 7
    assert np.isfinite(told["sigmas"]).all()


@pytest.mark.filterwarnings("ignore")
def test_samplers_of_diffusers_take_them():
    torch = pytest.importorskip("torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        diffusers = pytest.importorskip("diffusers")
        schedulers = import_module("diffusers.schedulers")
        diffusers.logging.set_verbosity_error()
    _, _, grid, told = plan()
    sampler = schedulers.DDPMScheduler(
        beta_schedule="squaredcos_cap_v2", clip_sample=False, variance_type="fixed_small"
    )
    sampler.set_timesteps(timesteps=told["timesteps"])
    assert sampler.timesteps.tolist() == told["timesteps"]
    # With the exact denoiser of the Gaussian the samples at the last call lack what the recursion says.
    draws, random = 40_000, torch.Generator().manual_seed(3)
    variances = torch.tensor(VARIANCES, dtype=torch.float64)
    alpha_bar = sampler.alphas_cumprod.double()
    first = alpha_bar[told["timesteps"][0]]
    x = torch.sqrt(first * variances + 1 - first) * torch.randn(draws, 3, generator=random, dtype=torch.float64)
    for step in sampler.timesteps[:-1]:
        power = alpha_bar[step]
        noise = torch.sqrt(1 - power) / (power * variances + 1 - power) * x
        x = sampler.step(noise, step, x, generator=random).prev_sample
    last = alpha_bar[told["timesteps"][-1]]
    ratio = ((x**2).mean(0) / (last * variances + 1 - last)).numpy()
    ratios, lam = (alpha_bar / (1 - alpha_bar)).numpy()[told["timesteps"]], np.array(VARIANCES)
    variance = ratios[0] ** 2 * lam + ratios[0]
    for begin, end in pairwise(ratios):
        variance = (1 + (end - begin) * lam / (1 + begin * lam)) ** 2 * variance + end - begin
    share = variance / (ratios[-1] ** 2 * lam + ratios[-1])
    assert share.min() < 0.95
    assert np.abs(ratio / share - 1).max() < 4 * math.sqrt(2 / draws)
    assert (1 / share - 1 + np.log(share)).sum() / 2 == pytest.approx(told["end_divergence_rounded"], rel=1e-3)
    euler = schedulers.EulerDiscreteScheduler(beta_schedule="squaredcos_cap_v2", timestep_spacing="trailing")
    euler.set_timesteps(sigmas=told["sigmas"])
    assert euler.sigmas.tolist() == pytest.approx(told["sigmas"], rel=1e-6)
    assert euler.timesteps.numel() == grid.calls
