"""The directive ``references``: renders references.bib, one entry a paragraph, each a target to link to."""

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from regimes.report.formula.citation import references


def entries():
    """Fields of each entry by its key, in the order of the file."""
    return {key: dict(re.findall(r"^  (\w+) = \{(.*)\},$", text, re.MULTILINE)) for key, text in references().items()}


def linked(source):
    """Text of a source, its citation keys turned into links to the references."""
    parts = []
    for part in re.split(rf"\b({'|'.join(entries())})\b", source):
        if part not in entries():
            parts.append(nodes.Text(part))
            continue
        link = addnodes.pending_xref("", refdomain="std", reftype="ref", reftarget=part, refexplicit=True, refwarn=True)
        link += nodes.inline("", part)
        parts.append(link)
    return parts


class References(SphinxDirective):
    """List the references."""

    def run(self):
        items = nodes.definition_list()
        for key, fields in entries().items():
            term = nodes.term("", key, ids=[key], names=[key])
            self.state.document.note_explicit_target(term)
            authors = fields["author"].replace(" and ", ", ")
            text = nodes.paragraph("", f"{authors}. {fields['title'].rstrip('.')}. ")
            if "journal" in fields:
                text += nodes.Text(f"{fields['journal']} ({fields['year']}).")
            if "eprint" in fields:
                address = f"https://arxiv.org/abs/{fields['eprint']}"
                text += nodes.reference("", f"arXiv:{fields['eprint']}", refuri=address, internal=False)
                text += nodes.Text(f" ({fields['year']}).")
            items += nodes.definition_list_item("", term, nodes.definition("", text))
        return [items]


def setup(app):
    app.add_directive("references", References)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
