"""Which layers of a feature network change at which noise, and how sharply."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.interface.number import TIME, Number
from regimes.numerics.interface.result import Result
from regimes.prediction.hierarchy.features.cosines import GROUPS, LayerCosines
from regimes.prediction.hierarchy.features.files import cosines_of_files
from regimes.prediction.hierarchy.features.transition import Estimate, LayerTransition, contrast, layer_transition
from regimes.theory.formula.record import recorded

__all__ = ["FeatureTransitions", "UTurnLayers", "feature_transitions", "judged_layers"]

_SMALL = 0.9  # cosine above the baseline at the smallest time, below which that time is not small
_POINTS = "points"
_CLOCKS = {"width": "in log sigma", "width_time": "in t"}

Array = NDArray[np.float64]


@dataclass(frozen=True)
class UTurnLayers:
    """Layers whose activations were compared, the shallowest first.

    Attributes
    ----------
    source : str
        Files, or the network.
    points : int
        Number of points.
    layers : tuple of str
        Names.
    channels : tuple of int
        Channels of each layer.
    dead : tuple of int
        Channels that do not vary over the points, and are left out.
    """

    source: str
    points: int
    layers: tuple[str, ...]
    channels: tuple[int, ...]
    dead: tuple[int, ...]

    def __post_init__(self) -> None:
        for name in ("layers", "channels", "dead"):
            object.__setattr__(self, name, tuple(getattr(self, name)))


@dataclass(frozen=True, eq=False, repr=False)
class FeatureTransitions(Result):
    """Layers of a feature network under U-turns.

    Numbers, of layer 1 (the shallowest) and so on: ``features.time.1``, where its share is one half;
    ``features.width.1``, from three quarters to one quarter in units of log sigma (EDM), and ``features.width_time.1``
    in Ornstein-Uhlenbeck time; ``features.shift``, the logarithm of the last layer's time over the first's;
    ``features.sharpening`` and ``features.sharpening_time``, of the first layer's width over the last's: positive where
    the last is sharper. Errors are jackknife over points. Curves over ``t``, a row a layer: ``cosine``, ``baseline``
    and ``share``, each with ``_se``.
    """

    kind: ClassVar[str] = "layer transitions"
    problem_type: ClassVar[type[UTurnLayers]] = UTurnLayers


def feature_transitions(
    *paths: str | os.PathLike[str], layers: Sequence[str] | None = None, memory: int = 4 * 2**30
) -> FeatureTransitions:
    """Find where each layer of a feature network changes under U-turns, and how sharply, from files of activations.

    A layer is whitened over the points: each unit less its mean, each channel over the root mean square of these
    deviations. The cosine between a point and its U-turn, less that between points and the U-turns of others, is
    divided by its value at the smallest time: the *share* that is kept. It falls from 1 to 0 as the noise at the turn
    grows. Its place is where it passes one half, its width the distance from three quarters to one quarter.

    Parameters
    ----------
    *paths : path
        ``.npz`` files, or folders of them. Keys: ``start.LAYER``, activations at the points, shape (n, C) or
        (n, C, ...) with channels second, in one file; ``t``, an Ornstein-Uhlenbeck time or T of them, beside
        ``end.LAYER``, activations at the U-turns of the same points, of the shape of the start or with T in front. A
        layer may be the points themselves.
    layers : sequence of str, optional
        Which, the shallowest first; all by default, in the order in which they were written.
    memory : int
        Bytes that one array of a file may take.

    Returns
    -------
    FeatureTransitions
        Times, widths, and whether the last layer is sharper than the first.

    Raises
    ------
    ValueError
        If keys, shapes or times do not fit, there are fewer than 50 points or 4 times, or a layer is constant.

    Notes
    -----
    After sclocchi2024 (U-turns of ImageNet models, features of a classifier). What is sharp depends on the clock, so
    that widths are given on two. ``edm_sigma``, ``time_from_edm_sigma``.

    Examples
    --------
    A layer of 64 channels, half of which is forgotten at t = 1:

    >>> import tempfile
    >>> draw = np.random.default_rng(0).normal
    >>> start, t = draw(size=(300, 64)), np.geomspace(0.1, 10, 12)
    >>> ends = [c * start + np.sqrt(1 - c**2) * draw(size=(300, 64)) for c in 1 / (1 + t**2)]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(f"{folder}/turns.npz", **{"t": t, "start.last": start, "end.last": ends})
    ...     found = feature_transitions(folder)
    >>> abs(found["features.time.1"].value - 1) < 3 * found["features.time.1"].error
    True
    """
    if not paths:
        raise ValueError("feature_transitions: give at least one .npz file or folder, got none")
    t, found = cosines_of_files(paths, layers, memory)
    return judged_layers(t, found, source=", ".join(str(path) for path in paths))


def judged_layers(
    t: Array, layers: Sequence[LayerCosines], *, source: str, settings: dict[str, Any] | None = None
) -> FeatureTransitions:
    """Put the result together from cosines at increasing times."""
    with recorded() as used:
        found = [layer_transition(t, layer) for layer in layers]
    formulas = tuple(used)
    rows: dict[str, Number] = {}
    for number, (layer, of) in enumerate(zip(layers, found, strict=True), start=1):
        rows |= _rows(number, layer.name, of, formulas)
    contrasts = _contrasts(found) if len(found) > 1 else {}
    for name, (words, estimate) in contrasts.items():
        rows[f"features.{name}"] = _number(words, estimate, formulas, "a layer has no place")
    curves: dict[str, Any] = {"t": t}
    for name in ("cosine", "baseline", "share"):
        curves |= {each: np.stack([getattr(of, each) for of in found]) for each in (name, f"{name}_se")}
    return FeatureTransitions(
        problem=UTurnLayers(
            source,
            layers[0].cosine.shape[1],
            tuple(layer.name for layer in layers),
            tuple(layer.channels for layer in layers),
            tuple(layer.dead for layer in layers),
        ),
        numbers=rows,
        curves=curves,
        settings={"groups": GROUPS} | (settings or {}),
        sentences=tuple(_sentences(layers, found, contrasts)),
        assumes=(
            "the U-turns begin at the points whose start is given, each with noise of its own",
            "errors are over points: another network, or another training of it, is in no error",
        ),
        warnings=tuple(_warnings(t, layers, found)),
    )


def _rows(number: int, name: str, of: LayerTransition, formulas: tuple[str, ...]) -> dict[str, Number]:
    low = f"the share stays between {of.share.min():.2f} and {of.share.max():.2f}"
    times = _number(f"half of layer {number} ({name}) is kept", of.time, formulas, low, TIME)
    rows = {f"features.time.{number}": times}
    for key, clock in _CLOCKS.items():
        label = f"three to one quarters of layer {number} ({name}), {clock}"
        rows[f"features.{key}.{number}"] = _number(label, getattr(of, key), formulas, low)
    return rows


def _number(label: str, found: Estimate, formulas: tuple[str, ...], reason: str, unit: str | None = None) -> Number:
    value = found.value if found.known else None
    return Number(
        label,
        value,
        found.error,
        covers=_POINTS if found.error is not None else None,
        formulas=formulas,
        reason=reason if value is None else None,
        unit=unit,
    )


def _contrasts(found: Sequence[LayerTransition]) -> dict[str, tuple[str, Estimate]]:
    first, last = found[0], found[-1]
    return {
        "shift": ("log of the last layer's time over the first's", contrast(last.time, first.time)),
        "sharpening": ("log of the first layer's width over the last's", contrast(first.width, last.width)),
        "sharpening_time": ("the same on the clock t", contrast(first.width_time, last.width_time)),
    }


def _sentences(
    layers: Sequence[LayerCosines], found: Sequence[LayerTransition], contrasts: dict[str, tuple[str, Estimate]]
) -> list[str]:
    placed = sorted((of.time.value, layer.name) for layer, of in zip(layers, found, strict=True) if of.time.known)
    words = [f"half is kept at t = {', '.join(f'{t:.3g} ({name})' for t, name in placed)}"] if placed else []
    for one, other in itertools.pairwise(range(len(found))):
        step = contrast(found[other].time, found[one].time)
        if step.z is not None:
            later = "later" if step.value > 0 else "earlier"
            words.append(f"{layers[other].name} changes {later} than {layers[one].name} (z = {step.z:+.1f})")
    for key, clock in (("sharpening", "in log sigma"), ("sharpening_time", "in t")):
        estimate = contrasts[key][1] if key in contrasts else None
        if estimate is not None and estimate.z is not None:
            times = f"takes {np.exp(estimate.value):.2f} times the width of {layers[-1].name}"
            words.append(f"{layers[0].name} {times} {clock} (z = {estimate.z:+.1f})")
    return words


def _warnings(t: Array, layers: Sequence[LayerCosines], found: Sequence[LayerTransition]) -> list[str]:
    said = []
    for layer, of in zip(layers, found, strict=True):
        top = of.cosine[0] - of.baseline[0]
        if top < _SMALL:
            said.append(
                f"at the smallest time, {t[0]:.3g}, the cosine of {layer.name} is only {top:.2f} above its baseline: "
                "shares are relative to it; add smaller times"
            )
        if layer.dead:
            said.append(f"{layer.dead} of {layer.channels} channels of {layer.name} do not vary and are left out")
    return said
