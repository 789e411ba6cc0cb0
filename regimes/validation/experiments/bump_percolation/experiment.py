"""docstring"""

from __future__ import annotations

from dataclasses import replace

from regimes.numerics.estimation.streams import Stream
from regimes.validation.experiments.bump_percolation.analysis import Runs
from regimes.validation.experiments.bump_percolation.figure import panels
from regimes.validation.experiments.bump_percolation.form import PercolationForm, Setting
from regimes.validation.experiments.bump_percolation.runs import share_run
from regimes.validation.experiments.bump_percolation.summary import numbers_of, sentences, tables_of
from regimes.validation.experiments.runner.bump_models import FULL_TRAINING, QUICK_TRAINING
from regimes.validation.experiments.runner.run import Bench, Plan
from regimes.validation.experiments.runner.trained_case import HARDLY_TRAINED
from regimes.validation.outcome.experiment import Judgement

__all__ = ["PLAN"]


def _simulate(form: PercolationForm, bench: Bench) -> Runs:
    return {
        setting.name: [
            [
                share_run(form, setting, share, bench.seed_of(seed), bench.of(number, seed, place))
                for place, share in enumerate(setting.shares)
            ]
            for seed in range(form.seeds)
        ]
        for number, setting in enumerate(form.settings)
    }


def _judge(form: PercolationForm, runs: Runs) -> Judgement:
    tables = tables_of(form, runs)
    return Judgement(
        agreement=[],
        tests=[],
        sentences=sentences(form, tables),
        panels=panels(form, runs),
        numbers=numbers_of(tables),
        tables=tables,
    )


_MAIN = (0.08, 0.13, 0.2, 0.3, 0.45, 0.7)
_VARIED = (0.13, 0.2, 0.3, 0.45)

PLAN = Plan(
    name="bump-percolation",
    stream=Stream.BUMP_PERCOLATION,
    full=PercolationForm(
        settings=(
            Setting("sigma 1", _MAIN),
            Setting("sigma 0.65", _MAIN, sigma=0.65),
            Setting("sigma 1.5", _MAIN, sigma=1.5),
            Setting("sigma 2", _MAIN, sigma=2.0),
            Setting("2000 steps", _VARIED, steps=2000),
            Setting("3 waves", _VARIED, waves=3),
            Setting("one-hot", _VARIED, code="one-hot"),
            Setting("1 level", _VARIED, levels=1),
            Setting("16 pixels", _VARIED, side=16),
            Setting("sigma 1.5, 5 waves, 2000 steps", _VARIED, sigma=1.5, waves=5, steps=2000),
        ),
        timed=0.45,
        training=replace(FULL_TRAINING, channels=8, steps=1000, snapshots=(100, 150, 225, 350, 500, 700, 1000)),
        seeds=3,
        sampling_steps=20,
        looked=144,
        draws=1024,
        tolerance=0.4,
        orders=1000,
    ),
    quick=PercolationForm(
        settings=(
            Setting("sigma 1", (0.2, 0.6), side=8, steps=200, levels=1),
            Setting("sigma 1.5", (0.2, 0.6), sigma=1.5, side=8, steps=200, levels=1),
        ),
        timed=0.6,
        training=replace(QUICK_TRAINING, steps=200, snapshots=(50, 100, 200)),
        seeds=1,
        sampling_steps=8,
        looked=32,
        draws=64,
        tolerance=0.4,
        orders=100,
    ),
    simulate=_simulate,
    judge=_judge,
    fixed={"network": "SmallUNet", "images": "one Gaussian bump"},
    one_thread=True,
    quick_note=HARDLY_TRAINED,
)
