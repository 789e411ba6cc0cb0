"""The directive ``experiment``: the figure and the tables of a stored result, with where they come from."""

import json
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from regimes.report.parts.files import save_figure
from regimes.validation import ExperimentResult

RESULTS = Path(__file__).parents[1] / "results"
FIGURES = "auto_experiments"


def shown(value):
    if isinstance(value, float):
        return f"{value:.5g}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {shown(each)}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(shown, value))
    return str(value)


def table(head, rows):
    body = nodes.tgroup("", *[nodes.colspec(colwidth=1) for _ in head], cols=len(head))
    body += nodes.thead("", row(head))
    body += nodes.tbody("", *map(row, rows))
    return nodes.table("", body)


def row(cells):
    return nodes.row("", *[nodes.entry("", nodes.paragraph("", str(cell))) for cell in cells])


class Experiment(SphinxDirective):
    """Show what ``regimes validate NAME -o docs/results/NAME.json`` stored."""

    required_arguments = 1

    def run(self):
        return list(self.parts(self.arguments[0]))

    def parts(self, name):
        path = RESULTS / f"{name}.json"
        self.env.note_dependency(str(path))
        if not path.is_file():
            raise self.error(f"experiment: there is no result {path.name}; regimes validate {name} -o {path}")
        result = ExperimentResult.from_dict(json.loads(path.read_text(encoding="utf-8")))
        folder = Path(self.env.srcdir) / FIGURES
        folder.mkdir(exist_ok=True)
        save_figure(result.plot(), folder / f"{name}.svg")
        ran = result.settings
        versions = ", ".join(f"{package} {version}" for package, version in ran["versions"].items())
        asked = {name: value for name, value in ran.items() if name not in result.run}
        yield nodes.image("", uri=f"/{FIGURES}/{name}.svg", alt=f"theory and simulation of {name}")
        yield nodes.bullet_list("", *[nodes.list_item("", nodes.paragraph("", text)) for text in result.statements])
        command = nodes.literal_block("", f"$ {ran['command']}")
        command["language"] = "text"
        yield command
        yield nodes.paragraph("", f"Run on {ran['date']} in {ran['seconds']:.0f} s with {versions}.")
        yield nodes.paragraph("", f"Settings: {shown(asked)}.")
        yield nodes.paragraph("", f"Verdict: {result.verdict}.")
        if result.tests:
            yield nodes.paragraph("", "Each group of numbers at once:")
            yield table(
                ("test", "chi-square", "degrees of freedom", "p"),
                [(test.quantity, f"{test.value:.2f}", test.dof, f"{test.p:.3g}") for test in result.tests],
            )
        yield nodes.paragraph("", "Each number:")
        yield table(
            ("quantity", "at", "theory", "simulation", "standard error", "z", "samples"),
            [
                (
                    each.quantity,
                    f"{each.at:.4g}",
                    f"{each.theory:.5g}",
                    f"{each.simulation:.5g}",
                    f"{each.se:.2g}",
                    f"{each.z:+.2f}",
                    each.samples,
                )
                for each in result.agreement
            ],
        )
        found = {key: number for key, number in result.numbers.items() if key.startswith("measure.")}
        if found:
            yield nodes.paragraph("", "Also measured:")
            yield table(
                ("number", "value", "standard error", "key"),
                [
                    (
                        number.label,
                        number.reason if number.value is None else shown(number.value),
                        "" if number.error is None else f"{number.error:.2g}",
                        key,
                    )
                    for key, number in found.items()
                ],
            )


def setup(app):
    app.add_directive("experiment", Experiment)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
