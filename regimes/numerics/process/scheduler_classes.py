"""Scheduler classes of diffusers: which sampler each is, its defaults, and which are not read and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.process import discrete_samplers as discrete
from regimes.numerics.process import flow_samplers as flow
from regimes.numerics.process import sigma_samplers as continuous
from regimes.numerics.process.sampler_steps import SamplerSteps, times_from_flow_time
from regimes.numerics.process.scheduler_config import SchedulerConfig
from regimes.numerics.process.schedules import Schedule, times_from_alpha_bar
from regimes.numerics.process.training_tables import shifted, training_alpha_bar, zero_terminal

__all__ = ["CLASSES", "GRID_FIELDS", "NOT_READ", "read_config", "sampler_of", "training_of"]

Array = NDArray[np.float64]

GRID_FIELDS = ("use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas")
"""Fields that ask for a grid of noise levels, which not all classes have."""

_HALF = 2.0**-24
"""Signal power that solvers in sigma put where there is none: they need a number."""


@dataclass(frozen=True)
class _Class:
    """A sampler with the fields that its class has, of those that matter here, and defaults of its own.

    ``table`` says that its model has a training schedule of betas.
    """

    steps: Callable[..., SamplerSteps]
    fields: tuple[str, ...]
    defaults: Mapping[str, Any] = field(default_factory=dict)
    table: bool = False

    @property
    def calls(self) -> int:
        """Calls of the model for each step."""
        return 2 if self.between or self.steps in (discrete.heun, flow.flow_heun) else 1

    @property
    def between(self) -> bool:
        """Whether it calls the model between the levels that a scheduler keeps."""
        return self.steps in (discrete.midpoint, discrete.ancestral)

    @property
    def flow(self) -> bool:
        """Whether its steps are times of flow matching."""
        return self.steps.__module__ == flow.__name__

    @property
    def spaced(self) -> bool:
        """Whether its steps can be spaced: as its configuration says, or as a pipeline asks."""
        if self.steps is discrete.distilled:
            return False  # of the steps on which the student was trained, whatever its configuration says
        return "timestep_spacing" in self.fields or self.steps is flow.flow_euler


_LATENT = {"beta_start": 0.00085, "beta_end": 0.012}
_SPREAD = {"timestep_spacing": "linspace"}
_SOLVER = {**_SPREAD, "final_sigmas_type": "sigma_min"}
_DISTILLED = {**_LATENT, "beta_schedule": "scaled_linear"}
_COGVIDEO = {**_DISTILLED, "snr_shift_scale": 3.0}
_EDM = {"sigma_min": 0.002, "sigma_max": 80.0}
_COSINE = {"beta_schedule": "squaredcos_cap_v2", "timestep_spacing": "linspace"}
_BY_SHIFT = {"timestep_spacing": ""}  # that of a pipeline where the shift is dynamic, else the scheduler's own

_COUNT = "num_train_timesteps"
_BETAS = (_COUNT, "beta_start", "beta_end", "beta_schedule", "trained_betas", "prediction_type")
_SPACED = (*_BETAS, "timestep_spacing", "steps_offset")
_ZERO = (*_SPACED, "rescale_betas_zero_snr")
_TO_ONE = (*_ZERO, "set_alpha_to_one")
_RANGE = ("sigma_min", "sigma_max")
_FLOWS = (*GRID_FIELDS, "use_flow_sigmas", "flow_shift")
_DYNAMIC = ("use_dynamic_shifting", "time_shift_type")
_CLIPPED = "lambda_min_clipped"
_GRID = (_COUNT, "prediction_type", *_RANGE, "final_sigmas_type", "sigma_schedule", "rho")
_MATCH = (
    *(_COUNT, "shift", *_DYNAMIC, "base_shift", "max_shift", "base_image_seq_len", "max_image_seq_len"),
    *("shift_terminal", "invert_sigmas", *GRID_FIELDS),
)


def _of_betas(
    steps: Callable[..., SamplerSteps], fields: tuple[str, ...], defaults: Mapping[str, Any] | None = None
) -> _Class:
    return _Class(steps, fields, defaults or {}, table=True)


CLASSES: dict[str, _Class] = {
    "DDPMScheduler": _of_betas(discrete.whole_steps, _ZERO),
    "DDPMParallelScheduler": _of_betas(discrete.whole_steps, _ZERO),
    "DDIMScheduler": _of_betas(discrete.whole_steps, _TO_ONE),
    "DDIMParallelScheduler": _of_betas(discrete.whole_steps, _TO_ONE),
    "CogVideoXDDIMScheduler": _of_betas(discrete.whole_steps, (*_TO_ONE, "snr_shift_scale"), _COGVIDEO),
    "CogVideoXDPMScheduler": _of_betas(discrete.whole_steps, (*_TO_ONE, "snr_shift_scale"), _COGVIDEO),
    "UnCLIPScheduler": _of_betas(discrete.whole_steps, (_COUNT, "beta_schedule", "prediction_type"), _COSINE),
    "DDIMInverseScheduler": _of_betas(discrete.inverse, _TO_ONE),
    "PNDMScheduler": _of_betas(
        discrete.pseudo, (*_SPACED, "set_alpha_to_one", "skip_prk_steps"), {"set_alpha_to_one": False}
    ),
    "LCMScheduler": _of_betas(discrete.distilled, (*_TO_ONE, "original_inference_steps"), _DISTILLED),
    "TCDScheduler": _of_betas(discrete.distilled, (*_TO_ONE, "original_inference_steps"), _DISTILLED),
    "ConsistencyDecoderScheduler": _of_betas(
        discrete.consistency_decoder, (_COUNT,), {**_COSINE, "num_train_timesteps": 1024}
    ),
    "EulerDiscreteScheduler": _of_betas(
        discrete.euler,
        (*_ZERO, *GRID_FIELDS, *_RANGE, "interpolation_type", "timestep_type", "final_sigmas_type"),
        _SPREAD,
    ),
    "EulerAncestralDiscreteScheduler": _of_betas(discrete.euler, _ZERO, _SPREAD),
    "LMSDiscreteScheduler": _of_betas(discrete.euler, (*_SPACED, *GRID_FIELDS), _SPREAD),
    "HeunDiscreteScheduler": _of_betas(discrete.heun, (*_SPACED, *GRID_FIELDS), {**_LATENT, **_SPREAD}),
    "KDPM2DiscreteScheduler": _of_betas(discrete.midpoint, (*_SPACED, *GRID_FIELDS), {**_LATENT, **_SPREAD}),
    "DPMSolverSDEScheduler": _of_betas(discrete.midpoint, (*_SPACED, *GRID_FIELDS), {**_LATENT, **_SPREAD}),
    "KDPM2AncestralDiscreteScheduler": _of_betas(discrete.ancestral, (*_SPACED, *GRID_FIELDS), {**_LATENT, **_SPREAD}),
    "DPMSolverMultistepScheduler": _of_betas(
        discrete.dpm_solver,
        (*_ZERO, *_FLOWS, *_DYNAMIC, "use_lu_lambdas", "final_sigmas_type", _CLIPPED),
        _SPREAD,
    ),
    "DPMSolverSinglestepScheduler": _of_betas(
        discrete.dpm_solver, (*_BETAS, *_FLOWS, *_DYNAMIC, "final_sigmas_type", _CLIPPED), _SPREAD
    ),
    "UniPCMultistepScheduler": _of_betas(
        discrete.dpm_solver,
        (*_ZERO, *_FLOWS, *_DYNAMIC, *_RANGE, "final_sigmas_type", "shift_terminal"),
        _SPREAD,
    ),
    "DEISMultistepScheduler": _of_betas(discrete.dpm_solver, (*_SPACED, *_FLOWS, *_DYNAMIC), _SOLVER),
    "SASolverScheduler": _of_betas(discrete.dpm_solver, (*_SPACED, *_FLOWS, _CLIPPED), _SOLVER),
    "DPMSolverMultistepInverseScheduler": _of_betas(discrete.inverse_solver, (*_SPACED, *_FLOWS, _CLIPPED), _SPREAD),
    "EDMEulerScheduler": _Class(continuous.edm, _GRID, _EDM),
    "EDMDPMSolverMultistepScheduler": _Class(continuous.edm, _GRID, _EDM),
    "CosineDPMSolverMultistepScheduler": _Class(
        continuous.cosine_edm, _GRID, {"sigma_min": 0.3, "sigma_max": 500.0, "sigma_schedule": "exponential"}
    ),
    "CMStochasticIterativeScheduler": _Class(
        continuous.consistency, (_COUNT, *_RANGE, "rho"), {**_EDM, "num_train_timesteps": 40}
    ),
    "ScoreSdeVeScheduler": _Class(
        continuous.ve_sde,
        (_COUNT, *_RANGE, "sampling_eps"),
        {"sigma_min": 0.01, "sigma_max": 1348.0, "sampling_eps": 1e-5, "num_train_timesteps": 2000},
    ),
    "ScoreSdeVpScheduler": _Class(
        continuous.vp_sde, (_COUNT, "beta_min", "beta_max", "sampling_eps"), {"num_train_timesteps": 2000}
    ),
    "IPNDMScheduler": _Class(continuous.pndm_improved, (_COUNT, "trained_betas")),
    "k-diffusion": _Class(continuous.k_diffusion, (*_RANGE, "sigma_schedule", "rho")),
    "FlowMatchEulerDiscreteScheduler": _Class(flow.flow_euler, _MATCH, _BY_SHIFT),
    "FlowMatchLCMScheduler": _Class(flow.flow_euler, _MATCH, _BY_SHIFT),
    "LTXEulerAncestralRFScheduler": _Class(flow.flow_euler, (_COUNT,), _BY_SHIFT),
    "FlowMatchHeunDiscreteScheduler": _Class(flow.flow_heun, (_COUNT, "shift")),
    "FlowMapEulerDiscreteScheduler": _Class(flow.flow_map, (_COUNT, "shift")),
    "PiflowScheduler": _Class(flow.piflow, (_COUNT, "shift", "final_step_size_scale"), {"shift": 5.0}),
    "MiniMaxH3Scheduler": _Class(flow.minimax, ("shift",), {"shift": 12.0}),
}
"""Classes that are read; ``k-diffusion`` is no class of diffusers, but a grid of noise levels alone."""

_DISCRETE_STATES = "it replaces or masks symbols, and adds no Gaussian noise"
_STAGES = "its steps run through stages of growing resolution, which no one clock counts"
NOT_READ = {
    "AmusedScheduler": _DISCRETE_STATES,
    "BlockRefinementScheduler": _DISCRETE_STATES,
    "DiscreteDDIMScheduler": _DISCRETE_STATES,
    "EntropyBoundScheduler": _DISCRETE_STATES,
    "VQDiffusionScheduler": _DISCRETE_STATES,
    "DDPMWuerstchenScheduler": "its clock is continuous and clamped",
    "HeliosScheduler": _STAGES,
    "HeliosDMDScheduler": _STAGES,
    "KarrasVeScheduler": "its levels are squared in one place and not in another",
    "RePaintScheduler": "it goes back and forth by jumps that are not in its configuration",
    "RFD4ProteinaScheduler": "it moves frames of a protein, on a clock of its own",
    "SCMScheduler": "its angles are arguments of the pipeline, not of its configuration",
}
"""Classes that are refused, and why."""


def read_config(given: Mapping[str, Any]) -> SchedulerConfig:
    """Check a configuration by the rules of its class.

    Raises
    ------
    ValueError
        If there is no class, it is not one that is read, or a field is wrong.
    """
    name = given.get("_class_name")
    if not isinstance(name, str):
        raise ValueError(
            "schedule: a configuration must name its class under _class_name, as diffusers writes it, got none; for a "
            "list of noise levels use a key sigmas or alpha_bar"
        )
    name = name.removeprefix("Flax")
    if name in NOT_READ:
        raise ValueError(
            f"schedule: {name} is not read: {NOT_READ[name]}; give the sigmas or alpha_bar of its steps in a file"
        )
    if name not in CLASSES:
        raise ValueError(
            f"schedule: the class must be a scheduler of diffusers that is known here, got {name[:60]!r}; give the "
            "sigmas or alpha_bar of its steps in a file"
        )
    return SchedulerConfig.of(name, CLASSES[name].fields, CLASSES[name].defaults, given)


def training_of(config: SchedulerConfig, name: str) -> Schedule | None:
    """Schedule with which the model was trained; None where it was trained on a continuous noise level."""
    steps = config.num_train_timesteps
    k = np.arange(steps + 1, dtype=np.float64)
    if CLASSES[config.kind].flow or config.use_flow_sigmas:
        if config.kind == "MiniMaxH3Scheduler":
            return None
        times = times_from_flow_time((steps - k if config.invert_sigmas else k) / steps)
        source = f"{config.kind}: flow matching, {steps} training steps"
        return Schedule(name, times, np.exp(-2 * times), source, k)
    if not CLASSES[config.kind].table:
        return None
    alpha_bar = _table(config)
    return Schedule(
        name, times_from_alpha_bar(alpha_bar), alpha_bar, _told(config, alpha_bar.size), k[: alpha_bar.size]
    )


def sampler_of(config: SchedulerConfig, steps: int, tokens: int | None = None) -> SamplerSteps:
    """The calls of the model by a sampler of so many steps."""
    kind = CLASSES[config.kind]
    if config.use_flow_sigmas:
        return flow.flow_solver(config, steps, tokens, discrete.sigmas_of(_table(config)))
    if kind.table:
        return kind.steps(config, _table(config), steps)
    return kind.steps(config, steps, tokens) if kind.flow else kind.steps(config, steps)


def _table(config: SchedulerConfig) -> Array:
    """Signal power of the training steps."""
    betas = None if config.trained_betas is None else np.array(config.trained_betas)
    law = config.beta_schedule, config.num_train_timesteps, config.beta_start, config.beta_end
    cogvideo = CLASSES[config.kind].defaults is _COGVIDEO  # rescales alpha_bar and not the betas, of double precision
    alpha_bar = training_alpha_bar(*law, betas, single=config.single and not cogvideo)
    alpha_bar = shifted(alpha_bar, config.snr_shift_scale)
    if config.rescale_betas_zero_snr:
        if not alpha_bar[0] > alpha_bar[-1]:
            raise ValueError("schedule: rescale_betas_zero_snr must have betas that leave some signal; check them")
        alpha_bar = zero_terminal(alpha_bar, single=config.single and not cogvideo)
        if CLASSES[config.kind].steps in (discrete.euler, discrete.dpm_solver):
            alpha_bar[-1] = _HALF
    return alpha_bar


def _told(config: SchedulerConfig, steps: int) -> str:
    """Where the training schedule is from, with its parameters."""
    what = config.beta_schedule if config.trained_betas is None else "trained betas"
    ends = ""
    if what in ("linear", "scaled_linear", "sigmoid"):
        ends = f", beta from {config.beta_start:g} to {config.beta_end:g}"
    shift = f", snr divided by {config.snr_shift_scale:g}" if config.snr_shift_scale != 1 else ""
    rescaled = ", rescaled to end in pure noise" if config.rescale_betas_zero_snr else ""
    return f"{config.kind}: {what}{ends}{shift}{rescaled}, {steps} training steps"
