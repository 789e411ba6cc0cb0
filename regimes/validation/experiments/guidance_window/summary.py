"""Numbers, tables and sentences of guidance inside and outside the window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from regimes.numerics.interface.number import Number
from regimes.numerics.interface.result import plain
from regimes.validation.experiments.guidance_window.comparison import (
    band_centre,
    between_processes,
    kept_and_spared,
    verdict,
)
from regimes.validation.experiments.guidance_window.exact import MixtureFound
from regimes.validation.experiments.guidance_window.form import GuidanceForm
from regimes.validation.experiments.guidance_window.generated import MEASURES, GuidedTraining
from regimes.validation.experiments.guidance_window.mixtures import PROCESSES
from regimes.validation.experiments.guidance_window.places import NONE
from regimes.validation.experiments.guidance_window.readings import DAMAGES, KEPT, read, reading
from regimes.validation.experiments.runner.along_training import interval, mean_of
from regimes.validation.experiments.runner.helping import claim
from regimes.validation.experiments.runner.means import number_of, text_of

__all__ = ["GuidanceFound", "numbers_of", "sentences", "tables_of"]

_LABELS = {
    "gain": "accuracy with guidance always less that with none",
    "kept": f"gain of accuracy inside less {KEPT:g} of that always",
    "gain.moved_up": "accuracy inside less that in the window moved to more noise",
    "gain.moved_down": "accuracy inside less that in the window moved to less noise",
    "damage.diversity": "diversity lost with guidance always",
    "damage.distance": "distance from held-out images gained with guidance always",
    "spared.diversity": "diversity lost always less that lost inside",
    "spared.distance": "distance gained always less that gained inside",
    "spared.diversity.moved_up": "diversity lost in the window moved to more noise less that lost inside",
    "spared.diversity.moved_down": "diversity lost in the window moved to less noise less that lost inside",
    "spared.distance.moved_up": "distance gained in the window moved to more noise less that gained inside",
    "spared.distance.moved_down": "distance gained in the window moved to less noise less that gained inside",
}
_NAMED = ("low", "high", "classifier")


@dataclass(frozen=True, eq=False)
class GuidanceFound:
    """What was simulated, and the names of the sources that were not."""

    mixtures: Sequence[MixtureFound]
    sources: Mapping[str, Sequence[GuidedTraining]]
    not_run: Sequence[str]


def tables_of(form: GuidanceForm, found: GuidanceFound) -> dict[str, Any]:
    """What was found, by mixture and by source."""
    tables: dict[str, Any] = plain(
        {
            "mixtures": {each.form.name: _of_mixture(each) for each in found.mixtures},
            "sources": {name: _of_source(form, runs) for name, runs in found.sources.items()},
            "not_run": list(found.not_run),
        }
    )
    return tables


def numbers_of(tables: Mapping[str, Any], found: GuidanceFound) -> dict[str, Number]:
    """What was measured, as numbers with errors."""
    rows: dict[str, Number] = {}
    for key, value in between_processes(found.mixtures).items():
        label = f"largest difference between the processes, short steps: {key}"
        rows[f"measure.between_processes.{key}"] = Number(label, value)
    for name, of in tables["mixtures"].items():
        rows[f"measure.kept.{name}"] = Number(f"{_LABELS['kept']}, {name}", of["kept"])
        rows[f"measure.spared.{name}"] = Number(
            f"divergence from the class always less that inside, {name}", of["spared"], unit="nats"
        )
        for process, value in of["band_centre"].items():
            label = f"log snr at which guidance moves the final law, {name}, variance {process}"
            rows[f"measure.band_centre.{process}.{name}"] = Number(label, value)
    for name, of in tables["sources"].items():
        for key, value in of["trainings"].items():
            rows[f"measure.{key}.{name}"] = number_of(f"{_KNOWN[key]}, {name}", value)
        for weight, each in of["weights"].items():
            for key, value in each["compared"].items():
                rows[f"measure.{key}.w{weight}.{name}"] = number_of(f"{_LABELS[key]}, weight {weight}, {name}", value)
    return rows


_KNOWN = {
    "low": "low noise end of the window, Ornstein-Uhlenbeck time",
    "high": "high noise end of the window, Ornstein-Uhlenbeck time",
    "classifier": "accuracy of the classifier on images held out",
}


def sentences(tables: Mapping[str, Any], found: GuidanceFound) -> list[str]:
    """Say what was found."""
    apart = between_processes(found.mixtures)
    said = [
        "Exact mixtures, guidance inside the window against always: "
        + "; ".join(f"{name}: {_exactly(of)}" for name, of in tables["mixtures"].items())
        + ".",
        f"One curve in log snr: as steps get short the two processes end with the same laws, up to "
        f"{apart['accuracy']:.1e} of accuracy, {apart['mean']:.1e} of the mean and {apart['divergence']:.1e} nats, "
        f"wherever guidance acts.",
    ]
    for name, of in tables["sources"].items():
        window = ", ".join(text_of(of["trainings"][key], 3) for key in ("high", "low"))
        said.append(
            f"{name}: guidance inside the window (t from and to: {window}) "
            + "; ".join(f"{verdict} by {damage}" for damage, verdict in of["verdicts"].items())
            + f". The classifier is right on {text_of(of['trainings']['classifier'], 3)} of the images held out."
        )
        for weight, each in of["weights"].items():
            said.append(f"{name}, weight {weight}: {_at_weight(each)}")
    if found.not_run:
        said.append(f"Not run: {', '.join(found.not_run)}.")
    return said


def _exactly(of: Mapping[str, Any]) -> str:
    at = of["places"]
    accuracy, divergence = (
        ", ".join(f"{place} {at[place][key]:.3f}" for place in (NONE, "always", "inside", "outside"))
        for key in ("accuracy", "divergence")
    )
    return f"{of['verdict']} (accuracy {accuracy}; divergence from the class {divergence})"


def _at_weight(each: Mapping[str, Any]) -> str:
    places = each["places"]
    listed = "; ".join(
        f"{place} " + ", ".join(text_of(value, 3) for value in of.values()) for place, of in places.items()
    )
    compared = each["compared"]
    spared = ", ".join(f"{text_of(compared[f'spared.{damage}'], 3)} of {damage}" for damage in DAMAGES)
    return (
        f"gain kept above {KEPT:g} of it: {text_of(compared['kept'], 4)} of {text_of(compared['gain'], 4)}; spared: "
        f"{spared}. {', '.join(MEASURES).capitalize()}: {listed}."
    )


def _of_mixture(each: MixtureFound) -> dict[str, Any]:
    kept, spared = kept_and_spared(each)
    limits = each.limits[PROCESSES[0]]
    return {
        "means": each.form.means,
        "told": each.form.told,
        "low": each.low,
        "high": each.high,
        "verdict": verdict(each),
        "kept": kept,
        "spared": spared,
        "band_centre": {process: band_centre(each, process) for process in PROCESSES},
        "places": {place: limit for place, limit in limits.items() if place not in each.bands},
        "bands": [{"log_snr": middle, **limits[band]} for band, middle in each.bands.items()],
    }


def _of_source(form: GuidanceForm, runs: Sequence[GuidedTraining]) -> dict[str, Any]:
    known = all(run.found for run in runs)
    weights: dict[str, dict[str, Any]] = {}
    for weight in (f"{each:g}" for each in form.weights) if known else ():
        values = read(runs, weight)
        compared = {key: mean_of(value) for key, value in values.items()}
        weights[weight] = {
            "readings": {damage: reading(values, damage) for damage in DAMAGES},
            "compared": {key: {**asdict(each), "interval": interval(each)} for key, each in compared.items()},
            "places": {
                place: {key: mean_of([run.found[weight][place][key] for run in runs]) for key in MEASURES}
                for place in runs[0].found[weight]
            },
        }
    return {
        "trainings": {key: mean_of([getattr(run, key) for run in runs]) for key in _NAMED},
        "verdicts": {damage: claim([each["readings"][damage] for each in weights.values()]) for damage in DAMAGES},
        "weights": weights,
        "runs": list(map(asdict, runs)),
    }
