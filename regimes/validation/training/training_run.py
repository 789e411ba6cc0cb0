"""One training under way: steps, moving average, held-out loss, and a state from which it goes on."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from regimes.validation.running.progress import Progress
from regimes.validation.sampling.noise import NoiseStream
from regimes.validation.training.divergence import DivergenceWatch
from regimes.validation.training.moving_average import MovingAverage
from regimes.validation.training.noise_levels import NoiseLevels, noised_rows
from regimes.validation.training.noise_prediction import checked_output, predicted_noise
from regimes.validation.training.trained_denoiser import TrainedDenoiser, TrainingHistory
from regimes.validation.training.training_data import TrainingData
from regimes.validation.training.training_state import SavedTraining

__all__ = ["TrainingRun"]

_LEVELS, _NOISE, _HELD_OUT, _UNTOLD = 1, 2, 3, 4  # substreams beside that of the data
_HELD_OUT_ROWS = 4096
_LARGEST_GRADIENT = 1.0


class TrainingRun:
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
        self.snapshots: dict[int, dict[str, Tensor]] = {}
        self.fixed = None if data.held_out is None else self._fixed(data.held_out)

    def run(self, saved: SavedTraining, progress: Progress | None) -> None:
        """Go on from what was saved, to the last step or until the held-out loss has long not fallen."""
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
            if self.step in self.options.get("snapshots", ()):
                self.snapshots[self.step] = self._weights()
            if saved.due():
                saved.save(self.state())
            if progress is not None:
                progress("training", self.step, steps)
        saved.save(self.state())

    def _advance(self) -> float:
        # A constant of the step, so that dropout in a model of the user's own is the same after a resumption.
        self._seed((self.options["rng"] * 2**32 + self.step) % 2**63)
        points, told = self.data.batch(self.step, self.options["batch"])
        log_snr = self.levels.stratified(self.noise.substream(_LEVELS), self.step, len(points), device=self.device)
        z = self.noise.substream(_NOISE).normal(self.step, 0, len(points), tuple(points.shape[1:]), device=self.device)
        x = noised_rows(points, log_snr, z)
        loss = (self._noise(self.model, x, log_snr, self._untold(told)) - z).square().mean()
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

    def _untold(self, told: Tensor | None) -> Tensor | None:
        """Conditions of a step, some of which are left out for guidance."""
        share = self.options.get("unconditional", 0.0)
        if told is None or share == 0:
            return told
        drawn = self.noise.substream(_UNTOLD).uniform(self.step, 0, len(told), (1,), device=told.device)
        return torch.where(drawn < share, math.nan, told)

    def _noise(self, model: nn.Module, x: Tensor, log_snr: Tensor, told: Tensor | None) -> Tensor:
        given = (x, log_snr) if told is None else (x, log_snr, told)
        name = "model(x, log_snr)" if told is None else "model(x, log_snr, condition)"
        output = checked_output(f"train_denoiser: {name}", model(*given), x)
        return predicted_noise(output, x, log_snr, self.options["prediction"])

    def _fixed(self, points: Tensor) -> tuple[Tensor, ...]:
        """Held-out points at fixed levels with fixed noise, so that losses of two steps differ by the weights alone."""
        copies = max(1, _HELD_OUT_ROWS // len(points))
        rows = points.repeat(copies, *[1] * (points.ndim - 1))  # a point meets levels all over the range
        u = (torch.arange(len(rows), dtype=torch.float64, device=self.device) + 0.5) / len(rows)
        log_snr = self.levels.log_snr(u).float()
        z = self.noise.substream(_HELD_OUT).normal(0, 0, len(rows), tuple(rows.shape[1:]), device=self.device)
        told = self.data.held_out_conditions
        return noised_rows(rows, log_snr, z), log_snr, z, *(() if told is None else (told.repeat(copies, 1),))

    @torch.no_grad()
    def _held_out_loss(self) -> float:
        if self.fixed is None:
            return math.nan
        total = 0.0
        model = self.average.model.eval()
        for x, log_snr, z, *told in zip(*(torch.split(part, _HELD_OUT_ROWS) for part in self.fixed), strict=True):
            noise = self._noise(model, x, log_snr, told[0] if told else None)
            total += float((noise - z).double().square().sum())
        return total / self.fixed[2].numel()

    def _record(self) -> None:
        loss = self._held_out_loss()
        if self.fixed is not None:
            self.watch.see_held_out(self.step, loss)
        self.history.append((self.step, float(np.mean(self.since)), loss))
        self.since = []
        if loss < self.best_loss:
            self.best_loss, self.best_step = loss, self.step
            self.best = self._weights()

    def _weights(self) -> dict[str, Tensor]:
        return {name: value.clone() for name, value in self.average.model.state_dict().items()}

    def state(self) -> dict[str, Any]:
        """All that changes from step to step."""
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
            "snapshots": self.snapshots,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.model.load_state_dict(state["model"])
        self.average.model.load_state_dict(state["average"])
        self.average.updates = state["updates"]
        self.optimiser.load_state_dict(state["optimiser"])
        self.best = state["best"]
        self.step, self.best_step, self.best_loss = state["numbers"]
        self.watch.restore(state["watch"])
        self.since, self.history, self.snapshots = state["since"], state["history"], state["snapshots"]

    def result(self, options: dict[str, Any]) -> TrainedDenoiser:
        """Averaged weights, those of the smallest held-out loss where points were held out."""
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
            snapshots=self.snapshots,
        )
