"""The directive ``derivations``: the formulas of a subject with their derivations, each line checked now."""

import sympy
from docutils import nodes
from references import linked
from sphinx.util.docutils import SphinxDirective

from regimes.report.formula.outcomes import checked_steps
from regimes.report.formula.places import written_at
from regimes.theory.catalogue import formula
from regimes.theory.formula.written import written


def math(latex):
    return nodes.math_block(latex, latex, number=None, label=None)


def bullets(*paragraphs):
    return nodes.bullet_list("", *[nodes.list_item("", paragraph) for paragraph in paragraphs])


class Derivations(SphinxDirective):
    """One section for each formula of a subject: process, speciation, collapse, hierarchy or composition."""

    required_arguments = 1

    def run(self):
        names = [name for name, place in written().items() if place.subject == self.arguments[0]]
        if not names:
            raise self.error(f"derivations: there is no subject called {self.arguments[0]}")
        return [self.section(formula(name)) for name in names]

    def section(self, formula):
        name = f"formula-{formula.name.replace('_', '-')}"
        section = nodes.section("", nodes.title("", formula.title), ids=[name], names=[name])
        self.state.document.note_explicit_target(section)
        section += math(formula.latex())
        source = nodes.paragraph("", "Source: ")
        source += linked(formula.source)
        source += nodes.Text(". Name in code: ")
        source += nodes.literal("", formula.name)
        section += source
        section += nodes.paragraph("", "with")
        relations = [nodes.paragraph("", "", nodes.math("", sympy.latex(relation))) for relation in formula.where]
        section += bullets(*map(self.variable, formula.inputs), *relations)
        if formula.assumes:
            section += nodes.paragraph("", "It assumes:")
            section += bullets(*[nodes.paragraph("", text) for text in formula.assumes])
        section += self.steps(formula)
        section += nodes.paragraph("", "Written in ")
        section[-1] += nodes.literal("", written_at(formula.name))
        section[-1] += nodes.Text(".")
        return section

    def variable(self, variable):
        paragraph = nodes.paragraph("", "", nodes.math("", sympy.latex(variable.symbol)))
        paragraph += nodes.Text(f" (in code {variable.name}): {variable.meaning}, in ")
        paragraph += nodes.math("", sympy.latex(variable.domain))
        return paragraph

    def steps(self, formula):
        checks = checked_steps(formula)
        failed = [check.reason for check in checks if check.method == "failed"]
        if failed:
            raise self.error(f"derivations: {formula.name} does not hold: {failed}")
        items = nodes.enumerated_list("", enumtype="arabic", prefix="", suffix=".")
        for step, check in zip(formula.steps, checks, strict=False):
            claim = step.claim
            if not isinstance(claim, sympy.Eq):
                claim = sympy.Eq(formula.symbol, claim, evaluate=False)
            item = nodes.list_item("", nodes.paragraph("", step.reason), math(sympy.latex(claim)))
            if step.extra:
                item += bullets(*map(self.variable, step.extra))
            item += nodes.paragraph("", "", nodes.emphasis("", f"Checked: {check}."))
            items += item
        yield items
        if formula.stable is not None:
            yield nodes.paragraph("", "In floating point it is evaluated in the equal form")
            yield math(sympy.latex(formula.stable))
            yield nodes.paragraph("", "", nodes.emphasis("", f"Checked: {checks[-1]}."))


def setup(app):
    app.add_directive("derivations", Derivations)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
