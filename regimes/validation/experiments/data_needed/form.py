"""How much is trained and sampled, by number of images."""

from __future__ import annotations

from dataclasses import dataclass

from regimes.validation.experiments.runner.nested_sizes import NestedSizes

__all__ = ["DataNeededForm"]


@dataclass(frozen=True)
class DataNeededForm:
    """Size of the experiment."""

    sources: tuple[NestedSizes, ...]
    steps: int  # of a sampler
    level: float  # share of copies whose step is followed from size to size
    left_out: tuple[str, ...] = ()  # sources that are planned, and not run

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise ValueError(f"data-needed: level must be a share between 0 and 1, got {self.level:g}; give one inside")
