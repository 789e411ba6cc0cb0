"""What experiments with trained denoisers share: training that survives a kill, losses, near-copies of points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regimes.datasets.points.dataset import Dataset
from regimes.datasets.points.loading import load_dataset
from regimes.numerics.interface.plain import plain_fields
from regimes.validation.running.checkpoints import Checkpoints, Partial
from regimes.validation.sampling import NoiseStream, backward, backward_times
from regimes.validation.sampling.samplers import Score
from regimes.validation.training import TrainedDenoiser, TrainingHistory, information_from_losses, loss_curve
from regimes.validation.training.trained_denoiser import build_network
from regimes.validation.training.training_state import load_tensors, tensor_bytes

__all__ = ["START", "T_RANGE", "Gap", "Generated", "generate", "information_gap", "kept_denoiser", "split_points"]

Array = NDArray[np.float64]

T_RANGE = (0.01, 4.0)
"""Ornstein-Uhlenbeck times between which denoisers are trained and asked: at the end the noise of a pixel is 0.14."""

START = T_RANGE[1]
"""Where paths from pure noise begin."""

_COPY = 1 / 3
_TIMES, _LATEST = 28, 3.8


def kept_denoiser(
    store: Checkpoints, name: str, train: Callable[[Partial], TrainedDenoiser], *, device: torch.device
) -> TrainedDenoiser:
    """Train a denoiser, or read it back if it was finished before.

    Parameters
    ----------
    store : Checkpoints
        Keeps the state of the training, and the denoiser.
    name : str
        Of the denoiser.
    train : callable
        Trains it, with its state kept at the given place.
    device : torch.device
        Where the model is put.

    Returns
    -------
    TrainedDenoiser
        The same, to the byte, whether it was read back or not.
    """

    def content() -> dict[str, NDArray[np.uint8]]:
        trained = train(store.partial(name))
        history = {key: torch.from_numpy(value) for key, value in vars(trained.history).items() if value is not None}
        values = {
            "weights": trained.model.state_dict(), "built_with": getattr(trained.model, "settings", None),
            "prediction": trained.prediction, "best_step": trained.best_step, "settings": trained.settings,
            "history": history,
        }  # fmt: skip
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
    )


def split_points(data: Dataset, held_out: int, noise: NoiseStream) -> tuple[Dataset, Array, NDArray[np.intp] | None]:
    """Set points aside at random, and centre both parts on the mean of the training points.

    Parameters
    ----------
    data : Dataset
        Points.
    held_out : int
        How many are set aside.
    noise : NoiseStream
        Of the choice.

    Returns
    -------
    train : Dataset
        Training points.
    test : ndarray, shape (held_out, d)
        The others.
    labels : ndarray of intp, shape (held_out,), or None
        Their classes.

    Raises
    ------
    ValueError
        If a class has no training point.
    """
    order = np.argsort(noise.uniform(0, 0, data.n, ()).numpy(), kind="stable")
    apart, kept = np.sort(order[:held_out]), np.sort(order[held_out:])
    labels = None if data.labels is None else data.labels[kept]
    train = load_dataset(data.X[kept], labels, scale="none", center=True, name=data.name)
    test_labels = None if data.labels is None else data.labels[apart]
    return train, data.X[apart] - data.X[kept].mean(axis=0), test_labels


@dataclass(frozen=True, eq=False)
class Gap:
    """Losses and their integrals on training and test points.

    Attributes
    ----------
    t : ndarray, shape (T,)
        Increasing Ornstein-Uhlenbeck times.
    train_loss, test_loss : ndarray, shape (T,)
        Squared error of the posterior mean, summed over dimensions.
    train, train_se, test, test_se : ndarray, shape (T,)
        ``J = 1/2 int_0^snr loss dsnr`` in nats.
    gap, gap_se : ndarray, shape (T,)
        ``G = J_test - J_train``.
    """

    t: Array
    train_loss: Array
    test_loss: Array
    train: Array
    train_se: Array
    test: Array
    test_se: Array
    gap: Array
    gap_se: Array

    def at(self, t: float, name: str = "gap") -> tuple[float, float]:
        """Value and standard error at a time, interpolated in log t."""
        place = np.log(self.t)
        value, error = (np.interp(np.log(t), place, getattr(self, each)) for each in (name, f"{name}_se"))
        return float(value), float(error)

    def time_at(self, level: float, name: str = "test") -> tuple[float, float] | None:
        """Largest time at which an integral reaches a level, with its standard error, interpolated in log t.

        None if it stays on one side. For the exact empirical score of n points J_test is ``log n`` where the
        leave-one-out excess entropy is 0, at t_C.
        """
        value, error, place = getattr(self, name), getattr(self, f"{name}_se"), np.log(self.t)
        above = np.flatnonzero(value > level)
        if above.size == 0 or above[-1] == value.size - 1:
            return None
        i = int(above[-1])
        slope = (value[i + 1] - value[i]) / (place[i + 1] - place[i])
        t = float(np.exp(place[i] + (level - value[i]) / slope))
        return t, float(t * np.interp(np.log(t), place, error) / abs(slope))

    def to_dict(self) -> dict[str, list[float]]:
        """Plain dictionary, ready for JSON."""
        return plain_fields(self)


def information_gap(
    store: Checkpoints, name: str, denoiser: TrainedDenoiser | Score, train: Array, test: Array, noise: NoiseStream, *,
    draws: int,
) -> Gap:  # fmt: skip
    """Integrate the losses of a denoiser on training and test points.

    Parameters
    ----------
    store : Checkpoints
        Keeps the result.
    name : str
        Of the piece.
    denoiser : TrainedDenoiser or callable
        Whose losses: a denoiser, or a score.
    train, test : ndarray, shape (n, d)
        Points.
    noise : NoiseStream
        Of the noised points.
    draws : int
        Noises a point.

    Returns
    -------
    Gap
        From the smallest time of the training on.
    """

    def compute() -> dict[str, Array]:
        t = np.geomspace(T_RANGE[0], _LATEST, _TIMES)
        losses = loss_curve(denoiser, train, t, test=test, noise=noise, draws=draws)
        found = information_from_losses(losses)
        both = {"train_loss": losses.train_loss, "test_loss": losses.test_loss}
        names = ("t", "train", "train_se", "test", "test_se", "gap", "gap_se")
        return {key: np.asarray(value) for key, value in (both | {key: getattr(found, key) for key in names}).items()}

    return Gap(**store.piece(name, compute))


@dataclass(frozen=True)
class Generated:
    """Points generated from pure noise, beside the training points.

    Attributes
    ----------
    points : int
        How many were generated.
    copies : float
        Share of them whose nearest training point is at less than a third of the distance of the second nearest.
    copies_of_test : float
        The same share for test points, which nothing has copied.
    nearest, nearest_of_test : float
        Median distance to the nearest training point, of both.
    """

    points: int
    copies: float
    copies_of_test: float
    nearest: float
    nearest_of_test: float


def generate(
    store: Checkpoints, name: str, score: Score, train: Array, test: Array, noise: NoiseStream, *, points: int,
    steps: int, device: torch.device,
) -> Generated:  # fmt: skip
    """Generate points and look for near-copies of training points among them.

    Parameters
    ----------
    store : Checkpoints
        Keeps the points.
    name : str
        Of the piece.
    score : callable
        Score of states at a time.
    train, test : ndarray, shape (n, d)
        Points that the model knows, and others of the same law.
    noise : NoiseStream
        Of the paths.
    points, steps : int
        How many, in how many ancestral steps; the last one gives the posterior mean.
    device : torch.device
        Where.

    Returns
    -------
    Generated
        Shares and distances.
    """
    times = np.append(backward_times(START, end=T_RANGE[0], steps=steps - 1, spacing="log-snr"), 0.0)

    def compute() -> dict[str, NDArray[np.float32]]:
        x = noise.substream(0).normal(0, 0, points, train.shape[1:], device=device)
        options = {"sampler": "ancestral", "noise": noise.substream(1), "checkpoint": store.partial(name)}
        return {"points": backward(score, x, times, **options).cpu().numpy()}  # type: ignore[arg-type]

    found = np.asarray(store.piece(name, compute)["points"], dtype=np.float64)
    copies, nearest = _copies(found, train)
    copies_of_test, nearest_of_test = _copies(test, train)
    return Generated(points, copies, copies_of_test, nearest, nearest_of_test)


def _copies(points: Array, train: Array) -> tuple[float, float]:
    distance: Tensor = torch.cdist(torch.from_numpy(points), torch.from_numpy(np.unique(train, axis=0)))
    first, second = distance.topk(2, dim=1, largest=False).values.T
    return float((first < _COPY * second).double().mean()), float(first.median())
