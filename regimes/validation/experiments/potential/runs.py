"""Noised pairs, and a backward run with its single steps and displacements, in d = 256 dimensions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regimes.numerics.compiled.compile import compile_formula
from regimes.validation.experiments.potential.law import Binned, OverlapLaw, binned
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.running.progress import renamed
from regimes.validation.sampling import NoiseStream, backward, backward_times, coupled_steps, noised
from regimes.validation.scores.projected_mixture import NOISE_AFTER_SPECIATION

__all__ = [
    "BINS",
    "LAW",
    "PAIR_STEP",
    "SAMPLER",
    "WINDOW",
    "PotentialForm",
    "PotentialRuns",
    "displacement",
    "transition_times",
]

Array = NDArray[np.float64]

LAW = OverlapLaw(256, 1.0, 1.0)
SAMPLER = "euler-maruyama"
BINS, _FINE = 4, 6  # bins that are compared, each of six that are drawn
PAIR_STEP = 0.2
WINDOW = 0.3  # of the backward run, around each time
_ROWS = 4096
_PAIRS, _RUN = range(2)
_NAMES = {False: "fine", True: "coarse"}


@dataclass(frozen=True)
class PotentialForm:
    """Size of the experiment; ``step`` is that of the run that is compared with theory, another takes it doubled."""

    pairs: int
    trajectories: int
    step: float
    histogram_bins: int


def transition_times() -> tuple[dict[str, float], list[float]]:
    """Speciation and splitting of V, and the times of the experiment: V is a single well at the first alone."""
    where = (LAW.d, LAW.mu, LAW.sigma)
    marks = {
        "t_S": float(compile_formula("mixture_speciation_time", target="numpy")(*where)),
        "t_V": float(compile_formula("overlap_curvature_time", target="numpy")(*where)),
    }
    return marks, [marks["t_V"] + 0.5, marks["t_V"], marks["t_S"], marks["t_S"] - 0.5]


class PotentialRuns:
    """The simulations, each with random numbers of its own."""

    def __init__(self, form: PotentialForm, bench: Bench) -> None:
        self.form, self.noise, self.device, self.kept, self.report = (
            form,
            bench.noise,
            bench.device,
            bench.store,
            bench.report,
        )
        self.score = LAW.score()

    def noised_pairs(self, number: int, t: float) -> Array:
        """Sums over pairs of one data point at t - dt and t, in fine bins."""
        noise, edges = self.noise.substream(_PAIRS, number), LAW.edges(t, _shares(BINS * _FINE))

        def compute() -> dict[str, Array]:
            total = np.zeros((7, edges.size + 1))
            for first in range(0, self.form.pairs, _ROWS):
                rows = min(_ROWS, self.form.pairs - first)
                a, _ = self.score.draw(rows, noise.substream(0), first_row=first, device=self.device)
                earlier = noised(a, t - PAIR_STEP, noise=noise.substream(1), first_row=first)
                # From t - dt to t the forward process does what it does from 0 to dt.
                later = noised(earlier, PAIR_STEP, noise=noise.substream(2), first_row=first)
                q = LAW.overlap(later)
                samples = LAW.exact_step(q, LAW.overlap(earlier), t, PAIR_STEP)
                total += binned(LAW, q, t, *samples, edges)
                self.report(f"noised pairs, t = {t:.3g}", first + rows, self.form.pairs)
            return {"sums": total}

        return self.kept.piece(f"pairs,{number}", compute)["sums"]

    def backward_run(self, at: Sequence[float], *, coarse: bool) -> list[dict[str, Array]]:
        """One run from pure noise through all times; of the coarse one the overlaps at the times alone are used."""
        noise = self.noise.substream(_RUN)
        x = noise.substream(len(at)).normal(0, 0, self.form.trajectories, (LAW.d,), device=self.device)
        start, found = transition_times()[0]["t_S"] + NOISE_AFTER_SPECIATION, []
        for number, t in enumerate(at):
            part = partial(self._part, x, start, t, noise.substream(number), f"{_NAMES[coarse]},{number}", coarse)
            found.append(self.kept.piece(f"{_NAMES[coarse]},{number}", part))
            x, start = torch.from_numpy(found[-1]["x"]).to(self.device), t - WINDOW / 2
        return found

    def _part(self, x: Tensor, start: float, t: float, noise: NoiseStream, name: str, coarse: bool) -> dict[str, Any]:
        """From the last window through that around t. The way there goes on where it was; a window is short."""
        top, bottom = t + WINDOW / 2, t - WINDOW / 2
        report = renamed(self.report, f"{name.split(',')[0]} run to t = {bottom:.3g}")
        steps = _Steps(t)
        watch = None if coarse else steps
        x = self._leg(x, start, top, noise.substream(0), coarse, progress=report, checkpoint=self.kept.partial(name))
        before = LAW.overlap(x)
        x = self._leg(x, top, t, noise.substream(1), coarse, watch=watch)
        middle = LAW.overlap(x)
        x = self._leg(x, t, bottom, noise.substream(2), coarse, watch=watch)
        after = LAW.overlap(x)
        return {"x": x.cpu().numpy(), "steps": steps.sums, "before": before, "at": middle, "after": after}

    def _leg(self, x: Tensor, start: float, end: float, noise: NoiseStream, coarse: bool, **options: Any) -> Tensor:
        times = backward_times(start, end=end, steps=math.ceil((start - end) / (2 * self.form.step)))
        return backward(self.score, x, **coupled_steps(times, SAMPLER, noise, coarse=coarse), **options)


class _Steps:
    """Watches a run and sorts its single steps into the bins of the time t."""

    def __init__(self, t: float) -> None:
        self.edges = LAW.edges(t, _shares(BINS))
        self.sums = np.zeros((7, BINS))
        self.last: tuple[float, Array] | None = None

    def __call__(self, step: int, t: float, x: Tensor, first_row: int) -> None:
        q = LAW.overlap(x)
        if step > 0 and self.last is not None:
            before, last = self.last
            self.sums += binned(LAW, last, before, *LAW.euler_step(last, q, before, before - t), self.edges)
        self.last = (t, q)


def _shares(bins: int) -> Array:
    return np.arange(1, bins) / bins


def displacement(t: float, run: dict[str, Array]) -> tuple[float, Binned]:
    """The window as one long step, which begins at its top."""
    top = t + WINDOW / 2
    samples = LAW.exact_step(run["before"], run["after"], top, WINDOW)
    return top, Binned(binned(LAW, run["before"], top, *samples, LAW.edges(top, _shares(BINS))))
