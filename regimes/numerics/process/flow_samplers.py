"""Samplers of flow matching, x = (1 - s) a + s z: the model is told s times the number of training steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.process.sampler_steps import SamplerSteps
from regimes.numerics.process.scheduler_config import SchedulerConfig
from regimes.numerics.process.sigma_grids import sigma_grid

__all__ = ["flow_euler", "flow_heun", "flow_map", "flow_shift", "flow_solver", "flow_spacing", "minimax", "piflow"]

Array = NDArray[np.float64]
_BELOW_ONE = 1e-6


def flow_euler(config: SchedulerConfig, steps: int, tokens: int | None) -> SamplerSteps:
    """Euler's method: equal steps, shifted, on a grid if one is asked for.

    Trailing they lead to the data, as pipelines pass them; else from the noisiest training level to the least noisy,
    as the scheduler by itself has them.
    """
    shift = flow_shift(config, tokens)
    if flow_spacing(config) == "trailing":
        flow = _shifted(_to_the_data(steps), shift)
    else:
        # The levels of training are shifted already where the shift is static, and are so again.
        ends = np.array([1.0, 1 / config.num_train_timesteps])
        first, last = (ends if config.use_dynamic_shifting else _shifted(ends, shift)).tolist()
        flow = _shifted(np.linspace(first, last, steps), shift)
    if config.shift_terminal is not None:
        if steps < 2 or not flow[-1] < 1:
            raise ValueError(f"schedule: shift_terminal must have two steps or more to stretch, got {steps}")
        stretched = compile_formula("stretched_flow_time", target="numpy")
        flow = np.asarray(stretched(flow, flow[-1], config.shift_terminal))
    if config.grid is not None:
        flow = sigma_grid(config.grid, steps, flow[0], flow[-1])
    return _labelled(config, flow)


def flow_spacing(config: SchedulerConfig) -> str:
    """Where nothing says: a shift that depends on the image comes from a pipeline, which passes steps of its own."""
    return config.timestep_spacing or ("trailing" if config.use_dynamic_shifting else "linspace")


def flow_heun(config: SchedulerConfig, steps: int, tokens: int | None) -> SamplerSteps:
    """Heun's method: each step but the first calls the model twice."""
    first, last = _shifted(np.array([1.0, 1 / config.num_train_timesteps]), config.shift).tolist()
    flow = _shifted(np.linspace(first, last, steps), config.shift)
    return _labelled(config, flow[np.append(0, np.repeat(np.arange(1, steps), 2))])


def flow_map(config: SchedulerConfig, steps: int, tokens: int | None) -> SamplerSteps:
    """Equal steps to the data, shifted."""
    return _labelled(config, _shifted(_to_the_data(steps), config.shift))


def piflow(config: SchedulerConfig, steps: int, tokens: int | None) -> SamplerSteps:
    """Equal steps but a shorter last one, shifted."""
    length = 1 / (steps - 1 + config.final_step_size_scale)
    return _labelled(config, _shifted(1 - np.arange(steps, dtype=np.float64) * length, config.shift))


def minimax(config: SchedulerConfig, steps: int, tokens: int | None) -> SamplerSteps:
    """Levels from the noise to the data, both among the steps asked for; the model is told 1 - s."""
    if steps < 2:
        raise ValueError(f"schedule: {config.kind} must have at least 2 steps, got {steps}")
    flow = _shifted(np.linspace(1.0, 0.0, steps)[:-1], config.shift)
    return SamplerSteps.of_flow_time(flow, 1 - flow)


def flow_solver(config: SchedulerConfig, steps: int, tokens: int | None, own: Array) -> SamplerSteps:
    """Multistep solvers with flow sigmas; ``own`` are the noise levels of the training table, for Karras grids."""
    train, unipc = config.num_train_timesteps, config.kind == "UniPCMultistepScheduler"
    if config.grid is not None and not (unipc and config.use_karras_sigmas):
        raise ValueError(f"schedule: use_flow_sigmas of {config.kind} goes without {config.grid} sigmas")
    if config.grid is not None:
        sigma = sigma_grid("karras", steps, own[-1], own[0])
        flow = told = sigma / (1 + sigma)
    else:
        shift = flow_shift(config, tokens) if unipc or config.use_dynamic_shifting else config.flow_shift
        levels = np.linspace(1.0, 1 / train, steps + 1)
        even = levels[:-1] if unipc else (1 - levels)[:0:-1]
        flow, terminal = _shifted(even, shift), config.shift_terminal if unipc else None
        if terminal is not None:
            flow = np.asarray(compile_formula("stretched_flow_time", target="numpy")(flow, flow[-1], terminal))
        told = _told_by_package(even, shift, terminal)
        if unipc:
            flow[0], told[0] = (min(each[0], 1 - _BELOW_ONE) for each in (flow, told))
    last = flow[-1] if config.final_sigmas_type == "sigma_min" else 0.0
    return SamplerSteps.of_flow_time(flow, np.trunc(told * train), last)


def _told_by_package(even: Array, shift: float, terminal: float | None) -> Array:
    """Shifted and stretched in the package's order of operations: it cuts the product with the steps, 99 of 99.9999."""
    flow = shift * even / (1 + (shift - 1) * even)
    return flow if terminal is None else 1 - (1 - flow) / ((1 - flow[-1]) / (1 - terminal))


def flow_shift(config: SchedulerConfig, tokens: int | None) -> float:
    """The shift of the configuration, or that of an image of so many tokens, the most it is made for by default."""
    if not config.use_dynamic_shifting:
        return config.flow_shift if config.use_flow_sigmas else config.shift
    few, many = config.base_image_seq_len, config.max_image_seq_len
    if few >= many:
        raise ValueError(f"schedule: max_image_seq_len must exceed base_image_seq_len, got {many} and {few}")
    mu = compile_formula("dynamic_shift", target="numpy")(
        many if tokens is None else tokens, few, many, config.base_shift, config.max_shift
    )
    return float(np.exp(mu)) if config.time_shift_type == "exponential" else float(mu)


def _to_the_data(steps: int) -> Array:
    """From pure noise at equal distances, the last of which ends at the data."""
    return np.linspace(1.0, 0.0, steps + 1)[:-1]


def _shifted(flow: Array, shift: float) -> Array:
    if shift == 1:
        return flow
    return np.asarray(compile_formula("shifted_flow_time", target="numpy")(flow, shift))


def _labelled(config: SchedulerConfig, flow: Array) -> SamplerSteps:
    told = 1 - flow if config.invert_sigmas else flow
    return SamplerSteps.of_flow_time(flow, told * config.num_train_timesteps)
