"""The file of a trained denoiser: what may stand in it, and how large it may be; nothing in it is executed."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from regimes.numerics.interface.paths import expanded
from regimes.validation.training.conditions import ConditionCode
from regimes.validation.training.preconditioning import Preconditioned
from regimes.validation.training.residual_mlp import ResidualMLP
from regimes.validation.training.tree_denoiser import TreeDenoiser
from regimes.validation.training.unet import SmallUNet

__all__ = ["FORMAT", "build_network", "fitting_network", "read_denoiser_file"]

FORMAT = "regimes denoiser 1"

_PREDICTIONS = ("eps", "x0", "v")
_TYPES: dict[str, tuple[type, ...]] = {
    "weights": (dict,),
    "built_with": (dict, type(None)),
    "prediction": (str,),
    "best_step": (int,),
    "settings": (dict,),
    "history": (dict,),
    "rows": (dict,),
}
_RECORD_DTYPES = (torch.int64, torch.float64)
_OPTIONS: dict[str, dict[str, type]] = {
    "ResidualMLP": {"d": int, "width": int, "blocks": int},
    "SmallUNet": {"shape": list, "channels": int, "levels": int},
    "TreeDenoiser": {"v": int, "s": int, "L": int, "width": int},
    "Preconditioned": {"d": int, "axes": bool, "of": dict},
    "ConditionCode": {"code": str, "low": list, "high": list, "size": int},
}


def read_denoiser_file(path: str | Path) -> dict[str, Any]:
    """Content of a file, each part of the type that it must have, and no larger in memory than on disk."""
    place = expanded("load_denoiser", path)
    if not place.is_file():
        raise ValueError(f"load_denoiser: there is no file {place}")
    rule = f"load_denoiser: {place} must be a file that TrainedDenoiser.save wrote"
    try:
        with zipfile.ZipFile(place) as archive:
            packed = any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist())
            declared = sum(member.file_size for member in archive.infolist())
        if packed or declared > place.stat().st_size:
            raise ValueError("it declares more than it holds")
        content = torch.load(place, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever a broken archive or pickle raises
        reason = "it holds Python objects, which are never loaded" if "weights_only" in str(error) else _first(error)
        raise ValueError(f"{rule}, and cannot be read: {reason}") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"{rule} ({FORMAT})")
    for name, types in _TYPES.items():
        if not isinstance(content.get(name, ...), types):
            wanted = " or ".join("nothing" if each is type(None) else each.__name__ for each in types)
            raise ValueError(f"{rule}: {name} must be {wanted}, got {type(content.get(name, ...)).__name__}")
    for name in ("weights", "history", "rows"):
        for key, value in content[name].items():
            if type(key) is not str or not isinstance(value, Tensor):
                raise ValueError(f"{rule}: {name} must hold tensors by name, got {type(value).__name__} at {key!r:.80}")
            if name != "weights" and value.dtype not in _RECORD_DTYPES:
                raise ValueError(f"{rule}: {name} must hold whole numbers or doubles, got {value.dtype} at {key!r:.80}")
            if value.is_sparse or value.numel() * value.element_size() > value.untyped_storage().nbytes():
                raise ValueError(
                    f"{rule}: {name} must hold whole tensors, got one of shape {tuple(value.shape)} at {key!r:.80}"
                )
    if not {"step", "train_loss"} <= content["history"].keys():
        raise ValueError(
            f"{rule}: history must have step and train_loss, got {', '.join(content['history']) or 'none'}"
        )
    if content["prediction"] not in _PREDICTIONS:
        raise ValueError(
            f"{rule}: prediction must be one of {', '.join(_PREDICTIONS)}, got {content['prediction']!r:.80}"
        )
    return content


def fitting_network(content: Mapping[str, Any], place: Path) -> nn.Module:
    """The network that a file describes, built only if its weights are those in the file."""
    weights, settings = content["weights"], content["built_with"]
    numbers = _numbers(settings)
    if any(abs(each) > sum(value.numel() for value in weights.values()) for each in numbers):
        raise ValueError(
            f"load_denoiser: the weights of {place} do not fit the model: it declares {max(numbers)} of something"
        )
    with torch.device("meta"):  # shapes alone
        declared = {name: value.shape for name, value in build_network(settings, place).state_dict().items()}
    found = {name: value.shape for name, value in weights.items()}
    for name in declared | found:
        if declared.get(name) != found.get(name):
            shapes = ["none" if each.get(name) is None else str(tuple(each[name])) for each in (declared, found)]
            raise ValueError(
                f"load_denoiser: the weights of {place} do not fit the model: {name!r:.80} must be {shapes[0]}, got "
                f"{shapes[1]}"
            )
    return build_network(settings, place)


def build_network(settings: Mapping[str, Any] | None, place: Path) -> nn.Module:
    """Build a network from what it says of itself."""
    options = dict(settings) if isinstance(settings, Mapping) else {}
    name = options.pop("network", None)
    unknown = name == "Preconditioned" and not isinstance(options.get("of"), dict)
    if name not in _OPTIONS or name == "ConditionCode" or unknown:
        raise ValueError(
            f"load_denoiser: {place} holds the weights of a network that this package does not build; give model, the "
            "network as it was trained"
        )
    condition = options.pop("condition", None) if name == "SmallUNet" else None
    _check_options(name, options, place)
    if name == "ResidualMLP":
        return ResidualMLP(**options)
    if name == "SmallUNet":
        code = None if condition is None else _condition_code(condition, place)
        return SmallUNet(**{**options, "shape": tuple(options["shape"])}, condition=code)
    if name == "TreeDenoiser":
        return TreeDenoiser(**options)
    d, inner = options["d"], options["of"]
    if d < 1 or inner.get("network") == "Preconditioned":
        raise ValueError(f"load_denoiser: {place}: a Preconditioned is built with a d of at least 1 and one network")
    return Preconditioned(
        build_network(inner, place), torch.zeros(d), torch.ones(d), torch.eye(d) if options["axes"] else None
    )


def _condition_code(settings: Any, place: Path) -> ConditionCode:
    options = settings if isinstance(settings, dict) else {}
    _check_options("ConditionCode", options, place)
    return ConditionCode(options["code"], tuple(options["low"]), tuple(options["high"]), options["size"])


def _check_options(name: str, options: Mapping[str, Any], place: Path) -> None:
    types = {key: type(value) for key, value in options.items()}
    if types != _OPTIONS[name]:
        wanted = ", ".join(f"{key} ({each.__name__})" for key, each in _OPTIONS[name].items())
        given = ", ".join(f"{key!r:.40} ({each.__name__})" for key, each in types.items())
        raise ValueError(f"load_denoiser: {place}: a {name} is built with {wanted}, got {given or 'nothing'}")


def _numbers(settings: Any) -> list[int]:
    """All whole numbers in the description of a network, which bound each part of it."""
    if isinstance(settings, Mapping):
        return [number for each in settings.values() for number in _numbers(each)]
    if isinstance(settings, list):
        return [number for each in settings for number in _numbers(each)]
    return [settings] if type(settings) is int else []


def _first(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
