"""Training of a denoiser: batches, moving average, held-out loss, early stopping."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from regimes.numerics.estimation.streams import Stream
from regimes.numerics.interface.checks import positive_number, whole_number
from regimes.validation.running.checkpoints import Partial
from regimes.validation.running.progress import Progress
from regimes.validation.sampling.device import choose_device
from regimes.validation.sampling.noise import NoiseStream
from regimes.validation.training.divergence import DivergenceWatch
from regimes.validation.training.moving_average import MovingAverage
from regimes.validation.training.noise_levels import NoiseLevels, noised_rows
from regimes.validation.training.noise_prediction import TRAINED_PREDICTIONS, checked_output, predicted_noise
from regimes.validation.training.preconditioning import Preconditioned, linear_start
from regimes.validation.training.trained_denoiser import TrainedDenoiser, TrainingHistory
from regimes.validation.training.training_data import Draw, TrainingData, training_data
from regimes.validation.training.training_state import SavedTraining, training_digest

__all__ = ["train_denoiser"]

_DATA, _LEVELS, _NOISE, _HELD_OUT = 0, 1, 2, 3  # substreams
_HELD_OUT_ROWS = 4096
_LARGEST_GRADIENT = 1.0


def train_denoiser(
    model: nn.Module,
    data: ArrayLike | Tensor | Draw,
    *,
    held_out: float | ArrayLike | Tensor | None = None,
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
    Ho, Jain, Abbeel 2020; Karras, Aittala, Aila, Laine 2022 (preconditioning). On the CPU the same seed gives the same
    bytes for the same number of threads, killed and resumed or not; layers with randomness of their own included, since
    every step seeds torch's generator, which is put back at the end.

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
    points = training_data(data, held_out, noise.substream(_DATA), where)
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
    saved = SavedTraining(checkpoint, training_digest(options, network, points.points, points.held_out))
    training = _Training(network.to(where), points, levels, noise, options)
    with torch.random.fork_rng(devices=[where] if where.type == "cuda" else []):
        training.run(saved, progress)
    return training.result(options)


class _Training:
    """One training under way; all that changes from step to step is in :meth:`state`."""

    def __init__(
        self, model: nn.Module, data: TrainingData, levels: NoiseLevels, noise: NoiseStream, options: dict[str, Any]
    ) -> None:
        self.data, self.levels, self.noise, self.options = data, levels, noise, options
        self.device = data.device
        self.model = model.train()
        self.average = MovingAverage(self.model, options["ema"])
        self.weights = [value for value in model.parameters() if value.requires_grad]
        matrices = [value for value in self.weights if value.ndim >= 2]
        vectors = [value for value in self.weights if value.ndim < 2]
        groups: list[dict[str, Any]] = [{"params": matrices}, {"params": vectors, "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(
            groups,
            lr=options["learning_rate"],
            weight_decay=options["weight_decay"],
            fused=self.device.type in ("cpu", "cuda"),
        )
        self.watch = DivergenceWatch(options["learning_rate"], options["warmup"])
        self.step, self.best_step, self.best_loss = 0, 0, math.inf
        self.best: dict[str, Tensor] | None = None
        self.since: list[float] = []
        self.history: list[tuple[int, float, float]] = []
        self.fixed = None if data.held_out is None else self._fixed(data.held_out)

    def run(self, saved: SavedTraining, progress: Progress | None) -> None:
        steps, every, patience = (self.options[name] for name in ("steps", "evaluate_every", "patience"))
        # Between two entries of the history nothing can have become better.
        longest = math.inf if patience is None else max(patience, every)
        found = saved.load()
        if found is not None:
            self.restore(found)
        while self.step < steps and self.step - self.best_step < longest:
            self.since.append(self._advance())
            self.step += 1
            if self.step % every == 0 or self.step == steps:
                self._record()
            if saved.due():
                saved.save(self.state())
            if progress is not None:
                progress("training", self.step, steps)
        saved.save(self.state())

    def _advance(self) -> float:
        # A constant of the step, so that dropout in a model of the user's own is the same after a resumption.
        self._seed((self.options["rng"] * 2**32 + self.step) % 2**63)
        points = self.data.batch(self.step, self.options["batch"])
        log_snr = self.levels.stratified(self.noise.substream(_LEVELS), self.step, len(points), device=self.device)
        z = self.noise.substream(_NOISE).normal(self.step, 0, len(points), tuple(points.shape[1:]), device=self.device)
        x = noised_rows(points, log_snr, z)
        loss = (self._noise(self.model, x, log_snr) - z).square().mean()
        nothing = predicted_noise(torch.zeros_like(x), x, log_snr, self.options["prediction"])
        value = float(loss.detach())
        self.watch.see(self.step, value, float((nothing - z).square().mean()))
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.weights, _LARGEST_GRADIENT)
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate()
        self.optimiser.step()
        self.average.update()
        return value

    def _seed(self, seed: int) -> None:
        # torch.manual_seed keeps a stack of its calls for a GPU that was never used.
        torch.default_generator.manual_seed(seed)
        if self.device.type == "cuda":
            torch.cuda.manual_seed(seed)

    def _rate(self) -> float:
        rising = min(1.0, (self.step + 1) / max(1, self.options["warmup"]))
        falling = (1 + math.cos(math.pi * self.step / self.options["steps"])) / 2
        return float(self.options["learning_rate"] * rising * falling)

    def _noise(self, model: nn.Module, x: Tensor, log_snr: Tensor) -> Tensor:
        output = checked_output("train_denoiser: model(x, log_snr)", model(x, log_snr), x)
        return predicted_noise(output, x, log_snr, self.options["prediction"])

    def _fixed(self, points: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Held-out points at fixed levels with fixed noise, so that losses of two steps differ by the weights alone."""
        copies = max(1, _HELD_OUT_ROWS // len(points))
        rows = points.repeat(copies, *[1] * (points.ndim - 1))  # a point meets levels all over the range
        u = (torch.arange(len(rows), dtype=torch.float64, device=self.device) + 0.5) / len(rows)
        log_snr = self.levels.log_snr(u).float()
        z = self.noise.substream(_HELD_OUT).normal(0, 0, len(rows), tuple(rows.shape[1:]), device=self.device)
        return noised_rows(rows, log_snr, z), log_snr, z

    @torch.no_grad()
    def _held_out_loss(self) -> float:
        if self.fixed is None:
            return math.nan
        total = 0.0
        model = self.average.model.eval()
        for x, log_snr, z in zip(*(torch.split(part, _HELD_OUT_ROWS) for part in self.fixed), strict=True):
            total += float((self._noise(model, x, log_snr) - z).double().square().sum())
        return total / self.fixed[2].numel()

    def _record(self) -> None:
        loss = self._held_out_loss()
        if self.fixed is not None:
            self.watch.see_held_out(self.step, loss)
        self.history.append((self.step, float(np.mean(self.since)), loss))
        self.since = []
        if loss < self.best_loss:
            self.best_loss, self.best_step = loss, self.step
            self.best = {name: value.clone() for name, value in self.average.model.state_dict().items()}

    def state(self) -> dict[str, Any]:
        return {
            "model": self.model.state_dict(),
            "average": self.average.model.state_dict(),
            "updates": self.average.updates,
            "optimiser": self.optimiser.state_dict(),
            "best": self.best,
            "numbers": [self.step, self.best_step, self.best_loss],
            "watch": self.watch.state(),
            "since": self.since,
            "history": self.history,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        self.average.model.load_state_dict(state["average"])
        self.average.updates = state["updates"]
        self.optimiser.load_state_dict(state["optimiser"])
        self.best = state["best"]
        self.step, self.best_step, self.best_loss = state["numbers"]
        self.watch.restore(state["watch"])
        self.since, self.history = state["since"], state["history"]

    def result(self, options: dict[str, Any]) -> TrainedDenoiser:
        model = self.average.model
        if self.best is not None:
            model.load_state_dict(self.best)
        step, train_loss, held_out_loss = (np.array(column) for column in zip(*self.history, strict=True))
        return TrainedDenoiser(
            model=model.eval(),
            prediction=options["prediction"],
            best_step=self.step if self.best is None else self.best_step,
            history=TrainingHistory(step, train_loss, None if self.fixed is None else held_out_loss),
            settings=options,
            training_rows=self.data.training_rows,
            held_out_rows=self.data.held_out_rows,
        )


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
