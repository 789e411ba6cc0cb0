"""A trained denoiser with the record of its training, and its file."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from regimes.numerics.interface.result import plain
from regimes.numerics.interface.whole_file import replacing
from regimes.validation.sampling.device import choose_device
from regimes.validation.scores.network import NetworkScore
from regimes.validation.training.conditions import ConditionedScore, checked_conditions
from regimes.validation.training.denoiser_file import FORMAT, fitting_network, read_denoiser_file
from regimes.validation.training.preconditioning import Preconditioned

__all__ = ["TrainedDenoiser", "TrainingHistory", "load_denoiser"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TrainingHistory:
    """Losses during a training: squared error of the predicted noise, per dimension.

    Attributes
    ----------
    step : ndarray of int64, shape (E,)
        Steps done.
    train_loss : ndarray, shape (E,)
        Mean over the steps since the last entry, of the model that is being trained.
    held_out_loss : ndarray, shape (E,), or None
        Of the averaged model on the held-out points, the same noise each time; None without such points.
    """

    step: NDArray[np.int64]
    train_loss: Array
    held_out_loss: Array | None


@dataclass(frozen=True, eq=False)
class TrainedDenoiser:
    """What :func:`regimes.validation.training.train_denoiser` returns.

    Attributes
    ----------
    model : torch.nn.Module
        ``model(x, log_snr)``, or ``model(x, log_snr, condition)``, with averaged weights, in evaluation mode: those of
        the smallest held-out loss, or the last ones where no points were held out.
    prediction : {"eps", "x0", "v"}
        What it predicts.
    best_step : int
        Step of its weights.
    history : TrainingHistory
        Losses.
    settings : dict
        Options of the training, as plain values.
    training_rows, held_out_rows : ndarray of intp or None
        Rows of the data on each side, where a share was held out.
    snapshots : dict
        Averaged weights by step, where the training was asked to keep them; not written to the file.
    """

    model: nn.Module
    prediction: str
    best_step: int
    history: TrainingHistory
    settings: dict[str, Any]
    training_rows: NDArray[np.intp] | None
    held_out_rows: NDArray[np.intp] | None
    snapshots: Mapping[int, Mapping[str, Tensor]] = field(default_factory=dict)

    def at(self, step: int) -> TrainedDenoiser:
        """The denoiser as it was at one of the snapshots."""
        if step not in self.snapshots:
            kept = ", ".join(map(str, sorted(self.snapshots))) or "none"
            raise ValueError(
                f"TrainedDenoiser.at: step must be a snapshot, {kept}, got {step}; ask train_denoiser for snapshots"
            )
        model = copy.deepcopy(self.model)
        model.load_state_dict(self.snapshots[step])
        return replace(self, model=model, best_step=step)

    def score(
        self, *, batch: int | None = None, condition: ArrayLike | Tensor | None = None, guidance: float = 1.0
    ) -> NetworkScore:
        """Score of the law that the denoiser has learned; ``batch`` rows a call of the network.

        With ``condition``, shape (n, c), row i of x is a noised point of condition i, nan where a coordinate is not
        told; it takes n rows at a time, which ``backward(batch=n)`` gives it. ``guidance`` weighs what the condition
        changes, and needs a training that left conditions out (``unconditional``).

        Raises
        ------
        ValueError
            If the training does not suit what is asked, or conditions have another shape.
        """
        name, without = "TrainedDenoiser.score", self.settings.get("unconditional")
        if condition is None:
            if guidance != 1:
                raise ValueError(f"{name}: guidance weighs a condition, got {guidance:g} and none; give condition")
            if without == 0:
                raise ValueError(
                    f"{name}: condition must be given, the denoiser was never trained without one; train it with "
                    "unconditional=0.1 to leave it out"
                )
            return NetworkScore(self.model, prediction=self.prediction, clock="log_snr", batch=batch)
        if without is None:
            raise ValueError(f"{name}: condition must be left out, the denoiser was trained without conditions")
        if batch is not None:
            raise ValueError(f"{name}: batch would part rows and their conditions; give fewer conditions at a time")
        told = checked_conditions(name, condition, None)
        if told.shape[1] != self.settings["conditions"]:
            raise ValueError(
                f"{name}: condition must have {self.settings['conditions']} coordinates, got {told.shape[1]}"
            )
        if without == 0 and (guidance != 1 or bool(told.isnan().all(dim=1).any())):
            raise ValueError(
                f"{name}: guidance, and rows without condition, need a training that left conditions out; train with "
                "unconditional=0.1"
            )
        return ConditionedScore(self.model, told, guidance, prediction=self.prediction)

    @property
    def held_out_loss(self) -> float | None:
        """Smallest held-out loss; None without held-out points."""
        losses = self.history.held_out_loss
        return None if losses is None else float(losses.min())

    def to_dict(self) -> dict[str, Any]:
        """Everything but the weights and the rows, as plain values: model, prediction, losses and settings."""
        return {
            "model": {
                "class": type(self.model).__name__,
                "parameters": sum(value.numel() for value in self.model.parameters()),
                "built_with": _built_with(self.model),
            },
            "prediction": self.prediction,
            "best_step": self.best_step,
            "held_out_loss": self.held_out_loss,
            "settings": self.settings,
            "history": plain(self.history),
        }

    def save(self, path: str | Path) -> None:
        """Write weights and record to a file, ``.pt`` by custom, whole or not at all."""
        history = {name: value for name, value in vars(self.history).items() if value is not None}
        rows = {"training_rows": self.training_rows, "held_out_rows": self.held_out_rows}
        content = {
            "format": FORMAT,
            "weights": self.model.state_dict(),
            "built_with": _built_with(self.model),
            "prediction": self.prediction,
            "best_step": self.best_step,
            "settings": self.settings,
            "history": {name: torch.from_numpy(value) for name, value in history.items()},
            "rows": {name: torch.from_numpy(value) for name, value in rows.items() if value is not None},
        }
        with replacing("TrainedDenoiser.save", Path(path)) as temporary:
            torch.save(content, temporary)


def load_denoiser(
    path: str | Path, *, model: nn.Module | None = None, device: str | torch.device | None = "cpu"
) -> TrainedDenoiser:
    """Read a trained denoiser from its file; nothing in the file is executed.

    Parameters
    ----------
    path : path
        Written by :meth:`TrainedDenoiser.save`.
    model : torch.nn.Module, optional
        A network of one's own as it was trained, which takes the weights; networks of this package are built again.
        Where the training put a linear denoiser in front (``precondition``), the network behind it.
    device : str or torch.device, optional
        Where the model is put.

    Returns
    -------
    TrainedDenoiser
        As it was saved.

    Raises
    ------
    ValueError
        If the file is no such file, or the weights do not fit the model.
    """
    place, content = Path(path), read_denoiser_file(path)
    weights = content["weights"]
    network = fitting_network(content, place) if model is None else _behind(model, weights)
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:300]
        raise ValueError(f"load_denoiser: the weights of {place} do not fit the model: {reason}") from None
    history, rows = ({name: value.numpy() for name, value in content[key].items()} for key in ("history", "rows"))
    return TrainedDenoiser(
        model=network.to(choose_device(device)).eval().requires_grad_(False),
        prediction=content["prediction"],
        best_step=content["best_step"],
        history=TrainingHistory(history["step"], history["train_loss"], history.get("held_out_loss")),
        settings=content["settings"],
        training_rows=rows.get("training_rows"),
        held_out_rows=rows.get("held_out_rows"),
    )


def _built_with(model: nn.Module) -> dict[str, Any] | None:
    """What a network says of itself, if plain: anything else would make a file that loading refuses."""
    settings = getattr(model, "settings", None)
    return settings if type(settings) is dict and _is_plain(settings) else None


def _is_plain(value: Any) -> bool:
    if type(value) is dict:
        return all(_is_plain(each) for pair in value.items() for each in pair)
    if type(value) in (list, tuple):
        return all(map(_is_plain, value))
    return value is None or type(value) in (bool, int, float, str)  # a float of numpy is a float, but not to torch.load


def _behind(model: nn.Module, weights: Mapping[str, Any]) -> nn.Module:
    """The user's network, with the linear denoiser in front if it was trained with one."""
    if isinstance(model, Preconditioned) or "variances" not in weights or "variances" in model.state_dict():
        return model
    return Preconditioned(model, weights["mean"].clone(), weights["variances"].clone(), weights.get("axes"))
