"""Training of a denoiser: batches, moving average, held-out loss, early stopping."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from regimes.numerics.estimation.streams import Stream
from regimes.numerics.interface.checkpoints import Partial
from regimes.numerics.interface.checks import positive_number, whole_number
from regimes.validation.running.progress import Progress
from regimes.validation.sampling.device import choose_device
from regimes.validation.sampling.noise import NoiseStream
from regimes.validation.training.noise_levels import NoiseLevels
from regimes.validation.training.noise_prediction import TRAINED_PREDICTIONS
from regimes.validation.training.preconditioning import Preconditioned, linear_start
from regimes.validation.training.trained_denoiser import TrainedDenoiser
from regimes.validation.training.training_data import Draw, training_data
from regimes.validation.training.training_run import TrainingRun
from regimes.validation.training.training_state import SavedTraining, training_digest

__all__ = ["train_denoiser"]

_DATA = 0  # substream beside those of the run


def train_denoiser(
    model: nn.Module,
    data: ArrayLike | Tensor | Draw,
    *,
    held_out: float | ArrayLike | Tensor | None = None,
    conditions: ArrayLike | Tensor | None = None,
    unconditional: float = 0.0,
    prediction: str = "eps",
    precondition: bool | None = None,
    steps: int = 3000,
    batch: int = 256,
    learning_rate: float = 1e-3,
    warmup: int = 100,
    weight_decay: float = 0.0,
    ema: float = 0.999,
    t_range: tuple[float, float] = (0.01, 4.0),
    times: str = "log-snr",
    evaluate_every: int = 100,
    patience: int | None = None,
    snapshots: Sequence[int] = (),
    rng: int = 0,
    device: str | torch.device | None = None,
    progress: Progress | None = None,
    checkpoint: Partial | None = None,
) -> TrainedDenoiser:
    """Train a network to predict the noise in ``x_t = exp(-t) a + sqrt(Delta_t) z``.

    The loss is the squared error of the noise whatever the network predicts. AdamW with a linear warm-up, a cosine
    decay to zero and gradients cut at norm 1; the weights of the result are a moving average.

    Parameters
    ----------
    model : torch.nn.Module
        ``model(x, log_snr)``, x (n, ...) and log_snr (n,), of the shape of x. It is copied, not changed: its weights
        are where the training starts. Weights that take no gradient stay as they are; the others are float32.
    data : array_like, Tensor or callable
        Points, shape (n, ...), each used equally often; or ``draw(rows, noise, step)``, which gives that many fresh
        points as a tensor made from the numbers of that step of a :class:`regimes.validation.sampling.NoiseStream`.
    held_out : float, array_like, Tensor or None
        Share of the points, or points, that are never trained on and choose the weights: those of the smallest held-out
        loss. None keeps the last weights, as for fresh points or to memorise.
    conditions : array_like or Tensor, shape (n, c), optional
        What each point shows, nan where it is not told: the model is called as ``model(x, log_snr, condition)``, and
        ``TrainedDenoiser.score(condition=...)`` is that of the points of a condition.
    unconditional : float
        Share of the points of a step whose condition is left out (nan), for guidance.
    prediction : {"eps", "x0", "v"}
        What the network predicts: the noise z, the data point a, or ``v = exp(-t) z - sqrt(Delta_t) a``.
    precondition : bool, optional
        Put the best linear denoiser of the training points in front (:func:`linear_start`), of which the network
        learns what is left; by default for ``"eps"``, for which alone it works.
    steps, batch : int
        Steps at most, and points a step.
    learning_rate, warmup
        Rate after ``warmup`` steps.
    weight_decay : float
        Of the matrices of the network, a step and unit of learning rate. On some 320 digits 1 to 10 lowered the
        held-out loss of a :class:`ResidualMLP` by one to three percent.
    ema : float
        Decay of the moving average a step; 0 for none.
    t_range : tuple of float
        Smallest and largest Ornstein-Uhlenbeck time. A sampler should stay in the range.
    times : {"log-snr", "time"}
        In what the times are uniform, see :class:`NoiseLevels`; each step draws them stratified.
    evaluate_every : int
        Steps between two entries of the history.
    patience : int, optional
        Stop after so many steps without a smaller held-out loss, ``evaluate_every`` at least; never by default.
    snapshots : sequence of int
        Steps whose averaged weights are kept beside: ``TrainedDenoiser.at(step)``.
    rng : int
        Seed of everything that is random, but for the weights that the model came with.
    device : str or torch.device, optional
        Where; the GPU if torch sees one, else the CPU, by default.
    progress : callable, optional
        Called after every step with (part, done, total).
    checkpoint : Partial, optional
        ``Checkpoints.partial(name)``: keeps the state every 20 s. Called again with the same arguments, a training that
        was killed goes on from there.

    Returns
    -------
    TrainedDenoiser
        Model, losses, settings.

    Raises
    ------
    ValueError
        If data or options are out of range, the model returns another shape, has nothing to train or weights other than
        float32, or the checkpoint holds another training.
    NotConverged
        If a loss becomes nan or infinite, or stays far above that of an output of zero.

    Notes
    -----
    Ho, Jain, Abbeel 2020; Karras, Aittala, Aila, Laine 2022 (preconditioning); Ho, Salimans 2022 (guidance). On the CPU
    the same seed gives the same bytes for the same number of threads, killed and resumed or not; layers with randomness
    of their own included, since every step seeds torch's generator, which is put back at the end.

    Examples
    --------
    >>> from regimes.validation.training import ResidualMLP
    >>> X = np.random.default_rng(0).normal(size=(200, 2)) * [2.0, 0.5]
    >>> trained = train_denoiser(ResidualMLP(2, width=16), X, held_out=0.2, steps=50, batch=32, device="cpu")
    >>> trained.score()(torch.zeros(3, 2), 0.5).shape
    torch.Size([3, 2])
    """
    options = _checked_options(
        prediction=prediction,
        precondition=precondition,
        steps=steps,
        batch=batch,
        learning_rate=learning_rate,
        warmup=warmup,
        weight_decay=weight_decay,
        ema=ema,
        evaluate_every=evaluate_every,
        patience=patience,
        rng=rng,
    )
    if np.shape(t_range) != (2,):
        raise ValueError(f"train_denoiser: t_range must be two times, (t_min, t_max), got {t_range!r}")
    levels = NoiseLevels(float(t_range[0]), float(t_range[1]), times)
    _check_weights(model)
    where = choose_device(device)
    noise = NoiseStream(rng, Stream.TRAINING)
    points = training_data(data, held_out, noise.substream(_DATA), where, conditions)
    if patience is not None and points.held_out is None:
        raise ValueError("train_denoiser: patience needs held-out points to judge by; give held_out, or leave it out")
    network = copy.deepcopy(model)
    if options["precondition"] and not isinstance(network, Preconditioned):
        network = linear_start(network, points.probe())
    options |= {
        "t_range": list(map(float, t_range)),
        "times": str(times),
        "points": None if points.points is None else len(points.points),
        "held_out": None if points.held_out is None else len(points.held_out),
    }
    if points.conditions is not None:
        options["conditions"] = points.conditions.shape[1]
        options["unconditional"] = _checked_share(unconditional)
    elif unconditional:
        raise ValueError("train_denoiser: unconditional is a share of conditions, got no conditions; give them too")
    if len(snapshots):
        options["snapshots"] = _checked_snapshots(snapshots, options["steps"])
    known = [points.points, points.held_out]
    if points.conditions is not None:
        known += [points.conditions, points.held_out_conditions]
    saved = SavedTraining(checkpoint, training_digest(options, network, *known))
    training = TrainingRun(network.to(where), points, levels, noise, options)
    with torch.random.fork_rng(devices=[where] if where.type == "cuda" else []):
        training.run(saved, progress)
    return training.result(options)


def _checked_snapshots(snapshots: Sequence[int], steps: int) -> list[int]:
    wanted = sorted(whole_number("train_denoiser", "snapshots", "a step", each, at_least=1) for each in snapshots)
    if wanted[-1] > steps:
        raise ValueError(f"train_denoiser: snapshots must be steps of the training, {steps} at most, got {wanted[-1]}")
    return wanted


def _checked_share(value: Any) -> float:
    if not (isinstance(value, int | float) and 0 <= value < 1):
        raise ValueError(
            "train_denoiser: unconditional (share whose condition is left out) must be at least 0 and below 1, got "
            f"{value!r:.80}"
        )
    return float(value)


def _check_weights(model: nn.Module) -> None:
    trained = [(name, value.dtype) for name, value in model.named_parameters() if value.requires_grad]
    if not trained:
        raise ValueError(
            "train_denoiser: model must have weights that take a gradient, got none; model.requires_grad_(True) frees "
            "all of them"
        )
    for name, dtype in trained:
        if dtype != torch.float32:
            raise ValueError(
                f"train_denoiser: weights must be float32 in training, got {dtype} ({name}); give model.float()"
            )


def _checked_options(**options: Any) -> dict[str, Any]:
    """Options as plain values, with the default of ``precondition`` filled in."""
    if options["prediction"] not in TRAINED_PREDICTIONS:
        raise ValueError(
            f"train_denoiser: prediction must be one of {', '.join(TRAINED_PREDICTIONS)}, got {options['prediction']!r}"
        )
    if options["precondition"] is None:
        options["precondition"] = options["prediction"] == "eps"
    if options["precondition"] and options["prediction"] != "eps":
        raise ValueError(
            f"train_denoiser: precondition works for prediction 'eps' alone, got {options['prediction']!r}; drop one"
        )
    whole = {"steps": 1, "batch": 1, "warmup": 0, "evaluate_every": 1, "rng": 0}
    if options["patience"] is not None:
        whole["patience"] = 1
    for name, least in whole.items():
        options[name] = whole_number("train_denoiser", name, _MEANINGS[name], options[name], at_least=least)
    options["learning_rate"] = positive_number(
        "train_denoiser", "learning_rate", "rate after the warm-up", options["learning_rate"]
    )
    decay = float(options["weight_decay"])
    if not (math.isfinite(decay) and decay >= 0):
        raise ValueError(f"train_denoiser: weight_decay must be non-negative and finite, got {decay:g}")
    plain = {"prediction": str(options["prediction"]), "precondition": bool(options["precondition"])}
    return options | plain | {"weight_decay": decay, "ema": float(options["ema"])}


_MEANINGS = {
    "steps": "steps at most",
    "batch": "points a step",
    "warmup": "steps of rising rate",
    "evaluate_every": "steps between two entries of the history",
    "rng": "seed",
    "patience": "steps without improvement",
}
