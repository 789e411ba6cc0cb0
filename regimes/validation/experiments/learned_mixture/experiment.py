"""Clones of a denoiser trained on two Gaussian classes, against the closed form of the exact score.

Every batch of the training is drawn afresh, so that nothing can be memorised: what is left between the measured clone
probability and the closed form is noise, the discretisation of the sampler, and the error of the learned score. The
last two are measured on their own (``runs``).

Centres at ``+-(1, ..., 1)``, variance 1, equal weights. Closed forms: biroli2024 (clone probability). Tests: the exact
score with the same steps, the learned one as it is, and the learned one less what its error explains.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from regimes.numerics.estimation.streams import Stream
from regimes.numerics.interface.checkpoints import Partial
from regimes.numerics.interface.number import Number
from regimes.validation.experiments.learned_mixture.figure import panels
from regimes.validation.experiments.learned_mixture.losses import measured_losses
from regimes.validation.experiments.learned_mixture.runs import MU, SIGMA, LearnedClones, LearnedPoint, two_classes
from regimes.validation.experiments.runner.denoisers import T_RANGE, kept_denoiser
from regimes.validation.experiments.runner.run import Bench, Plan
from regimes.validation.outcome.agreement import Agreement, ChiSquare, chi_square, correlated_chi_square
from regimes.validation.outcome.experiment import Judgement
from regimes.validation.running.progress import counter, renamed
from regimes.validation.sampling import NoiseStream
from regimes.validation.scores import MixtureScore
from regimes.validation.training import ResidualMLP, TrainedDenoiser, train_denoiser

__all__ = ["PLAN", "LearnedForm"]

Array = NDArray[np.float64]

_CLONES = 0
_OFFSETS = (-0.9, -0.6, -0.3, 0.0, 0.3, 0.6, 0.9, 1.2)
_KEPT = ("t", "closed", "exact", "learned", "excess", "excess_se")


@dataclass(frozen=True)
class LearnedForm:
    """Size of the experiment."""

    d: int
    width: int
    blocks: int
    training_steps: int
    batch: int
    offsets: tuple[float, ...]  # times t - t_S at which clones are born
    pairs: int
    halved: int  # pairs with half the step as well
    step: float
    test_points: int
    loss_times: int


@dataclass(frozen=True, eq=False)
class _Found:
    denoiser: TrainedDenoiser
    runs: LearnedClones
    points: list[LearnedPoint]
    losses: dict[str, Array]


def _simulate(form: LearnedForm, bench: Bench) -> _Found:
    mixture = two_classes(form.d)
    denoiser = _trained(form, mixture, bench)
    losses = measured_losses(mixture, denoiser, bench, test_points=form.test_points, times=form.loss_times)
    bench.report("losses", 1, 1)
    runs = LearnedClones(mixture, denoiser.score(), bench.of(_CLONES), T_RANGE[0])
    advance = counter(bench.report, "pairs of clones", len(form.offsets) * (form.pairs + form.halved))
    points = [
        runs.point(number, offset, pairs=form.pairs, step=form.step, halved=form.halved, progress=advance)
        for number, offset in enumerate(form.offsets)
    ]
    return _Found(denoiser, runs, points, losses)


def _judge(form: LearnedForm, found: _Found) -> Judgement:
    points, losses = found.points, found.losses
    groups = _groups(points)
    tests = [chi_square(name, group) for name, group in groups.items()]
    tests.append(_loss_test(losses))
    means = {
        "difference": _mean([(p.difference, p.difference_se) for p in points]),
        "shift": _mean([(p.shift, p.shift_se) for p in points]),
        "change": _mean([(p.change, p.change_se) for p in points]),
    }
    return Judgement(
        agreement=[*(each for group in groups.values() for each in group), *_loss_agreements(losses, form)],
        tests=tests,
        sentences=_sentences(form, found, means, tests),
        panels=panels(found.runs, points, losses),
        numbers=_numbers(means, losses),
        tables={
            "points": [asdict(point) for point in points],
            "loss": {name: losses[name] for name in _KEPT},
            "training": found.denoiser.to_dict(),
        },
    )


PLAN = Plan(
    name="learned-mixture",
    stream=Stream.LEARNED_MIXTURE,
    full=LearnedForm(
        d=32,
        width=128,
        blocks=2,
        training_steps=5000,
        batch=512,
        offsets=_OFFSETS,
        pairs=10_000,
        halved=3_000,
        step=0.02,
        test_points=16_384,
        loss_times=14,
    ),
    quick=LearnedForm(
        d=32,
        width=64,
        blocks=1,
        training_steps=300,
        batch=128,
        offsets=_OFFSETS[1::2],
        pairs=1_000,
        halved=400,
        step=0.06,
        test_points=4_096,
        loss_times=8,
    ),
    simulate=_simulate,
    judge=_judge,
    fixed={"sigma": SIGMA, "mu": MU},
    quick_note="Quick form: a check of the machinery, with a denoiser that has hardly been trained.",
)


def _numbers(means: dict[str, tuple[float, float]], losses: dict[str, Array]) -> dict[str, Number]:
    labels = {
        "difference": "phi of the learned less that of the exact score, mean over the times",
        "shift": "what the error of the score along the paths makes of it",
        "change": "what halving the step does to phi of the learned score",
    }
    rows = {f"measure.mean_{name}": Number(label, *means[name]) for name, label in labels.items()}
    for name, label in (
        ("information_excess", "information that the learned denoiser lacks"),
        ("information_exact", "information by the losses of the exact denoiser"),
        ("information_learned", "information by the losses of the learned denoiser"),
    ):
        rows[f"measure.{name}"] = Number(label, float(losses[name]), unit="nats")
    return rows


def _trained(form: LearnedForm, mixture: MixtureScore, bench: Bench) -> TrainedDenoiser:
    device, rng = bench.device, bench.seed

    def draw(rows: int, noise: NoiseStream, step: int) -> Tensor:
        return mixture.draw(rows, noise.substream(step), device=device)[0]

    def train(state: Partial) -> TrainedDenoiser:
        network = ResidualMLP(form.d, width=form.width, blocks=form.blocks, rng=rng)
        return train_denoiser(
            network,
            draw,
            steps=form.training_steps,
            batch=form.batch,
            t_range=T_RANGE,
            rng=rng,
            device=device,
            progress=renamed(bench.report, "training"),
            checkpoint=state,
        )

    return kept_denoiser(bench.store, "denoiser", train, device=device)


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


def _loss_agreements(losses: dict[str, Array], form: LearnedForm) -> list[Agreement]:
    columns = (losses[name].tolist() for name in ("t", "closed", "exact", "exact_se", "learned", "learned_se"))
    return [
        Agreement(f"loss, {name}", t, theory, value, se, form.test_points)
        for t, theory, exact, exact_se, learned, learned_se in zip(*columns, strict=True)
        for name, value, se in (("exact score", exact, exact_se), ("learned score", learned, learned_se))
    ]


def _loss_test(losses: dict[str, Array]) -> ChiSquare:
    difference = losses["exact"] - losses["closed"]
    return correlated_chi_square("loss, exact score", difference, losses["exact_covariance"])


def _mean(values: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Mean over independent times, and its standard error."""
    found = np.array(values)
    return float(found[:, 0].mean()), float(np.sqrt(np.sum(found[:, 1] ** 2)) / len(found))


def _sentences(
    form: LearnedForm, found: _Found, means: dict[str, tuple[float, float]], tests: Sequence[ChiSquare]
) -> list[str]:
    points, loss = found.points, found.losses
    worst = max(points, key=lambda p: abs(p.difference))
    biggest = max(points, key=lambda p: abs(p.change) / p.learned_se)
    (difference, difference_se), (shift, shift_se) = means["difference"], means["shift"]
    change, change_se = means["change"]
    excess = loss["excess"] / loss["closed"]
    place = int(excess.argmax())
    exact, learned, explained = tests[:3]
    return [
        f"phi of the learned score: chi-square {learned.value:.1f} over {learned.dof} points, p = {learned.p:.2g}; of "
        f"the exact score along the same noise {exact.value:.1f}, p = {exact.p:.2g}; of the learned one less what the "
        f"error of its score explains {explained.value:.1f}, p = {explained.p:.2g}.",
        f"Learned less exact score, pair by pair: {difference:+.1e} ({difference_se:.0e}) on average over the times, "
        f"{worst.difference:+.1e} ({worst.difference_se:.0e}) at worst (t = {worst.t:.3g}). The error of the score "
        f"along the paths, integrated, gives {shift:+.1e} ({shift_se:.0e}) on average and {worst.shift:+.1e} "
        f"({worst.shift_se:.0e}) there. A point has a standard error of up to {max(p.learned_se for p in points):.1e}.",
        f"Loss: the learned denoiser lies above the smallest loss by at most {excess[place]:.1%} (t = "
        f"{loss['t'][place]:.3g}); integrated over the signal-to-noise ratio it knows "
        f"{float(loss['information_excess']):.3g} nats less than the exact one, a bound on its distance from the law.",
        f"Discretisation: halving the step of {form.step:g} changes phi of the learned score by {change:+.1e} "
        f"({change_se:.0e}) on average, by {biggest.change:+.1e} ({biggest.change_se:.0e}) at t = {biggest.t:.3g}; "
        "what is left is about as much again.",
    ]
