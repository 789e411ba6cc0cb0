"""Clusters of a 512 x 512 grid at fifty fractions of kept points, against labelling the clusters at each of them.

Both sides give the largest cluster, the mean size of the others and whether one spans, for one random order and fifty
values of lambda. With nearest neighbours the baseline is scipy.ndimage.label; with all neighbours within four steps it
is the faster of two ways in scipy: connected components of the graph of the kept points, or labels of the eight nearest
neighbours, joined afterwards by connected components wherever two of them lie within four steps of each other. Ours
includes the random order, the margins, and the binomial average; theirs includes a random field to cut at each lambda.
Labels and union-find are compared on one order before anything is timed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from regimes.numerics.composition.lattice.lattice import Lattice
from regimes.numerics.composition.lattice.lattice_percolation import lattice_percolation
from regimes.numerics.composition.lattice.neighbourhood import Neighbourhood, disc_neighbourhood
from regimes.numerics.composition.lattice.sequence import percolation_sequence

RADII = (1.0, 4.0)
TARGET = 20
LAMBDAS = np.linspace(0.01, 0.99, 50)
Row = tuple[int, int, bool]


def summary(labels: np.ndarray, count: int, depth: int) -> Row:
    """Largest size, sum of squares, and whether the bands at the first and last rows share a label."""
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    first = np.zeros(count + 1, bool)
    first[labels[:depth]] = True
    first[0] = False
    return int(sizes.max(initial=0)), int(sizes @ sizes), bool(first[labels[-depth:]].any())


def by_label(field: np.ndarray, lambdas: np.ndarray, depth: int) -> list[Row]:
    return [summary(*ndimage.label(field < value), depth) for value in lambdas]


def half(neighbourhood: Neighbourhood) -> list[tuple[int, int]]:
    return [(dy, dx) for dy, dx in neighbourhood.offsets.tolist() if (dy, dx) > (0, 0)]


def shifted(array: np.ndarray, dy: int, dx: int) -> tuple[np.ndarray, np.ndarray]:
    """The array and itself moved by (dy, dx), where both exist; dy is not negative."""
    rows, columns = array.shape
    first = array[: rows - dy, max(0, -dx) : columns - max(0, dx)]
    return first, array[dy:, max(0, dx) : columns - max(0, -dx)]


def by_graph(field: np.ndarray, lambdas: np.ndarray, depth: int, offsets: list[tuple[int, int]]) -> list[Row]:
    rows = []
    for value in lambdas:
        kept = field < value
        number = np.cumsum(kept.ravel(), dtype=np.int32).reshape(kept.shape) * kept
        ends = [[], []]
        for dy, dx in offsets:
            a, b = shifted(number, dy, dx)
            both = (a > 0) & (b > 0)
            ends[0].append(a[both])
            ends[1].append(b[both])
        count = int(number.max())
        i, j = (np.concatenate(side) - 1 for side in ends)
        graph = coo_array((np.ones(i.size, np.int8), (i, j)), shape=(count, count))
        clusters, labels = connected_components(graph, directed=False)
        full = np.zeros(kept.shape, np.int32)
        full[kept] = labels + 1
        rows.append(summary(full, clusters, depth))
    return rows


def by_joined_labels(field: np.ndarray, lambdas: np.ndarray, depth: int, offsets: list[tuple[int, int]]) -> list[Row]:
    far = [offset for offset in offsets if max(map(abs, offset)) > 1]
    rows = []
    for value in lambdas:
        labels, count = ndimage.label(field < value, np.ones((3, 3)))
        ends = [[], []]
        for dy, dx in far:
            a, b = shifted(labels, dy, dx)
            differ = (a != b) & (a > 0) & (b > 0)
            ends[0].append(a[differ])
            ends[1].append(b[differ])
        i, j = (np.concatenate(side) for side in ends)
        graph = coo_array((np.ones(i.size, np.int8), (i, j)), shape=(count + 1, count + 1))
        _, joined = connected_components(graph, directed=False)
        names, joined = np.unique(joined[1:], return_inverse=True)
        rows.append(summary(np.concatenate([[0], joined + 1])[labels], len(names), depth))
    return rows


def best(work: Callable[[], Any], repeats: int) -> float:
    spent = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    return min(spent)


def check(baseline: Callable[..., list[Row]], neighbourhood: Neighbourhood, depth: int, size: int) -> None:
    """The same order on both sides: all numbers must be equal."""
    field = np.random.default_rng(0).random((size, size))
    lambdas = LAMBDAS[::7]
    sequence = percolation_sequence(np.argsort(field, axis=None), Lattice(size, neighbourhood, depth=depth))
    kept = [(field < value).sum() for value in lambdas]
    ours = [(int(sequence.largest[k]), int(sequence.squares[k]), bool(k >= sequence.spanning)) for k in kept]
    if ours != baseline(field, lambdas, depth):
        raise SystemExit(f"{baseline} and union-find differ")


def measure_ratio(radius: float, size: int, repeats: int, threads: int, runs: int) -> dict[str, Any]:
    neighbourhood = disc_neighbourhood(radius)
    depth, offsets = max(1, int(radius / 2)), half(neighbourhood)
    baselines: dict[str, Callable[..., list[Row]]]
    if radius == 1:
        baselines = {"label": by_label}
    else:
        baselines = {
            "graph": lambda *given: by_graph(*given, offsets),
            "joined labels": lambda *given: by_joined_labels(*given, offsets),
        }
    for baseline in baselines.values():
        check(baseline, neighbourhood, depth, size)
    rng = np.random.default_rng(1)
    lattice, options = Lattice(size, neighbourhood, depth=depth), {"lambdas": LAMBDAS}
    ours = {
        "one run": lambda: lattice_percolation(lattice, runs=1, threads=1, **options),
        f"a run of {runs}": lambda: lattice_percolation(lattice, runs=runs, threads=1, **options),
        f"a run of {runs}, {threads} threads": lambda: lattice_percolation(
            lattice, runs=runs, threads=threads, **options
        ),
    }
    for work in ours.values():
        work()
    seconds: dict[str, float] = {}
    for _ in range(repeats):  # in turns, so that a busy moment of the machine meets all
        for name, work in ours.items():
            share = 1 if name == "one run" else runs
            seconds[name] = min(seconds.get(name, np.inf), best(work, 3 if share == 1 else 1) / share)
        for name, baseline in baselines.items():
            spent = best(lambda b=baseline: b(rng.random((size, size)), LAMBDAS, depth), 1)
            seconds[name] = min(seconds.get(name, np.inf), spent)
    theirs = min(baselines, key=lambda name: seconds[name])
    ratios = {name: seconds[theirs] / seconds[name] for name in ours}
    return {"radius": radius, "z": neighbourhood.z, "seconds": seconds, "baseline": theirs, "ratios": ratios}


_SCALING = """
import sys, time
sys.path.insert(0, {folder!r})
from percolation import LAMBDAS, Lattice, disc_neighbourhood, lattice_percolation

def resident(field):
    for line in open("/proc/self/status"):
        if line.startswith(field):
            return 1024 * int(line.split()[1])

neighbourhood = disc_neighbourhood({radius})
options = dict(runs=1, threads=1, lambdas=LAMBDAS)
grid = Lattice({size}, neighbourhood, periodic={periodic})
lattice_percolation(Lattice(64, neighbourhood, periodic={periodic}), **options)
open("/proc/self/clear_refs", "w").write("5")  # the largest size is counted from here
before = resident("VmRSS:")
start = time.perf_counter()
lattice_percolation(grid, **options)
spent = time.perf_counter() - start
for _ in range({repeats}):
    start = time.perf_counter()
    lattice_percolation(grid, **options)
    spent = min(spent, time.perf_counter() - start)
print(spent, resident("VmHWM:") - before)
"""


def measure_scaling(size: int, radius: float, periodic: bool) -> dict[str, float]:
    """Time of a run, and growth of the largest resident size (Linux) in a process of its own."""
    folder = str(__file__).rpartition("/")[0] or "."
    repeats = max(0, 2**22 // size**2)
    script = _SCALING.format(folder=folder, size=size, radius=radius, periodic=periodic, repeats=repeats)
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "0"}
    command = [sys.executable, "-c", script]
    output = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    seconds, peak = map(float, output.split())
    return {
        "size": size,
        "radius": radius,
        "periodic": periodic,
        "seconds": seconds,
        "ns_per_point": 1e9 * seconds / size**2,
        "peak_bytes": peak,
        "bytes_per_point": peak / size**2,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small grids and few repetitions: a check only")
    parser.add_argument("--repeats", type=int, default=5, help="turns of each side")
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    size, repeats, runs = (128, 1, 4) if chosen.quick else (512, chosen.repeats, 32)
    report: dict[str, Any] = {"load_before": os.getloadavg()[0], "size": size, "ratios": [], "scaling": []}
    print(f"load of the machine: {report['load_before']:.2f} before")
    for radius in RADII:
        row = measure_ratio(radius, size, repeats, chosen.threads, runs)
        report["ratios"].append(row)
        print(f"\n{size} x {size}, radius {radius:g} ({row['z']} neighbours), {LAMBDAS.size} lambdas, one order")
        for name, seconds in row["seconds"].items():
            ratio = f"{row['ratios'][name]:8.1f} x (target {TARGET})" if name in row["ratios"] else ""
            print(f"  {name:24s}{1e3 * seconds:10.2f} ms{ratio}")
    print("\none run, one thread, by the length of the grid")
    for radius in RADII:
        for length in (128, 256) if chosen.quick else (128, 256, 512, 1024, 2048, 4096):
            report["scaling"].append(measure_scaling(length, radius, False))
        report["scaling"].append(measure_scaling(256 if chosen.quick else 4096, radius, True))
    for row in report["scaling"]:
        print(
            f"  N = {row['size']:4d}, radius {row['radius']:g}, {'periodic' if row['periodic'] else 'open    '}: "
            f"{1e3 * row['seconds']:10.2f} ms, {row['ns_per_point']:6.1f} ns a point, "
            f"{row['peak_bytes'] / 2**20:7.1f} MiB, {row['bytes_per_point']:6.1f} bytes a point"
        )
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
