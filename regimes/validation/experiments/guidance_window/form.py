"""Sizes of the experiment: exact mixtures, and labelled images with their denoisers."""

from __future__ import annotations

from dataclasses import dataclass

from regimes.validation.experiments.runner.labelled_denoisers import LabelledForm
from regimes.validation.experiments.runner.layered_classifier import ClassifierForm

__all__ = ["ExactForm", "GuidanceForm", "MixtureForm", "SourceForm"]


@dataclass(frozen=True)
class MixtureForm:
    """Classes of one weight and unit variance on an axis, and which of them is told."""

    name: str
    means: tuple[float, ...]
    told: int


@dataclass(frozen=True)
class ExactForm:
    """How much is done with exact scores."""

    mixtures: tuple[MixtureForm, ...]
    weight: float  # of guidance; 1 is the score of the class itself
    steps: int  # equal in Ornstein-Uhlenbeck time, from START to 0
    samples: int  # paths of each sampler for each place of the guidance
    bands: int  # of log snr, in which guidance acts alone


@dataclass(frozen=True)
class SourceForm:
    """A set of images, its denoisers and its classifier, and how much is generated."""

    labelled: LabelledForm
    widths: tuple[int, ...]  # channels of the classifier's layers
    strides: tuple[int, ...]
    classifier: ClassifierForm
    generated: int  # images of each training for each place of the guidance, as many of each class
    steps: int  # of a sampler
    seeds: int  # trainings

    @property
    def source(self) -> str:
        """Name of the images."""
        return self.labelled.source


@dataclass(frozen=True)
class GuidanceForm:
    """Size of the experiment."""

    exact: ExactForm
    sources: tuple[SourceForm, ...]
    weights: tuple[float, ...]  # of guidance of trained denoisers
    left_out: tuple[str, ...] = ()  # sources that are planned, and not run

    def __post_init__(self) -> None:
        weights = (self.exact.weight, *self.weights)
        if not self.weights or min(weights) <= 1:
            raise ValueError(f"guidance-window: weights must exceed 1, which is no guidance, got {weights}")
        for each in self.exact.mixtures:
            if not 0 <= each.told < len(each.means) or len(each.means) < 2:
                raise ValueError(
                    f"guidance-window: {each.name} must have two classes or more and tell one of them, got class "
                    f"{each.told} of {len(each.means)}"
                )
        for source in self.sources:
            if not 0 < source.labelled.unconditional < 1:
                raise ValueError(
                    "guidance-window: guidance needs a training that leaves out some classes, and not all, got "
                    f"unconditional = {source.labelled.unconditional:g} for {source.source}"
                )
