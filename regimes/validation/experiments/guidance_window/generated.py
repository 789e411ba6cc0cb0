"""Images that trained denoisers make when guidance acts here or there, and what is measured of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regimes.numerics.estimation.energy_distance import energy_from_means
from regimes.prediction.decisions.advise import advise
from regimes.validation.experiments.guidance_window.form import GuidanceForm, SourceForm
from regimes.validation.experiments.guidance_window.places import NONE, Intervals, PlacedGuidance, places_of
from regimes.validation.experiments.runner.denoisers import START, T_RANGE
from regimes.validation.experiments.runner.image_models import image_classifier
from regimes.validation.experiments.runner.labelled_denoisers import LabelledDenoiser, labelled_denoiser, told
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.sampling import backward, backward_times

__all__ = ["MEASURES", "GuidedTraining", "guided_training", "measures"]

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

MEASURES = ("accuracy", "diversity", "distance")
_SAMPLER = "ancestral"
_EXACTLY = "donot_use_mm_for_euclid_dist"


@dataclass(frozen=True)
class GuidedTraining:
    """One training: its window, its classifier on images held out, and what was generated at each place and weight."""

    seed: int
    low: float | None  # Ornstein-Uhlenbeck times between which the answer has the class decided
    high: float | None
    classifier: float  # accuracy on the images held out
    held_out: int
    found: dict[str, dict[str, dict[str, float]]]  # weight, place, measure; empty without a window


def guided_training(form: GuidanceForm, source: SourceForm, number: int, bench: Bench) -> GuidedTraining:
    """Train, or take what is kept, ask for the window, and generate with guidance at each place."""
    name, seed = f"{source.source},{number}", bench.seed_of(number)
    model = labelled_denoiser(source.labelled, number, bench)
    classify = image_classifier(source, model.train, number, bench)

    def ask() -> dict[str, Any]:
        numbers = advise(model.train, only="guidance", rng=seed).numbers
        found = classify.predict(_images(model.held_out, bench)).cpu().numpy()
        ends = [numbers[f"guidance.{end}"].value for end in ("low", "high")]
        right = float((found == model.held_out_labels).mean())
        return {"ends": np.array([np.nan if each is None else each for each in ends]), "right": right}

    asked = bench.store.piece(f"{name},window", ask)
    low, high = (float(each) if np.isfinite(each) else None for each in asked["ends"])
    found: dict[str, dict[str, dict[str, float]]] = {}
    if low is not None and high is not None:
        places = places_of(low, high)
        without = _made(source, model, classify, f"{name},{NONE}", 1.0, places.pop(NONE), bench)
        for weight in form.weights:
            made = {
                place: _made(
                    source, model, classify, f"{name},{place},w{weight:g}".replace(" ", "-"), weight, where, bench
                )
                for place, where in places.items()
            }
            found[f"{weight:g}"] = {NONE: without} | made
    bench.report(name, 1, 1)
    return GuidedTraining(seed, low, high, float(asked["right"]), len(model.held_out), found)


def measures(images: Array, labels: Counts, classified: Counts, held_out: Array, held_out_labels: Counts) -> Array:
    """Of generated images of told classes, the numbers named in ``MEASURES``.

    Share whose class is that told; mean distance of two images of a class over that of held-out ones; energy distance
    of the images of a class from held-out ones over that same distance. The last two are means over the classes.
    """
    diversity, distance = [], []
    for k in np.unique(labels):
        own, real = images[labels == k], held_out[held_out_labels == k]
        within, among, across = _apart(own), _apart(real), _between(own, real).mean()
        diversity.append(within / among)
        distance.append(energy_from_means(across, within, among) / among)
    return np.array([(classified == labels).mean(), np.mean(diversity), np.mean(distance)])


def _made(
    source: SourceForm,
    model: LabelledDenoiser,
    classify: Any,
    name: str,
    weight: float,
    where: Intervals,
    bench: Bench,
) -> dict[str, float]:
    """What is measured of the images of one place and weight; all have the same noise."""
    classes = len(model.train.classes)
    labels = np.arange(source.generated) % classes
    times = np.append(backward_times(START, end=T_RANGE[0], steps=source.steps - 1, spacing="log-snr"), 0.0)

    def compute() -> dict[str, Any]:
        conditions, shape = told(labels), (1, model.side, model.side)
        plain, guided = (model.denoiser.score(condition=conditions, guidance=each) for each in (1.0, weight))
        start = bench.noise.substream(0).normal(0, 0, len(labels), shape, device=bench.device)
        score = PlacedGuidance(plain, guided, where)
        path = bench.noise.substream(1)
        end = backward(score, start, times, sampler=_SAMPLER, noise=path, batch=len(labels))
        classified = classify.predict(end).cpu().numpy()
        images = end.flatten(1).double().cpu().numpy()
        found = measures(images, labels, classified, model.held_out, model.held_out_labels)
        return dict(zip(MEASURES, found, strict=True))

    found = bench.store.piece(name, compute)
    bench.report(name, 1, 1)
    return {key: float(found[key]) for key in MEASURES}


def _images(points: Array, bench: Bench) -> Tensor:
    return torch.from_numpy(points).to(bench.device, torch.float32)


def _apart(points: Array) -> float:
    """Mean distance of two of the points."""
    return float(_between(points, points).sum() / (len(points) * (len(points) - 1)))


def _between(one: Array, other: Array) -> Array:
    return torch.cdist(torch.from_numpy(one), torch.from_numpy(other), compute_mode=_EXACTLY).numpy()
