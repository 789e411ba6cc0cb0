"""Sessions for daily work: nox -s tests lint. What decides is .ci/run, which runs all of it from a clean checkout."""

from __future__ import annotations

from pathlib import Path

import nox

nox.options.sessions = ["lint", "types", "imports", "tests"]
nox.options.reuse_existing_virtualenvs = True


def install(session: nox.Session, extras: str) -> None:
    session.install("-c", "constraints.txt", "-e", f".[{extras}]")


@nox.session
def tests(session: nox.Session) -> None:
    install(session, "simulate,test")
    session.run("pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    install(session, "test")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session
def types(session: nox.Session) -> None:
    install(session, "simulate,test")
    session.run("mypy")


@nox.session
def imports(session: nox.Session) -> None:
    install(session, "test")
    session.run("lint-imports")


@nox.session
def docs(session: nox.Session) -> None:
    install(session, "simulate,docs")
    session.run("sphinx-build", "-W", "--keep-going", "-b", "html", "docs", "docs/_build/html")


@nox.session
def wheel(session: nox.Session) -> None:
    session.install("-c", "constraints.txt", "build")
    out = Path(session.create_tmp())
    session.run("python", "-m", "build", "--wheel", "--outdir", str(out))
    session.install("-c", "constraints.txt", str(max(out.glob("*.whl"), key=lambda path: path.stat().st_mtime)))
    session.cd(out)
    session.run("regimes", "--version")
    session.run("regimes", "predict", "digits")
