"""Samplers of models of a continuous noise level: EDM, consistency models, the grids of k-diffusion, score SDEs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.process.sampler_steps import SamplerSteps
from regimes.numerics.process.scheduler_config import SchedulerConfig
from regimes.numerics.process.sigma_grids import places, sigma_grid

__all__ = ["consistency", "cosine_edm", "edm", "k_diffusion", "pndm_improved", "ve_sde", "vp_sde"]

Array = NDArray[np.float64]


def edm(config: SchedulerConfig, steps: int) -> SamplerSteps:
    """Karras et al. 2022: the model is told a quarter of log sigma."""
    sigma = _grid(config, steps)
    return SamplerSteps.of_sigma(sigma, np.log(sigma) / 4, _last(config))


def cosine_edm(config: SchedulerConfig, steps: int) -> SamplerSteps:
    """The same levels for a model that is told the angle of signal and noise, in units of a right angle."""
    sigma = _grid(config, steps)
    return SamplerSteps.of_sigma(sigma, np.arctan(sigma) / np.pi * 2, _last(config))


def k_diffusion(config: SchedulerConfig, steps: int) -> SamplerSteps:
    """A grid of noise levels alone."""
    return SamplerSteps.of_sigma(_grid(config, steps), None)


def consistency(config: SchedulerConfig, steps: int) -> SamplerSteps:
    """Consistency models: levels of the training grid, at a whole distance."""
    train = config.num_train_timesteps
    if steps > train:
        raise ValueError(f"schedule: a sampler of {config.kind} has at most {train} steps, got {steps}")
    low, high = _range(config)
    k = np.arange(steps) * (train // steps)
    sigma = np.asarray(compile_formula("edm_step_sigma", target="numpy")(k, max(train, 2), high, low, config.rho))
    return SamplerSteps.of_sigma(sigma, 250 * np.log(sigma), low)


def ve_sde(config: SchedulerConfig, steps: int) -> SamplerSteps:
    """Variance-exploding score SDE."""
    u, (low, high) = np.linspace(1.0, config.sampling_eps, steps), _range(config)
    return SamplerSteps.of_sigma(compile_formula("polyexponential_sigma", target="numpy")(u, high, low, 1.0), u, low)


def vp_sde(config: SchedulerConfig, steps: int) -> SamplerSteps:
    """Variance-preserving score SDE, whose rate grows linearly."""
    u = np.linspace(1.0, config.sampling_eps, steps)
    growth = config.beta_max - config.beta_min
    if growth <= 0:
        raise ValueError(f"schedule: beta_max must exceed beta_min, got {config.beta_max:g} and {config.beta_min:g}")
    return SamplerSteps(np.asarray(compile_formula("vp_time", target="numpy")(u, config.beta_min, growth)), u)


def pndm_improved(config: SchedulerConfig, steps: int) -> SamplerSteps:
    """The improved PNDM sampler: the model is told the angle of signal and noise, in units of a right angle."""
    if config.trained_betas is not None:
        raise ValueError(f"schedule: {config.kind} with trained_betas is not read; give a list of sigmas in a file")
    alpha_bar = np.asarray(compile_formula("squared_sine_alpha_bar", target="numpy")(places(steps + 1)[:-1]))
    angle = np.arccos(np.sqrt(alpha_bar)) / np.pi * 2
    return SamplerSteps.of_alpha_bar(alpha_bar, angle)


def _grid(config: SchedulerConfig, steps: int) -> Array:
    low, high = _range(config)
    if config.sigma_schedule == "polyexponential" and config.kind != "k-diffusion":
        raise ValueError(
            f"schedule: sigma_schedule of {config.kind} must be karras or exponential, got polyexponential, which is a "
            "schedule of that name"
        )
    return sigma_grid(config.sigma_schedule, steps, high, low, config.rho)


def _range(config: SchedulerConfig) -> tuple[float, float]:
    low, high = config.sigma_min, config.sigma_max
    if low is None or high is None or low >= high:
        raise ValueError(f"schedule: sigma_min and sigma_max of {config.kind} must be given, the second the larger")
    return low, high


def _last(config: SchedulerConfig) -> float:
    return _range(config)[0] if config.final_sigmas_type == "sigma_min" else 0.0
