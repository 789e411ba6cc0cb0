"""A small classifier for the class of generated points, with an accuracy measured on points that it had not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from regimes.numerics.estimation.streams import Stream
from regimes.numerics.interface.checks import positive_number, whole_number
from regimes.numerics.interface.data_checks import checked_labels, checked_points
from regimes.validation.sampling.device import choose_device
from regimes.validation.sampling.noise import NoiseStream
from regimes.validation.training.classifier_networks import ClassifierOptions, Networks, fit_networks

__all__ = ["TrainedClassifier", "train_classifier"]

_FOLDS, _TRAINING = 0, 1  # substreams

Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class TrainedClassifier:
    """Mean of several networks trained on all points, and what such networks got wrong on points held out.

    Attributes
    ----------
    classes : int
        K.
    accuracy, accuracy_se : float
        Share of the points that were classified rightly by networks that had not seen them, and its binomial error.
    confusion : ndarray of intp, shape (K, K)
        Number of points of each class (row) by the class found (column), likewise.
    held_out_classes : ndarray of intp, shape (n,)
        Class found for each point by networks that had not seen it.
    settings : dict
        Options of the training, as plain values.
    """

    classes: int
    accuracy: float
    accuracy_se: float
    confusion: NDArray[np.intp]
    held_out_classes: Indices
    settings: dict[str, Any]
    _networks: Networks
    _mean: Tensor
    _scale: float

    def predict(self, x: ArrayLike | Tensor) -> Indices:
        """Class 0 to K - 1 of each of the points (n, ...), in the units of the training points."""
        return np.asarray(self.probabilities(x).argmax(axis=1), dtype=np.intp)

    @torch.no_grad()
    def probabilities(self, x: ArrayLike | Tensor) -> NDArray[np.float64]:
        """Probability of each class, mean over the networks, of points in the units of the training: (n, K)."""
        points = x.detach() if isinstance(x, Tensor) else torch.from_numpy(np.asarray(x, dtype=np.float64))
        if points.ndim < 2 or points[0].numel() != self._mean.numel():
            raise ValueError(
                f"TrainedClassifier: x must have rows of {self._mean.numel()} numbers, got shape {tuple(points.shape)}"
            )
        rows = (points.flatten(1).to(self._mean) - self._mean) * self._scale
        if not bool(torch.isfinite(rows).all()):
            raise ValueError("TrainedClassifier: x must be finite, got nan or inf; check what was generated")
        logits = self._networks(rows)
        return np.asarray(torch.softmax(logits.double(), dim=2).mean(dim=0).cpu().numpy())

    def to_dict(self) -> dict[str, Any]:
        """What is known of its errors, and how it was trained, as plain values."""
        return {
            "classes": self.classes,
            "accuracy": self.accuracy,
            "accuracy_se": self.accuracy_se,
            "confusion": self.confusion.tolist(),
            "settings": self.settings,
        }


def train_classifier(
    X: ArrayLike,
    labels: ArrayLike,
    *,
    folds: int = 10,
    networks: int = 2,
    width: int = 64,
    steps: int = 200,
    learning_rate: float = 2e-3,
    weight_decay: float = 0.1,
    noise: float = 0.3,
    rng: int = 0,
    device: str | torch.device | None = None,
) -> TrainedClassifier:
    """Train a classifier, and measure it by cross-validation.

    The points are cut into folds with equal shares of the classes. For each fold, and once for all points, some
    networks of two hidden layers are trained, all at the same time; each batch is noised afresh, since generated points
    are not quite clean.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Points.
    labels : array_like of int, shape (n,)
        Classes 0 to K - 1, at least two points in each.
    folds : int
        Parts of the cross-validation, at most as many as the smallest class has points.
    networks : int
        Networks of which the mean is taken.
    width, steps, learning_rate, weight_decay
        Units of a hidden layer, steps of AdamW with a cosine decay to zero, and its options.
    noise : float
        Standard deviation of the noise, in units of the root mean variance of the points; 0 for none.
    rng : int
        Seed.
    device : str or torch.device, optional
        Where; the GPU if torch sees one, else the CPU, by default.

    Returns
    -------
    TrainedClassifier
        ``predict(x)``, accuracy and confusion matrix.

    Raises
    ------
    ValueError
        If points, labels or options are out of range.

    Notes
    -----
    The measured networks have seen a share ``1 - 1/folds`` of the points, those of ``predict`` all: the accuracy is, if
    anything, too low.

    Examples
    --------
    >>> generator = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 50)
    >>> X = generator.normal(size=(100, 4)) + 6.0 * labels[:, None]
    >>> classifier = train_classifier(X, labels, folds=2, steps=50, device="cpu")
    >>> classifier.accuracy, classifier.predict([[0.0] * 4, [6.0] * 4]).tolist()
    (1.0, [0, 1])
    """
    array = np.asarray(X)
    points = checked_points("train_classifier", array.reshape(len(array), -1) if array.ndim > 2 else array).values
    classes, members = checked_labels("train_classifier", labels, len(points))
    smallest = int(np.bincount(members).min())
    if classes < 2 or smallest < 2:
        raise ValueError(
            f"train_classifier: labels must have at least 2 classes with 2 points each, got {classes} classes, the "
            f"smallest with {smallest}"
        )
    options = ClassifierOptions(
        folds=min(
            whole_number("train_classifier", "folds", "parts of the cross-validation", folds, at_least=2), smallest
        ),
        networks=whole_number("train_classifier", "networks", "networks in the mean", networks, at_least=1),
        width=whole_number("train_classifier", "width", "units of a layer", width, at_least=1),
        steps=whole_number("train_classifier", "steps", "steps of the training", steps, at_least=1),
        learning_rate=positive_number("train_classifier", "learning_rate", "rate of the first steps", learning_rate),
        weight_decay=_not_negative("weight_decay", weight_decay),
        noise=_not_negative("noise", noise),
    )
    mean, spread = points.mean(axis=0), float(points.var(axis=0).mean())
    if not spread > 0:
        raise ValueError("train_classifier: the points must differ, got equal ones: nothing to tell apart")
    stream, where = NoiseStream(rng, Stream.CLASSIFIER), choose_device(device)
    fold = _folds(members, options.folds, stream.substream(_FOLDS))
    centre, scale = torch.from_numpy(mean).float().to(where), float(spread**-0.5)
    rows = (torch.from_numpy(points).float().to(where) - centre) * scale
    trained = fit_networks(
        rows,
        torch.from_numpy(members).to(where),
        torch.from_numpy(fold).to(where),
        options,
        stream.substream(_TRAINING),
    )
    with torch.no_grad():
        logits = trained(rows).double().view(options.folds + 1, options.networks, len(rows), classes)
        shares = torch.softmax(logits, dim=3).mean(dim=1).cpu().numpy()
    found = np.asarray(shares[fold, np.arange(len(points))].argmax(axis=1), dtype=np.intp)
    confusion = np.zeros((classes, classes), dtype=np.intp)
    np.add.at(confusion, (members, found), 1)
    accuracy = float(np.mean(found == members))
    return TrainedClassifier(
        classes=classes,
        accuracy=accuracy,
        accuracy_se=float(np.sqrt(accuracy * (1 - accuracy) / len(points))),
        confusion=confusion,
        held_out_classes=found,
        settings=vars(options) | {"rng": rng},
        _networks=trained.last(options.networks),
        _mean=centre,
        _scale=scale,
    )


def _not_negative(name: str, value: float) -> float:
    number = float(value)
    if not (np.isfinite(number) and number >= 0):
        raise ValueError(f"train_classifier: {name} must be finite and not negative, got {number:g}")
    return number


def _folds(members: NDArray[np.int64], folds: int, stream: NoiseStream) -> Indices:
    """Fold of each point: every class dealt out in random order."""
    drawn = stream.uniform(0, 0, len(members), ()).numpy()
    order = np.lexsort((drawn, members))  # by class, at random within
    fold = np.empty(len(members), dtype=np.intp)
    fold[order] = np.arange(len(members)) % folds
    return fold
