"""``regimes derive``: where a number comes from."""

from __future__ import annotations

import click

from regimes.cli.output import user_errors

__all__ = ["command"]


@click.command("derive", short_help="Print the checked derivation of a formula.")
@click.argument("name", required=False)
@click.option("--list", "listing", is_flag=True, help="List all formulas.")
@click.option("--latex", is_flag=True, help="Print LaTeX.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@user_errors
def command(name: str | None, listing: bool, latex: bool, as_json: bool) -> None:
    """Print the derivation of formula NAME: source, assumptions, and how each step was checked.

    \b
    regimes derive --list
    regimes derive collapse_time
    regimes derive clone_probability --latex
    """
    if listing == (name is not None):
        raise ValueError("derive: give the NAME of a formula, or --list to see all")
    if latex and as_json:
        raise ValueError("derive: give either --latex or --json, not both")
    from regimes.theory.catalogue import catalogue, formula

    if name is None:
        if as_json:
            from regimes.report.parts.files import json_text

            entries = [{"name": each.name, "title": each.title, "source": each.source} for each in catalogue()]
            click.echo(json_text(entries), nl=False)
            return
        width = max(len(each.name) for each in catalogue())
        for each in catalogue():
            click.echo(f"{each.name:<{width}}  {each.title}")
        return
    entry = formula(name)
    if latex:
        click.echo(entry.derivation_latex())
        return
    from regimes.report.formula.derivation import derivation_dict, derivation_text

    if as_json:
        from regimes.report.parts.files import json_text

        click.echo(json_text(derivation_dict(entry)), nl=False)
        return
    click.echo(derivation_text(entry), nl=False)
