"""Clones of a denoiser trained on two Gaussian classes, against the closed form of the exact score.

Every batch of the training is drawn afresh, so that nothing can be memorised: what is left between the measured clone
probability and the closed form is noise, the discretisation of the sampler, and the error of the learned score. The
last two are measured on their own (``learned_mixture_runs``).
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
from regimes.numerics.interface.plain import plain_fields
from regimes.numerics.speciation.clone_probability import class_information, clone_disagreement
from regimes.validation.experiments.learned_mixture.runs import MU, SIGMA, LearnedPoint, MixtureClones, two_classes
from regimes.validation.experiments.trained.models import T_RANGE, kept_denoiser
from regimes.validation.outcome.agreement import Agreement, ChiSquare, chi_square, correlated_chi_square
from regimes.validation.outcome.experiment import ExperimentResult, Panel, Progress, conclude, curve
from regimes.validation.running.checkpoints import Checkpoints, Partial
from regimes.validation.sampling import NoiseStream, choose_device, noised
from regimes.validation.scores import MixtureScore
from regimes.validation.training import (
    ResidualMLP,
    TrainedDenoiser,
    information_from_losses,
    loss_curve,
    train_denoiser,
)

__all__ = ["learned_mixture"]

Array = NDArray[np.float64]

_STREAM = 4
_CLONES, _TEST, _LOSS, _EXCESS = range(4)
_OFFSETS = (-0.9, -0.6, -0.3, 0.0, 0.3, 0.6, 0.9, 1.2)


@dataclass(frozen=True)
class _Form:
    """Size of the experiment."""

    d: int
    width: int
    blocks: int
    training_steps: int
    batch: int
    offsets: tuple[float, ...]
    pairs: int
    halved: int
    step: float
    test_points: int
    loss_times: int


_FULL = _Form(32, 128, 2, 5000, 512, _OFFSETS, 10_000, 3_000, 0.02, 16_384, 14)
_QUICK = _Form(32, 64, 1, 300, 128, _OFFSETS[1::2], 1_000, 400, 0.06, 4_096, 8)


def learned_mixture(
    *,
    quick: bool = False,
    device: str | None = None,
    rng: int = 0,
    checkpoint: str | Path | None = None,
    progress: Progress | None = None,
) -> ExperimentResult:
    """Train a denoiser on two Gaussian classes in 32 dimensions and hold its clones against the closed form.

    Centres at ``+-(1, ..., 1)``, variance 1, equal weights; fresh points in every step of the training.

    Parameters
    ----------
    quick : bool
        A check of the machinery: 300 steps of training, 1000 pairs at four times.
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
        ``findings``: ``points`` (phi of the learned and of the exact score along the same noise, what the error of the
        score explains of their difference, what halving the step does), ``loss`` (at each time: closed form, exact and
        learned denoiser, squared distance of the two), ``information_excess`` (integral of the latter, in nats),
        ``training``.

    Raises
    ------
    ValueError
        If an option is unusable, or the checkpoint belongs to another run.

    Notes
    -----
    Closed forms: biroli2024 (clone probability); the loss by I-MMSE (guo2005) from ``gaussian_channel_mmse`` and the
    clone probability. Tests: the exact score with the same steps, the learned one as it is, and the learned one less
    what its error explains.
    """
    started = time.perf_counter()
    form, where = _QUICK if quick else _FULL, choose_device(device)
    settings = {"quick": quick, "seed": rng, "device": str(where), "sigma": SIGMA, "mu": MU} | plain_fields(form)
    store, noise = Checkpoints(checkpoint, settings), NoiseStream(rng, _STREAM)
    report = progress or (lambda part, done, total: None)
    mixture = two_classes(form.d)
    denoiser = _trained(form, mixture, store, where, rng, partial(report, "training"))
    losses = _losses(form, mixture, denoiser, store, noise, where)
    report("losses", 1, 1)
    runs = MixtureClones(mixture, denoiser.score(), noise.substream(_CLONES), where, store, T_RANGE[0])
    total, done = len(form.offsets) * (form.pairs + form.halved), 0

    def advance(rows: int) -> None:
        nonlocal done
        done += rows
        report("pairs of clones", done, total)

    points = [
        runs.point(number, offset, pairs=form.pairs, step=form.step, halved=form.halved, progress=advance)
        for number, offset in enumerate(form.offsets)
    ]
    groups = _groups(points)
    tests = [chi_square(name, group) for name, group in groups.items()]
    tests.append(_loss_test(losses))
    findings: dict[str, Any] = {
        "points": [asdict(point) for point in points],
        "loss": {name: losses[name].tolist() for name in ("t", "closed", "exact", "learned", "excess", "excess_se")},
        "information_excess": float(losses["information_excess"]),
        "information": {name: float(losses[name]) for name in ("information_exact", "information_learned")},
        "mean_difference": _mean([(p.difference, p.difference_se) for p in points]),
        "mean_shift": _mean([(p.shift, p.shift_se) for p in points]),
        "mean_change": _mean([(p.change, p.change_se) for p in points]),
        "training": denoiser.to_dict(),
    }
    return conclude(
        "learned-mixture", settings, started,
        agreement=[*(each for group in groups.values() for each in group), *_loss_agreements(losses, form)],
        tests=tests, findings=findings, statements=_statements(form, findings, points, tests),
        panels=_panels(runs, points, losses),
    )  # fmt: skip


def _trained(
    form: _Form, mixture: MixtureScore, store: Checkpoints, device: torch.device, rng: int, report: Any
) -> TrainedDenoiser:
    def draw(rows: int, noise: NoiseStream, step: int) -> Tensor:
        return mixture.draw(rows, noise.substream(step), device=device)[0]

    def train(state: Partial) -> TrainedDenoiser:
        network = ResidualMLP(form.d, width=form.width, blocks=form.blocks, rng=rng)
        return train_denoiser(
            network, draw, steps=form.training_steps, batch=form.batch, t_range=T_RANGE, rng=rng, device=device,
            progress=report, checkpoint=state,
        )  # fmt: skip

    return kept_denoiser(store, "denoiser", train, device=device)


def _closed_loss(t: Array, d: int) -> Array:
    """Smallest loss there is: within a class that of a Gaussian, and what is not known of the class."""
    ratio = compile_formula("snr", target="numpy")(t)
    kappa = compile_formula("mixture_kappa", target="numpy")(t, d, MU, SIGMA)
    within = d * compile_formula("gaussian_channel_mmse", target="numpy")(ratio, SIGMA**2)
    # The centre enters the posterior mean with Delta/Gamma = mmse of the Gaussian over sigma^2; E[1 - tanh^2] is
    # 2 (1 - phi).
    weight = within / (d * SIGMA**2)
    return np.asarray(within + weight**2 * d * MU**2 * 2 * clone_disagreement(np.sqrt(kappa)))


def _losses(
    form: _Form, mixture: MixtureScore, denoiser: TrainedDenoiser, store: Checkpoints, noise: NoiseStream,
    device: torch.device,
) -> dict[str, Array]:  # fmt: skip
    """Losses on fresh points: exact and learned with the same noise, and how far the two denoisers are apart."""
    t = np.geomspace(2 * T_RANGE[0], 0.95 * T_RANGE[1], form.loss_times)

    def compute() -> dict[str, Array]:
        points, _ = mixture.draw(form.test_points, noise.substream(_TEST))
        X, source = points.double().numpy(), noise.substream(_LOSS)
        curves = [
            loss_curve(each, X[:2], t, test=X, noise=source, draws=2, device=device) for each in (mixture, denoiser)
        ]
        exact, learned = curves
        J = [information_from_losses(each) for each in curves]
        score, apart = denoiser.score(), []
        for number, at in enumerate(t.tolist()):
            x = noised(points.to(device), at, noise=noise.substream(_EXCESS, number))
            error = (score.posterior_mean(x, at) - mixture.posterior_mean(x, at)).square().sum(dim=1).double()
            apart.append((float(error.mean()), float(error.std()) / math.sqrt(len(x))))
        excess, excess_se = np.array(apart).T
        snr = learned.snr[::-1]
        return {
            "t": t, "exact": _known(exact.test_loss), "exact_se": _known(exact.test_se),
            "exact_covariance": _known(exact.test_covariance), "learned": _known(learned.test_loss),
            "learned_se": _known(learned.test_se), "excess": excess, "excess_se": excess_se,
            "information_exact": _known(J[0].test)[0], "information_learned": _known(J[1].test)[0],
            "information_excess": np.asarray(np.trapezoid(excess[::-1] * snr, np.log(snr)) / 2),
        }  # fmt: skip

    found = store.piece("losses", compute)
    kappa = compile_formula("mixture_kappa", target="numpy")(t[0], form.d, MU, SIGMA)
    ratio = compile_formula("snr", target="numpy")(t[0])
    gaussian = form.d * compile_formula("gaussian_channel_information", target="numpy")(ratio, SIGMA**2)
    return found | {"closed": _closed_loss(t, form.d), "information": np.asarray(gaussian + class_information(kappa))}


def _known(values: Array | None) -> Array:
    if values is None:
        raise ValueError("learned-mixture: the losses on test points are missing")
    return values


def _groups(points: Sequence[LearnedPoint]) -> dict[str, list[Agreement]]:
    values = {
        "exact score, same steps": [(p.exact, p.learned_se) for p in points],
        "learned score": [(p.learned, p.learned_se) for p in points],
        "learned score less the effect of its error": [(p.learned - p.shift, p.residual_se) for p in points],
    }
    return {
        f"phi, {name}": [
            Agreement(f"phi, {name}", p.t, p.theory, value, se, p.pairs)
            for p, (value, se) in zip(points, found, strict=True)
        ]
        for name, found in values.items()
    }


def _loss_agreements(losses: dict[str, Array], form: _Form) -> list[Agreement]:
    columns = (losses[name].tolist() for name in ("t", "closed", "exact", "exact_se", "learned", "learned_se"))
    return [
        Agreement(f"loss, {name}", t, theory, value, se, form.test_points)
        for t, theory, exact, exact_se, learned, learned_se in zip(*columns, strict=True)
        for name, value, se in (("exact score", exact, exact_se), ("learned score", learned, learned_se))
    ]


def _loss_test(losses: dict[str, Array]) -> ChiSquare:
    difference = losses["exact"] - losses["closed"]
    return correlated_chi_square("loss, exact score", difference, losses["exact_covariance"])


def _mean(values: Sequence[tuple[float, float]]) -> list[float]:
    """Mean over independent times, and its standard error."""
    found = np.array(values)
    return [float(found[:, 0].mean()), float(np.sqrt(np.sum(found[:, 1] ** 2)) / len(found))]


def _statements(
    form: _Form, findings: dict[str, Any], points: Sequence[LearnedPoint], tests: Sequence[ChiSquare]
) -> list[str]:
    worst = max(points, key=lambda p: abs(p.difference))
    biggest = max(points, key=lambda p: abs(p.change) / p.learned_se)
    (difference, difference_se), (shift, shift_se) = findings["mean_difference"], findings["mean_shift"]
    change, change_se = findings["mean_change"]
    loss = findings["loss"]
    excess = np.array(loss["excess"]) / np.array(loss["closed"])
    place = int(excess.argmax())
    exact, learned, explained = tests[:3]
    machinery = ["Quick form: a check of the machinery, with a denoiser that has hardly been trained."]
    quick = form.training_steps < _FULL.training_steps
    return (machinery if quick else []) + [
        f"phi of the learned score: chi-square {learned.value:.1f} over {learned.dof} points, p = {learned.p:.2g}; of "
        f"the exact score along the same noise {exact.value:.1f}, p = {exact.p:.2g}; of the learned one less what the "
        f"error of its score explains {explained.value:.1f}, p = {explained.p:.2g}.",
        f"Learned less exact score, pair by pair: {difference:+.1e} ({difference_se:.0e}) on average over the times, "
        f"{worst.difference:+.1e} ({worst.difference_se:.0e}) at worst (t = {worst.t:.3g}). The error of the score "
        f"along the paths, integrated, gives {shift:+.1e} ({shift_se:.0e}) on average and {worst.shift:+.1e} "
        f"({worst.shift_se:.0e}) there. A point has a standard error of up to {max(p.learned_se for p in points):.1e}.",
        f"Loss: the learned denoiser lies above the smallest loss by at most {excess[place]:.1%} (t = "
        f"{loss['t'][place]:.3g}); integrated over the signal-to-noise ratio it knows "
        f"{findings['information_excess']:.3g} nats less than the exact one, a bound on its distance from the law.",
        f"Discretisation: halving the step of {form.step:g} changes phi of the learned score by {change:+.1e} "
        f"({change_se:.0e}) on average, by {biggest.change:+.1e} ({biggest.change_se:.0e}) at t = {biggest.t:.3g}; "
        "what is left is about as much again.",
    ]


def _panels(runs: MixtureClones, points: Sequence[LearnedPoint], losses: dict[str, Array]) -> list[Panel]:
    t, zero = np.array([p.t for p in points]), [0.0] * len(points)
    fine = np.linspace(t[0] - 0.2, t[-1] + 0.2, 120)
    phi = [
        curve("closed form", "theory", fine / runs.t_S, runs.theory(fine)),
        curve("learned score", "simulation", t / runs.t_S, [p.learned for p in points], [p.learned_se for p in points]),
    ]
    moved = [
        curve("learned less exact score", "simulation", t, [p.difference for p in points],
              [p.difference_se for p in points]),
        curve("from the error of the score", "simulation", t, [p.shift for p in points], [p.shift_se for p in points],
              group=1),
        curve("halving the step", "simulation", t, [p.change for p in points], [p.change_se for p in points], group=2),
        curve("", "reference", t, zero, group=5),
        curve("standard error of a point", "reference", t, [p.learned_se for p in points], group=5),
    ]  # fmt: skip
    closed = losses["closed"]
    above = [
        curve("learned, squared distance from exact", "simulation", losses["t"], losses["excess"] / closed,
              losses["excess_se"] / closed),
        curve("learned", "simulation", losses["t"], losses["learned"] / closed - 1, losses["learned_se"] / closed,
              group=1),
        curve("exact", "simulation", losses["t"], losses["exact"] / closed - 1, losses["exact_se"] / closed, group=2),
        curve("", "reference", losses["t"], 0 * closed, group=5),
    ]  # fmt: skip
    clone = r"clone probability $\phi(t)$"
    return [
        Panel(f"Two Gaussian classes, $d = {runs.d}$", "$t/t_S$", clone, tuple(phi), (("$t_S$", 1.0),)),
        Panel("What moves it", "$t$", r"change of $\phi$", tuple(moved), (("$t_S$", runs.t_S),)),
        Panel("Loss above the smallest", "$t$", "relative excess", tuple(above), (("$t_S$", runs.t_S),), log_x=True),
    ]
