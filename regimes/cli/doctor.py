"""``regimes doctor``: what a report of a fault should hold."""

from __future__ import annotations

from typing import Any

import click

from regimes import __version__
from regimes.cli.output import user_errors

__all__ = ["command"]


@click.command("doctor", short_help="Print versions, extras, threads, device and cache, for a report of a fault.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@user_errors
def command(as_json: bool) -> None:
    """Print versions, extras that are installed or missing, threads, device of torch and the cache of compiled code.

    \b
    regimes doctor
    """
    from regimes.numerics.compiled.installation import installation

    found = {"regimes": __version__} | installation()
    found["device"] = _device(found)
    if as_json:
        from regimes.report.parts.files import json_text

        click.echo(json_text(found), nl=False)
        return
    for name, text in _lines(found):
        click.echo(f"{name:<12}{text}")


def _device(found: dict[str, Any]) -> str | None:
    """Where simulations would run; None without torch."""
    if found["torch"] is None:
        return None
    from regimes.validation.sampling import choose_device

    return str(choose_device())


def _lines(found: dict[str, Any]) -> list[tuple[str, str]]:
    cache = found["cache"]
    where = f"{cache['folder']}, {cache['files']} files, {cache['bytes'] / 2**20:.1f} MiB"
    if not cache["kept"]:
        where += "; not kept between processes: name a folder that you can write to in REGIMES_CACHE_DIR"
    lines = [
        ("regimes", f"{found['regimes']} in {found['folder']}"),
        ("python", f"{found['python']} on {found['platform']}"),
        ("processors", str(found["processors"])),
        ("threads", ", ".join(f"{name} {count}" for name, count in found["threads"].items())),
        ("packages", _versions(found["packages"]) or "not known: regimes is not installed, but found on the path"),
    ]
    for extra, packages in found["extras"].items():
        missing = [name for name, version in packages.items() if version is None]
        advice = f'; pip install "regimes[{extra}]"' if missing else ""
        lines.append((extra, _versions(packages) + advice))
    lines.append(("device", found["device"] or "none: torch is missing"))
    return [*lines, ("cache", where)]


def _versions(packages: dict[str, str | None]) -> str:
    return ", ".join(f"{name} {version or 'missing'}" for name, version in packages.items())
