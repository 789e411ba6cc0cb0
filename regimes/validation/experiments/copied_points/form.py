"""How much is trained and sampled."""

from __future__ import annotations

from dataclasses import dataclass

from regimes.validation.experiments.runner.labelled_denoisers import LabelledForm

__all__ = ["CopiedPointsForm", "SourceForm"]


@dataclass(frozen=True)
class SourceForm:
    """Trainings on one set of images."""

    training: LabelledForm
    seeds: int
    samples: int  # at each snapshot, and of the exact score

    def __post_init__(self) -> None:
        if self.samples < 2 * self.training.trained:
            raise ValueError(
                f"copied-points: samples must be two for each training image at least, or some have no chance to be "
                f"seen, got {self.samples} for {self.training.trained}; draw more"
            )
        if not self.training.snapshots:
            raise ValueError("copied-points: the training must keep snapshots, got none; name some steps")


@dataclass(frozen=True)
class CopiedPointsForm:
    """Size of the experiment."""

    sources: tuple[SourceForm, ...]
    steps: int  # of a sampler
    noises: int  # of each image, for its return probability
    least: int  # images that are copied, and that are not, for an AUC
    left_out: tuple[str, ...] = ()  # sources that are planned, and not run
