"""What a ``scheduler_config.json`` of diffusers says of noise levels: field by field, with defaults."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from regimes.numerics.process.spacing import SPACINGS
from regimes.numerics.process.training_tables import BETA_SCHEDULES

__all__ = ["WORDS", "SchedulerConfig"]

WORDS = {
    "beta_schedule": BETA_SCHEDULES,
    "timestep_spacing": SPACINGS,
    "interpolation_type": ("linear", "log_linear"),
    "timestep_type": ("discrete", "continuous"),
    "final_sigmas_type": ("zero", "sigma_min"),
    "sigma_schedule": ("karras", "exponential", "polyexponential"),
    "time_shift_type": ("exponential", "linear"),
}
"""Words that a field may hold."""

_MOST = 10**6  # steps
_AT_LEAST = {"num_train_timesteps": 2, "original_inference_steps": 1}
_POSITIVE = (
    *("sigma_min", "sigma_max", "rho", "shift", "flow_shift", "snr_shift_scale", "base_shift", "max_shift"),
    *("beta_min", "beta_max", "sampling_eps"),
)


@dataclass(frozen=True)
class SchedulerConfig:
    """Fields of the configuration that tell the noise level of each step; the others are left out.

    ``single`` says that the training schedule is that of betas in single precision, as the package computes it.
    """

    kind: str
    single: bool = True
    num_train_timesteps: int = 1000
    beta_start: float = 0.0001
    beta_end: float = 0.02
    beta_schedule: str = "linear"
    trained_betas: tuple[float, ...] | None = None
    rescale_betas_zero_snr: bool = False
    snr_shift_scale: float = 1.0
    prediction_type: str = "epsilon"
    timestep_spacing: str = "leading"
    steps_offset: int = 0
    set_alpha_to_one: bool = True
    skip_prk_steps: bool = False
    original_inference_steps: int = 50
    interpolation_type: str = "linear"
    timestep_type: str = "discrete"
    final_sigmas_type: str = "zero"
    use_karras_sigmas: bool = False
    use_exponential_sigmas: bool = False
    use_beta_sigmas: bool = False
    use_lu_lambdas: bool = False
    use_flow_sigmas: bool = False
    flow_shift: float = 1.0
    lambda_min_clipped: float = -math.inf
    sigma_min: float | None = None
    sigma_max: float | None = None
    sigma_schedule: str = "karras"
    rho: float = 7.0
    shift: float = 1.0
    use_dynamic_shifting: bool = False
    time_shift_type: str = "exponential"
    base_shift: float = 0.5
    max_shift: float = 1.15
    base_image_seq_len: int = 256
    max_image_seq_len: int = 4096
    shift_terminal: float | None = None
    invert_sigmas: bool = False
    final_step_size_scale: float = 0.5
    beta_min: float = 0.1
    beta_max: float = 20.0
    sampling_eps: float = 1e-3

    @classmethod
    def of(
        cls, kind: str, own: Collection[str], defaults: Mapping[str, Any], given: Mapping[str, Any]
    ) -> SchedulerConfig:
        """Check the fields of its ``own`` that are given; what is left out has the default of its class.

        A file that was made from that of another class keeps the fields of that one, and the package leaves them out.

        Raises
        ------
        ValueError
            Naming the field that holds something else than it must.
        """
        known = {each.name: str(each.type) for each in fields(cls) if each.name in own}
        values = {name: given[name] for name in known if name in given}
        return cls(
            kind=kind, **{**defaults, **{name: _checked(name, known[name], each) for name, each in values.items()}}
        )

    @property
    def grid(self) -> str | None:
        """Grid of noise levels in place of the schedule's own."""
        wanted = {
            "karras": self.use_karras_sigmas,
            "exponential": self.use_exponential_sigmas or self.use_lu_lambdas,
            "beta": self.use_beta_sigmas,
        }
        chosen = [name for name, use in wanted.items() if use]
        if len(chosen) > 1:
            raise ValueError(f"schedule: a configuration must ask for one grid of sigmas, got {' and '.join(chosen)}")
        return chosen[0] if chosen else None


def _checked(name: str, kind: str, value: Any) -> Any:
    """A field of the right kind and range."""
    number = None
    if value is None and "None" in kind:
        return None
    if name == "shift_terminal" and not value:
        return None  # as the package reads 0 and false
    if name == "trained_betas":
        return _betas(value)
    if kind == "bool":
        rule, right = "true or false", isinstance(value, bool)
    elif kind == "str":
        words = WORDS.get(name)
        rule = "one of " + ", ".join(words) if words else "text"
        right = isinstance(value, str) and (words is None or value in words)
    elif kind == "int":
        least = _AT_LEAST.get(name, 0)
        rule = f"a whole number of {least} to {_MOST}"
        right = isinstance(value, int) and not isinstance(value, bool) and least <= value <= _MOST
    else:
        number = _number(value)
        rule, right = "a number", number is not None
        if name == "lambda_min_clipped":
            rule, right = "a number or -Infinity", number is not None and number < math.inf
        elif name in _POSITIVE:
            rule, right = "a positive finite number", number is not None and 0 < number < math.inf
        elif name in ("beta_start", "beta_end", "shift_terminal", "final_step_size_scale"):
            rule, right = "a number above 0 and at most 1", number is not None and 0 < number <= 1
    if not right:
        raise ValueError(f"schedule: {name} must be {rule}, got {_shown(value)}")
    return number if kind.startswith("float") else value


def _number(value: Any) -> float | None:
    try:
        number = None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return None if number is None or math.isnan(number) else number


def _betas(value: Any) -> tuple[float, ...]:
    try:
        betas = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        betas = np.zeros(0)
    if betas.ndim != 1 or betas.size == 0 or not np.all((betas > 0) & (betas <= 1)):
        raise ValueError("schedule: trained_betas must be a list of numbers above 0 and at most 1; check the file")
    return tuple(betas.tolist())


def _shown(value: Any) -> str:
    """A value, in few letters."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
