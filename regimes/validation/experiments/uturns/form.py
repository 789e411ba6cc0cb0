"""How much is simulated of exact scores, and on which images denoisers are trained and turned."""

from __future__ import annotations

from dataclasses import dataclass

from regimes.validation.experiments.runner.labelled_denoisers import LabelledForm
from regimes.validation.experiments.runner.layered_classifier import ClassifierForm

__all__ = ["Classes", "ExactForm", "ImageClasses", "SourceForm", "UturnsForm"]


@dataclass(frozen=True)
class Classes:
    """Gaussian classes in the plane, all of one standard deviation."""

    name: str
    weights: tuple[float, ...]
    centres: tuple[tuple[float, float], ...]
    sigma: float
    known_flow: bool  # whether the assigned classes are those to which the flow leads, and not an approximation


@dataclass(frozen=True)
class ExactForm:
    """U-turns under exact scores."""

    classes: tuple[Classes, ...]
    class_times: tuple[float, ...]
    variances: tuple[float, ...]  # of a Gaussian, by direction
    direction_times: tuple[float, ...]
    points: int  # turned at each time
    steps: int  # network calls: the flow takes two a step
    probes: int  # noised points behind a prediction, each with two noises
    redraws: int  # of these: their scatter is the error of the prediction


@dataclass(frozen=True)
class ImageClasses:
    """A set of images, and how a classifier is trained on them."""

    source: str
    widths: tuple[int, ...]  # channels of the classifier's layers
    strides: tuple[int, ...]
    classifier: ClassifierForm


@dataclass(frozen=True)
class SourceForm:
    """A set of images."""

    labelled: LabelledForm
    classes: ImageClasses
    turned: int  # images held out that the denoiser turns; all of them tell what the classifier confuses
    turns: int  # of each of these at each time
    steps: int  # network calls
    memorised: int  # training images that are turned under the exact score of all of them
    memorised_steps: int


@dataclass(frozen=True)
class UturnsForm:
    """Size of the experiment; times of images are multiples of those that are predicted."""

    exact: ExactForm
    sources: tuple[SourceForm, ...]
    trainings: int
    keep: tuple[float, ...]  # of the time up to which the class survives with 95%
    lose: tuple[float, ...]  # of that from which it is drawn anew
    fine: tuple[float, ...]  # of that up to which half of the finest band is retained
    left_out: tuple[str, ...] = ()  # sources that are planned, and not run

    def __post_init__(self) -> None:
        for name in ("keep", "lose"):
            if 1.0 not in getattr(self, name):
                raise ValueError(f"uturns: {name} must hold 1, the predicted time itself, got {getattr(self, name)}")
        for each in self.sources:
            if each.labelled.source != each.classes.source:
                raise ValueError(
                    f"uturns: denoiser and classifier must be of one source, got {each.labelled.source} and "
                    f"{each.classes.source}"
                )
            if each.memorised > each.labelled.trained or each.turned > each.labelled.held_out:
                raise ValueError(
                    f"uturns: no more images can be turned than the {each.labelled.held_out} held out and the "
                    f"{each.labelled.trained} trained on, got turned = {each.turned} and memorised = {each.memorised}"
                )
