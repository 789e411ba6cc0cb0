"""What is counted at a U-turn: the sites that came back as they were."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["UTurns"]


@dataclass(frozen=True, eq=False)
class UTurns:
    """Independent U-turns: a data point, noised to time ``t``, and a clone drawn from the exact posterior.

    ``unchanged`` (samples, d) marks sites at which the clone agrees with the data point, ``same_class`` (samples,)
    clones of the same class; None for a model without classes.
    """

    t: float
    unchanged: NDArray[np.bool_]
    same_class: NDArray[np.bool_] | None = None

    @property
    def samples(self) -> int:
        """Number of U-turns."""
        return int(self.unchanged.shape[0])

    @property
    def kept(self) -> float:
        """Fraction of sites unchanged."""
        return float(self.unchanged.mean())

    @property
    def kept_se(self) -> float:
        """Its standard error over samples."""
        return float(self.unchanged.mean(axis=1).std(ddof=1) / np.sqrt(self.samples))
