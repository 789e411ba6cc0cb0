"""The overlap q = m.x/sqrt(d) in its potential: drift, noise and law of q in d dimensions against -V', 2 mu^2 and P(q).

Two sources that share nothing. Noised pairs (x_{t-dt}, x_t) of data points: forward noise alone, no score and no
sampler, turned round by Tweedie's formula of first and second order, which has no bias at any dt. And a backward run
from pure noise with the exact score: its single steps, which have the drift of the score they are made with by
construction (and so hold the score in d dimensions and its projection against V), its displacements over many steps,
and its histogram.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regimes.numerics.compiled.compile import compile_formula
from regimes.validation.experiments.mixture_clones.runs import START
from regimes.validation.experiments.potential.runs import Binned, OverlapLaw, binned, histogram_test
from regimes.validation.outcome.agreement import Agreement, ChiSquare, chi_square
from regimes.validation.outcome.experiment import ExperimentResult, Panel, Progress, conclude, curve
from regimes.validation.running.checkpoints import Checkpoints
from regimes.validation.sampling import NoiseStream, backward, backward_times, choose_device, coupled_steps, noised

__all__ = ["potential"]

Array = NDArray[np.float64]

_STREAM = 7
_LAW = OverlapLaw(256, 1.0, 1.0)
_SAMPLER = "euler-maruyama"
_BINS, _FINE = 4, 6  # bins that are compared, each of six that are drawn
_PAIR_STEP = 0.2
_WINDOW = 0.3  # of the backward run, around each time
_ROWS = 4096
_PAIRS, _RUN, _FIRST = range(3)


@dataclass(frozen=True)
class _Form:
    """Size of the experiment; ``step`` is that of the run that is compared with theory, another takes it doubled."""

    pairs: int
    trajectories: int
    step: float
    histogram_bins: int


_FULL = _Form(pairs=200_000, trajectories=10_000, step=0.005, histogram_bins=40)
_QUICK = _Form(pairs=20_000, trajectories=2_000, step=0.01, histogram_bins=20)


def potential(
    *,
    quick: bool = False,
    device: str | None = None,
    rng: int = 0,
    checkpoint: str | Path | None = None,
    progress: Progress | None = None,
) -> ExperimentResult:
    """Hold the potential of the overlap against noised pairs and against a backward run, both in d = 256 dimensions.

    Parameters
    ----------
    quick : bool
        20 000 pairs in place of 200 000 at each time, 2000 trajectories in place of 10 000, steps twice as long.
    device : str, optional
        Of torch; a GPU where torch sees one by default, else the CPU.
    rng : int
        Seed.
    checkpoint : path, optional
        Folder that keeps what is finished.
    progress : callable, optional
        Called with (part, done, total).

    Returns
    -------
    ExperimentResult
        ``findings``: ``drift_ratio``, factor between measured and predicted drift, and ``noise``, the measured 2 mu^2,
        for each source with its standard error; ``change``, what halving the step did to the mean of q^2 at each time,
        in standard errors of that mean, with its own. The four histograms are of one run, so that their tests are not
        independent.

    Raises
    ------
    ValueError
        If an option is unusable, or the checkpoint belongs to another run.
    """
    started = time.perf_counter()
    form, where = _QUICK if quick else _FULL, choose_device(device)
    settings = {"quick": quick, "seed": rng, "device": str(where), "sampler": _SAMPLER}
    settings |= asdict(_LAW) | asdict(form) | {"pair_step": _PAIR_STEP, "window": _WINDOW}
    marks, at = _times()
    runs = _Runs(form, NoiseStream(rng, _STREAM), where, Checkpoints(checkpoint, settings), progress)
    fine, coarse = runs.backward_run(at, coarse=False), runs.backward_run(at, coarse=True)
    sources = {
        "noised pairs": [(t, Binned(runs.noised_pairs(number, t))) for number, t in enumerate(at)],
        "single steps": [(t, Binned(each["steps"])) for t, each in zip(at, fine, strict=True)],
        "displacement": [_displacement(t, each) for t, each in zip(at, fine, strict=True)],
    }
    groups = {f"{kind}, {name}": _compared(kind, name, found) for name, found in sources.items() for kind in _KINDS}
    histograms = [histogram_test(_LAW, each["at"], t, form.histogram_bins) for t, each in zip(at, fine, strict=True)]
    tests = [chi_square(name, group) for name, group in groups.items()] + [test for test, _, _ in histograms]
    findings = {
        "t_S": marks["t_S"],
        "t_V": marks["t_V"],
        "drift_ratio": {name: _ratio(found) for name, found in sources.items()},
        "noise": {name: _pooled_noise(found) for name, found in sources.items()},
        "change": [_change(one["at"] ** 2, other["at"] ** 2) for one, other in zip(fine, coarse, strict=True)],
    }
    return conclude(
        "potential", settings, started,
        agreement=[each for group in groups.values() for each in group], tests=tests, findings=findings,
        statements=_statements(form, at, findings, histograms), panels=_panels(at, sources, histograms),
    )  # fmt: skip


_KINDS = ("drift", "2 mu^2")


def _times() -> tuple[dict[str, float], list[float]]:
    """Speciation and splitting of V, and the times of the experiment: V is a single well at the first alone."""
    where = (_LAW.d, _LAW.mu, _LAW.sigma)
    marks = {
        "t_S": float(compile_formula("mixture_speciation_time", target="numpy")(*where)),
        "t_V": float(compile_formula("overlap_curvature_time", target="numpy")(*where)),
    }
    return marks, [marks["t_V"] + 0.5, marks["t_V"], marks["t_S"], marks["t_S"] - 0.5]


class _Runs:
    """The simulations, each with random numbers of its own."""

    def __init__(
        self, form: _Form, noise: NoiseStream, device: torch.device, kept: Checkpoints, progress: Progress | None
    ) -> None:
        self.form, self.noise, self.device, self.kept = form, noise, device, kept
        self.report = progress or (lambda part, done, total: None)
        self.score = _LAW.score()

    def noised_pairs(self, number: int, t: float) -> Array:
        """Sums over pairs of one data point at t - dt and t, in fine bins."""
        noise, edges = self.noise.substream(_PAIRS, number), _LAW.edges(t, _shares(_BINS * _FINE))

        def compute() -> dict[str, Array]:
            total = np.zeros((7, edges.size + 1))
            for first in range(0, self.form.pairs, _ROWS):
                rows = min(_ROWS, self.form.pairs - first)
                a, _ = self.score.draw(rows, noise.substream(0), first_row=first, device=self.device)
                earlier = noised(a, t - _PAIR_STEP, noise=noise.substream(1), first_row=first)
                # From t - dt to t the forward process does what it does from 0 to dt.
                later = noised(earlier, _PAIR_STEP, noise=noise.substream(2), first_row=first)
                q = _LAW.overlap(later)
                samples = _LAW.exact_step(q, _LAW.overlap(earlier), t, _PAIR_STEP)
                total += binned(_LAW, q, t, *samples, edges)
                self.report(f"noised pairs, t = {t:.3g}", first + rows, self.form.pairs)
            return {"sums": total}

        return self.kept.piece(f"pairs,{number}", compute)["sums"]

    def backward_run(self, at: Sequence[float], *, coarse: bool) -> list[dict[str, Array]]:
        """One run from pure noise through all times; of the coarse one the overlaps at the times alone are used."""
        noise = self.noise.substream(_RUN)
        x = noise.substream(len(at)).normal(0, 0, self.form.trajectories, (_LAW.d,), device=self.device)
        start, found = _times()[0]["t_S"] + START, []
        for number, t in enumerate(at):
            part = partial(self._part, x, start, t, noise.substream(number), f"{_NAMES[coarse]},{number}", coarse)
            found.append(self.kept.piece(f"{_NAMES[coarse]},{number}", part))
            x, start = torch.from_numpy(found[-1]["x"]).to(self.device), t - _WINDOW / 2
        return found

    def _part(self, x: Tensor, start: float, t: float, noise: NoiseStream, name: str, coarse: bool) -> dict[str, Any]:
        """From the last window through that around t. The way there goes on where it was; a window is short."""
        top, bottom = t + _WINDOW / 2, t - _WINDOW / 2
        report = partial(self.report, f"{name.split(',')[0]} run to t = {bottom:.3g}")
        steps = _Steps(t)
        watch = None if coarse else steps
        x = self._leg(x, start, top, noise.substream(0), coarse, progress=report, checkpoint=self.kept.partial(name))
        before = _LAW.overlap(x)
        x = self._leg(x, top, t, noise.substream(1), coarse, watch=watch)
        middle = _LAW.overlap(x)
        x = self._leg(x, t, bottom, noise.substream(2), coarse, watch=watch)
        after = _LAW.overlap(x)
        return {
            "x": x.cpu().numpy(), "steps": steps.sums, "before": before, "at": middle, "after": after,
        }  # fmt: skip

    def _leg(self, x: Tensor, start: float, end: float, noise: NoiseStream, coarse: bool, **options: Any) -> Tensor:
        times = backward_times(start, end=end, steps=math.ceil((start - end) / (2 * self.form.step)))
        return backward(self.score, x, **coupled_steps(times, _SAMPLER, noise, coarse=coarse), **options)


_NAMES = {False: "fine", True: "coarse"}


class _Steps:
    """Watches a run and sorts its single steps into the bins of the time t."""

    def __init__(self, t: float) -> None:
        self.edges = _LAW.edges(t, _shares(_BINS))
        self.sums = np.zeros((7, _BINS))
        self.last: tuple[float, Array] | None = None

    def __call__(self, step: int, t: float, x: Tensor, first_row: int) -> None:
        q = _LAW.overlap(x)
        if step > 0 and self.last is not None:
            before, last = self.last
            self.sums += binned(_LAW, last, before, *_LAW.euler_step(last, q, before, before - t), self.edges)
        self.last = (t, q)


def _shares(bins: int) -> Array:
    return np.arange(1, bins) / bins


def _displacement(t: float, run: dict[str, Array]) -> tuple[float, Binned]:
    """The window as one long step, which begins at its top."""
    top = t + _WINDOW / 2
    samples = _LAW.exact_step(run["before"], run["after"], top, _WINDOW)
    return top, Binned(binned(_LAW, run["before"], top, *samples, _LAW.edges(top, _shares(_BINS))))


def _compared(kind: str, name: str, found: Sequence[tuple[float, Binned]]) -> list[Agreement]:
    result = []
    for t, each in found:
        bins = each.joined(_BINS)
        if kind == "drift":
            columns = zip(bins.q, bins.theory, bins.drift, bins.drift_se, bins.count, strict=True)
        else:
            exact = np.full(len(bins.q), 2 * _LAW.mu**2)
            columns = zip(bins.q, exact, bins.noise, bins.noise_se, bins.count, strict=True)
        result += [
            Agreement(f"{kind} at q = {q:+.2f}, {name}", t, theory, value, se, int(count))
            for q, theory, value, se, count in columns
        ]
    return result


def _ratio(found: Sequence[tuple[float, Binned]]) -> tuple[float, float]:
    """Factor between measured and predicted drift, by weighted least squares over all bins, and its standard error."""
    weight = sum(float(np.sum(bins.theory**2 / bins.drift_se**2)) for _, bins in found)
    product = sum(float(np.sum(bins.theory * bins.drift / bins.drift_se**2)) for _, bins in found)
    return product / weight, 1 / math.sqrt(weight)


def _pooled_noise(found: Sequence[tuple[float, Binned]]) -> tuple[float, float]:
    pooled = Binned(np.sum([bins.joined(1).sums for _, bins in found], axis=0))
    return float(pooled.noise[0]), float(pooled.noise_se[0])


def _change(fine: Array, coarse: Array) -> tuple[float, float]:
    """Mean change of a quantity by halving the step, and its standard error, in standard errors of the quantity."""
    unit, difference = float(fine.std(ddof=1)), fine - coarse
    return float(difference.mean()) * math.sqrt(fine.size) / unit, float(difference.std(ddof=1)) / unit


def _statements(
    form: _Form, at: Sequence[float], findings: dict[str, Any], histograms: Sequence[tuple[ChiSquare, Array, Array]]
) -> list[str]:
    ratios = "; ".join(f"{name} {value:.4f} +/- {se:.4f}" for name, (value, se) in findings["drift_ratio"].items())
    noises = "; ".join(f"{name} {value:.4f} +/- {se:.4f}" for name, (value, se) in findings["noise"].items())
    laws = ", ".join(f"{test.p:.2g}" for test, _, _ in histograms)
    changes = ", ".join(f"{value:+.2f}({se:.2f})" for value, se in findings["change"])
    times = ", ".join(f"{t:.3g}" for t in at)
    return [
        f"Measured drift over -V', all bins and times: {ratios}. Measured 2 mu^2, which is {2 * _LAW.mu**2:g}: "
        f"{noises}.",
        f"Noised pairs ({form.pairs} at each time, dt = {_PAIR_STEP:g}) know nothing of the score. Single steps have "
        "its drift by construction; displacements over the window hold the run itself.",
        f"Law of q at t = {times}: p = {laws}. Halving the step to {form.step:g} changed the mean of q^2 there by "
        f"{changes} of its standard errors over {form.trajectories} trajectories; as much is left, since steps are of "
        "first order.",
    ]


def _panels(
    at: Sequence[float],
    sources: dict[str, list[tuple[float, Binned]]],
    histograms: Sequence[tuple[ChiSquare, Array, Array]],
) -> list[Panel]:
    labels = (r"$t_V + 0.5$", r"$t_V$", r"$t_S$", r"$t_S - 0.5$")
    wells, drifts, laws = [], [], []
    for group, number in enumerate(_DRAWN):
        t, pairs = sources["noised pairs"][number]
        end = float(np.abs(pairs.q).max())
        q = np.linspace(-end, end, 201)
        label = labels[number]
        wells.append(curve(label, "theory", q, _LAW.potential(q, t), group=group))
        wells.append(curve("", "simulation", pairs.q, *_integrated(pairs), group=group))
        drifts.append(curve(label, "theory", q, _LAW.drift(q, t), group=group))
        drifts.append(curve("", "simulation", pairs.q, pairs.drift, pairs.drift_se, group=group))
        _, edges, counts = histograms[number]
        width, middle = np.diff(edges), (edges[1:] + edges[:-1]) / 2
        share = counts[1:-1] / counts.sum()
        error = np.sqrt(share * (1 - share) / counts.sum())
        fine = np.linspace(edges[0] - width[0], edges[-1] + width[-1], 402)
        density = np.diff(_LAW.distribution(fine, t)) / np.diff(fine)
        laws.append(curve(label, "theory", (fine[1:] + fine[:-1]) / 2, density, group=group))
        laws.append(curve("", "simulation", middle, share / width, error / width, group=group))
    noises = []
    for group, (name, found) in enumerate(sources.items()):
        t, bins = found[_DRAWN[1]]
        few = bins.joined(_BINS)
        noises.append(curve(name, "simulation", few.q, few.noise, few.noise_se, group=group))
    reach = [min(float(each.x.min()) for each in noises), max(float(each.x.max()) for each in noises)]
    noises.append(curve("", "reference", reach, [2 * _LAW.mu**2] * 2, group=_GREY))
    return [
        Panel("Potential from the drift of noised pairs", "$q$", "$V(q, t)$", tuple(wells)),
        Panel("Drift of noised pairs", "$q$", "$-V'(q, t)$", tuple(drifts)),
        Panel(f"Noise of $q$ at {labels[_DRAWN[1]]}", "$q$", r"$2 \mu^2$", tuple(noises)),
        Panel("Law of $q$ in a backward run", "$q$", "density", tuple(laws)),
    ]


_DRAWN = (0, 1, 3)
_GREY = 5


def _integrated(bins: Binned) -> tuple[Array, Array]:
    """V at the bins from the drift by the trapezoidal rule, 0 at q = 0, and its standard error."""
    q, count = bins.q, len(bins.q)
    place = int(np.searchsorted(q, 0.0))
    share = q[place - 1] / (q[place - 1] - q[place])
    between = (1 - share) * np.eye(count)[place - 1] + share * np.eye(count)[place]
    points, rows = np.insert(q, place, 0.0), np.insert(np.eye(count), place, between, axis=0)
    pieces = -np.diff(points)[:, None] * (rows[1:] + rows[:-1]) / 2
    integral = np.vstack([np.zeros(count), np.cumsum(pieces, axis=0)])
    weights = np.delete(integral - integral[place], place, axis=0)
    return weights @ bins.drift, np.sqrt(weights**2 @ bins.drift_se**2)
