"""What ``predict`` costs of data that lie on disk and never in memory: passes, seconds against their least, and peak.

``python benchmarks/on_disk.py make FILE --gigabytes 5`` writes an ``.npy`` file of classes with a falling spectrum, a
block at a time. ``run FILE`` predicts from it within ``--memory`` gibibytes in a process of its own on one thread and
prints the bytes it read, in files' sizes (its passes), the largest resident memory, and its processor seconds over
those of reading the file as often and of the matrix products alone, at the rates measured just before and after. With
``--workers 2`` the same is done by two processes of Dask on this machine, one of which is killed halfway, and every
number is compared.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")

import numpy as np

BLOCK = 2**25


def make(path: Path, gigabytes: float, d: int, classes: int) -> None:
    """Points in single precision, labels in a file beside them."""
    draw, n = np.random.default_rng(0), int(gigabytes * 1e9 / (4 * d))
    scale = np.arange(1, d + 1, dtype=np.float32) ** -0.4
    centres = 1.5 * draw.standard_normal((classes, d), dtype=np.float32) * d**-0.5
    y = draw.integers(classes, size=n)
    rows = max(1, BLOCK // (4 * d))
    with path.open("wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": (n, d)}
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, n, rows):
            some = y[start : start + rows]
            file.write((draw.standard_normal((len(some), d), dtype=np.float32) * scale + centres[some]).tobytes())
    np.save(labels(path), y)


def labels(path: Path) -> Path:
    """Where the labels of a file lie."""
    return path.with_suffix(".labels.npy")


def reading(path: Path) -> float:
    """Processor seconds of reading a file once."""
    buffer, started = bytearray(BLOCK), time.process_time()
    with path.open("rb", buffering=0) as file:
        while file.readinto(buffer):
            pass
    return time.process_time() - started


def predicted(path: Path, options: argparse.Namespace) -> tuple[dict[str, Any], dict[str, float]]:
    """Result of a run in a process of its own, and what it took."""
    command = [sys.executable, "-m", "regimes", "predict", str(path), "--memory", str(options.memory), "--json"]
    command += ["--parts", options.parts]
    command += ["--labels", str(labels(path))] if options.classes else []
    taken, started = {"read": 0.0}, time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        threading.Thread(target=watch, args=(process.pid, taken), daemon=True).start()
        assert process.stdout is not None
        text = process.stdout.read()
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    taken |= {"cpu": usage.ru_utime + usage.ru_stime, "wall": time.perf_counter() - started}
    return json.loads(text), taken | {"peak": usage.ru_maxrss * 1024.0}


def watch(pid: int, taken: dict[str, float]) -> None:
    """Bytes that a process has read, as long as it lives."""
    while True:
        try:
            taken["read"] = float(Path(f"/proc/{pid}/io").read_text().split()[1])
        except (FileNotFoundError, ProcessLookupError, IndexError):
            return
        time.sleep(0.1)


def products(result: dict[str, Any], options: argparse.Namespace) -> float:
    """Multiplications and additions of the matrix products, as the cost model counts them."""
    from regimes.prediction.dataset.cost import COSTS, Work

    problem, settings = result["problem"], result["settings"]
    work = Work(
        problem["n"], problem["d"], max(len(problem["classes"]), 1), 44, settings["probes"], settings["groups"], 4,
        tuple(options.parts.split(",")), int(options.memory * 2**30), held=False,
    )  # fmt: skip
    return COSTS["product"] * sum(each.get("product", 0.0) for each in work.operations().values())


def run(path: Path, options: argparse.Namespace) -> None:
    """One run, beside the least that reading and products take."""
    from regimes.prediction.dataset.cost import product_rate

    before = reading(path), product_rate()
    result, taken = predicted(path, options)
    read, rate = (np.mean(each) for each in zip(before, (reading(path), product_rate()), strict=True))
    size, flops = path.stat().st_size, products(result, options)
    passes = taken["read"] / size
    least = passes * read + flops / rate
    print(f"{path.name}: {size / 1e9:.1f} GB, {result['problem']['n']} x {result['problem']['d']}, {options.parts}")
    print(f"reading {size / read / 1e9:.2f} GB a processor second, products {2 * rate / 1e9:.0f} GFlop, one thread")
    print(f"{passes:.1f} passes {passes * read:.0f} s, products {flops / rate:.0f} s: at least {least:.0f} s")
    print(f"took {taken['cpu']:.0f} s cpu ({taken['cpu'] / least:.2f} of the least), {taken['wall']:.0f} s wall")
    print(f"largest resident memory {taken['peak'] / 1e9:.3f} GB, --memory {options.memory:g} GiB")
    if options.workers:
        killed = on_processes(path, options)
        print(f"{options.workers} processes, one killed: largest relative difference {differ(result, killed):.1e}")


def on_processes(path: Path, options: argparse.Namespace) -> dict[str, Any]:
    """The same by processes of Dask, of which one is killed once the posterior is under way."""
    import distributed

    import regimes
    from regimes.numerics.interface.result import plain

    kinds = {"n_workers": options.workers, "threads_per_worker": 1, "memory_limit": None, "dashboard_address": ":0"}
    with distributed.LocalCluster(silence_logs=50, **kinds) as cluster, distributed.Client(cluster) as client:
        killed: list[int] = []

        def kill_one(part: str, done: int, total: int) -> None:
            if part == "posterior over the data" and 2 * done >= total and not killed:
                killed.append(next(iter(client.run(os.getpid).values())))
                os.kill(killed[0], signal.SIGKILL)

        found = regimes.predict(
            path, labels=labels(path) if options.classes else None, parts=options.parts.split(","),
            memory=int(options.memory * 2**30), scheduler=client, progress=kill_one,
        )  # fmt: skip
        assert killed, "no process was killed"
    written: dict[str, Any] = plain(found.to_dict())
    return written


def differ(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Largest relative difference of any number, or of its interval."""
    ratios = [0.0]
    for key, number in one["numbers"].items():
        for field in ("value", "low", "high"):
            a, b = number.get(field), other["numbers"][key].get(field)
            if isinstance(a, float) and isinstance(b, float) and a != b:
                ratios.append(abs(a - b) / max(abs(a), abs(b)))
    return max(ratios)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("make", "run"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--gigabytes", type=float, default=5.0)
    parser.add_argument("--dimensions", type=int, default=1024)
    parser.add_argument("--classes", type=int, default=0)
    parser.add_argument("--memory", type=float, default=2.0)
    parser.add_argument("--parts", default="speciation,collapse")
    parser.add_argument("--workers", type=int, default=0)
    options = parser.parse_args()
    if options.what == "make":
        make(options.file, options.gigabytes, options.dimensions, max(options.classes, 1))
    else:
        run(options.file, options)


if __name__ == "__main__":
    main()
