"""A noise schedule from whatever holds one: a name, a configuration, a list of noise levels, an object."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from regimes.datasets.process.level_list import LEVELS, given_levels, levels_of_file, levels_of_object
from regimes.datasets.process.scheduler_file import read_mapping, scheduler_path
from regimes.numerics.interface.checks import whole_number
from regimes.numerics.process.named_schedules import named_config, unknown_name
from regimes.numerics.process.sampler_steps import SamplerSteps
from regimes.numerics.process.scheduler_classes import CLASSES, read_config, sampler_of, training_of
from regimes.numerics.process.scheduler_config import SchedulerConfig
from regimes.numerics.process.schedules import Schedule
from regimes.numerics.process.spacing import SPACINGS
from regimes.theory.formula.record import recorded

__all__ = ["noise_schedule"]


def noise_schedule(
    schedule: Any,
    *,
    steps: int | None = None,
    inference_steps: int | None = None,
    spacing: str | None = None,
    strength: float | None = None,
    tokens: int | None = None,
    values: str | None = None,
) -> Schedule:
    """Build a noise schedule.

    Parameters
    ----------
    schedule : str, path, dict, object or Schedule
        A name of :data:`SCHEDULES`, also with fields, ``"karras,sigma_max=10,rho=5"``; a ``scheduler_config.json`` of
        diffusers, the folder or the pipeline that holds it, or what it holds as a dictionary; a file with a list of
        noise levels (.json, .csv, .txt, .npy, .npz); an object with ``alphas_cumprod`` or ``sigmas``, such as a
        scheduler of diffusers. A Schedule comes back as it is.
    steps : int, optional
        Number of training steps of a named schedule, or of sampling steps of one that has no training steps.
    inference_steps : int, optional
        Number of steps of the sampler, which are then the steps of the schedule. Without it they are the steps of
        training.
    spacing : {"leading", "linspace", "trailing"}, optional
        Which training steps the sampler takes; that of the configuration by default.
    strength : float, optional
        Of image to image: the sampler begins with this share of its steps left, above 0 and at most 1.
    tokens : int, optional
        Tokens of the image, for a schedule that shifts with them; the most that its configuration names by default.
    values : {"sigma", "alpha_bar", "flow_time"}, optional
        What a list holds, where neither its name nor its range tells.

    Returns
    -------
    Schedule
        The table.

    Raises
    ------
    ValueError
        If there is no such name or file, it cannot be read, or an option does not go with it.

    Notes
    -----
    Numbers of a configuration are those of diffusers to the rounding of its single precision, in which the training
    schedule of a file is computed; named ones are exact. Sources: ``formula(name).source`` of the formulas that the
    numbers note.

    Examples
    --------
    >>> noise_schedule("scaled-linear").step(1.0)
    628
    >>> sampler = noise_schedule("sdxl", inference_steps=30)
    >>> sampler.at(1.0)
    Step(index=10, timestep=628.0, sigma=2.5294...)
    """
    options = _Options(steps, inference_steps, spacing, strength, tokens, values).checked()
    if isinstance(schedule, Schedule):
        options.refuse("a schedule that is made already", options.given())
        return schedule
    with recorded() as used:
        made = _made(schedule, options)
    return replace(made, formulas=tuple(used))


def _made(schedule: Any, options: _Options) -> Schedule:
    """The schedule of a name, a file, a dictionary or an object."""
    values = options.values
    if isinstance(schedule, str) and (named := named_config(schedule)) is not None:
        name, config, default = named
        return options.built(name, config, default)
    if isinstance(schedule, str | os.PathLike):
        path = scheduler_path(schedule)
        if path is None:
            raise unknown_name(os.fspath(schedule))
        content = read_mapping(path) if path.suffix.lower() == ".json" else None
        if isinstance(content, Mapping) and "_class_name" in content:
            return options.built_from(content)
        found = levels_of_file(path, content, values)
        options.refuse(f"the list of levels in {path.name}", {"steps", "inference_steps", "spacing", "tokens"})
        return options.begun(found)
    if isinstance(schedule, Mapping):
        if "_class_name" in schedule or not set(schedule) & set(LEVELS):
            return options.built_from(schedule)
        options.refuse("a list of levels", {"steps", "inference_steps", "spacing", "tokens"})
        return options.begun(given_levels("the list", schedule, values))
    own = getattr(schedule, "config", None)
    kind = type(schedule).__name__
    if kind in CLASSES and isinstance(own, Mapping) and (options.asks_for_steps or not _ready(schedule)):
        return options.built(kind.removesuffix("Scheduler"), read_config(dict(own), kind), None)
    found = levels_of_object(schedule, values, flow=_is_flow(kind, own))
    options.refuse(f"the steps that {kind} has", {"steps", "inference_steps", "spacing", "tokens"})
    return options.begun(found)


_MOST = 10**6
_WHOLE = {"steps": "number of steps", "inference_steps": "steps of the sampler", "tokens": "tokens of the image"}


@dataclass(frozen=True)
class _Options:
    """What is asked of the schedule, beside which one."""

    steps: int | None
    inference_steps: int | None
    spacing: str | None
    strength: float | None
    tokens: int | None
    values: str | None

    def checked(self) -> _Options:
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
        return self.inference_steps is not None or self.spacing is not None or self.tokens is not None

    def given(self) -> set[str]:
        return {name for name in self.__dataclass_fields__ if getattr(self, name) is not None}

    def refuse(self, what: str, names: set[str]) -> None:
        """Refuse options that mean nothing here, rather than leave them out."""
        ignored = sorted(names & self.given())
        if ignored:
            raise ValueError(
                f"noise_schedule: {', '.join(ignored)} goes with a name or a configuration, got {what}; leave it out"
            )

    def built_from(self, content: Mapping[str, Any]) -> Schedule:
        config = read_config(content)
        return self.built(config.kind.removesuffix("Scheduler"), config, None)

    def built(self, name: str, config: SchedulerConfig, default: int | None) -> Schedule:
        """The steps of training, or those of a sampler."""
        self.refuse("a configuration, whose class says what its numbers are", {"values"})
        named = not config.single
        if self.steps is not None and not named:
            raise ValueError("noise_schedule: a configuration has its own number of steps; give inference_steps")
        if self.steps is not None:
            config = replace(config, num_train_timesteps=self.steps)
        if self.spacing is not None:
            if not CLASSES[config.kind].table or config.use_flow_sigmas or config.grid is not None:
                raise ValueError(f"noise_schedule: spacing goes with training steps, and {name} does not space them")
            config = replace(config, timestep_spacing=self.spacing)
        if self.tokens is not None and not config.use_dynamic_shifting:
            raise ValueError(f"noise_schedule: tokens goes with use_dynamic_shifting, which {name} has not")
        with np.errstate(all="ignore"):  # what is no number in the end is refused
            return self._built(name, config, default)

    def _built(self, name: str, config: SchedulerConfig, default: int | None) -> Schedule:
        training = training_of(config, name)
        count = self.inference_steps
        if count is None and training is not None:
            if self.strength is not None or self.spacing is not None:
                raise ValueError("noise_schedule: strength and spacing are of a sampler; give inference_steps")
            return training
        if count is None:
            count = self.steps if self.steps is not None else default or config.num_train_timesteps
        found = sampler_of(config, count, self.tokens)
        source = training.source if training is not None else config.kind
        spacing = f", {config.timestep_spacing}" if CLASSES[config.kind].table and config.grid is None else ""
        return self.begun(
            _schedule(name, found, f"{source}; {count} steps of {config.kind}{spacing}", training),
            _Pass(count, CLASSES[config.kind].calls, flow=config.kind.startswith("FlowMatch")),
        )

    def begun(self, made: Schedule, whole: _Pass | None = None) -> Schedule:
        """The schedule from where image to image begins; ``whole`` is all of it, one call a step by default."""
        if self.strength is None:
            return made
        falls = made.t[0] >= made.t[-1]
        steps, order, flow = whole or _Pass(made.steps, 1, flow=False)
        begins = steps - steps * self.strength
        kept = steps - int(begins) if flow else min(int(steps * self.strength), steps)
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


class _Pass(NamedTuple):
    """Steps of a sampler, calls of the model for each, and whether it begins as pipelines of flows let it."""

    steps: int
    order: int
    flow: bool


def _schedule(name: str, found: SamplerSteps, source: str, training: Schedule | None) -> Schedule:
    if not np.all(found.t >= 0):
        raise ValueError(
            f"noise_schedule: {name} must give a noise level at each step, got none at step "
            f"{int(np.flatnonzero(~(found.t >= 0))[0])}; check its sigmas, betas and exponents"
        )
    return Schedule(name, found.t, np.exp(-2 * found.t), source, found.timesteps, training, found.end)


def _ready(schedule: Any) -> bool:
    """Whether a scheduler has been given its steps."""
    return getattr(schedule, "num_inference_steps", None) is not None


def _is_flow(kind: str, own: Any) -> bool:
    """Whether the sigmas of a scheduler are times of flow matching."""
    if isinstance(own, Mapping) and own.get("use_flow_sigmas"):
        return True
    return kind in CLASSES and CLASSES[kind].steps.__module__.endswith("flow_samplers")
