"""The runner: settings, random numbers, checkpoints and the result, on a plan that only draws a mean."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

torch = pytest.importorskip("torch")

from regimes.numerics.estimation.streams import Stream  # noqa: E402
from regimes.numerics.interface.number import Number  # noqa: E402
from regimes.report.views import table  # noqa: E402
from regimes.theory.formula.record import note  # noqa: E402
from regimes.validation import Agreement, ChiSquare, ExperimentResult, NoiseStream, chi_square  # noqa: E402
from regimes.validation.experiments.runner.run import Plan, run_plan  # noqa: E402
from regimes.validation.outcome.experiment import Judgement, verdict_of  # noqa: E402
from regimes.validation.outcome.panels import Panel, curve  # noqa: E402


@dataclass(frozen=True)
class MeanForm:
    pairs: int
    shape: tuple[int, ...] = (3,)


def simulate(form, bench):
    def draw():
        note("snr")
        drawn = bench.noise.normal(0, 0, form.pairs, form.shape, device=bench.device)
        bench.report("draws", form.pairs, form.pairs)
        return {"mean": drawn.double().mean().numpy()}

    return float(bench.store.piece("draws", draw)["mean"])


def judge(form, mean):
    note("alpha_bar")
    number = form.pairs * form.shape[0]
    compared = [Agreement("mean, of all", 1.0, 0.0, mean, number**-0.5, number)]
    t = np.array([0.5, 1.0, 2.0])
    return Judgement(
        agreement=compared,
        tests=[chi_square("mean, of all", compared), ChiSquare("drawn", 2.0, 3, 0.6, draws=12)],
        sentences=["The mean is 0."],
        panels=[
            Panel("mean", "t", "m", (curve("line", "theory", t, t), curve("", "simulation", t, t, t)), (("t_S", 1.0),)),
            Panel("entropy", "t", "f", (curve("limit", "reference", t, t, group=1),), log_x=True),
        ],
        numbers={"measure.mean": Number("mean", mean, number**-0.5)},
        tables={"rows": [{"t": 1.0, "kind": "a"}]},
    )


PLAN = Plan(
    name="mixture-clones",
    stream=Stream.MIXTURE_CLONES,
    full=MeanForm(1000),
    quick=MeanForm(100),
    simulate=simulate,
    judge=judge,
    fixed={"sigma": 1.0},
    quick_note="Hardly run.",
)


def run(**options):
    return run_plan(PLAN, device="cpu", **options)


def numbers(result):
    stored = result.to_dict()
    stored["settings"] = {name: value for name, value in stored["settings"].items() if name not in result.run}
    return json.dumps(stored)


def test_an_experiment_gets_its_own_random_numbers_and_form():
    drawn = NoiseStream(3, Stream.MIXTURE_CLONES).normal(0, 0, 100, (3,)).double().mean()
    result = run(quick=True, rng=3)
    assert result["measure.mean"].value == float(drawn)
    assert run(rng=3)["measure.mean"].value != result["measure.mean"].value
    assert run(quick=True, rng=4)["measure.mean"].value != result["measure.mean"].value


def test_settings_say_what_was_run():
    result = run(quick=True, rng=3)
    asked = {name: value for name, value in result.settings.items() if name not in result.run}
    assert asked == {"quick": True, "seed": 3, "device": "cpu", "sigma": 1.0, "pairs": 100, "shape": [3]}
    assert result.settings["command"] == "regimes validate mixture-clones --quick --seed 3"
    assert run().settings["command"] == "regimes validate mixture-clones --seed 0"
    assert {"python", "regimes", "numpy", "torch"} <= set(result.settings["versions"])
    assert result.settings["seconds"] > 0
    assert result.problem.reproduces == "biroli2024, figure 2"


def test_the_verdict_comes_first_and_the_quick_form_warns():
    quick, full = run(quick=True), run()
    assert quick.sentences == (
        "mixture-clones: agrees (quick form: a check of the machinery)",
        "Hardly run.",
        "The mean is 0.",
    )
    assert full.sentences == ("mixture-clones: agrees", "The mean is 0.")
    assert quick.warnings
    assert not full.warnings


def test_a_stored_result_is_read_back_whole():
    result = run()
    again = ExperimentResult.from_dict(json.loads(json.dumps(result.to_dict())))
    assert again == result
    assert again.agreement == result.agreement
    assert again.tests == result.tests == (result.tests[0], ChiSquare("drawn", 2.0, 3, 0.6, draws=12))
    assert again.tables == {"rows": [{"t": 1.0, "kind": "a"}]}
    assert result["agreement.p.mean_of_all"].value == result.tests[0].p
    assert "agreement.draws.mean_of_all" not in result.numbers
    with pytest.raises(ValueError, match="takes a result of kind 'experiment'"):
        ExperimentResult.from_dict({"experiment": "x"})


def test_formulas_are_recorded_and_known_after_an_interruption_too(tmp_path):
    first = run(checkpoint=tmp_path / "run")
    assert set(first["measure.mean"].formulas) == {"snr", "alpha_bar"}
    seen = []
    again = run(checkpoint=tmp_path / "run", progress=lambda *report: seen.append(report))
    assert not seen  # read back
    assert numbers(again) == numbers(first)
    with pytest.raises(ValueError, match="belongs to a run with other settings"):
        run(checkpoint=tmp_path / "run", rng=1)


def test_threads_are_left_as_they_were_and_devices_are_checked():
    torch.set_num_threads(2)
    try:
        run_plan(PLAN, device="cpu")
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)
    with pytest.raises(ValueError, match="^choose_device: "):
        run_plan(PLAN, device="abacus")
    with pytest.raises(ValueError, match="must be at least 0, got -1"):
        run(rng=-1)


def test_the_verdict_allows_for_the_number_of_tests():
    good, bad = ChiSquare("a", 1.0, 1, 0.3), ChiSquare("b", 12.0, 1, 6e-4)
    assert verdict_of([good]) == "agrees"
    assert verdict_of([bad]) == "disagrees"
    assert verdict_of([good, bad]) == "agrees"
    rivals = Plan(**{**vars(PLAN), "judge": lambda form, mean: Judgement(sentences=["Both."], panels=[])})
    assert run_plan(rivals, device="cpu").verdict == "compared"


def test_a_curve_has_one_length():
    with pytest.raises(ValueError, match="must be 1-d and of one length"):
        curve("a", "theory", [1, 2], [1, 2, 3])


def test_the_figure_shows_theory_and_simulation():
    figure = run().plot()
    top, bottom = figure.axes
    assert top.get_title() == "mean"
    assert len(top.containers) == 1
    assert top.texts[0].get_text() == "t_S"
    assert bottom.get_xscale() == "log"
    figure.canvas.draw()
    with pytest.raises(ValueError, match="ax must hold 2 axes"):
        run().plot(ax=[top])


def test_the_table_shows_every_number():
    console = Console(width=110, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(table(run(rng=5)))
    text = console.export_text()
    console.file.close()
    shown = (f"{run(rng=5).agreement[0].simulation:.5f}", "3 (12 draws)", "3000", "s.e.", "The mean is 0.")
    for part in ("mixture-clones: agrees", "mean, of all", "seed 5", *shown):
        assert part in text, part


def test_no_experiment_imports_another():
    folder = Path(run_plan.__code__.co_filename).parents[1]
    for path in folder.rglob("*.py"):
        own = path.relative_to(folder).parts[0].removesuffix(".py")
        named = set(re.findall(r"regimes\.validation\.experiments\.(\w+)", path.read_text(encoding="utf-8")))
        assert named <= {own, "runner", "catalogue"}, path
