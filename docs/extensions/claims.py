"""The directive ``claims``: the ledger of what papers claim, a table for each paper."""

from docutils import nodes
from references import linked
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from regimes.report.experiment.claims.ledger import CLAIMS, EVIDENCE, claims

HEAD = ("", "claim, and where or with which number it is published", "", "what came out")
WIDTHS = (5, 33, 11, 51)


def page_of(evidence):
    """Name and document of the page that shows a piece of evidence."""
    if evidence.page:
        folder, name = evidence.page.rsplit("/", 1)
        name, kind = name.rsplit(".", 1)
        return name, f"/{'auto_examples' if kind == 'py' else folder}/{name}"
    words = evidence.command.split()
    return (words[2], f"/experiments/{words[2]}") if words[1] == "validate" else None


def shown(claim):
    """What came out, its numbers, and links to the pages that show them, or the commands that print them."""
    cell = nodes.paragraph("", f"{claim.found} {'; '.join(each.text for each in claim.evidence)}.")
    if claim.left:
        cell += nodes.Text(f" Not done: {claim.left}")
    for place in dict.fromkeys((page_of(each), each.command) for each in claim.evidence):
        page, command = place
        cell += nodes.Text(" ")
        if page is None:
            cell += nodes.literal("", command)
            continue
        link = addnodes.pending_xref(
            "", refdomain="std", reftype="doc", reftarget=page[1], refexplicit=True, refwarn=True
        )
        link += nodes.inline("", page[0])
        cell += link
    return cell


class Claims(SphinxDirective):
    """Show all claims."""

    def run(self):
        self.env.note_dependency(str(CLAIMS))
        self.env.note_dependency(str(EVIDENCE))
        ledger = claims()
        parts = []
        for paper in dict.fromkeys(each.paper for each in ledger):
            parts += [
                nodes.rubric("", "", *linked(paper)),
                self.table([each for each in ledger if each.paper == paper]),
            ]
        return parts

    def table(self, ledger):
        body = nodes.tgroup("", *[nodes.colspec(colwidth=width) for width in WIDTHS], cols=len(HEAD))
        body += nodes.thead("", row([nodes.paragraph("", head) for head in HEAD]))
        rows = [
            row(
                [
                    nodes.paragraph("", each.id),
                    nodes.paragraph("", f"{each.claim} ({each.published})"),
                    nodes.paragraph("", "", nodes.strong("", each.status)),
                    shown(each),
                ]
            )
            for each in ledger
        ]
        body += nodes.tbody("", *rows)
        return nodes.table("", body)


def row(cells):
    return nodes.row("", *[nodes.entry("", cell) for cell in cells])


def setup(app):
    app.add_directive("claims", Claims)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
