"""How much is trained and sampled, by number of images."""

from __future__ import annotations

from dataclasses import dataclass, replace

from regimes.validation.experiments.runner.labelled_denoisers import LabelledForm

__all__ = ["DataNeededForm", "SourceForm"]


@dataclass(frozen=True)
class SourceForm:
    """Trainings on more and more images of one set, equal but for their number."""

    training: LabelledForm  # whose own number of images is replaced
    sizes: tuple[int, ...]  # smaller ones are parts of larger ones
    seeds: int
    samples: int  # at each snapshot, and of the exact score

    def __post_init__(self) -> None:
        if len(self.sizes) < 2 or list(self.sizes) != sorted(set(self.sizes)):
            raise ValueError(f"data-needed: sizes must increase, two at least, got {self.sizes}; sort them, each once")
        if not self.training.snapshots:
            raise ValueError("data-needed: the training must keep snapshots, got none; name some steps")

    def of_size(self, n: int) -> LabelledForm:
        """The training on n images."""
        return replace(self.training, trained=n)


@dataclass(frozen=True)
class DataNeededForm:
    """Size of the experiment."""

    sources: tuple[SourceForm, ...]
    steps: int  # of a sampler
    level: float  # share of copies whose step is followed from size to size
    left_out: tuple[str, ...] = ()  # sources that are planned, and not run

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise ValueError(f"data-needed: level must be a share between 0 and 1, got {self.level:g}; give one inside")
