"""What ``predict`` costs beside what ``regimes.prediction.dataset.cost`` says, of sizes it was fitted to and of others.

Run as ``python benchmarks/predict_cost.py measure FILE`` with one thread (OMP_NUM_THREADS=1, NUMBA_NUM_THREADS=1): each
size in a process of its own, processor seconds of each part, and the peak of the memory beyond that of a small set.
``fit FILE`` finds the constants anew from the first sizes, ``show FILE`` prints predicted over measured of all.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

FITTED = (
    (20000, 1024, 10), (3000, 5000, 3), (6000, 300, 10), (2500, 64, 30), (12000, 2500, 1), (40000, 100, 4),
    (5000, 6000, 2),
)  # fmt: skip
"""Points, dimensions, classes."""
OTHERS = (
    (10000, 784, 10), (50000, 48, 2), (4000, 1500, 50), (30000, 512, 1), (1797, 64, 10), (25000, 2000, 5),
    (9000, 4200, 1),
)  # fmt: skip
PARTS = {
    "near copies": "copies", "covariance": "spectrum", "directions": "directions", "posterior": "of_distinct",
    "held-out classes": "held_out", "bound": "bound", "fewer points": "by_size",
}  # fmt: skip


def product_rate() -> float:
    """Multiplications and additions in single precision a second of processor time, on one thread."""
    a, b = np.ones((1024, 1024), np.float32), np.empty((1024, 1024), np.float32)
    started = time.process_time()
    for _ in range(4):
        np.matmul(a, a, out=b)
    return 4 * 1024**3 / (time.process_time() - started)


def copy_rate() -> float:
    """Bytes copied a second of processor time."""
    a, b = np.ones(2**24), np.ones(2**24)
    started = time.process_time()
    for _ in range(4):
        np.copyto(b, a)
    return 4 * a.nbytes / (time.process_time() - started)


def resident(which: str) -> int:
    """Bytes in memory now, or at the peak."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.split(f"{which}:")[1].split()[0])


def data(n: int, d: int, classes: int) -> tuple[Any, Any]:
    """Points with a falling spectrum in classes, in single precision."""
    draw = np.random.default_rng(0)
    X = draw.standard_normal((n, d), dtype=np.float32) * np.arange(1, d + 1, dtype=np.float32) ** -0.4
    y = np.arange(n) % classes
    X += 1.5 * draw.standard_normal((classes, d), dtype=np.float32)[y] * (d**-0.5)
    return X, y if classes > 1 else None


def measured(n: int, d: int, classes: int) -> dict[str, Any]:
    """Processor seconds of each part and peak memory of one size."""
    from regimes.datasets.points.loading import load_or_open
    from regimes.datasets.process.noise_schedule import noise_schedule
    from regimes.numerics.interface.progress import silent
    from regimes.prediction.dataset.found import PRECISION, Budget, Found

    def found(X: Any, y: Any) -> Found:
        budget = Budget(None, PRECISION, 0, 20, 2 * 2**30, silent)
        return Found(load_or_open(X, y), noise_schedule("ddpm-linear"), budget, True, None)

    small = found(*data(300, 20, 3))
    for name in PARTS.values():  # what is compiled or imported counts for no part
        getattr(small, name)
    X, y = data(n, d, classes)
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak from here on
    large, seconds, rates = found(X, y), {}, [product_rate(), product_rate()]
    for part, name in PARTS.items():
        started = time.process_time()
        getattr(large, name)
        seconds[part] = time.process_time() - started
        rates.append(product_rate())
    peak = resident("VmHWM") - before
    probes = large.posterior.probes
    speeds = dict(zip(PARTS, (rates[1:-1] + np.diff(rates[1:]) / 2).tolist(), strict=True))  # other work comes and goes
    return {
        "size": [n, d, classes], "probes": probes, "seconds": seconds, "bytes": peak,
        "products": speeds,
    }  # fmt: skip


def work(row: dict[str, Any]) -> Any:
    """The same work as the model has it."""
    from regimes.prediction.dataset.cost import Work

    n, d, classes = row["size"]
    itemsize = 4 if n * d >= 2**24 else 8
    return Work(n, d, classes, 44, row["probes"], 20, itemsize, ("speciation", "classes", "collapse"), 2 * 2**30)


def fit(rows: list[dict[str, Any]]) -> None:
    """Constants that are not negative, with the least squared errors, relative for parts of over a tenth of all."""
    from scipy.optimize import nnls

    from regimes.prediction.dataset.cost import COSTS

    kinds, left, right = list(COSTS), [], []
    for row in rows:
        least = sum(row["seconds"].values()) / 10
        for part, counts in work(row).operations().items():
            seconds = row["seconds"][part]
            weight = 1 / max(seconds, least)
            left.append([weight * counts.get(kind, 0.0) / row["products"][part] for kind in kinds])
            right.append(weight * seconds)
    for kind, value in zip(kinds, nnls(np.array(left), np.array(right))[0], strict=True):
        print(f'    "{kind}": {value:.3g},')


def show(rows: list[dict[str, Any]]) -> None:
    """Measured seconds and bytes, and predicted over measured, of each part and in all."""
    print("     n     d   K probes  seconds  ratio    MiB  ratio  of the parts, with seconds")
    for row in rows:
        said = work(row)
        expected = {part: said.seconds(row["products"][part])[part] for part in said.operations()}
        took = sum(row["seconds"][part] for part in expected)
        each = "  ".join(
            f"{part} {expected[part] / max(row['seconds'][part], 1e-3):.2f} ({row['seconds'][part]:.1f})"
            for part in expected
        )
        n, d, classes = row["size"]
        print(
            f"{n:6} {d:5} {classes:3} {row['probes']:6} {took:8.1f} {sum(expected.values()) / took:6.2f} "
            f"{row['bytes'] / 2**20:6.0f} {said.bytes() / row['bytes']:6.2f}  {each}"
        )


def main() -> None:
    """Measure, fit or show."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("measure", "one", "fit", "show"))
    parser.add_argument("where")
    asked = parser.parse_args()
    if asked.what == "one":
        print(json.dumps(measured(*map(int, asked.where.split(",")))))
        return
    path = Path(asked.where)
    rows = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    if asked.what == "measure":
        done = {tuple(row["size"]) for row in rows}
        for size in (size for size in (*FITTED, *OTHERS) if size not in done):
            command = [sys.executable, __file__, "one", ",".join(map(str, size))]
            with path.open("a") as file:
                file.write(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        return
    fitted = [row for row in rows if tuple(row["size"]) in FITTED]
    if asked.what == "fit":
        fit(fitted)
        return
    speeds = [rate for row in rows for rate in row["products"].values()]
    print(f"products a second: {min(speeds):.3g} to {max(speeds):.3g}, mean {np.mean(speeds):.3g}")
    print(f"bytes copied a second, now: {copy_rate():.3g}")
    print("fitted")
    show(fitted)
    print("not fitted")
    show([row for row in rows if tuple(row["size"]) not in FITTED])


if __name__ == "__main__":
    main()
