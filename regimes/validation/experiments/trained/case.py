"""One denoiser trained on some points and measured: times, losses on other points, and what it generates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from regimes.datasets.points.dataset import Dataset
from regimes.validation.experiments.trained.models import (
    START,
    T_RANGE,
    Gap,
    Generated,
    generate,
    information_gap,
    kept_denoiser,
)
from regimes.validation.measurement.result import CloneCurve, TransitionMeasurement
from regimes.validation.measurement.transitions import measure_transitions
from regimes.validation.outcome.agreement import Agreement
from regimes.validation.outcome.experiment import Progress
from regimes.validation.running.checkpoints import Checkpoints, Partial
from regimes.validation.sampling import NoiseStream
from regimes.validation.scores import EmpiricalScore
from regimes.validation.training import TrainedDenoiser, train_denoiser

__all__ = ["CaseForm", "TrainedCase", "share_agreement", "step_effect", "trained_case", "trained_measurement"]

Array = NDArray[np.float64]

_GAP, _GENERATED = 0, 1
_PRIOR = 0.5  # pairs on either side, so that a predicted share of 1 has an error too


@dataclass(frozen=True)
class CaseForm:
    """How one denoiser is trained and measured.

    Attributes
    ----------
    training_steps, batch : int
        Of the training.
    learning_rate, ema : float
        Of the training.
    patience : int or None
        Steps without a smaller held-out loss after which it stops; None trains on to the end, with nothing held out.
    clones, steps : int
        Pairs of clones at each time, and steps of a backward path.
    generated : int
        Points generated from pure noise.
    draws : int
        Noises a point of the losses.
    control : int
        Pairs of clones under the exact empirical score with the same steps, whose deviation from its exact curve is the
        discretisation error.
    probes : int or None
        Noised points of the predicted curves; None for the default.
    """

    training_steps: int
    batch: int
    learning_rate: float
    ema: float
    patience: int | None
    clones: int
    steps: int
    generated: int
    draws: int
    control: int
    probes: int | None = None


@dataclass(frozen=True, eq=False)
class TrainedCase:
    """A denoiser and what was found of it.

    Attributes
    ----------
    name : str
        Of the case.
    train : Dataset
        Training points.
    test : ndarray, shape (n', d)
        Other points of the same law.
    denoiser : TrainedDenoiser
        The model.
    measurement : TransitionMeasurement
        Times and curves, measured and predicted.
    gap, exact_gap : Gap
        Losses on training and test points, of the denoiser and of the exact empirical score of the training points.
    generated : Generated
        Points from pure noise.
    control : TransitionMeasurement
        Of the exact empirical score of the training points, with the same steps and times.
    """

    name: str
    train: Dataset
    test: Array
    denoiser: TrainedDenoiser
    measurement: TransitionMeasurement
    gap: Gap
    exact_gap: Gap
    generated: Generated
    control: TransitionMeasurement

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON."""
        measured = self.measurement.to_dict()
        measured.pop("prediction")
        return {
            "name": self.name,
            "n_train": self.train.n,
            "n_test": len(self.test),
            "measurement": measured,
            "training": self.denoiser.to_dict(),
            "losses": self.gap.to_dict(),
            "losses_of_exact_score": self.exact_gap.to_dict(),
            "generated": asdict(self.generated),
            "steps": {
                name: {"change": change.tolist(), "se": se.tolist()}
                for name, curve in (("phi_class", self.control.phi_class), ("phi_index", self.control.phi_index))
                if curve is not None
                for change, se in [step_effect(curve, self.control.pairs)]
            },
        }

    def index_agreement(self) -> list[Agreement]:
        """phi_index at every time, against that of the exact empirical score."""
        found = self.measurement.phi_index
        if found is None or found.predicted is None or found.predicted_se is None:
            raise ValueError(f"{self.name}: phi_index was not measured")
        return [
            share_agreement(f"phi_index, {self.name}", *values, self.measurement.pairs)
            for values in zip(
                self.measurement.t.tolist(), found.predicted.tolist(), found.predicted_se.tolist(),
                found.measured.tolist(), strict=True,
            )
        ]  # fmt: skip


def share_agreement(quantity: str, t: float, theory: float, theory_se: float, measured: float, pairs: int) -> Agreement:
    """A measured share beside a predicted one, with the binomial error at the prediction.

    Parameters
    ----------
    quantity : str
        What is compared.
    t, theory, theory_se, measured : float
        Time, prediction with its error, and measurement.
    pairs : int
        Number of pairs.

    Returns
    -------
    Agreement
        The comparison.
    """
    return Agreement(quantity, t, theory, measured, float(_share_error(theory, theory_se, pairs)), pairs)


def _share_error(theory: Any, theory_se: Any, pairs: int) -> Any:
    """Standard error of a share less a predicted one, with the binomial error at the prediction."""
    share = (pairs * np.clip(theory, 0, 1) + _PRIOR) / (pairs + 2 * _PRIOR)
    return np.hypot(theory_se, np.sqrt(share * (1 - share) / pairs))


def step_effect(curve: CloneCurve, pairs: int) -> tuple[Array, Array]:
    """Clone probability of the exact empirical score with finite steps less the exact one, and its standard error.

    Parameters
    ----------
    curve : CloneCurve
        Measured under the exact empirical score.
    pairs : int
        Number of pairs.

    Returns
    -------
    change, se : ndarray, shape (T,)
        At every time.
    """
    if curve.predicted is None or curve.predicted_se is None:
        raise ValueError("step_effect: the curve must have a prediction beside the measurement")
    return curve.measured - curve.predicted, _share_error(curve.predicted, curve.predicted_se, pairs)


def trained_measurement(
    name: str,
    form: CaseForm,
    train: Dataset,
    test: Array,
    network: Callable[[], nn.Module],
    *,
    store: Checkpoints,
    seed: int,
    device: torch.device,
    progress: Progress | None,
    **measured: Any,
) -> tuple[TrainedDenoiser, TransitionMeasurement]:
    """Train a denoiser and measure its transitions.

    Parameters
    ----------
    name, form, train, test, network, store, seed, device, progress, **measured
        As of :func:`trained_case`.

    Returns
    -------
    denoiser : TrainedDenoiser
        The model.
    measurement : TransitionMeasurement
        Times and curves.
    """

    def fit(state: Partial) -> TrainedDenoiser:
        return train_denoiser(
            network(), train.X, held_out=None if form.patience is None else test, steps=form.training_steps,
            batch=form.batch, learning_rate=form.learning_rate, ema=form.ema, t_range=T_RANGE, patience=form.patience,
            rng=seed, device=device, progress=_report(name, "training", progress), checkpoint=state,
        )  # fmt: skip

    denoiser = kept_denoiser(store, f"{name},denoiser", fit, device=device)
    measurement = measure_transitions(
        denoiser.score(), train, pairs=form.clones, steps=form.steps, end=T_RANGE[0], start=START, rng=seed,
        probes=form.probes, device=device, progress=_report(name, "clones", progress),
        checkpoint=None if store.folder is None else store.folder / f"{name},measurement", **measured,
    )  # fmt: skip
    return denoiser, measurement


def _report(name: str, part: str, progress: Progress | None) -> Callable[[int, int], None] | None:
    return None if progress is None else partial(progress, f"{name}: {part}")


def trained_case(
    name: str,
    form: CaseForm,
    train: Dataset,
    test: Array,
    network: Callable[[], nn.Module],
    *,
    store: Checkpoints,
    noise: NoiseStream,
    seed: int,
    device: torch.device,
    progress: Progress | None,
    **measured: Any,
) -> TrainedCase:
    """Train a denoiser and measure it.

    Parameters
    ----------
    name : str
        Of the case and its pieces.
    form : CaseForm
        How.
    train : Dataset
        Training points.
    test : ndarray, shape (n', d)
        Other points, which choose the weights where the form has patience.
    network : callable
        Makes the untrained network.
    store : Checkpoints
        Keeps what is finished.
    noise : NoiseStream
        Of losses and generated points.
    seed : int
        Of training and measurement.
    device : torch.device
        Where.
    progress : callable or None
        Called with (part, done, total).
    **measured
        Options of :func:`regimes.validation.measure_transitions`.

    Returns
    -------
    TrainedCase
        All of it.
    """
    common: dict[str, Any] = {"store": store, "seed": seed, "device": device, "progress": progress}
    denoiser, measurement = trained_measurement(name, form, train, test, network, **common, **measured)
    wanted = [
        part for part, found in (("classes", measurement.phi_class), ("collapse", measurement.phi_index)) if found
    ]
    control = measure_transitions(
        EmpiricalScore(train.X), train, **(measured | {"parts": wanted, "t": measurement.t}), pairs=form.control,
        steps=form.steps, end=T_RANGE[0], rng=seed, probes=form.probes, device=device,
        checkpoint=None if store.folder is None else store.folder / f"{name},control",
        progress=_report(name, "control", progress),
    )  # fmt: skip
    gap, exact = (
        information_gap(store, f"{name},{what}", of, train.X, test, noise.substream(_GAP), draws=form.draws)
        for what, of in (("losses", denoiser), ("exact-losses", EmpiricalScore(train.X)))
    )
    generated = generate(
        store, f"{name},generated", denoiser.score(), train.X, test, noise.substream(_GENERATED),
        points=form.generated, steps=form.steps, device=device,
    )  # fmt: skip
    return TrainedCase(name, train, test, denoiser, measurement, gap, exact, generated, control)
