"""One prediction held against one simulation."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Agreement"]


@dataclass(frozen=True)
class Agreement:
    """A predicted value beside a simulated one.

    Attributes
    ----------
    quantity : str
        What is compared.
    at : float
        Where: usually a time.
    theory : float
        Predicted value.
    simulation : float
        Simulated value.
    se : float
        Standard error of the difference; positive.
    samples : int
        Number of independent samples behind the simulation.

    Raises
    ------
    ValueError
        If the standard error is not positive and finite, or there are fewer than two samples.

    Examples
    --------
    >>> round(Agreement("phi", at=1.0, theory=0.7752, simulation=0.7790, se=0.0042, samples=10000).z, 3)
    0.905
    """

    quantity: str
    at: float
    theory: float
    simulation: float
    se: float
    samples: int

    def __post_init__(self) -> None:
        if not (math.isfinite(self.se) and self.se > 0):
            raise ValueError(
                f"Agreement: se of {self.quantity} must be positive and finite, got {self.se}; without an error bar "
                "there is nothing to compare"
            )
        if self.samples < 2:
            raise ValueError(f"Agreement: {self.quantity} needs at least 2 samples, got {self.samples}")

    @property
    def z(self) -> float:
        """Difference in standard errors, positive where the simulation is larger."""
        return (self.simulation - self.theory) / self.se

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON.

        Returns
        -------
        dict
            The attributes and ``z``.
        """
        return asdict(self) | {"z": self.z}
