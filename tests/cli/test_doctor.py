"""What an installation is, at the command line."""

import json
from importlib.metadata import PackageNotFoundError, version

from click.testing import CliRunner

from regimes.cli import main
from regimes.numerics.compiled import installation


def run(*arguments):
    result = CliRunner().invoke(main, ["doctor", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_versions_and_extras_are_those_of_this_environment():
    found = json.loads(run("--json"))
    assert found["packages"]["numpy"] == version("numpy")
    assert set(found["extras"]) >= {"simulate", "distributed", "formats", "homology"}
    assert not {"test", "docs"} & set(found["extras"])
    text = run()
    assert f"numpy {version('numpy')}" in text
    assert found["cache"]["folder"] in text


def test_what_is_missing_is_said_with_how_to_get_it(monkeypatch):
    def lacking(name):
        if name in ("torch", "zarr"):
            raise PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(installation, "version", lacking)
    text = run()
    assert 'torch missing; pip install "regimes[simulate]"' in text
    assert "zarr missing" in text
    assert "none: torch is missing" in text
