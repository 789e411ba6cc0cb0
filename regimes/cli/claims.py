"""``regimes claims``: what papers claim, and what came out."""

from __future__ import annotations

import click

from regimes.cli.output import user_errors

__all__ = ["command"]


@click.command("claims", short_help="List what papers claim, and what came out.")
@click.argument("paper", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@user_errors
def command(paper: str | None, as_json: bool) -> None:
    """List each claim of PAPER, or of all papers: what is published, what came out, its numbers with errors, and the
    commands that give them. Names of papers are those of the references, as biroli2024.

    \b
    regimes claims
    regimes claims biroli2024 --json
    """
    from regimes.report.experiment.claims.ledger import claims

    found = claims(paper)
    if as_json:
        from dataclasses import asdict

        from regimes.report.parts.files import json_text

        click.echo(json_text([asdict(each) for each in found]), nl=False)
        return
    from rich.console import Console

    from regimes.report.experiment.claims.table import table

    Console(highlight=False, markup=False, emoji=False).print(table(found))
