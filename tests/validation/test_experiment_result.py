"""What an experiment found: stored, read back, judged, drawn and tabulated."""

import json

import numpy as np
import pytest
from rich.console import Console

from regimes.report.experiment.table import experiment_table
from regimes.report.parts.files import json_text
from regimes.validation import Agreement, ChiSquare, ExperimentResult
from regimes.validation.outcome.experiment import Panel, conclude, curve, verdict_of


def result(p=0.4):
    t = np.array([0.5, 1.0, 2.0])
    phi = np.array([0.95, 0.7752, 0.56])
    return conclude(
        "mixture-clones",
        {"quick": True, "seed": 3, "pairs": 1000},
        0.0,
        agreement=[Agreement("phi, d = 64", 1.0, 0.7752, 0.78, 0.013, 1000)],
        tests=[ChiSquare("phi", 0.14, 1, p)],
        statements=["The closed form holds."],
        findings={"largest bias": 2e-4, "samplers": {"exponential": 1e-4}},
        panels=[
            Panel(
                "clone probability",
                "t",
                "phi",
                (curve("d = 64", "theory", t, phi), curve("", "simulation", t, phi, 0.01 * phi)),
                (("t_S", 1.0),),
            ),
            Panel("entropy", "t", "f", (curve("limit", "reference", t, t, group=1),), log_x=True),
        ],
    )


def test_demanded_keys():
    stored = result().to_dict()
    assert {"experiment", "settings", "agreement", "verdict", "seconds"} <= set(stored)
    assert set(stored["agreement"][0]) == {"quantity", "at", "theory", "simulation", "se", "samples", "z"}
    assert stored["verdict"] == "agrees"
    assert stored["provenance"]["command"] == "regimes validate mixture-clones --quick --seed 3"
    assert {"python", "regimes", "numpy"} <= set(stored["provenance"]["versions"])


def test_a_stored_result_is_read_back_whole():
    found = result()
    text = json_text(found.to_dict())
    again = ExperimentResult.from_dict(json.loads(text))
    assert json_text(again.to_dict()) == text
    with pytest.raises(ValueError, match="must be one that to_dict"):
        ExperimentResult.from_dict({"experiment": "x"})


def test_the_verdict_allows_for_the_number_of_tests():
    good, bad = ChiSquare("a", 1.0, 1, 0.3), ChiSquare("b", 12.0, 1, 6e-4)
    assert verdict_of([good]) == "agrees"
    assert verdict_of([bad]) == "disagrees"
    assert verdict_of([good, bad]) == "agrees"
    assert result(p=1e-9).verdict == "disagrees"


def test_a_curve_has_one_length():
    with pytest.raises(ValueError, match="must be 1-d and of one length"):
        curve("a", "theory", [1, 2], [1, 2, 3])


def test_the_figure_shows_theory_and_simulation():
    figure = result().plot()
    top, bottom = figure.axes
    assert top.get_title() == "clone probability"
    assert len(top.containers) == 1
    assert top.texts[0].get_text() == "t_S"
    assert bottom.get_xscale() == "log"
    figure.canvas.draw()
    with pytest.raises(ValueError, match="ax must hold 2 axes"):
        result().plot(ax=[top])


def test_the_table_shows_every_number():
    console = Console(width=110, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(experiment_table(result()))
    text = console.export_text()
    console.file.close()
    for part in (
        "mixture-clones: agrees",
        "phi, d = 64",
        "0.77520",
        "0.78000",
        "+0.37",
        "1000",
        "largest bias",
        "The closed",
    ):
        assert part in text, part
