"""How much is trained, and at which levels times are read."""

from __future__ import annotations

from dataclasses import dataclass

from regimes.validation.experiments.runner.nested_sizes import NestedSizes

__all__ = ["TrainingNetworksForm"]


@dataclass(frozen=True)
class TrainingNetworksForm:
    """Size of the experiment."""

    sources: tuple[NestedSizes, ...]
    steps: int  # of a sampler
    noises: int  # noise levels of a loss, even in log snr
    draws: int  # noises an image, the same at all levels and snapshots
    first: float  # share of copies at which the first are there
    memorised: float  # share of copies that says when a training memorises
    learned: float  # part of the way of the held-out loss that says when a training generalises
    left_out: tuple[str, ...] = ()  # sources that are planned, and not run

    def __post_init__(self) -> None:
        if not 0 < self.first < self.memorised < 1:
            raise ValueError(
                "training-networks: first and memorised must be increasing shares between 0 and 1, got "
                f"{self.first:g} and {self.memorised:g}; give two inside"
            )
        if not 0 < self.learned < 1:
            raise ValueError(
                f"training-networks: learned must be a part between 0 and 1, got {self.learned:g}; give one inside"
            )
