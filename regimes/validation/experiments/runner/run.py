"""Runs an experiment: it owns settings, random numbers, checkpoints, device, threads, progress, time and versions."""

from __future__ import annotations

import datetime
import importlib.metadata
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch

from regimes.numerics.estimation.streams import Stream
from regimes.numerics.interface.checkpoints import Checkpoints
from regimes.numerics.interface.result import plain
from regimes.theory.formula.record import recorded
from regimes.validation.experiments.catalogue import EXPERIMENTS
from regimes.validation.outcome.experiment import (
    ExperimentResult,
    Judgement,
    agreement_columns,
    agreement_rows,
    verdict_of,
)
from regimes.validation.running.progress import Progress, silent
from regimes.validation.running.torch_threads import one_torch_thread, torch_threads_kept
from regimes.validation.sampling import NoiseStream, choose_device

__all__ = ["Bench", "Plan", "run_plan"]

_LEFT_OUT = "left_out"  # field of a form: parts that are planned and not run, which change no other part
_TRAININGS = 64  # numbers that a run can use
_VERSIONS = ("regimes", "numpy", "numba", "scipy", "torch", "gudhi", "umap-learn")

Form = TypeVar("Form")
Found = TypeVar("Found")


@dataclass(frozen=True, eq=False)
class Bench:
    """What the runner hands to an experiment."""

    noise: NoiseStream  # of the experiment, apart from all others
    device: torch.device
    store: Checkpoints  # keeps what is finished
    report: Progress
    seed: int

    def seed_of(self, number: int) -> int:
        """Seed of a numbered training: runs with other seeds share none."""
        return _TRAININGS * self.seed + number

    def of(self, *keys: int) -> Bench:
        """The same with a substream of its random numbers."""
        return replace(self, noise=self.noise.substream(*keys))


@dataclass(frozen=True, eq=False)
class Plan(Generic[Form, Found]):
    """What an experiment states. Nothing else of it is called."""

    name: str  # in the catalogue, which says what is compared
    stream: Stream
    full: Form  # frozen dataclasses: how much is simulated
    quick: Form
    simulate: Callable[[Form, Bench], Found]
    judge: Callable[[Form, Found], Judgement]
    fixed: Mapping[str, Any] = field(default_factory=dict)  # settings of both forms
    one_thread: bool = False  # of torch, where blocks are so small that threads wait for each other
    quick_note: str = ""  # what to think of the quick form


def run_plan(
    plan: Plan[Any, Any],
    *,
    quick: bool = False,
    device: str | None = None,
    rng: int = 0,
    checkpoint: str | Path | None = None,
    progress: Progress | None = None,
) -> ExperimentResult:
    """Simulate, judge and put the result together."""
    started = time.perf_counter()
    form, where = plan.quick if quick else plan.full, choose_device(device)
    settings = {"quick": quick, "seed": rng, "device": str(where)} | plain(plan.fixed) | plain(form)
    noise = NoiseStream(rng, plan.stream)
    of_pieces = {name: value for name, value in settings.items() if name != _LEFT_OUT}
    bench = Bench(noise, where, Checkpoints(checkpoint, of_pieces), progress or silent, rng)
    with one_torch_thread() if plan.one_thread else torch_threads_kept(), recorded() as used:
        judged = plan.judge(form, plan.simulate(form, bench))
    rows = agreement_rows(judged.tests) | dict(judged.numbers)
    verdict = verdict_of(judged.tests) if judged.tests else "compared"
    quick_form = " (quick form: a check of the machinery)" if quick else ""
    command = f"regimes validate {plan.name}{' --quick' if quick else ''} --seed {rng}"
    return ExperimentResult(
        problem=EXPERIMENTS[plan.name],
        numbers={key: replace(number, formulas=tuple(used)) for key, number in rows.items()},
        curves=agreement_columns(judged.agreement) | {"panels": tuple(judged.panels), "tables": dict(judged.tables)},
        settings=settings
        | {
            "seconds": time.perf_counter() - started,
            "command": command,
            "versions": _versions(),
            "date": datetime.date.today().isoformat(),
        },
        sentences=(
            f"{plan.name}: {verdict}{quick_form}",
            *([plan.quick_note] if quick and plan.quick_note else []),
            *judged.sentences,
        ),
        warnings=("the quick form checks the machinery: run the full one for numbers",) if quick else (),
    )


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in _VERSIONS:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
