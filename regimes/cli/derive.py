"""``regimes derive``: where a number comes from."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from regimes.cli.output import user_errors

if TYPE_CHECKING:
    from regimes.report.formula.lookup import Found

__all__ = ["command"]


@click.command("derive", short_help="Print the checked derivation of a formula, or of a number.")
@click.argument("name", required=False)
@click.option("--list", "listing", is_flag=True, help="List all formulas.")
@click.option("--latex", is_flag=True, help="Print LaTeX.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--cite", is_flag=True, help="Print BibTeX of the papers behind it.")
@click.option("--all", "everything", is_flag=True, help="Print all formulas behind it in full, and more tests.")
@user_errors
def command(name: str | None, listing: bool, latex: bool, as_json: bool, cite: bool, everything: bool) -> None:
    """Print where NAME comes from: the formula with its source, its checked derivation, its place in the code and the
    tests that hold it. NAME is a formula, the key of a number in a result, the name of a curve, or t_S, t_C, phi,
    epsilon*, lambda_c. Of the formulas behind a number the main one is printed in full, the others by name.

    \b
    regimes derive --list
    regimes derive collapse_time
    regimes derive collapse.time
    regimes derive t_S
    regimes derive clone_probability --latex
    """
    if listing == (name is not None):
        raise ValueError("derive: give the NAME of a formula, a number or a symbol, or --list to see all formulas")
    if latex + as_json + cite > 1:
        raise ValueError("derive: give one of --latex, --json and --cite, not several")
    if name is None:
        if latex or cite or everything:
            raise ValueError("derive: --latex, --cite and --all take a NAME; --list takes --json alone")
        _list(as_json)
        return
    from regimes.report.formula.kept_text import kept_text
    from regimes.report.formula.lookup import look_up

    found = look_up(name)
    if cite:
        from regimes.report.formula.citation import citation

        click.echo(citation(found.formulas, () if found.number is None else found.number.sources), nl=False)
        return
    form = "latex" if latex else "json" if as_json else "text"
    kept = f"{name} all" if everything else name
    text = kept_text(f"{kept} {form}", lambda: _rendered(found, form, everything))
    if not _shows(text):  # a console with a single-byte code page
        text = kept_text(f"{kept} ascii", lambda: _rendered(found, "ascii", everything))
    click.echo(text, nl=False)


def _rendered(found: Found, form: str, everything: bool) -> str:
    from regimes.report.formula.explanation import explanation_dict, explanation_text, shown_formulas
    from regimes.report.parts.files import json_text
    from regimes.theory.catalogue import formula

    if form == "latex":
        shown = shown_formulas(found, everything)
        if not shown:
            said = f"no one formula gives {found.asked}; --all prints those behind it"
            raise ValueError(f"derive: {said if found.formulas else f'no formula stands behind {found.asked}'}")
        return "\n\n".join(formula(each).derivation_latex() for each in shown) + "\n"
    if form == "json":
        return json_text(explanation_dict(found, everything=everything))
    text = explanation_text(found, everything=everything, unicode=form == "text")
    return text if form == "text" else text.encode("ascii", "replace").decode()


def _list(as_json: bool) -> None:
    """Names, titles and places, none of which needs a formula to be built."""
    from regimes.theory.formula.written import written

    if as_json:
        entries = [
            {"name": each.name, "title": each.title, "subject": each.subject, "line": each.line}
            for each in written().values()
        ]
        click.echo(json.dumps(entries, indent=2))
        return
    width = max(map(len, written()))
    for each in written().values():
        click.echo(f"{each.name:<{width}}  {each.title}")


def _shows(text: str) -> bool:
    """Whether standard output can show all characters."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
