"""The directive ``command-output``: runs the command line of the package and shows what it prints."""

import os
import shlex
import subprocess
import sys
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from tempfile import TemporaryDirectory

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

COLUMNS = 92


NEWCOMERS = Path(__file__).parents[2] / "tests" / "newcomers.py"


@cache
def folder():
    """A folder with the files that examples name; it lasts as long as the process."""
    spec = spec_from_file_location("newcomers", NEWCOMERS)
    newcomers = module_from_spec(spec)
    spec.loader.exec_module(newcomers)
    made = TemporaryDirectory()
    newcomers.write_files(Path(made.name))
    return made


class CommandOutput(SphinxDirective):
    """Show a ``regimes`` command with its real output; the page is not built if the command fails."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        command = self.arguments[0]
        words = shlex.split(command)
        if words[:1] != ["regimes"]:
            raise self.error(f"command-output: the command must begin with regimes, got {command}")
        result = subprocess.run(
            [sys.executable, "-m", *words],
            capture_output=True,
            text=True,
            encoding="utf-8",
            stdin=subprocess.DEVNULL,
            cwd=folder().name,
            env=os.environ | {"COLUMNS": str(COLUMNS), "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"},
        )
        if result.returncode:
            raise self.error(f"command-output: {command} failed:\n{result.stderr}")
        output = "\n".join(line.rstrip() for line in result.stdout.rstrip().splitlines())
        text = f"$ {command}\n{output}"
        block = nodes.literal_block(text, text)
        block["language"] = "text"
        return [block]


def setup(app):
    app.add_directive("command-output", CommandOutput)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
