"""Denoisers of experiments: their times, their training that survives a kill, and the points set aside for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from regimes.datasets.points.dataset import Dataset
from regimes.datasets.points.loading import load_dataset
from regimes.numerics.interface.checkpoints import Checkpoints, Partial
from regimes.validation.sampling import NoiseStream
from regimes.validation.training import TrainedDenoiser, TrainingHistory
from regimes.validation.training.denoiser_file import build_network
from regimes.validation.training.training_state import load_tensors, tensor_bytes

__all__ = ["START", "T_RANGE", "kept_denoiser", "split_points"]

Array = NDArray[np.float64]

T_RANGE = (0.01, 4.0)
"""Ornstein-Uhlenbeck times between which denoisers are trained and asked: at the end the noise of a pixel is 0.14."""

START = T_RANGE[1]
"""Where paths from pure noise begin."""


def kept_denoiser(
    store: Checkpoints, name: str, train: Callable[[Partial], TrainedDenoiser], *, device: torch.device
) -> TrainedDenoiser:
    """Train a denoiser, or read it back if it was finished before."""

    def content() -> dict[str, NDArray[np.uint8]]:
        trained = train(store.partial(name))
        history = {key: torch.from_numpy(value) for key, value in vars(trained.history).items() if value is not None}
        values = {
            "weights": trained.model.state_dict(),
            "built_with": getattr(trained.model, "settings", None),
            "prediction": trained.prediction,
            "best_step": trained.best_step,
            "settings": trained.settings,
            "history": history,
            "snapshots": dict(trained.snapshots),
        }
        return {"denoiser": tensor_bytes(values)}

    found = load_tensors(store.piece(name, content)["denoiser"])
    network = build_network(found["built_with"], Path(name))
    network.load_state_dict(found["weights"])
    history = {key: value.numpy() for key, value in found["history"].items()}
    return TrainedDenoiser(
        model=network.to(device).eval().requires_grad_(False),
        prediction=found["prediction"],
        best_step=found["best_step"],
        history=TrainingHistory(history["step"], history["train_loss"], history.get("held_out_loss")),
        settings=found["settings"],
        training_rows=None,
        held_out_rows=None,
        snapshots=found.get("snapshots", {}),
    )


def split_points(data: Dataset, held_out: int, noise: NoiseStream) -> tuple[Dataset, Array, NDArray[np.intp] | None]:
    """Set points aside at random, and centre both parts on the mean of the training points."""
    order = np.argsort(noise.uniform(0, 0, data.n, ()).numpy(), kind="stable")
    apart, kept = np.sort(order[:held_out]), np.sort(order[held_out:])
    labels = None if data.labels is None else data.labels[kept]
    train = load_dataset(data.X[kept], labels, scale="none", center=True, name=data.name)
    test_labels = None if data.labels is None else data.labels[apart]
    return train, data.X[apart] - data.X[kept].mean(axis=0), test_labels
