"""How long a first answer takes: commands as whole processes, one at a time, with an empty cache and with a warm one.

Processor seconds are what counts on a machine that does other work; wall seconds stand beside them. What is measured is
the package that Python finds: installed from a wheel it has its formulas with it, from a checkout it generates them.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time

COMMANDS = (  # with limits in seconds: with an empty cache, and with a warm one
    ("--version", 0.15, 0.15),
    ("--help", 0.15, 0.15),
    ("speciation --Lambda 7.66", 1.5, 0.4),
    ("speciation --dim 64 --mu 1 --sigma 1", 1.5, 0.4),
    ("collapse --dim 64 --samples 2000 --sigma 1", 1.5, 0.4),
    ("derive snr", 1.2, 0.4),
    ("derive clone_probability", 1.2, 0.4),
    ("predict digits", 9.0, 2.5),
    ("percolation --grid 64 --sigma 0.7", 6.0, 1.0),
    ("percolation digits", 7.0, 1.0),
    ("hierarchy --symbols 16 --rules 4 --depth 6 --exact", 12.0, 2.5),
)
REPEATS = 3


def seconds(command: str, cache: str) -> tuple[float, float]:
    """Processor and wall seconds of one process, children of it included."""
    environment = os.environ | {"REGIMES_CACHE_DIR": cache}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # or every start pays for byte code again
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [sys.executable, "-P", "-m", "regimes", *command.split()],
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - start
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def main() -> None:
    seconds("--version", tempfile.gettempdir())  # byte code of the package
    print(f"{'':60}{'empty cache':>26}{'limit':>7}{'warm cache':>26}{'limit':>7}")
    for command, limit, warm_limit in COMMANDS:
        empty, warm = [], []
        for _ in range(REPEATS):
            with tempfile.TemporaryDirectory() as cache:
                empty.append(seconds(command, cache))
                warm.append(seconds(command, cache))
        texts = [f"{min(each)[0]:8.2f} s cpu {min(each)[1]:8.2f} s wall" for each in (empty, warm)]
        print(f"{'regimes ' + command:60}{texts[0]:>26}{limit:7.2f}{texts[1]:>26}{warm_limit:7.2f}")


if __name__ == "__main__":
    main()
