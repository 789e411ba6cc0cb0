"""The directive ``published-crossings``: the criterion of the covariance beside where published models crossed."""

import csv
from pathlib import Path

from docutils import nodes
from references import linked
from sphinx.util.docutils import SphinxDirective

from regimes.speciation import speciation_times

TABLE = Path(__file__).parents[1] / "results" / "published-crossings.csv"
HEAD = ("data", "Lambda", "1/2 log Lambda", "clones cross .775", "off by")


def rows():
    """Cells of each set of images; the criterion is computed now, the crossing was measured by its authors."""
    for line in csv.DictReader(TABLE.read_text("utf-8").splitlines()):
        predicted, measured = speciation_times(float(line["Lambda"]))["leading"], float(line["crossing"])
        off = f"{predicted / measured - 1:+.0%}"
        yield line["data"], line["Lambda"], f"{predicted:.2f}", f"{measured:.2f}", off


class PublishedCrossings(SphinxDirective):
    """A table of all sets of images."""

    def run(self):
        group = nodes.tgroup("", *[nodes.colspec(colwidth=16) for _ in HEAD], cols=len(HEAD))
        group += nodes.thead("", line(HEAD))
        group += nodes.tbody("", *[line(cells) for cells in rows()])
        return [
            nodes.paragraph("", "Source: ", *linked("biroli2024"), nodes.Text(".")),
            nodes.table("", group, classes=["colwidths-auto"]),
        ]


def line(cells):
    return nodes.row("", *[nodes.entry("", nodes.paragraph("", each)) for each in cells])


def setup(app):
    app.add_directive("published-crossings", PublishedCrossings)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
