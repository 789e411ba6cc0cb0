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
@user_errors
def command(name: str | None, listing: bool, latex: bool, as_json: bool, cite: bool) -> None:
    """Print where NAME comes from: the formula with its source, its checked derivation, its place in the code and the
    tests that hold it. NAME is a formula, the key of a number in a result, or t_S, t_C, phi, epsilon*, lambda_c.

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
        if latex or cite:
            raise ValueError("derive: --latex and --cite take a NAME; --list takes --json alone")
        _list(as_json)
        return
    from regimes.report.formula.kept_text import kept_text
    from regimes.report.formula.lookup import look_up

    found = look_up(name)
    if cite:
        from regimes.report.formula.citation import citation

        click.echo(citation(found.formulas), nl=False)
        return
    form = "latex" if latex else "json" if as_json else "text"
    text = kept_text(f"{name} {form}", lambda: _rendered(found, form))
    if not _shows(text):  # a console with a single-byte code page
        text = kept_text(f"{name} ascii", lambda: _rendered(found, "ascii"))
    click.echo(text, nl=False)


def _rendered(found: Found, form: str) -> str:
    from regimes.report.formula.derivation import derivation_dict, derivation_text, number_text
    from regimes.report.parts.files import json_text
    from regimes.theory.catalogue import formula

    formulas = [formula(each) for each in found.formulas]
    if form == "latex":
        return "\n\n".join(each.derivation_latex() for each in formulas) + "\n"
    if form == "json":
        parts = [derivation_dict(each) for each in formulas]
        if found.links is not None:
            return json_text({"key": found.key} | vars(found.links) | {"derivations": parts})
        return json_text(parts[0] if len(parts) == 1 else parts)
    head = [] if found.key is None or found.links is None else [number_text(found.key, found.links)]
    text = "\n\n".join([*head, *(derivation_text(each, unicode=form == "text") for each in formulas)])
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
