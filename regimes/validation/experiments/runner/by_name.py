"""Runs an experiment by its name; torch stays away until then."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from regimes.validation.experiments.catalogue import EXPERIMENTS
from regimes.validation.running.missing_torch import import_simulation

if TYPE_CHECKING:
    from regimes.validation.outcome.experiment import ExperimentResult
    from regimes.validation.running.progress import Progress

__all__ = ["run_experiment"]


def run_experiment(
    name: str,
    *,
    quick: bool = False,
    device: str | None = None,
    rng: int = 0,
    checkpoint: str | Path | None = None,
    progress: Progress | None = None,
) -> ExperimentResult:
    """Run an experiment.

    Parameters
    ----------
    name : str
        One of ``EXPERIMENTS``.
    quick : bool
        The short form: fewer samples, smaller dimensions.
    device : str, optional
        Of torch; a GPU where torch sees one by default, else the CPU.
    rng : int
        Seed.
    checkpoint : path, optional
        Folder that keeps what is finished: the same call with the same folder goes on after an interruption, to the
        same result.
    progress : callable, optional
        Called with (part, done, total).

    Returns
    -------
    ExperimentResult
        Theory, simulation, agreement and figure.

    Raises
    ------
    ValueError
        If there is no such experiment, or an option is unusable.
    MissingTorch
        If torch is not installed.
    """
    if name not in EXPERIMENTS:
        raise ValueError(f"validate: there is no experiment {name!r}; choose one of {', '.join(EXPERIMENTS)}")
    who, folder = f"regimes validate {name}", name.replace("-", "_")
    plan = import_simulation(f"regimes.validation.experiments.{folder}.experiment", who).PLAN
    run_plan = import_simulation("regimes.validation.experiments.runner.run", who).run_plan
    result: ExperimentResult = run_plan(
        plan, quick=quick, device=device, rng=rng, checkpoint=checkpoint, progress=progress
    )
    return result
