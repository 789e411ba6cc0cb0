"""Denoisers of pairs of digit classes: which pairs, their training, and clones of points that they have not seen."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from regimes.datasets.points.loading import load_dataset
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.posterior.spectrum import covariance_spectrum
from regimes.validation.experiments.digits_speciation.pair import PairFound
from regimes.validation.experiments.runner.denoisers import T_RANGE, split_points
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.experiments.runner.trained_case import Case, CaseForm, trained_case, trained_measurement
from regimes.validation.measurement.blocks import Blocks
from regimes.validation.measurement.clones import SimulatedModel, measure_clones
from regimes.validation.measurement.nearest import NearestPoint
from regimes.validation.sampling import backward_times
from regimes.validation.training import ResidualMLP, SmallUNet, train_classifier

__all__ = ["SpeciationForm", "pairs_by_speciation", "simulate_pair", "spectral_time"]

Array = NDArray[np.float64]

_SPLIT, _CASE, _HELD_OUT = range(3)
_AGAIN = 16  # further trainings have seeds of their own
_SIDE = 8


@dataclass(frozen=True)
class SpeciationForm:
    """Size of the experiment."""

    number_of_pairs: int
    network: str
    width: int
    held_out: float  # share of the points
    multiples: tuple[float, ...]  # times at which clones are born, in units of t_S
    classifier_steps: int
    trainings: int
    case: CaseForm


def spectral_time(X: ArrayLike) -> float:
    """``1/2 log Lambda``."""
    return float(compile_formula("speciation_time", target="numpy")(covariance_spectrum(X).Lambda))


def pairs_by_speciation(count: int) -> list[tuple[str, str]]:
    """Choose pairs of digit classes whose speciation times are spread as evenly as the data allow.

    Examples
    --------
    >>> pairs_by_speciation(2)
    [('3', '9'), ('3', '4')]
    """
    digits = load_dataset("digits")
    times: dict[tuple[str, str], float] = {}
    for pair in itertools.combinations(range(len(digits.classes)), 2):
        of_pair = digits.X[np.isin(np.asarray(digits.labels), pair)]
        times[digits.classes[pair[0]], digits.classes[pair[1]]] = spectral_time(of_pair)
    chosen: list[tuple[str, str]] = []
    for wanted in np.linspace(min(times.values()), max(times.values()), count).tolist():
        distance = {classes: abs(t - wanted) for classes, t in times.items() if classes not in chosen}
        chosen.append(min(distance, key=distance.__getitem__))
    return chosen


def simulate_pair(form: SpeciationForm, classes: tuple[str, str], bench: Bench, seed: int) -> PairFound:
    """Train and measure the denoisers of one pair."""
    name, data = "-".join(classes), load_dataset("digits", classes=list(classes))
    train, test, test_labels = split_points(data, round(form.held_out * data.n), bench.of(_SPLIT).noise)
    if train.labels is None or test_labels is None:
        raise ValueError(f"digits-speciation: the digits {name} have no labels")
    both, labels = np.vstack([train.X, test]), np.concatenate([train.labels, test_labels])
    classifier = train_classifier(both, labels, steps=form.classifier_steps, rng=seed, device=bench.device)

    def network(seed: int) -> torch.nn.Module:
        if form.network == "SmallUNet":
            return SmallUNet((1, _SIDE, _SIDE), channels=form.width, rng=seed)
        return ResidualMLP(_SIDE * _SIDE, width=form.width, blocks=1, rng=seed)

    t_S = spectral_time(train.X)
    options: dict[str, Any] = {"classifier": classifier, "t": t_S * np.array(form.multiples)}
    first = Case(name, form.case, train, test, partial(network, seed), seed, options)
    case = trained_case(first, bench.of(_CASE))
    again = []
    for number in range(form.trainings - 1):
        other = seed + _AGAIN * (number + 1)
        further = replace(
            first,
            name=f"{name},again-{number}",
            network=partial(network, other),
            seed=other,
            options=options | {"parts": ["classes"]},
        )
        again.append(trained_measurement(further, bench)[1])

    def of_class(x: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(classifier.predict(x))

    # Clones of points that the model has never seen: a model that has memorised does otherwise with them.
    rows = torch.from_numpy(test).to(bench.device, torch.float32)
    pairs = measure_clones(
        SimulatedModel(case.denoiser.score(), rows, NearestPoint(rows), classify=of_class),
        backward_times(t_S, end=T_RANGE[0], steps=form.case.steps),
        pairs=form.case.clones,
        noise=bench.of(_HELD_OUT).noise,
        blocks=Blocks(bench.store),
        name=f"{name},held-out",
    )
    curve, place = case.measurement.phi_class, int(np.argmin(np.abs(case.measurement.t - t_S)))
    if curve is None:
        raise ValueError(f"digits-speciation: phi_class of {name} was not measured")
    share = float(pairs.same_class().mean())
    error = math.sqrt(max(share * (1 - share), 1 / form.case.clones) / form.case.clones)
    at_birth = (float(curve.measured[place]), float(curve.measured_se[place]))
    return PairFound(case, classifier, (share, error), at_birth, tuple(again))
