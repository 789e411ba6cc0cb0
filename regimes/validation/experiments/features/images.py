"""U-turns of images under a trained denoiser, seen by a classifier layer by layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from regimes.prediction.hierarchy.features.cosines import layer_cosines
from regimes.prediction.hierarchy.features.result import FeatureTransitions, judged_layers
from regimes.validation.experiments.features.scales import ScalesFound, image_scales
from regimes.validation.experiments.runner.image_models import ImageForm, image_model
from regimes.validation.experiments.runner.layered_classifier import LayeredClassifier
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.measurement.features import INPUT, activations

__all__ = ["CLASS", "ImageFound", "image_features", "layer_names", "layer_rows", "turned_rows"]

CLASS = "class"
"""Name of the layer that is the class, one-hot."""


@dataclass(frozen=True, eq=False)
class ImageFound:
    """What was found of one training."""

    accuracy: float  # of the classifier on images held out
    denoiser_loss: float | None  # squared error of the noise a dimension, held out
    points: int
    layers: FeatureTransitions
    scales: ScalesFound


def image_features(
    form: ImageForm, points: int, t: Sequence[float], steps: int, number: int, bench: Bench
) -> ImageFound:
    """Train both networks, turn the images held out, and compare their layers."""
    model = image_model(form, number, bench)
    x, ends = model.test[_spread(len(model.test), points)], []
    for place, time in enumerate(t):
        ends.append(model.ends(bench.of(number), f"{form.source}-{number},turn-{place}", x, time, place, steps))
        bench.report(f"{form.source}, {number}: U-turns", place + 1, len(t))
    network = model.classifier
    found = [
        layer_cosines("features", name, layer_rows(network, name, x), turned_rows(network, name, ends))
        for name in layer_names(network)
    ]
    judged = judged_layers(np.array(t), found, source=f"classifier of {form.source}")
    scales = image_scales(model.train, x, ends, t, f"bands of {form.source}")
    return ImageFound(model.accuracy, model.denoiser.held_out_loss, len(x), judged, scales)


def _spread(count: int, wanted: int) -> NDArray[np.int64]:
    """Rows all over the held-out images, which may stand class by class."""
    return np.linspace(0, count - 1, min(wanted, count)).round().astype(np.int64)


def layer_names(network: LayeredClassifier) -> tuple[str, ...]:
    """From the input to the class."""
    return INPUT, *network.names, "logits", CLASS


def layer_rows(network: LayeredClassifier, name: str, x: Tensor) -> NDArray[np.float32]:
    """Activations of a layer, or the class."""
    if name != CLASS:
        return activations(network, name, x)
    classes = network.predict(x).cpu().numpy()
    return np.asarray(np.eye(network.logits.out_features, dtype=np.float32)[classes])


def turned_rows(network: LayeredClassifier, name: str, ends: Sequence[Tensor]) -> Iterator[NDArray[np.float32]]:
    """Activations of a layer at the U-turns of each time."""
    return (layer_rows(network, name, end) for end in ends)
