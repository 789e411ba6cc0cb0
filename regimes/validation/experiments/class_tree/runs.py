"""Clones of fresh images under a trained denoiser and under the exact empirical score, by the classes of their ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regimes.datasets.points.dataset import Dataset
from regimes.numerics.compiled.compile import compile_formula
from regimes.validation.experiments.class_tree.form import ClassTreeForm, Parts, SourceForm, cut
from regimes.validation.experiments.class_tree.predictions import Predicted, predicted_times
from regimes.validation.experiments.class_tree.transitions import Ends, Groups, levels
from regimes.validation.experiments.runner.denoisers import T_RANGE
from regimes.validation.experiments.runner.image_models import image_classifier, image_denoiser
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.measurement.falling import crossing_times
from regimes.validation.measurement.nearest import NearestPoint
from regimes.validation.sampling import NoiseStream, backward_times, clone_pairs, noised
from regimes.validation.sampling.samplers import Score
from regimes.validation.scores import EmpiricalScore

__all__ = ["SeedFound", "class_posterior", "drawn_classes", "ideal_times", "seed_found"]

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

_SPLIT, _OUT, _BACK, _DRAWN, _ITERATED = range(5)


@dataclass(frozen=True, eq=False)
class SeedFound:
    """What one cut of the images gave."""

    source: str
    predicted: Predicted
    trained: Ends
    exact: Ends  # drawn in one step from the posterior over the training half
    ideal: Array  # times of the groups, by what regimes classes defines, of a model with the exact empirical score
    iterated: tuple[Ends, Ends] | None  # the exact empirical score in steps, and the draws of the same starts
    accuracy: float  # of the classifiers, on images that they had not seen
    denoiser_loss: float | None
    best_step: int


def seed_found(form: ClassTreeForm, source: SourceForm, number: int, bench: Bench) -> SeedFound:
    """Predict from one half, train, and let clones of the other come back."""
    of, name = source.image, f"{source.image.source}-{number}"
    parts = cut(of, bench.noise.substream(_SPLIT))
    predicted = predicted_times(parts.train, source.t, form.clones, number)
    denoiser = image_denoiser(of, parts.train, parts.fresh, number, bench)
    networks = [image_classifier(of, parts.classified_by(which), number, bench) for which in (0, 1)]
    chosen = parts.starts(source.starts)
    x, half, labels = parts.rows(chosen, bench.device), parts.half[chosen], parts.labels[chosen]

    def classify(end: Tensor) -> Integers:
        return _by_half(end, half, [network.predict for network in networks])

    t = np.array(source.t)
    trained = _kept(bench, f"{name},trained", t, form, denoiser.score(), x, classify, _BACK)
    confusion = _confusion(parts, [network.predict for network in networks], bench.device)
    score = EmpiricalScore(parts.train.X)
    posterior = _posteriors(bench, name, score, parts.train, x, t)
    exact = Ends(t, labels, drawn_classes(posterior, form.clones, bench.noise.substream(_DRAWN)), None)
    iterated = None
    if source.iterated and number == 0:
        some = np.sort(np.concatenate([np.flatnonzero(labels == k)[: source.iterated] for k in np.unique(labels)]))
        nearest, members = NearestPoint(torch.from_numpy(parts.train.X)), np.asarray(parts.train.labels)

        def of_nearest(end: Tensor) -> Integers:
            return np.asarray(members[nearest(end.flatten(0, 1), 0.0).numpy()]).reshape(end.shape[:2])

        stepped = _kept(bench, f"{name},iterated", t, form, score, x[some], of_nearest, _ITERATED)
        drawn = Ends(t, labels[some], exact.classes[:, some], None)
        iterated = Ends(t, labels[some], stepped, None), drawn
    return SeedFound(
        of.source,
        predicted,
        Ends(t, labels, trained, confusion),
        exact,
        ideal_times(t, posterior, labels, np.asarray(parts.train.labels), predicted.groups),
        iterated,
        float(np.trace(confusion) / confusion.sum()),
        denoiser.held_out_loss,
        denoiser.best_step,
    )


def class_posterior(score: EmpiricalScore, data: Dataset, x_t: Tensor, t: float) -> Array:
    """Probability of each class given x_t, (n, K), where the data are all that there is."""
    of_points = score.posterior(x_t, t).double().numpy()
    return np.asarray(of_points @ np.eye(len(data.classes))[np.asarray(data.labels)])


def drawn_classes(posterior: Array, clones: int, noise: NoiseStream) -> Integers:
    """Classes of clones, (T, N, m), drawn from posteriors (T, N, K)."""
    rows = posterior.shape[1]
    found = []
    for step, each in enumerate(posterior):
        uniform = noise.uniform(step, 0, rows, (clones,), dtype=torch.float64).numpy()
        total = np.cumsum(each, axis=1)
        found.append((uniform[:, :, None] * total[:, None, -1:] >= total[:, None]).sum(axis=2))
    return np.asarray(np.minimum(np.stack(found), posterior.shape[2] - 1), dtype=np.int64)


def ideal_times(t: Array, posterior: Array, starts: Integers, labels: Integers, groups: tuple[Groups, ...]) -> Array:
    """Times of two groups that weigh alike, from class posteriors (T, N, K) at the starts: no clones, no draws."""
    share = np.bincount(labels, minlength=posterior.shape[2]) / len(labels)
    curves = []
    order_parameter = compile_formula("normalised_clone_probability", target="numpy")
    for one, other in groups:
        mine, theirs = (posterior[..., list(each)].sum(axis=2) / share[list(each)].sum() for each in (one, other))
        q = mine / np.maximum(mine + theirs, 1e-300)
        both = q**2 + (1 - q) ** 2
        phi = np.mean([both[:, np.isin(starts, each)].mean(axis=1) for each in (one, other)], axis=0)
        curves.append(order_parameter(phi, 0.5))
    return crossing_times(t, np.stack(curves), levels()["clones"])


def _kept(
    bench: Bench,
    name: str,
    t: Array,
    form: ClassTreeForm,
    score: Score,
    x: Tensor,
    classify: Callable[[Tensor], Integers],
    use: int,
) -> Integers:
    """Classes of clones of the starts at every time, (T, N, m); each time is a piece of the store."""
    found = []
    for place, time in enumerate(t.tolist()):

        def compute(place: int = place, time: float = time) -> dict[str, Any]:
            path = np.append(backward_times(time, end=T_RANGE[0], steps=form.steps - 1, spacing="log-snr"), 0.0)
            x_t = noised(x, time, noise=bench.noise.substream(_OUT, place))
            noise = bench.noise.substream(use, place)
            ends = clone_pairs(score, x_t, path, count=form.clones, sampler="ancestral", noise=noise)
            return {"classes": classify(ends.transpose(0, 1))}

        found.append(np.asarray(bench.store.piece(f"{name},{place}", compute)["classes"]))
        bench.report(f"{name}: clones", place + 1, len(t))
    return np.stack(found).astype(np.int64)


def _posteriors(bench: Bench, name: str, score: EmpiricalScore, train: Dataset, x: Tensor, t: Array) -> Array:
    def compute() -> dict[str, Any]:
        noise = [bench.noise.substream(_OUT, place) for place in range(len(t))]
        each = [
            class_posterior(score, train, noised(x, time, noise=of), time)
            for time, of in zip(t.tolist(), noise, strict=True)
        ]
        return {"posterior": np.stack(each)}

    return np.asarray(bench.store.piece(f"{name},posterior", compute)["posterior"])


def _by_half(ends: Tensor, half: Integers, predict: list[Callable[[Tensor], Tensor]]) -> Integers:
    """Classes (N, m) of ends (N, m, d): each by the network that has not seen its start."""
    found = np.empty(ends.shape[:2], dtype=np.int64)
    for which, of in enumerate(predict):
        rows = torch.from_numpy(half == which).to(ends.device)
        classes = of(ends[rows].flatten(0, 1)).cpu().numpy()
        found[half == which] = classes.reshape(-1, ends.shape[1])
    return found


def _confusion(parts: Parts, predict: list[Callable[[Tensor], Tensor]], device: torch.device) -> Integers:
    """Of both networks together, each on the training half and on the fresh images that it had not seen."""
    classes = len(parts.train.classes)
    table = np.zeros((classes, classes), dtype=np.int64)
    train = torch.from_numpy(parts.train.X).to(device, torch.float32)
    for which, of in enumerate(predict):
        own = np.flatnonzero(parts.half == which)
        for points, known in ((train, np.asarray(parts.train.labels)), (parts.rows(own, device), parts.labels[own])):
            np.add.at(table, (known, of(points).cpu().numpy()), 1)
    return table
