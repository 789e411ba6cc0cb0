"""Layers of classifiers under U-turns: do deep ones change at one noise, and shallow ones at all?

sclocchi2024 turned images of ImageNet under trained models and compared the activations of a classifier, layer by
layer, with those at the start. Here the same is done in small: on data of a random hierarchy, whose score is exact and
whose levels are known, with a classifier that has a layer for each level; and on the digits and 5000 images of MNIST,
with a trained denoiser and a trained classifier. What is compared is stated in
``regimes.hierarchy.feature_transitions``: of every layer the share of the whitened cosine that is kept, the time at
which it is one half, and the width from three quarters to one quarter, in log sigma and in t, since what is sharp
depends on the clock.

Stated before the full form ran. On the hierarchy: the share of nodes that keep their symbol, at every level and time,
has the mean that belief propagation gives for the noised points of these very U-turns; the tests behind the verdict are
the chi-squares of that, a level each over all times and rules. Layers are said to order as levels where their times do
so in every training. The last layer (the class) is said to be sharper than the first (the input) where the logarithm of
the ratio of widths exceeds 1.96 of its errors over trainings, less sharp where it falls below, on each clock alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from regimes.numerics.estimation.streams import Stream
from regimes.numerics.interface.number import TIME, Number
from regimes.numerics.interface.result import plain
from regimes.validation.experiments.features.figure import panels
from regimes.validation.experiments.features.hierarchy import (
    SAMPLER,
    HierarchyForm,
    HierarchyFound,
    hierarchy_features,
)
from regimes.validation.experiments.features.images import ImageFound, image_features
from regimes.validation.experiments.features.sentences import sentences
from regimes.validation.experiments.features.trainings import Combined, SourceFound, source_found
from regimes.validation.experiments.runner.image_models import DenoiserForm, ImageForm, available
from regimes.validation.experiments.runner.layered_classifier import ClassifierForm
from regimes.validation.experiments.runner.run import Bench, Plan
from regimes.validation.experiments.runner.trained_case import HARDLY_TRAINED
from regimes.validation.outcome.agreement import Agreement, chi_square
from regimes.validation.outcome.experiment import Judgement

__all__ = ["PLAN", "FeaturesForm"]

_HIERARCHY, _IMAGES = range(2)


@dataclass(frozen=True)
class FeaturesForm:
    """Size of the experiment."""

    hierarchy: HierarchyForm
    images: tuple[ImageForm, ...]
    points: int  # images that are turned, at most
    t: tuple[float, ...]
    steps: int  # of a way back


@dataclass(frozen=True, eq=False)
class _Found:
    hierarchy: list[HierarchyFound]
    images: dict[str, list[ImageFound]]
    not_run: list[str]


def _simulate(form: FeaturesForm, bench: Bench) -> _Found:
    of_rules = [
        hierarchy_features(form.hierarchy, number, bench.of(_HIERARCHY, number))
        for number in range(form.hierarchy.trainings)
    ]
    of_images, not_run = {}, []
    for place, each in enumerate(form.images):
        if not available(each.source):
            not_run.append(each.source)
            continue
        own = bench.of(_IMAGES, place)
        of_images[each.source] = [
            image_features(each, form.points, form.t, form.steps, number, own) for number in range(each.trainings)
        ]
    return _Found(of_rules, of_images, not_run)


def _judge(form: FeaturesForm, found: _Found) -> Judgement:
    layers = source_found("hierarchy", [each.layers for each in found.hierarchy])
    levels = source_found("levels", [each.levels for each in found.hierarchy])
    sources = [layers, *(source_found(name, [each.layers for each in of]) for name, of in found.images.items())]
    kept = _kept_nodes(form.hierarchy, found.hierarchy)
    tests = [chi_square(f"kept nodes, level {level}", of_level) for level, of_level in enumerate(kept)]
    numbers = {key: number for source in (levels, *sources) for key, number in _numbers(source).items()}
    return Judgement(
        agreement=[*(each for of_level in kept for each in of_level), *_level_times(levels, found.hierarchy)],
        tests=tests,
        sentences=sentences(layers, levels, sources, found.hierarchy, found.images, found.not_run),
        panels=panels(form.hierarchy, levels, sources, found.hierarchy),
        numbers=numbers,
        tables={
            "hierarchy": [
                {"accuracy": each.accuracy, "layers": _plain(each.layers), "levels": _plain(each.levels)}
                for each in found.hierarchy
            ],
            "images": {
                name: [
                    {"accuracy": each.accuracy, "denoiser_loss": each.denoiser_loss, "points": each.points}
                    | _plain(each.layers)
                    for each in of
                ]
                for name, of in found.images.items()
            },
            "not_run": found.not_run,
        },
    )


_T = (0.02, 0.06, 0.15, 0.3, 0.5, 0.7, 0.9, 1.1, 1.35, 1.7, 2.2, 3.0)
_T_HIERARCHY = (0.01, 0.04, 0.06, 0.08, 0.1, 0.12, 0.15, 0.19, 0.26, 0.4)

PLAN = Plan(
    name="features",
    stream=Stream.FEATURE_LAYERS,
    full=FeaturesForm(
        hierarchy=HierarchyForm(
            v=16,
            m=4,
            s=2,
            L=5,
            points=400,
            t=_T_HIERARCHY,
            steps=50,
            end=0.002,
            width=128,
            classifier=ClassifierForm(steps=1200, batch=256),
            trainings=3,
        ),
        images=(
            ImageForm(
                source="digits",
                held_out=0.2,
                denoiser=DenoiserForm(width=256, blocks=3, steps=1000, batch=128, patience=500),
                widths=(16, 32, 64),
                strides=(1, 2, 2),
                classifier=ClassifierForm(steps=400, batch=64),
                trainings=3,
            ),
            ImageForm(
                source="mnist",
                held_out=0.1,
                denoiser=DenoiserForm(width=256, blocks=3, steps=800, batch=128, patience=500),
                widths=(16, 32, 64),
                strides=(2, 2, 2),
                classifier=ClassifierForm(steps=1200, batch=64, learning_rate=4e-3),
                trainings=3,
            ),
        ),
        points=360,
        t=_T,
        steps=40,
    ),
    quick=FeaturesForm(
        hierarchy=HierarchyForm(
            v=16,
            m=4,
            s=2,
            L=3,
            points=150,
            t=_T_HIERARCHY[::2],
            steps=40,
            end=0.002,
            width=64,
            classifier=ClassifierForm(steps=120, batch=128, learning_rate=3e-3),
            trainings=1,
        ),
        images=(
            ImageForm(
                source="digits",
                held_out=0.1,
                denoiser=DenoiserForm(width=64, blocks=1, steps=150, batch=64, patience=150),
                widths=(8, 16),
                strides=(1, 2),
                classifier=ClassifierForm(steps=150, batch=64),
                trainings=2,
            ),
        ),
        points=100,
        t=_T[::2],
        steps=15,
    ),
    simulate=_simulate,
    judge=_judge,
    fixed={
        "network": "ResidualMLP",
        "sampler_of_images": "ancestral",
        "sampler_of_hierarchy": SAMPLER,
        "spacing": "log-snr",
    },
    one_thread=True,
    quick_note=HARDLY_TRAINED,
)


def _kept_nodes(form: HierarchyForm, found: list[HierarchyFound]) -> list[list[Agreement]]:
    """Of each level and time: nodes that keep their symbol against their mean given the noised points."""
    kept, expected = (np.concatenate([getattr(each, name) for each in found], axis=2) for name in ("kept", "expected"))
    count = kept.shape[2]
    difference = kept - expected
    # A U-turn that is certain to come back has no scatter: half of one node is the least that can be told.
    least = 1 / (2 * count * np.array([form.s**level for level in range(form.L + 1)]))
    error = np.maximum(difference.std(axis=2, ddof=1) / math.sqrt(count), least)
    return [
        [
            Agreement(
                f"kept nodes, level {level}",
                t,
                float(expected[place, level].mean()),
                float(kept[place, level].mean()),
                float(error[place, level]),
                count,
            )
            for place, t in enumerate(form.t)
        ]
        for level in range(form.L + 1)
    ]


def _level_times(levels: SourceFound, found: list[HierarchyFound]) -> list[Agreement]:
    """Times of the symbols of each level against those of the exact share, leaves first."""
    exact, points = np.stack([each.exact_times for each in found]), sum(each.kept.shape[2] for each in found)
    return [
        Agreement(f"half kept, {name}", float(theory), float(theory), of.value, of.error, points)
        for name, of, theory in zip(levels.layers, levels.time, exact.mean(axis=0).tolist(), strict=True)
        if of.value is not None and of.error
    ]


def _numbers(source: SourceFound) -> dict[str, Number]:
    rows = {}
    words = {"time": "half kept", "width": "width in log sigma", "width_time": "width in t"}
    for key, label in words.items():
        for name, of in zip(source.layers, getattr(source, key), strict=True):
            place = name.replace(" ", "_")
            unit = TIME if key == "time" else None
            rows[f"measure.{key}.{source.name}.{place}"] = _number(f"{label}, {source.name}, {name}", of, unit)
    for key, label in (
        ("shift", "log of the last layer's time over the first's"),
        ("sharpening", "log of the first layer's width over the last's, in log sigma"),
        ("sharpening_time", "log of the first layer's width over the last's, in t"),
    ):
        rows[f"measure.{key}.{source.name}"] = _number(f"{label}, {source.name}", getattr(source, key), None)
    return rows


def _number(label: str, of: Combined, unit: str | None) -> Number:
    reason = "the share does not pass the level" if of.value is None else None
    return Number(label, of.value, of.error, covers="points and trainings", reason=reason, unit=unit)


def _plain(found: Any) -> dict[str, Any]:
    numbers = {key: [each.value, each.error] for key, each in found.numbers.items()}
    return {"layers": list(found.problem.layers), "dead": list(found.problem.dead), "numbers": plain(numbers)}
