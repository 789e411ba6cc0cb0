"""One denoiser trained on some points and measured: times, losses on other points, and what it generates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from regimes.datasets.points.dataset import Dataset
from regimes.numerics.interface.checkpoints import Partial
from regimes.numerics.interface.result import plain
from regimes.validation.experiments.runner.denoisers import START, T_RANGE, kept_denoiser
from regimes.validation.experiments.runner.information_gap import Gap, information_gap
from regimes.validation.experiments.runner.near_copies import Generated, generate
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.measurement.measured import CloneCurve, Measured
from regimes.validation.measurement.options import MeasurementRequest
from regimes.validation.measurement.transitions import measured
from regimes.validation.outcome.agreement import Agreement
from regimes.validation.running.progress import renamed
from regimes.validation.sampling.samplers import Score
from regimes.validation.scores import EmpiricalScore
from regimes.validation.training import TrainedDenoiser, train_denoiser

__all__ = [
    "HARDLY_TRAINED",
    "Case",
    "CaseForm",
    "TrainedCase",
    "share_agreement",
    "step_effect",
    "trained_case",
    "trained_measurement",
]

Array = NDArray[np.float64]

HARDLY_TRAINED = "Quick form: a check of the machinery, with denoisers that have hardly been trained."

_GAP, _GENERATED = 0, 1
_PRIOR = 0.5  # pairs on either side, so that a predicted share of 1 has an error too


@dataclass(frozen=True)
class CaseForm:
    """How one denoiser is trained and measured."""

    training_steps: int
    batch: int
    learning_rate: float
    ema: float
    # steps without a smaller held-out loss after which it stops; None trains on to the end, with nothing held out
    patience: int | None
    clones: int  # pairs at each time
    steps: int  # of a backward path
    generated: int  # points generated from pure noise
    draws: int  # noises a point of the losses
    # pairs of clones under the exact empirical score with the same steps, whose deviation from its exact curve is the
    # discretisation error
    control: int
    probes: int | None = None  # noised points of the predicted curves; None for the default


@dataclass(frozen=True, eq=False)
class Case:
    """A denoiser that is to be trained on some points and measured."""

    name: str  # also of what is kept
    form: CaseForm
    train: Dataset
    test: Array  # other points of the same law, which choose the weights where the form has patience
    network: Callable[[], nn.Module]  # makes the untrained network
    seed: int  # of training and measurement
    options: Mapping[str, Any] = field(default_factory=dict)  # of the measurement, beside those of the form


@dataclass(frozen=True, eq=False)
class TrainedCase:
    """A denoiser and what was found of it."""

    name: str
    train: Dataset
    test: Array  # (n', d): other points of the same law
    denoiser: TrainedDenoiser
    measurement: Measured
    gap: Gap
    exact_gap: Gap  # of the exact empirical score of the training points
    generated: Generated
    control: Measured  # of the exact empirical score of the training points, with the same steps and times

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary for the tables of an experiment."""
        return {
            "name": self.name,
            "n_train": self.train.n,
            "n_test": len(self.test),
            "measurement": self.measurement.to_dict(),
            "training": self.denoiser.to_dict(),
            "losses": plain(self.gap),
            "losses_of_exact_score": plain(self.exact_gap),
            "generated": plain(self.generated),
            "steps": {
                name: {"change": change.tolist(), "se": se.tolist()}
                for name, curve in (("phi_class", self.control.phi_class), ("phi_index", self.control.phi_index))
                if curve is not None
                for change, se in [step_effect(curve, self.control.pairs)]
            },
        }

    def index_agreement(self) -> list[Agreement]:
        """Compare phi_index with that of the exact empirical score."""
        found = self.measurement.phi_index
        if found is None or found.predicted is None or found.predicted_se is None:
            raise ValueError(f"{self.name}: phi_index was not measured")
        return [
            share_agreement(f"phi_index, {self.name}", *values, self.measurement.pairs)
            for values in zip(
                self.measurement.t.tolist(),
                found.predicted.tolist(),
                found.predicted_se.tolist(),
                found.measured.tolist(),
                strict=True,
            )
        ]


def share_agreement(quantity: str, t: float, theory: float, theory_se: float, measured: float, pairs: int) -> Agreement:
    """A measured share beside a predicted one, with the binomial error at the prediction."""
    return Agreement(quantity, t, theory, measured, float(_share_error(theory, theory_se, pairs)), pairs)


def _share_error(theory: Any, theory_se: Any, pairs: int) -> Any:
    """Standard error of a share less a predicted one, with the binomial error at the prediction."""
    share = (pairs * np.clip(theory, 0, 1) + _PRIOR) / (pairs + 2 * _PRIOR)
    return np.hypot(theory_se, np.sqrt(share * (1 - share) / pairs))


def step_effect(curve: CloneCurve, pairs: int) -> tuple[Array, Array]:
    """Clone probability of the exact empirical score with finite steps less the exact one, and its standard error."""
    if curve.predicted is None or curve.predicted_se is None:
        raise ValueError("step_effect: the curve must have a prediction beside the measurement")
    return curve.measured - curve.predicted, _share_error(curve.predicted, curve.predicted_se, pairs)


def trained_measurement(case: Case, bench: Bench) -> tuple[TrainedDenoiser, Measured]:
    """Train a denoiser and measure its transitions."""
    form = case.form

    def fit(state: Partial) -> TrainedDenoiser:
        return train_denoiser(
            case.network(),
            case.train.X,
            held_out=None if form.patience is None else case.test,
            steps=form.training_steps,
            batch=form.batch,
            learning_rate=form.learning_rate,
            ema=form.ema,
            t_range=T_RANGE,
            patience=form.patience,
            rng=case.seed,
            device=bench.device,
            progress=renamed(bench.report, f"{case.name}: training"),
            checkpoint=state,
        )

    denoiser = kept_denoiser(bench.store, f"{case.name},denoiser", fit, device=bench.device)
    request = _request(case, bench, "clones", "measurement", pairs=form.clones, start=START, **case.options)
    return denoiser, measured(denoiser.score(), case.train, None, request)


def _request(case: Case, bench: Bench, part: str, kept: str, **options: Any) -> MeasurementRequest:
    folder = bench.store.folder
    return MeasurementRequest(
        steps=case.form.steps,
        end=T_RANGE[0],
        rng=case.seed,
        probes=case.form.probes,
        device=bench.device,
        progress=renamed(bench.report, f"{case.name}: {part}"),
        checkpoint=None if folder is None else folder / f"{case.name},{kept}",
        **options,
    )


def trained_case(case: Case, bench: Bench) -> TrainedCase:
    """Train a denoiser and measure it; losses and generated points are of the noise of the bench."""
    denoiser, measurement = trained_measurement(case, bench)
    train, test, form = case.train, case.test, case.form
    parts = [part for part, found in (("classes", measurement.phi_class), ("collapse", measurement.phi_index)) if found]
    exact = EmpiricalScore(train.X)
    options = dict(case.options) | {"parts": parts, "t": measurement.t, "pairs": form.control}
    control = measured(exact, train, None, _request(case, bench, "control", "control", **options))

    def gap_of(what: str, of: TrainedDenoiser | Score) -> Gap:
        return information_gap(bench.of(_GAP), f"{case.name},{what}", of, train.X, test, draws=form.draws)

    return TrainedCase(
        name=case.name,
        train=train,
        test=test,
        denoiser=denoiser,
        measurement=measurement,
        gap=gap_of("losses", denoiser),
        exact_gap=gap_of("exact-losses", exact),
        generated=generate(
            bench.of(_GENERATED),
            f"{case.name},generated",
            denoiser.score(),
            train.X,
            test,
            points=form.generated,
            steps=form.steps,
        ),
        control=control,
    )
