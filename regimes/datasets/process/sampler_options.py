"""What is asked of a schedule beside which one, and the schedule of a configuration that answers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.process.level_list import LEVELS
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import whole_number
from regimes.numerics.process.flow_samplers import flow_shift, flow_spacing
from regimes.numerics.process.pipelines import counts_what_is_left, spacing_of_pipeline
from regimes.numerics.process.sampler_steps import SamplerSteps
from regimes.numerics.process.scheduler_classes import CLASSES, sampler_of, training_of
from regimes.numerics.process.scheduler_config import SchedulerConfig
from regimes.numerics.process.schedules import Schedule
from regimes.numerics.process.spacing import SPACINGS

__all__ = ["Configured", "SamplerPass", "ScheduleOptions", "has_steps"]

_MOST = 10**6
_WHOLE = {"steps": "number of steps", "inference_steps": "steps of the sampler", "tokens": "tokens of the image"}
_OF_SAMPLER = ("spacing", "strength", "tokens")


@dataclass(frozen=True)
class Configured:
    """A configuration: what it is called, steps of a sampler without training steps, fields that were given by hand.

    ``pipeline`` is the class of the pipeline that it stands in, ``left_out`` names fields of the file that mean
    nothing to its class, ``count`` is the number of steps that a scheduler has been given.
    """

    name: str
    config: SchedulerConfig
    default: int | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    pipeline: str | None = None
    left_out: tuple[str, ...] = ()
    count: int | None = None


@dataclass(frozen=True)
class ScheduleOptions:
    """Arguments of :func:`regimes.noise_schedule`."""

    steps: int | None = None
    inference_steps: int | None = None
    spacing: str | None = None
    strength: float | None = None
    tokens: int | None = None
    values: str | None = None

    def checked(self) -> ScheduleOptions:
        """Themselves, if each has a value that it may have."""
        for name, meaning in _WHOLE.items():
            if (value := getattr(self, name)) is not None:
                least = 2 if name == "steps" else 1
                whole_number("noise_schedule", name, meaning, value, at_least=least, at_most=_MOST)
        if self.spacing is not None and self.spacing not in SPACINGS:
            raise ValueError(f"noise_schedule: spacing must be one of {', '.join(SPACINGS)}, got {self.spacing!r}")
        if self.values is not None and self.values.replace("-", "_") not in set(LEVELS.values()):
            rule = ", ".join(sorted(set(LEVELS.values())))
            raise ValueError(f"noise_schedule: values must be one of {rule}, got {self.values!r}")
        if self.strength is not None and not 0 < self.strength <= 1:
            raise ValueError(
                f"noise_schedule: strength (share of the steps that are left) must lie above 0 and at most at 1, got "
                f"{self.strength:g}"
            )
        return self

    @property
    def asks_for_steps(self) -> bool:
        """Whether an object that has its steps is asked for others."""
        return self.inference_steps is not None or self.spacing is not None or self.tokens is not None

    def given(self) -> set[str]:
        """Names of those that are given."""
        return {name for name in self.__dataclass_fields__ if getattr(self, name) is not None}

    def refuse(self, what: str, names: set[str]) -> None:
        """Refuse options that mean nothing here, rather than leave them out."""
        ignored = sorted(names & self.given())
        if ignored:
            of = "a list of noise levels" if ignored == ["values"] else "a name or a configuration"
            raise ValueError(f"noise_schedule: {', '.join(ignored)} goes with {of}, got {what}; leave it out")

    def built(self, of: Configured) -> Schedule:
        """The steps of training, or those of a sampler."""
        self.refuse(f"{of.name}, whose numbers its class explains", {"values"})
        config = of.config
        if self.steps is not None and config.single:
            raise ValueError("noise_schedule: a configuration has its own number of steps; give inference_steps")
        if self.steps is not None:
            config = replace(config, num_train_timesteps=self.steps)
        if self.spacing is not None and not CLASSES[config.kind].spaced:
            raise ValueError(
                f"noise_schedule: spacing goes with a sampler that takes training steps, got {of.name}, whose sampler "
                "has a grid of its own; leave it out"
            )
        if self.spacing == "leading" and CLASSES[config.kind].flow:
            raise ValueError("noise_schedule: spacing of a flow must be linspace or trailing, got leading")
        if self.tokens is not None and not config.use_dynamic_shifting:
            raise ValueError(f"noise_schedule: tokens goes with use_dynamic_shifting, which {of.name} has not")
        with np.errstate(all="ignore"):  # what is no number in the end is refused
            training = training_of(config, of.name)
            if self.inference_steps is None and of.count is None and training is not None:
                return self._of_training(training)
            return self._of_sampler(of, config, training)

    def _of_training(self, training: Schedule) -> Schedule:
        ignored = [name for name in _OF_SAMPLER if getattr(self, name) is not None]
        if ignored:
            raise ValueError(
                f"noise_schedule: strength, spacing and tokens are of a sampler, got {', '.join(ignored)} alone; give "
                "inference_steps"
            )
        return training

    def _of_sampler(self, of: Configured, config: SchedulerConfig, training: Schedule | None) -> Schedule:
        count = of.count if self.inference_steps is None else self.inference_steps
        if count is None:
            count = self.steps if self.steps is not None else of.default or config.num_train_timesteps
            if of.default is None and "num_train_timesteps" not in CLASSES[config.kind].fields:
                raise ValueError(f"noise_schedule: {of.name} has no steps of its own; give inference_steps")
        kind, spacing = CLASSES[config.kind], self.spacing
        if spacing is None and kind.flow and kind.spaced and of.pipeline is not None:
            spacing = spacing_of_pipeline(of.pipeline)
        if spacing is not None:
            config = replace(config, timestep_spacing=spacing)
        found = sampler_of(config, count, self.tokens)
        told = f"{_origin(config, training, found)}; {count} step{'s' * (count > 1)}{_manner(config, self.tokens)}"
        arrival = f", down to sigma {_sigma(found.end)}" if found.end > 0 else ""
        without = f", without {', '.join(of.left_out)}, which it has not" if of.left_out else ""
        made = _schedule(of.name, found, told + arrival + without, training)
        return self.begun(made, SamplerPass.of(config, count, of.pipeline))

    def begun(self, made: Schedule, whole: SamplerPass | None = None) -> Schedule:
        """The schedule from where image to image begins; ``whole`` is all of it, one call a step by default."""
        if self.strength is None:
            return made
        falls = made.t[0] >= made.t[-1]
        steps, order, first_rounded, refused = whole or SamplerPass(made.steps, 1)
        if refused is not None:
            raise ValueError(
                f"noise_schedule: strength goes with a sampler of image to image, got {refused}, with which diffusers "
                "has none; give the list of sigmas that is left in a file"
            )
        begins = steps - steps * self.strength
        kept = steps - int(begins) if first_rounded else min(int(steps * self.strength), steps)
        if kept < 1:
            raise ValueError(
                f"noise_schedule: strength must leave at least one of the {steps} steps, got {self.strength:g}"
            )
        first = (steps - kept) * order
        part = slice(first, None) if falls else slice(None, made.steps - first)
        labels = None if made.timesteps is None else made.timesteps[part]
        return replace(
            made,
            t=made.t[part],
            alpha_bar=made.alpha_bar[part],
            timesteps=labels,
            source=f"{made.source}, begun at strength {self.strength:g}",
        )


class SamplerPass(NamedTuple):
    """Steps of a sampler, calls of the model for each, whether the first step is rounded down or what is left.

    ``refused`` is the class of a sampler that no pipeline begins in the middle.
    """

    steps: int
    order: int
    first_rounded: bool = False
    refused: str | None = None

    @classmethod
    def of(cls, config: SchedulerConfig, steps: int, pipeline: str | None) -> SamplerPass:
        """Of so many steps of a configuration."""
        kind = CLASSES[config.kind]
        matching = config.kind.startswith("FlowMatch")
        refused = config.kind if kind.flow and not matching else None
        return cls(steps, kind.calls, matching and not counts_what_is_left(pipeline), refused)


def has_steps(of: Configured, told: NDArray[np.float64]) -> bool:
    """Whether a configuration tells the model what a scheduler does, to the rounding of single precision."""
    try:
        own = ScheduleOptions().built(of).timesteps
    except ValueError:
        return False
    return own is not None and own.shape == told.shape and np.allclose(own, told, rtol=1e-5, atol=1e-3)


def _origin(config: SchedulerConfig, training: Schedule | None, found: SamplerSteps) -> str:
    """The training schedule, or the levels of a sampler that has none."""
    if training is not None:
        return training.source
    law = f"{config.sigma_schedule} " if "sigma_schedule" in CLASSES[config.kind].fields else ""
    return f"{config.kind}: {law}sigmas from {_sigma(found.t[0])} to {_sigma(found.t[-1])}"


def _manner(config: SchedulerConfig, tokens: int | None) -> str:
    """How the steps of a sampler are spaced, shifted and put on a grid."""
    kind, parts = CLASSES[config.kind], []
    flow = kind.flow or config.use_flow_sigmas
    if kind.spaced and not config.use_flow_sigmas:
        parts.append(flow_spacing(config) if flow else config.timestep_spacing)
    if flow and config.use_dynamic_shifting:
        most = config.max_image_seq_len if tokens is None else tokens
        parts.append(f"shift {flow_shift(config, tokens):.4g} of {most} tokens")
    elif flow:
        parts.append(f"shift {flow_shift(config, tokens):.4g}")
    if config.grid is not None:
        parts.append(f"{config.grid} sigmas")
    return "".join(f", {part}" for part in parts)


def _sigma(t: float) -> str:
    """Noise level of a time, in few digits."""
    return f"{float(compile_formula('edm_sigma', target='numpy')(t)):.4g}" if np.isfinite(t) else "pure noise"


def _schedule(name: str, found: SamplerSteps, source: str, training: Schedule | None) -> Schedule:
    right = found.t >= 0 if found.timesteps is None else (found.t >= 0) & np.isfinite(found.timesteps)
    if not np.all(right):
        raise ValueError(
            f"noise_schedule: {name} must give a noise level at each step, got none at step "
            f"{int(np.flatnonzero(~right)[0])}; check its sigmas, betas and exponents"
        )
    if found.t.size > 1 and np.all(found.t == found.t[0]):
        raise ValueError(
            f"noise_schedule: {name} must have steps that are apart, got one noise level at all {found.t.size}; check "
            "its shift, sigmas and betas"
        )
    return Schedule(name, found.t, np.exp(-2 * found.t), source, found.timesteps, training, found.end)
