"""The class of generated points, by whatever classifier there is, and clone probabilities from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regimes.datasets.points.dataset import Dataset
from regimes.validation.training.classifier import TrainedClassifier, train_classifier
from regimes.validation.training.confusion import corrected_clone_probability

__all__ = ["Classifier", "as_classified", "class_curve", "make_classifier"]

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

_PRIOR = 0.5  # counts in every cell of a confusion matrix, as in the error of the correction
_WORST_AGREEMENT = 0.9  # below it classes overlap, and errors are no chance
_SURELY = 3.0  # standard errors


@dataclass(frozen=True, eq=False)
class Classifier:
    """Numbers the class of points, and knows how often it errs."""

    classes: int
    # (K, K): points of known class (row) by the class found (column), held out; None where that is not known
    confusion: Integers | None
    trained_here: bool  # whether it was trained on the data at hand
    agrees: float | None  # share of the data points on whose class it agrees with the labels; None without labels
    _of_points: Callable[[Tensor], Any]

    def __call__(self, x: Tensor) -> Tensor:
        """Class of each point."""
        return checked_classes(self._of_points(x), len(x), self.classes)

    def summary(self) -> dict[str, Any]:
        """What is known of how often it errs."""
        known = self.confusion
        return {
            "trained_here": self.trained_here,
            "agrees_with_labels": self.agrees,
            "accuracy": None if known is None else float(np.trace(known) / known.sum()),
            "confusion": None if known is None else known.tolist(),
        }


def checked_classes(found: Any, rows: int, classes: int | None) -> Tensor:
    """Check what a classifier gave."""
    if not isinstance(found, Tensor) and np.asarray(found).dtype.kind in "USO":
        raise ValueError(
            "measure_transitions: classifier must give class numbers, got names such as "
            f"{str(np.asarray(found).ravel()[0])!r}; give their places in the classes of the data: lambda x: "
            "[data.classes.index(str(name)) for name in classifier.predict(x.cpu().numpy())]"
        )
    numbers = found.detach().cpu() if isinstance(found, Tensor) else torch.as_tensor(np.asarray(found))
    if numbers.shape != (rows,) or numbers.is_floating_point() or numbers.is_complex():
        raise ValueError(
            f"measure_transitions: classifier must give one class number for each point, integers of shape ({rows},), "
            f"got {numbers.dtype} of shape {tuple(numbers.shape)}; of scores for each class take the argmax"
        )
    numbers = numbers.long()
    least, most = int(numbers.min()), int(numbers.max())
    if least < 0 or (classes is not None and most >= classes):
        rule = "0 and more" if classes is None else f"0 to {classes - 1}, as the labels of the data are numbered"
        raise ValueError(f"measure_transitions: classifier must give class numbers {rule}, got {least} to {most}")
    return numbers


def make_classifier(given: Any, data: Dataset, points: Tensor, *, rng: int) -> Classifier:
    """Take the user's classifier, or train one on the data."""
    if len(data.classes) < 2:
        found = "the data have no labels" if data.labels is None else "there is one class"
        raise ValueError(f"measure_transitions: classes need labels of two classes at least, but {found}")
    trained = train_classifier(data.X, data.labels, rng=rng, device=points.device) if given is None else given  # type: ignore[arg-type]
    confusion: Integers | None = None
    if isinstance(trained, TrainedClassifier):
        of_points: Callable[[Tensor], Any] = trained.predict
        confusion = np.asarray(trained.confusion, dtype=np.int64)
        if trained.classes != len(data.classes):
            raise ValueError(
                f"measure_transitions: classifier must know the classes of the data, {len(data.classes)}, got one of "
                f"{trained.classes}"
            )
    elif callable(trained):
        of_points = trained
    else:
        raise ValueError(
            "measure_transitions: classifier must be a TrainedClassifier or a function from points (rows, d) to class "
            f"numbers (rows,), got {type(given).__name__}; of a scikit-learn classifier give "
            "lambda x: classifier.predict(x.cpu().numpy())"
        )
    numbers = checked_classes(of_points(points), data.n, len(data.classes))
    agrees = None if data.labels is None else float(np.mean(numbers.numpy() == data.labels))
    return Classifier(len(data.classes), confusion, given is None, agrees, of_points)


def as_classified(data: Dataset, classifier: Classifier, points: Tensor) -> Dataset:
    """Give every data point the class that the classifier finds, which is what clones are measured by."""
    if classifier.agrees is None or classifier.agrees == 1:
        return data
    found = classifier(points).numpy().astype(np.intp)
    return replace(data, labels=found) if np.unique(found).size == len(data.classes) else data


def class_curve(
    pairs: list[Integers], classifier: Classifier, generator: np.random.Generator, draws: int
) -> dict[str, Any]:
    """Clone probability of the class at every time, raw and corrected, with bootstrap draws of both."""
    K = classifier.classes
    tables = [np.bincount(K * each[0] + each[1], minlength=K * K).reshape(K, K) for each in pairs]
    counts = np.array([table.sum() for table in tables])
    raw = np.array([np.trace(table) for table in tables]) / counts
    result: dict[str, Any] = {
        "measured": raw,
        "measured_se": np.sqrt(raw * (1 - raw) / counts),
    }
    drawn = [generator.multinomial(n, table.ravel() / n, size=draws) for n, table in zip(counts, tables, strict=True)]
    redrawn = np.stack(drawn, axis=1).reshape(draws, len(tables), K, K)
    result["draws"] = np.trace(redrawn, axis1=2, axis2=3) / counts
    known = classifier.confusion
    if known is None:
        return result | {"reason": "the classifier does not say how often it errs on points that it has not seen"}
    if classifier.agrees is not None and classifier.agrees < _WORST_AGREEMENT:
        return result | {
            "reason": f"the classifier finds the class of {classifier.agrees:.0%} of the data points: the classes "
            "overlap, and its errors are no chance that could be corrected"
        }
    try:
        found = [corrected_clone_probability(table, known) for table in tables]
        shares = (known + _PRIOR) / (known + _PRIOR).sum(axis=1, keepdims=True)
        confusions = np.stack(
            [generator.multinomial(n, share, size=draws) for n, share in zip(known.sum(axis=1), shares, strict=True)],
            axis=1,
        )
        corrected = [
            [corrected_clone_probability(table, confusion).corrected for table in row]
            for row, confusion in zip(redrawn, confusions, strict=True)
        ]
    except ValueError as error:
        return result | {"reason": str(error).removeprefix("corrected_clone_probability: ")}
    highest = max(found, key=lambda each: (each.corrected - 1) / each.corrected_se)
    if highest.corrected - 1 > _SURELY * highest.corrected_se:
        return result | {
            "reason": f"the corrected probability reaches {highest.corrected:.3g} ({highest.corrected_se:.2g}), more "
            "than 1: the classifier errs alike on both clones, as where classes overlap"
        }
    return result | {
        "corrected": np.array([each.corrected for each in found]),
        "corrected_se": np.array([each.corrected_se for each in found]),
        "corrected_draws": np.array(corrected),
    }
