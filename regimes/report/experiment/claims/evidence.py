"""Values of the ledger's numbers, from stored results of experiments and from commands.

``python -m regimes.report.experiment.claims.evidence FOLDER`` writes the shipped file from the results in a folder.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from regimes.report.experiment.claims.ledger import EVIDENCE, place, written
from regimes.report.parts.files import json_text

__all__ = ["found"]


def found(results: Path) -> dict[str, Any]:
    """Of each result and command: the command, and the numbers that the ledger names with their errors."""
    wanted: dict[str, list[str]] = {}
    for row in written():
        for each in row["evidence"]:
            if "page" not in each:
                wanted.setdefault(place(each), []).append(each["key"])
    return {where: _numbers(where, keys, _result(where, results)) for where, keys in wanted.items()}


def _result(where: str, results: Path) -> dict[str, Any]:
    program, *arguments = where.split()
    if program == "regimes":
        command = [sys.executable, "-m", "regimes", *arguments, "--json"]
        text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    else:
        text = (results / f"{where}.json").read_text(encoding="utf-8")
    read: dict[str, Any] = json.loads(text)
    return read


def _numbers(where: str, keys: list[str], result: Mapping[str, Any]) -> dict[str, Any]:
    numbers = {key: [result["numbers"][key]["value"], result["numbers"][key]["error"]] for key in sorted(set(keys))}
    return {"command": result["settings"].get("command", where), "numbers": numbers}


if __name__ == "__main__":
    EVIDENCE.write_text(json_text(found(Path(sys.argv[1]))), encoding="utf-8")
