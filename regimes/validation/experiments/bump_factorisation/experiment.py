"""Do layers of a conditional denoiser of bumps write x apart from y, and how are values of one feature written?

liang2024b: models of periodic bumps learn a torus, which homology alone cannot tell apart from a coupled one; their
representations are factorised, x orthogonal to y, and not continuous: values of one feature are orthogonal too.
liang2024a says of plain diffusion models that they do not learn factorised representations.

Said beforehand. Each layer is read at all positions of a torus, trained on or not, over several noises, and put through
the measures of four ideal codes: a circle for each feature, a direction for each value, the torus in three dimensions,
the images. A layer is *factorised* if at least nine tenths of the variance between positions is of x or of y alone,
*orthogonal* if the squared cosine of x on y is below a tenth, *continuous* if neighbouring values have a cosine above
one half, *discontinuous* if it is below a tenth. It has the *homology of a torus* if two loops and one void last half
as long again as the next. Means over trainings of each code of the condition; what is told by sines is smooth
beforehand.

Nothing has a predicted value: the verdict is "compared".
"""

from __future__ import annotations

from dataclasses import dataclass

from regimes.numerics.estimation.streams import Stream
from regimes.validation.experiments.bump_factorisation.figure import panels
from regimes.validation.experiments.bump_factorisation.form import FactorisationForm, seed_numbers
from regimes.validation.experiments.bump_factorisation.runs import Reading, factorisation_run, ideal_readings
from regimes.validation.experiments.bump_factorisation.summary import ByCode, numbers_of, sentences, tables_of
from regimes.validation.experiments.runner.bump_models import FULL_TRAINING, QUICK_TRAINING
from regimes.validation.experiments.runner.run import Bench, Plan
from regimes.validation.experiments.runner.trained_case import HARDLY_TRAINED
from regimes.validation.outcome.experiment import Judgement

__all__ = ["PLAN"]


@dataclass(frozen=True, eq=False)
class _Found:
    ideal: dict[str, Reading]
    runs: ByCode


def _simulate(form: FactorisationForm, bench: Bench) -> _Found:
    runs = {
        code: [factorisation_run(form, code, seed, bench.of(number, seed)) for seed in seed_numbers(form, bench.seed)]
        for number, code in enumerate(form.codes)
    }
    return _Found(ideal_readings(form), runs)


def _judge(form: FactorisationForm, found: _Found) -> Judgement:
    tables = tables_of(form, found.ideal, found.runs)
    return Judgement(
        agreement=[],
        tests=[],
        sentences=sentences(form, tables),
        panels=panels(form, found.ideal, tables),
        numbers=numbers_of(form, tables),
        tables=tables,
    )


PLAN = Plan(
    name="bump-factorisation",
    stream=Stream.BUMP_FACTORISATION,
    full=FactorisationForm(
        side=16,
        sigma=1.0,
        kept=0.75,
        codes=("sinusoidal", "one-hot"),
        seeds=3,
        training=FULL_TRAINING,
        layers=("down.1", "down.2", "down.3", "up.2", "up.1", "up.0"),
        sampling_steps=20,
        replicates=6,
        tolerance=0.4,
    ),
    quick=FactorisationForm(
        side=8,
        sigma=1.0,
        kept=0.75,
        codes=("sinusoidal",),
        seeds=1,
        training=QUICK_TRAINING,
        layers=("down.1", "down.2"),
        sampling_steps=8,
        replicates=3,
        tolerance=0.4,
    ),
    simulate=_simulate,
    judge=_judge,
    fixed={"network": "SmallUNet", "images": "one Gaussian bump on a torus"},
    one_thread=True,
    quick_note=HARDLY_TRAINED,
)
