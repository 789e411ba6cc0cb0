"""Do layers of a conditional denoiser of bumps write x apart from y, and how are values of one feature written?

liang2024b: models of periodic bumps learn a torus, which homology alone cannot tell apart from a coupled one; their
representations are factorised, x orthogonal to y, and not continuous: values of one feature are orthogonal too.
liang2024a says of plain diffusion models that they do not learn factorised representations.

Said beforehand. Each layer is read at all positions of a torus, trained on or not, over several noises, and put through
the measures of ideal codes that are sums (two circles, in order and not; a direction for each value; one direction for
an x and a y) or coupled (a torus in three dimensions, a direction for each pair, the images). What counts as
factorised, orthogonal, continuous and discontinuous, and where between the ideal codes each threshold lies, is in
``rules``; what counts as a torus in ``homology``. Means over the trainings of each code of the condition, and a word is
said if its threshold is passed by two standard errors. The position is told by the sine and cosine of one wave of x and
of y around the torus, which is a Clifford torus, or by those of eight, where neighbouring values have a cosine of -1/8
and each value a direction of its own: both are factorised and orthogonal before anything is learned, the one is
continuous and the other is not. The embedded condition is read like a layer. What a network has learned is what sets it
apart from the network before training, at the same images.

Nothing has a predicted value: the verdict is "compared".
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from regimes.numerics.estimation.streams import Stream
from regimes.validation.experiments.bump_factorisation.embedding import Plane
from regimes.validation.experiments.bump_factorisation.figure import panels
from regimes.validation.experiments.bump_factorisation.form import FactorisationForm
from regimes.validation.experiments.bump_factorisation.runs import (
    Reading,
    factorisation_run,
    ideal_planes,
    ideal_readings,
)
from regimes.validation.experiments.bump_factorisation.summary import ByTold, numbers_of, sentences, tables_of
from regimes.validation.experiments.runner.bump_models import FULL_TRAINING, QUICK_TRAINING
from regimes.validation.experiments.runner.run import Bench, Plan
from regimes.validation.experiments.runner.trained_case import HARDLY_TRAINED
from regimes.validation.outcome.experiment import Judgement

__all__ = ["PLAN"]


@dataclass(frozen=True, eq=False)
class _Found:
    ideal: dict[str, Reading]
    planes: dict[str, Plane]
    runs: ByTold


def _simulate(form: FactorisationForm, bench: Bench) -> _Found:
    runs = {
        f"waves{waves}": [
            factorisation_run(form, waves, seed, bench.of(number, seed))
            for seed in map(bench.seed_of, range(form.seeds))
        ]
        for number, waves in enumerate(form.waves)
    }
    return _Found(ideal_readings(form), ideal_planes(form), runs)


def _judge(form: FactorisationForm, found: _Found) -> Judgement:
    tables = tables_of(form, found.ideal, found.runs, found.planes)
    return Judgement(
        sentences=sentences(form, tables),
        panels=panels(form, found.ideal, found.runs, tables, found.planes),
        numbers=numbers_of(tables),
        tables=tables,
    )


PLAN = Plan(
    name="bump-factorisation",
    stream=Stream.BUMP_FACTORISATION,
    full=FactorisationForm(
        side=16,
        sigma=1.0,
        kept=0.75,
        waves=(1, 8),
        seeds=3,
        training=replace(FULL_TRAINING, steps=1000, snapshots=()),
        layers=("condition", "down.1", "down.2", "down.3", "up.2", "up.1", "up.0"),
        planes=("circles", "torus", "images", "down.3", "up.0"),
        sampling_steps=20,
        replicates=4,
        tolerance=0.4,
    ),
    quick=FactorisationForm(
        side=8,
        sigma=1.0,
        kept=0.75,
        waves=(1,),
        seeds=1,
        training=replace(QUICK_TRAINING, snapshots=()),
        layers=("condition", "down.1", "down.2"),
        planes=(),
        sampling_steps=8,
        replicates=4,
        tolerance=0.4,
    ),
    simulate=_simulate,
    judge=_judge,
    fixed={"network": "SmallUNet", "images": "one Gaussian bump on a torus"},
    one_thread=True,
    quick_note=HARDLY_TRAINED,
)
