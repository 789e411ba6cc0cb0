"""Schedules that have a name: each a configuration, and the number of steps of a sampler that has no training table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from regimes.numerics.process.scheduler_classes import CLASSES
from regimes.numerics.process.scheduler_config import SchedulerConfig

__all__ = ["SCHEDULES", "named_config", "unknown_name"]

_LATENT = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012, "steps_offset": 1}
_OF_LATENT = {"sigma_min": 0.0291675, "sigma_max": 14.614642}  # ends of the scaled linear schedule

_NAMED: dict[str, tuple[str, dict[str, Any], int | None]] = {
    "ddpm-linear": ("DDPMScheduler", {}, None),
    "scaled-linear": ("DDIMScheduler", {**_LATENT, "set_alpha_to_one": False}, None),
    "sdxl": ("EulerDiscreteScheduler", {**_LATENT, "timestep_spacing": "leading"}, None),
    "zero-snr": (
        "DDIMScheduler",
        {**_LATENT, "steps_offset": 0, "rescale_betas_zero_snr": True, "timestep_spacing": "trailing"},
        None,
    ),
    "cosine": ("DDPMScheduler", {"beta_schedule": "squaredcos_cap_v2"}, None),
    "sigmoid": ("DDPMScheduler", {"beta_schedule": "sigmoid"}, None),
    "laplace": ("DDPMScheduler", {"beta_schedule": "laplace"}, None),
    "edm": ("EDMEulerScheduler", {}, 18),
    "edm2": ("EDMEulerScheduler", {}, 32),
    "karras": ("k-diffusion", _OF_LATENT, 50),
    "exponential": ("k-diffusion", {**_OF_LATENT, "sigma_schedule": "exponential"}, 50),
    "polyexponential": ("k-diffusion", {**_OF_LATENT, "sigma_schedule": "polyexponential", "rho": 1.0}, 50),
    "vp": ("ScoreSdeVpScheduler", {}, 50),
    "flow": ("FlowMatchEulerDiscreteScheduler", {}, None),
    "sd3": ("FlowMatchEulerDiscreteScheduler", {"shift": 3.0}, None),
    "flux": ("FlowMatchEulerDiscreteScheduler", {"shift": 3.0, "use_dynamic_shifting": True}, None),
}

SCHEDULES = tuple(_NAMED)
"""Names of the schedules.

Training schedules of Ho et al. 2020 (``ddpm-linear``), latent diffusion and Stable Diffusion (``scaled-linear``,
``sdxl``, and ``zero-snr`` of Lin et al. 2023), Nichol and Dhariwal 2021 (``cosine``), Xu et al. 2022 (``sigmoid``),
Hang and Gu 2024 (``laplace``); samplers of Karras et al. 2022 and 2024 (``edm``, ``edm2``), grids of k-diffusion
(``karras``, ``exponential``, ``polyexponential``, ``vp``); flow matching (``flow``), with the shifts of Stable
Diffusion 3 and FLUX (``sd3``, ``flux``).
"""

_OTHER_NAMES = {
    "linear": "ddpm-linear",
    "ddpm": "ddpm-linear",
    **dict.fromkeys(
        ("sd", "sd1", "sd15", "sd1.5", "sd-1.5", "stable-diffusion", "stable-diffusion-v1-5"), "scaled-linear"
    ),
    **dict.fromkeys(("sd2", "sd21", "sd2.1", "sd-2.1", "stable-diffusion-2", "stable-diffusion-2-1"), "scaled-linear"),
    "squaredcos-cap-v2": "cosine",
    "flow-matching": "flow",
    "stable-diffusion-3": "sd3",
    "stable-diffusion-xl": "sdxl",
}


def named_config(text: str) -> tuple[str, SchedulerConfig, int | None, dict[str, Any]] | None:
    """Name, configuration, default number of steps and fields given of ``NAME[,field=value...]``; None if no name.

    Raises
    ------
    ValueError
        If a field is none, or holds something else than it must.
    """
    first, *fields = text.split(",")
    name = first.strip().lower().replace("_", "-")
    name = _OTHER_NAMES.get(name, name)
    if name not in _NAMED:
        return None
    kind, own, steps = _NAMED[name]
    of = CLASSES[kind]
    known = SchedulerConfig.of(kind, of.fields, of.defaults, own)
    given: dict[str, Any] = {}
    for key, value in (_field(name, known, each) for each in fields):
        if key in given:
            raise ValueError(f"noise_schedule: a field must stand once after {name}, got {key} twice; delete one")
        given[key] = value
    changed = SchedulerConfig.of(kind, of.fields, {**of.defaults, **own}, given)
    return name, replace(changed, single=False), steps, given


def unknown_name(text: str) -> ValueError:
    """The error for what is neither a name nor a file."""
    import difflib

    shown = text if len(text) <= 60 else f"{text[:57]}..."
    near = difflib.get_close_matches(text.lower().replace("_", "-"), SCHEDULES, n=1)
    guess = f"; did you mean {near[0]}" if near else ""
    return ValueError(
        f"noise_schedule: schedule must be one of {', '.join(SCHEDULES)} (scaled-linear is of Stable Diffusion), or "
        f"a file or folder that holds one, got {shown!r}{guess}"
    )


def _field(name: str, known: SchedulerConfig, text: str) -> tuple[str, Any]:
    """One ``field=value``, the value of the kind that the field has."""
    key, equals, value = (part.strip() for part in text.partition("="))
    key = key.replace("-", "_")
    fields = [field for field in CLASSES[known.kind].fields if field != "trained_betas"]
    if not equals or key not in fields:
        raise ValueError(
            f"noise_schedule: {name} takes FIELD=VALUE after a comma, of {', '.join(fields)}, got {text[:36]!r}"
        )
    before = getattr(known, key)
    if isinstance(before, bool) and value.lower() in ("true", "false"):
        return key, value.lower() == "true"
    if isinstance(before, int) and value.isdecimal():
        return key, int(value)
    return key, value
