"""From any data set to its connected pieces, and to the share of it that keeps them together."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Unpack

from numpy.typing import ArrayLike

from regimes.datasets.files.reading import ReadingOptions
from regimes.datasets.points.dataset import Dataset
from regimes.datasets.points.loading import load_dataset
from regimes.numerics.composition.data.connecting_overlaps import ConnectingOverlaps, connecting_overlaps
from regimes.numerics.composition.data.random_parts import DataPercolation, data_percolation
from regimes.numerics.composition.overlap_kinds import checked_overlap
from regimes.numerics.interface.checks import check_memory, positive_number, whole_number
from regimes.numerics.interface.number import Number
from regimes.numerics.interface.result import Result
from regimes.prediction.dataset.result import GivenData

__all__ = ["DataPercolationPrediction", "PointOverlaps", "predict_data_percolation"]

_QUICK = 4096
"""Points up to which the connecting overlaps are found unasked: 8 n^2 bytes, a second."""


@dataclass(frozen=True)
class PointOverlaps:
    """Points of a data set, two of which connect if they overlap by tau at least.

    Attributes
    ----------
    points : GivenData
        What identifies the data; overlaps depend on the preprocessing.
    overlap : {"cosine", "coefficient", "product"}
        Which overlap, see :func:`regimes.composition.data_percolation`.
    tau : float or None
        None for the largest overlap at which all points are connected.
    """

    points: GivenData
    overlap: str
    tau: float | None

    def __post_init__(self) -> None:
        checked_overlap("PointOverlaps", self.overlap)
        if self.tau is not None:
            tau = positive_number("PointOverlaps", "tau", "overlap from which two points connect", self.tau)
            object.__setattr__(self, "tau", tau)
        if isinstance(self.points, dict):  # as it was stored
            object.__setattr__(self, "points", GivenData(**self.points))


@dataclass(frozen=True, eq=False, repr=False)
class DataPercolationPrediction(Result):
    """Connected pieces of a data set, and the share of its points that keeps half of them together.

    Numbers of the whole data are ``components.count``, ``.largest``, ``.isolated``, ``links.count``, ``.share`` and
    ``.mean_degree`` at the overlap ``connecting.tau``; ``connecting.whole`` and ``.half`` are the largest overlaps at
    which all, and half of the points are one piece. ``components.half_fraction`` is the share of the points from which
    on the largest piece holds half of what is kept, averaged over random orders; it is not the fraction at which a grid
    is spanned. Curves are over ``lambda``, the share that is kept.

    Attributes
    ----------
    sizes : tuple of int
        Sizes of the pieces of the whole data, decreasing.
    """

    kind: ClassVar[str] = "data percolation"
    problem_type: ClassVar[type[PointOverlaps]] = PointOverlaps
    sizes: tuple[int, ...] = ()

    @classmethod
    def _restored(cls, parts: dict[str, Any]) -> dict[str, Any]:
        return {**super()._restored(parts), "sizes": tuple(parts["sizes"])}


def predict_data_percolation(
    source: ArrayLike | str | os.PathLike[str] | Dataset,
    labels: ArrayLike | str | os.PathLike[str] | None = None,
    *,
    tau: float | None = None,
    overlap: str = "cosine",
    classes: Sequence[str | int] | None = None,
    scale: str | float = "none",
    center: bool = False,
    orders: int = 32,
    lambdas: Sequence[float] | None = None,
    rng: int = 0,
    memory: int = 2 * 2**30,
    progress: Callable[[str, int, int], None] | None = None,
    **reading: Unpack[ReadingOptions],
) -> DataPercolationPrediction:
    """Predict which share of a data set must be kept for its points to hang together, each overlapping the next.

    Parameters
    ----------
    source, labels
        As for :func:`regimes.load_dataset`.
    tau : float, optional
        Overlap from which two points connect; the largest at which all points are connected if not given.
    overlap : {"cosine", "coefficient", "product"}
        Which overlap, see :func:`regimes.composition.data_percolation`.
    classes, scale, center
        As for :func:`regimes.load_dataset`, but the points are taken as they are: overlaps depend on the origin.
    orders : int
        Random orders in which points are kept.
    lambdas : sequence of float, optional
        Kept fractions of the curve.
    rng : int
        Seed.
    memory : int
        Bytes that may be used in all, the points included; without ``tau`` all overlaps must fit, 8 n^2.
    progress : callable, optional
        Called with the name of a part, the work done and all work.
    columns, drop, header, decimal, missing
        What is read of the source, see :func:`regimes.load_dataset`.

    Returns
    -------
    DataPercolationPrediction
        Components, curve, and the share from which on the largest component holds half of what is kept.

    Raises
    ------
    ValueError
        If an argument is out of range, the data cannot be used, no positive overlap connects all points and none is
        given, or memory does not suffice.

    Notes
    -----
    liang2024b (overlap of training images); see :func:`regimes.composition.data_percolation`.

    Examples
    --------
    >>> from regimes import predict_data_percolation
    >>> result = predict_data_percolation("digits", tau=0.9)
    >>> result.sizes[:3], round(result["components.half_fraction"].value, 2)
    ((1790, 1, 1), 0.15)
    """
    name = "predict_data_percolation"
    orders = whole_number(name, "orders", "random orders", orders, at_least=1)
    rng = whole_number(name, "rng", "seed", rng, at_least=0)
    data = load_dataset(source, labels, classes=classes, scale=scale, center=center, memory=memory, **reading)
    memory = max(memory - data.X.nbytes, 1)
    problem = PointOverlaps(GivenData.of(data), overlap, tau)

    def part(what: str) -> Callable[[int, int], None] | None:
        return None if progress is None else partial(progress, what)

    find = partial(connecting_overlaps, data.X, overlap=overlap, memory=memory, progress=part("overlaps of all pairs"))
    connecting: ConnectingOverlaps | None
    if problem.tau is None:
        what, advice = f"the overlaps of all pairs of n = {data.n} points", "give tau, take a random part of the points"
        check_memory(name, what, 8 * data.n**2, memory, advice)
        connecting = find()
        threshold = _largest_for_all(connecting)
    else:
        unasked = data.n <= _QUICK and 8 * data.n * (data.n + data.d) <= memory
        connecting = find() if unasked else None
        threshold = problem.tau
    found = data_percolation(
        data.X,
        threshold,
        overlap=overlap,
        orders=orders,
        lambdas=lambdas,
        rng=rng,
        memory=memory,
        progress=part("random parts"),
    )
    trivial = found.half_fraction is not None and found.half_note
    return DataPercolationPrediction(
        problem=problem,
        numbers=_numbers(found, connecting, chosen=problem.tau is None),
        curves={
            "lambda": found.lambdas,
            "kept": found.kept,
            "largest_share": found.curve,
            "largest_share_se": found.curve_se,
        },
        settings={"orders": orders, "seed": rng},
        warnings=(found.half_note,) if trivial else (),
        sizes=tuple(found.components.tolist()),
    )


def _numbers(found: DataPercolation, connecting: ConnectingOverlaps | None, *, chosen: bool) -> dict[str, Number]:
    unasked = "not asked for, and there are many points or little memory" if connecting is None else None
    half, error = found.half_fraction, found.half_fraction_se
    one_order = "a single random order does not tell the error" if error is None else None
    return {
        "components.count": Number("components", len(found.components)),
        "components.largest": Number("largest component", found.largest),
        "components.isolated": Number("points that connect to no other", found.isolated),
        "links.count": Number("pairs that connect", found.links),
        "links.share": Number("pairs that connect, of all", found.links / (found.n * (found.n - 1) / 2)),
        "links.mean_degree": Number("neighbours of a point, mean", found.mean_degree),
        "connecting.tau": Number(
            "overlap from which two points connect",
            found.tau,
            covers="the largest at which all points are connected" if chosen else None,
        ),
        "connecting.whole": Number(
            "overlap that connects all", None if connecting is None else connecting.whole, reason=unasked
        ),
        "connecting.half": Number(
            "overlap that connects half", None if connecting is None else connecting.half, reason=unasked
        ),
        "components.half_fraction": Number(
            "largest component holds half from",
            half,
            error=error,
            covers=f"mean of {found.orders} random order{'' if found.orders == 1 else 's'}",
            reason=found.half_note if half is None else one_order,
        ),
    }


def _largest_for_all(connecting: ConnectingOverlaps) -> float:
    if connecting.whole <= 0:
        raise ValueError(
            "predict_data_percolation: no positive overlap connects all points, so that tau (overlap from which two "
            f"points connect) must be given; half of the points are connected up to {connecting.half:.4g}"
        )
    return connecting.whole
