"""Trainings on more and more images of one set."""

from __future__ import annotations

from dataclasses import dataclass, replace

from regimes.validation.experiments.runner.labelled_denoisers import LabelledForm

__all__ = ["NestedSizes"]


@dataclass(frozen=True)
class NestedSizes:
    """Trainings on more and more images of one set, equal but for their number."""

    training: LabelledForm  # whose own number of images is replaced
    sizes: tuple[int, ...]  # smaller ones are parts of larger ones
    seeds: int
    samples: int  # at each snapshot, and of the exact score

    def __post_init__(self) -> None:
        if len(self.sizes) < 2 or list(self.sizes) != sorted(set(self.sizes)):
            raise ValueError(f"NestedSizes: sizes must increase, two at least, got {self.sizes}; sort them, each once")
        if not self.training.snapshots:
            raise ValueError("NestedSizes: the training must keep snapshots, got none; name some steps")

    def of_size(self, n: int) -> LabelledForm:
        """The training on n images."""
        return replace(self.training, trained=n)
