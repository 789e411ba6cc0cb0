"""The threshold of an infinite grid against the width of the bumps: as they widen, neighbours join ring by ring."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from regimes.numerics.composition.bumps.bump_neighbourhood import bump_neighbourhood
from regimes.numerics.composition.bumps.connecting_width import connecting_sigmas
from regimes.numerics.composition.lattice.disc_limit import disc_limit
from regimes.numerics.composition.lattice.threshold import lattice_threshold
from regimes.numerics.composition.overlap_kinds import checked_overlap, checked_tau
from regimes.numerics.interface.checks import positive_number
from regimes.numerics.interface.number import Number
from regimes.numerics.interface.result import Result
from regimes.theory.formula.record import recorded

__all__ = ["BumpStaircase", "Staircase", "predict_staircase"]

_SIGMAS = 700
_PIXELS_MATTER = 1.0
"""Width in pixels up to which sums over pixels matter: the cosine then differs from that in the plane by 2e-4."""


@dataclass(frozen=True)
class BumpStaircase:
    """Bumps of all widths on an infinite square grid, two of which connect if they overlap by tau at least.

    Attributes
    ----------
    tau : float
        Overlap from which bumps connect.
    overlap : {"cosine", "coefficient", "product"}
        Which overlap.
    largest : float
        Largest width, in steps of the grid.
    pixels : bool
        Sums over pixels, at a step of one pixel and up to a width of one, not bumps in the plane.
    """

    tau: float = 0.005
    overlap: str = "cosine"
    largest: float = field(default=2.2, kw_only=True)
    pixels: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        checked_overlap("BumpStaircase", self.overlap)
        object.__setattr__(self, "tau", checked_tau("BumpStaircase", self.tau, self.overlap))
        largest = positive_number("BumpStaircase", "largest", "width of the bumps, in steps", self.largest)
        object.__setattr__(self, "largest", largest)
        object.__setattr__(self, "pixels", bool(self.pixels))


@dataclass(frozen=True, eq=False, repr=False)
class Staircase(Result):
    """Threshold of an infinite square grid at each width of the bumps.

    Numbers are ``bumps.narrowest`` and ``bumps.widest``, the widths in steps between which neighbours connect. Curves
    are over ``sigma``, in steps: the ``threshold`` with its ``error``, whether it is ``fitted`` (1) or tabulated (0),
    and the limit of discs where it is of use.
    """

    kind: ClassVar[str] = "percolation staircase"
    problem_type: ClassVar[type[BumpStaircase]] = BumpStaircase


def predict_staircase(problem: BumpStaircase) -> Staircase:
    """Threshold of an infinite square grid from the narrowest bumps that connect to the widest asked for.

    Parameters
    ----------
    problem : BumpStaircase
        Which bumps connect, and up to which width.

    Returns
    -------
    Staircase
        Widths between which bumps connect, and the threshold at 700 widths (175 on pixels).

    Raises
    ------
    ValueError
        If no bumps as narrow as the largest connect.

    Examples
    --------
    >>> stairs = predict_staircase(BumpStaircase(largest=0.4))
    >>> round(stairs["bumps.narrowest"].value, 4), sorted(set(stairs.curves["threshold"].round(3).tolist()))
    (0.2172, [0.407, 0.593])
    """
    with recorded() as used:
        narrow, wide = connecting_sigmas(1.0, tau=problem.tau, overlap=problem.overlap, pixels=problem.pixels)
    if not problem.largest > narrow:
        raise ValueError(
            f"predict_staircase: largest (width, in steps) must exceed {narrow:.4g}, from which on bumps connect, got "
            f"{problem.largest:g}"
        )
    end = min(problem.largest, wide * (1 - 1e-9), *([_PIXELS_MATTER] if problem.pixels else []))
    sigmas = np.linspace(narrow * (1 + 1e-9), end, _SIGMAS // 4 if problem.pixels else _SIGMAS)
    near = [
        bump_neighbourhood(float(sigma), tau=problem.tau, overlap=problem.overlap, pixels=problem.pixels)
        for sigma in sigmas
    ]
    found = [lattice_threshold(each) for each in near]
    limits = [disc_limit(each) for each in near]
    endless = "the overlap grows with the width, without end" if math.isinf(wide) else None
    return Staircase(
        problem=problem,
        numbers={
            "bumps.narrowest": Number("narrowest bumps that connect", narrow, formulas=tuple(used), unit="steps"),
            "bumps.widest": Number(
                "widest bumps that connect",
                None if endless else wide,
                formulas=tuple(used),
                reason=endless,
                unit="steps",
            ),
        },
        curves={
            "sigma": sigmas,
            "threshold": np.array([each.value for each in found], dtype=float),
            "error": np.array([each.error or 0.0 for each in found]),
            "fitted": np.array([float(each.method == "fit") for each in found]),
            "disc_limit": np.array([each.value if each and each.holds else math.nan for each in limits]),
        },
        assumes=("each point of the grid is kept independently of the others", "a grid without end"),
    )
