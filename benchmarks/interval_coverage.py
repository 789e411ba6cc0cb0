"""Whether every interval that predict prints holds what it claims to hold: families with known truth, drawn many times.

    python benchmarks/interval_coverage.py FILE.jsonl --draws 1000 --probes 2048 --workers 2 --minutes 60
    python benchmarks/interval_coverage.py FILE.jsonl --summary --out docs/results/coverage.md
    python benchmarks/interval_coverage.py --check

FILE.jsonl gets a line a draw. A run goes on where the last one stopped, so that 1000 draws of all cells (about ten
hours of one processor for the small ones, more for 2560 x 256) can be had in pieces; what did not run is listed. A draw
is made from its family, cell and number alone: neither order nor workers change it. --check holds the truths against a
second method.

Two-sided intervals of the population's numbers (Lambda, direction, collapse) should hold the truth in 95% of draws; the
lower limit of the class time and the bound on collapse are one-sided. Class and point times of a model that has
memorised are those of the very points drawn: their truth is measured with other, more probes in one draw of four, and
its error is added to the interval's in quadrature. A value that is missing counts as no time.

The file is not called coverage.py, since numba imports the package of that name from beside any script that runs here.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import time
import zlib
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import numpy as np
from families.measures import cells, table
from families.models import FAMILIES
from families.truths import checks, of_points

CELLS = ((20, 40), (80, 40), (400, 40), (128, 256), (512, 256), (2560, 256))
"""Points and dimensions: n/d is 0.5, 2 and 10."""

KEYS = (
    "speciation.Lambda", "speciation.spectral_time", "speciation.class_time", "speciation.class_time_memorised",
    "collapse.time", "collapse.point_time", "collapse.bound",
)  # fmt: skip

MORE = 4
"""Probes behind the truth of these points, as a multiple of those behind the prediction."""

EVERY = 4
"""One draw in so many brings the truth of its own points, which takes as long as the prediction."""

Task = tuple[str, int, int, int]


def drawn(task: Task, probes: int | None = None) -> dict[str, Any]:
    """One draw of one cell: the numbers that predict gives, without the curves beside them, and their truth."""
    from regimes.datasets.points.loading import load_dataset
    from regimes.datasets.process.noise_schedule import noise_schedule
    from regimes.prediction.dataset.found import PRECISION, Budget, Found
    from regimes.prediction.dataset.parts import rows_of
    from regimes.prediction.dataset.predict import PARTS

    family, n, d, draw = task
    start = time.process_time()
    seeds = np.random.SeedSequence([zlib.crc32(family.encode()), n, d, draw]).generate_state(3)
    X, labels = FAMILIES[family](d).draw(n, np.random.default_rng(seeds[0]))
    line: dict[str, Any] = {"family": family, "n": n, "d": d, "draw": draw, "numbers": {}, "within": {}}
    try:
        budget = Budget(probes, PRECISION, int(seeds[1]), groups=20, memory=2 * 2**30, progress=None)
        found = Found(load_dataset(X, labels), noise_schedule("ddpm-linear"), budget, center=True, times=None)
        numbers = rows_of(found, PARTS)
    except ValueError as refused:
        return line | {"refused": str(refused), "seconds": time.process_time() - start}
    for key in KEYS:
        if key in numbers:
            number = numbers[key]
            line["numbers"][key] = {name: getattr(number, name) for name in ("value", "estimate", "interval")}
    line["seconds"] = round(time.process_time() - start, 2)
    if draw % EVERY == 0:
        line["within"] = of_points(X, labels, MORE * found.posterior.probes, int(seeds[2]))
    return line


def read(path: Path) -> list[dict[str, Any]]:
    """Lines that are whole: the last one may have been cut off."""
    found = []
    for line in path.read_text("utf-8").splitlines() if path.exists() else ():
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return found


def missing(asked: argparse.Namespace, done: list[dict[str, Any]]) -> list[Task]:
    """Draws that are asked for and not there, the first of every cell before the second of any, small cells first."""
    there = {(each["family"], each["n"], each["d"], each["draw"]) for each in done}
    families = asked.families or list(FAMILIES)
    shapes = [cell for cell in CELLS if not asked.only or f"{cell[0]}x{cell[1]}" in asked.only]
    wanted = (
        (family, *shape, draw)
        for draw in range(asked.first, asked.first + asked.draws)
        for shape in shapes
        for family in families
    )
    return [task for task in wanted if task not in there]


def run(path: Path, tasks: list[Task], probes: int | None, workers: int, minutes: float) -> None:
    """Append a line a draw until all are there or the time is over."""
    end = time.monotonic() + 60 * minutes
    with path.open("a", encoding="utf-8") as file:

        def keep(line: dict[str, Any]) -> None:
            file.write(json.dumps(line) + "\n")
            file.flush()

        if path.stat().st_size and not path.read_bytes().endswith(b"\n"):
            file.write("\n")
        if workers == 1:
            for task in tasks:
                if time.monotonic() > end:
                    return
                keep(drawn(task, probes))
            return
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
            os.environ[name] = "1"
        with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
            waiting = iter(tasks)
            running = {pool.submit(drawn, task, probes) for task, _ in zip(waiting, range(workers), strict=False)}
            while running:
                ready = next(as_completed(running))
                running.remove(ready)
                keep(ready.result())
                task = next(waiting, None) if time.monotonic() < end else None
                if task is not None:
                    running.add(pool.submit(drawn, task, probes))


def left(asked: argparse.Namespace, done: list[dict[str, Any]]) -> str:
    """What has not run, by cell."""
    counted: dict[tuple[int, int], dict[str, int]] = {}
    for family, n, d, _ in missing(asked, done):
        of = counted.setdefault((n, d), {})
        of[family] = of.get(family, 0) + 1
    if not counted:
        return f"All of {asked.draws} draws a cell have run."
    lines = [
        f"- {n} x {d}: " + ", ".join(f"{number} of {family}" for family, number in of.items())
        for (n, d), of in counted.items()
    ]
    return "\n".join([f"Of {asked.draws} draws a cell these have not run:", "", *lines])


def check() -> None:
    for name, truth, other, error in checks(samples=20000):
        print(f"{name:28} {truth:8.4f} {other:8.4f}({error:.4f})  z {(other - truth) / error:+.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, nargs="?", help="lines of draws, read and appended to")
    parser.add_argument("--draws", type=int, default=1000, help="of each cell")
    parser.add_argument("--first", type=int, default=0, help="number of the first draw: others are other data")
    parser.add_argument("--probes", type=int, help="of each prediction; default: those of predict")
    parser.add_argument("--families", action="append", choices=list(FAMILIES), help="a family; may be repeated")
    parser.add_argument(
        "--only", action="append", choices=[f"{n}x{d}" for n, d in CELLS], help="a cell; may be repeated"
    )
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=1e6, help="no draw is begun after these")
    parser.add_argument("--summary", action="store_true", help="only the table of what is there")
    parser.add_argument("--check", action="store_true", help="hold the truths against a second method")
    parser.add_argument("--out", type=Path, help="Markdown of the table")
    asked = parser.parse_args()
    if asked.check:
        check()
        return
    if asked.file is None:
        parser.error("name a file for the draws")
    if not asked.summary:
        run(asked.file, missing(asked, read(asked.file)), asked.probes, asked.workers, asked.minutes)
    done = read(asked.file)
    text = f"{table(cells(done))}\n\n{left(asked, done)}\n"
    refused = {each["refused"] for each in done if "refused" in each}
    text += "".join(f"\nRefused: {each}\n" for each in sorted(refused))
    print(text)
    if asked.out:
        asked.out.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
