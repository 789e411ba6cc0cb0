"""From any data set to its connected pieces, and to the share of it that keeps them together."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from regimes.datasets.points.dataset import Dataset
from regimes.datasets.points.loading import load_dataset
from regimes.numerics.composition.data.connecting_overlaps import ConnectingOverlaps, connecting_overlaps
from regimes.numerics.composition.data.random_parts import DataPercolation, data_percolation
from regimes.numerics.interface.checks import check_memory, whole_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["DataPercolationPrediction", "predict_data_percolation"]

SCHEMA = 1
_CURVE = {"lambda": "lambdas", "kept": "kept", "largest_share": "curve", "largest_share_se": "curve_se"}
_QUICK = 4096
"""Points up to which the connecting overlaps are found unasked: 8 n^2 bytes, a second."""


@dataclass(frozen=True, eq=False)
class DataPercolationPrediction:
    """Connected pieces of a data set, with what was done to the data before.

    Attributes
    ----------
    data : dict
        Of :meth:`regimes.Dataset.to_dict`: name, size, scaling, notes.
    percolation : DataPercolation
        Components, and what random parts of the data hold together.
    connecting : ConnectingOverlaps or None
        Thresholds at which the data come together; None where the threshold was given and the data are large, or
        memory is short.
    tau_chosen : bool
        Whether the threshold is the largest at which all points are connected, since none was given.
    settings : dict
        Random orders and seed.
    """

    data: dict[str, Any]
    percolation: DataPercolation
    connecting: ConnectingOverlaps | None
    tau_chosen: bool
    settings: dict[str, Any]

    @property
    def reasons(self) -> dict[str, str]:
        """Why the fraction that holds half together is missing, or trivial."""
        note = self.percolation.half_note
        return {"half_fraction": note} if note else {}

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON.

        Returns
        -------
        dict
            ``data``, the attributes of the percolation with its ``curve`` over ``lambda``, ``connecting`` with the
            thresholds ``whole`` and ``half``; ``schema`` numbers the format.
        """
        plain = self.percolation.to_dict()
        curve = {name: plain.pop(own) for name, own in _CURVE.items()}
        del plain["half_note"]
        found = self.connecting
        return {
            "schema": SCHEMA,
            "data": self.data,
            **plain,
            "tau_chosen": self.tau_chosen,
            "curve": curve,
            "connecting": None if found is None else {"whole": found.whole, "half": found.half},
            "settings": self.settings,
            "reasons": self.reasons,
        }

    def plot(self, ax: Any = None) -> Figure:
        """Draw the part that the largest component holds against the part that is kept.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure otherwise.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.
        """
        return self.percolation.plot(ax)


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
        Bytes of working memory; without ``tau`` all overlaps must fit, 8 n^2.
    progress : callable, optional
        Called with the name of a part, the work done and all work.

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
    >>> result.percolation.components[:3].tolist(), round(result.percolation.half_fraction, 2)
    ([1790, 1, 1], 0.15)
    """
    name = "predict_data_percolation"
    orders = whole_number(name, "orders", "random orders", orders, at_least=1)
    rng = whole_number(name, "rng", "seed", rng, at_least=0)
    data = load_dataset(source, labels, classes=classes, scale=scale, center=center)

    def part(what: str) -> Callable[[int, int], None] | None:
        return None if progress is None else partial(progress, what)

    find = partial(connecting_overlaps, data.X, overlap=overlap, memory=memory, progress=part("overlaps of all pairs"))
    connecting: ConnectingOverlaps | None
    if tau is None:
        what, advice = f"the overlaps of all pairs of n = {data.n} points", "give tau, take a random part of the points"
        check_memory(name, what, 8 * data.n**2, memory, advice)
        connecting = find()
        threshold = _largest_for_all(connecting)
    else:
        unasked = data.n <= _QUICK and 8 * data.n * (data.n + data.d) <= memory
        connecting = find() if unasked else None
        threshold = tau
    percolation = data_percolation(
        data.X, threshold, overlap=overlap, orders=orders, lambdas=lambdas, rng=rng, memory=memory,
        progress=part("random parts"),
    )  # fmt: skip
    return DataPercolationPrediction(
        data=data.to_dict(),
        percolation=percolation,
        connecting=connecting,
        tau_chosen=tau is None,
        settings={"orders": orders, "rng": rng},
    )


def _largest_for_all(connecting: ConnectingOverlaps) -> float:
    if connecting.whole <= 0:
        raise ValueError(
            "predict_data_percolation: no positive overlap connects all points, so that tau (overlap from which two "
            f"points connect) must be given; half of the points are connected up to {connecting.half:.4g}"
        )
    return connecting.whole
