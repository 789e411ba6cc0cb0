"""The experiments by name: what each holds against simulation, and how to run it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from regimes.validation.running.missing_torch import import_simulation

if TYPE_CHECKING:
    from regimes.validation.outcome.experiment import ExperimentResult
    from regimes.validation.running.progress import Progress

__all__ = ["EXPERIMENTS", "Experiment", "run_experiment"]


@dataclass(frozen=True)
class Experiment:
    """An experiment that can be run.

    Attributes
    ----------
    name : str
        On the command line; the folder has underscores for dashes.
    compares : str
        What is held against what.
    reproduces : str
        The published figure, empty where there is none.
    """

    name: str
    compares: str
    reproduces: str = ""


EXPERIMENTS = {
    each.name: each
    for each in (
        Experiment(
            "mixture-clones",
            "clone probability of two Gaussian classes: closed form against backward diffusion with the exact score",
            "biroli2024, figure 2",
        ),
        Experiment(
            "mixture-entropy",
            "excess entropy of two Gaussian classes: random energy model at finite d against data drawn in full",
            "biroli2024, figure 3",
        ),
        Experiment(
            "empirical-clones",
            "clones and last change of nearest neighbour under the exact empirical score: posterior against "
            "trajectories",
            "biroli2024, figure 5 (top)",
        ),
        Experiment(
            "learned-mixture",
            "clones of a denoiser trained on two Gaussian classes: closed form against the learned score, and what its "
            "error explains",
        ),
        Experiment(
            "digits-speciation",
            "class commitment of denoisers trained on pairs of digits: measured times against 1/2 log Lambda, class "
            "means and posterior",
            "biroli2024, figure 4",
        ),
        Experiment(
            "digits-collapse",
            "collapse of a denoiser that has memorised digits and of one that has not: exact empirical score and train/"
            "test gap",
            "biroli2024, figure 5",
        ),
        Experiment(
            "potential",
            "drift, noise and law of the overlap: potential against noised pairs and backward trajectories",
        ),
    )
}
"""By name, in the order in which they build on each other."""


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
