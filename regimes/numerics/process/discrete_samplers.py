"""Samplers of models with a training schedule of discrete steps, as diffusers has them.

Each takes the configuration, the signal power of the training steps and a number of steps, and gives the calls of the
model in the order of sampling.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.process.sampler_steps import SamplerSteps
from regimes.numerics.process.scheduler_config import SchedulerConfig
from regimes.numerics.process.schedules import times_from_alpha_bar
from regimes.numerics.process.sigma_grids import sigma_grid
from regimes.numerics.process.spacing import spaced_steps

__all__ = [
    "ancestral",
    "consistency_decoder",
    "distilled",
    "dpm_solver",
    "euler",
    "heun",
    "inverse",
    "inverse_solver",
    "midpoint",
    "pseudo",
    "sigmas_of",
    "whole_steps",
]

Array = NDArray[np.float64]
_PSEUDO_ORDER = 4
_LEAST = 1e-10  # sigma, before its logarithm is taken


def whole_steps(config: SchedulerConfig, table: Array, steps: int) -> SamplerSteps:
    """DDPM and DDIM: whole training steps."""
    return _from_table(config, table, _spaced(config, table, steps))


def inverse(config: SchedulerConfig, table: Array, steps: int) -> SamplerSteps:
    """DDIM from the data to the noise."""
    if config.timestep_spacing == "linspace":
        raise ValueError(f"schedule: {config.kind} must space its steps leading or trailing, got linspace")
    return _from_table(config, table, _spaced(config, table, steps)[::-1])


def pseudo(config: SchedulerConfig, table: Array, steps: int) -> SamplerSteps:
    """PNDM: the first steps by a Runge-Kutta method, or the second step twice."""
    chosen = _spaced(config, table, steps)
    if config.skip_prk_steps:
        return _from_table(config, table, np.concatenate([chosen[:2], chosen[1:2], chosen[2:]]))
    if steps < _PSEUDO_ORDER:
        raise ValueError(f"schedule: {config.kind} must have at least {_PSEUDO_ORDER} steps, got {steps}")
    half = config.num_train_timesteps // steps // 2
    calls = (np.repeat(chosen[:_PSEUDO_ORDER], 2) + np.tile([half, 0], _PSEUDO_ORDER))[1:]
    return _from_table(config, table, np.concatenate([np.repeat(calls, 2)[1:-1], chosen[3:]]))


def distilled(config: SchedulerConfig, table: Array, steps: int) -> SamplerSteps:
    """LCM and TCD: of the steps on which the student was trained."""
    original = config.original_inference_steps
    if not steps <= original <= config.num_train_timesteps:
        raise ValueError(
            f"schedule: {config.kind} must take at most its {original} distilled steps, which must not exceed its "
            f"{config.num_train_timesteps} training steps, got {steps}"
        )
    known = (np.arange(original, 0, -1) * (config.num_train_timesteps // original) - 1).astype(np.float64)
    return _from_table(config, table, known[np.floor(np.arange(steps) * original / steps).astype(np.intp)])


def consistency_decoder(config: SchedulerConfig, table: Array, steps: int) -> SamplerSteps:
    """The decoder's two steps."""
    if steps != 2:
        raise ValueError(f"schedule: {config.kind} must have 2 steps, got {steps}")
    return _from_table(config, table, np.array([1008.0, 512.0]))


def euler(config: SchedulerConfig, table: Array, steps: int) -> SamplerSteps:
    """Euler's method: fractions of training steps, at interpolated noise levels."""
    own = sigmas_of(table)
    timesteps = spaced_steps(config.timestep_spacing, steps, table.size, offset=config.steps_offset)
    _check_trained(config, timesteps, table.size)
    if config.interpolation_type == "log_linear":
        sigma = sigma_grid("exponential", steps + 1, own[-1], own[0])[:steps]
    else:
        sigma = np.interp(timesteps, np.arange(own.size), own)
    if config.grid is not None:
        sigma = sigma_grid(config.grid, steps, *_ends(config, sigma[0], sigma[-1]))
        timesteps = _steps_of_sigma(sigma, table)
    if config.timestep_type == "continuous" and config.prediction_type == "v_prediction":
        timesteps = np.log(sigma) / 4
    return SamplerSteps.of_sigma(sigma, timesteps, own[0] if config.final_sigmas_type == "sigma_min" else 0.0)


def heun(config: SchedulerConfig, table: Array, steps: int) -> SamplerSteps:
    """Heun's method: each step but the first calls the model twice."""
    found = euler(config, table, steps)
    twice = np.append(0, np.repeat(np.arange(1, steps), 2))
    return SamplerSteps(found.t[twice], None if found.timesteps is None else found.timesteps[twice])


def midpoint(config: SchedulerConfig, table: Array, steps: int) -> SamplerSteps:
    """DPM-Solver-2 and its stochastic form: the model is called between two steps too, half-way in log sigma."""
    sigma, timesteps = _of_euler(config, table, steps)
    between = np.sqrt(sigma[1:] * sigma[:-1])
    return _interleaved(table, sigma, timesteps, between)


def ancestral(config: SchedulerConfig, table: Array, steps: int) -> SamplerSteps:
    """The ancestral form: half-way to the level from which noise is added again, which is the next step's."""
    sigma, timesteps = _of_euler(config, table, steps)
    # Exactly the next level; in the package's single precision a difference of squares that loses digits, and what
    # the model is told follows it.
    level, after = sigma[:-1].astype(np.float32), sigma[1:].astype(np.float32)
    added = after**2 * (level**2 - after**2) / level**2
    down = np.sqrt(np.maximum(after**2 - np.sqrt(added) ** 2, np.float32(0)))
    return _interleaved(table, sigma, timesteps, sigma[1:], told=np.sqrt(level * down.astype(np.float64)))


def dpm_solver(config: SchedulerConfig, table: Array, steps: int) -> SamplerSteps:
    """Multistep solvers: whole training steps, or a grid of noise levels between the ends of training."""
    own = sigmas_of(table)
    ends_at_zero = config.final_sigmas_type == "zero"
    if config.grid is not None:
        sigma = sigma_grid(config.grid, steps, *_ends(config, own[-1], own[0]))
        told = sigma
        if config.use_lu_lambdas:  # in the package from its logarithms of single precision
            last, first = _single_logs(table)[[0, -1]].tolist()
            told = np.exp(first + np.linspace(0.0, 1.0, steps) * (last - first))
        timesteps = _steps_of_sigma(told, table)
        rounds = config.use_karras_sigmas or config.use_lu_lambdas
        kept = config.kind == "DPMSolverMultistepScheduler" and config.beta_schedule == "squaredcos_cap_v2"
        timesteps = np.round(timesteps) if rounds and not kept else np.trunc(timesteps)
        return SamplerSteps.of_sigma(sigma, timesteps, 0.0 if ends_at_zero else sigma[-1])
    spacing = "linspace" if config.kind == "DPMSolverSinglestepScheduler" else config.timestep_spacing
    timesteps = spaced_steps(
        spacing, steps, table.size, offset=config.steps_offset, last=_unclipped(config, own), past_end=True
    ).round()
    _check_trained(config, timesteps, table.size)
    if np.any(timesteps[1:] == timesteps[:-1]):
        raise ValueError(
            f"schedule: {config.kind} takes whole training steps, got {steps} that are not apart; take fewer"
        )
    sigma = np.interp(timesteps, np.arange(own.size), own)
    return SamplerSteps.of_sigma(sigma, timesteps, 0.0 if ends_at_zero else own[0])


def inverse_solver(config: SchedulerConfig, table: Array, steps: int) -> SamplerSteps:
    """A multistep solver from the data to the noise; of a step that comes twice the second is left out."""
    own = sigmas_of(table)
    used = _unclipped(config, own)
    if steps > used:
        raise ValueError(f"schedule: a sampler of {config.kind} has at most {used} steps, got {steps}")
    if config.grid is not None:
        sigma = sigma_grid(config.grid, steps, own[0], own[-1])
        timesteps = _steps_of_sigma(sigma, table)
        if config.grid == "karras":
            timesteps = timesteps.round()
    else:
        past_end = config.timestep_spacing != "trailing"
        count = steps + past_end  # of which the noisiest is left out
        chosen = spaced_steps(config.timestep_spacing, count, table.size, offset=config.steps_offset, last=used).round()
        timesteps = chosen[::-1][:steps]
        sigma = np.interp(timesteps, np.arange(own.size), own)
    _, first = np.unique(timesteps, return_index=True)
    kept = np.sort(first)
    return SamplerSteps.of_sigma(sigma[kept], np.trunc(timesteps[kept]), own[used - 1])


def sigmas_of(table: Array) -> Array:
    """Noise levels of the training steps."""
    return np.asarray(compile_formula("edm_sigma", target="numpy")(times_from_alpha_bar(table)))


def _ends(config: SchedulerConfig, first: float, last: float) -> tuple[float, float]:
    """Largest and smallest level of a grid: those of the configuration, else the sampler's own."""
    high, low = config.sigma_max or first, config.sigma_min or last
    if not high > low and first != last:
        raise ValueError(f"schedule: sigma_max of {config.kind} must exceed sigma_min, got {high:g} and {low:g}")
    return high, low


def _unclipped(config: SchedulerConfig, own: Array) -> int:
    """Number of training steps whose log-SNR a solver does not leave out as too low."""
    return int(own.size - np.searchsorted(-np.log(own[::-1]), config.lambda_min_clipped))


def _spaced(config: SchedulerConfig, table: Array, steps: int) -> Array:
    if steps > table.size:
        raise ValueError(f"schedule: a sampler of {config.kind} has at most {table.size} steps, got {steps}")
    return spaced_steps(config.timestep_spacing, steps, table.size, offset=config.steps_offset).round()


def _from_table(config: SchedulerConfig, table: Array, timesteps: Array) -> SamplerSteps:
    _check_trained(config, timesteps, table.size)
    end = 1.0 if config.set_alpha_to_one else float(table[0])
    return SamplerSteps.of_alpha_bar(table[timesteps.astype(np.intp)], timesteps, end)


def _check_trained(config: SchedulerConfig, timesteps: Array, train: int) -> None:
    """Refuse steps on which no model was trained."""
    if timesteps.max() >= train:
        raise ValueError(
            f"schedule: the steps of {config.kind} must lie in 0 to {train - 1}, got {timesteps.max():g}, since "
            f"steps_offset is {config.steps_offset}; take fewer steps or another spacing"
        )


def _of_euler(config: SchedulerConfig, table: Array, steps: int) -> tuple[Array, Array]:
    found = euler(config, table, steps)
    timesteps = np.asarray(found.timesteps)
    if config.kind.startswith("KDPM2") and config.use_karras_sigmas:
        timesteps = timesteps.round()
    return np.asarray(compile_formula("edm_sigma", target="numpy")(found.t)), timesteps


def _interleaved(
    table: Array, sigma: Array, timesteps: Array, between: Array, told: Array | None = None
) -> SamplerSteps:
    """Steps, with a call of the model before each but the first, ``told`` another level if one is given."""
    levels, labels = np.empty(2 * sigma.size - 1), np.empty(2 * sigma.size - 1)
    levels[::2], labels[::2] = sigma, timesteps
    levels[1::2], labels[1::2] = between, _steps_of_sigma(between if told is None else told, table)
    return SamplerSteps.of_sigma(levels, labels)


def _single_logs(table: Array) -> NDArray[np.float32]:
    """Logarithms of the noise levels of the training steps, in single precision."""
    single = table.astype(np.float32)
    return np.asarray(np.log(np.sqrt((1 - single) / single)), dtype=np.float32)


def _steps_of_sigma(sigma: Array, table: Array) -> Array:
    """Training step of a noise level: linear in its logarithm, the ends beyond them.

    The package has the table in single precision, and cuts what comes out: 998 where it is 999 but for rounding. To
    call a step what the package calls it takes the same rounding, and no more than that rests on it.
    """
    logs = _single_logs(table)
    wanted = np.log(np.maximum(sigma, _LEAST))
    low = np.clip(np.searchsorted(logs, wanted, side="right") - 1, 0, logs.size - 2)
    part = (logs[low] - wanted) / (logs[low] - logs[low + 1])
    part = np.clip(part, 0, 1)
    return np.asarray((1 - part) * low + part * (low + 1), dtype=np.float64)
