"""What guidance inside the window keeps of the gain and spares of the damage, training by training, and the rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from regimes.validation.experiments.guidance_window.generated import GuidedTraining
from regimes.validation.experiments.guidance_window.places import NONE
from regimes.validation.experiments.runner.along_training import interval, mean_of
from regimes.validation.experiments.runner.helping import HELPS, NOT_HELPS, NOT_TOLD

__all__ = ["DAMAGES", "KEPT", "read", "reading"]

KEPT = 0.9
"""Share of the gain in accuracy that guidance inside has to keep."""

DAMAGES = {"diversity": -1, "distance": 1}
"""What guidance costs, and in which direction."""

_COMPARED = ("moved up", "moved down")


def read(runs: Sequence[GuidedTraining], weight: str) -> dict[str, list[float]]:
    """Of one weight, a value a training: gain and damage everywhere, and how those inside compare."""
    found: dict[str, list[float]] = {}
    for run in runs:
        at = run.found[weight]
        gain = {place: each["accuracy"] - at[NONE]["accuracy"] for place, each in at.items()}
        values = {"gain": gain["always"], "kept": gain["inside"] - KEPT * gain["always"]}
        for place in _COMPARED:
            values[f"gain.{_key(place)}"] = gain["inside"] - gain[place]
        for name, sign in DAMAGES.items():
            damage = {place: sign * (each[name] - at[NONE][name]) for place, each in at.items()}
            values[f"damage.{name}"] = damage["always"]
            values[f"spared.{name}"] = damage["always"] - damage["inside"]
            for place in _COMPARED:
                values[f"spared.{name}.{_key(place)}"] = damage[place] - damage["inside"]
        for key, value in values.items():
            found.setdefault(key, []).append(value)
    return found


def reading(values: Mapping[str, Sequence[float]], damage: str) -> str:
    """Helps if what is kept and what is spared both lie above 0 by their intervals, not if one of them lies below."""
    found = [interval(mean_of(values[key])) for key in ("kept", f"spared.{damage}")]
    if any(each is not None and each[1] < 0 for each in found):
        return NOT_HELPS
    return HELPS if all(each is not None and each[0] > 0 for each in found) else NOT_TOLD


def _key(place: str) -> str:
    return place.replace(" ", "_")
