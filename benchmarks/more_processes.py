"""Points that memory does not hold, by one process and by a local cluster that loses one of its own in the middle.

A file of normal points with a power-law covariance is made, and ``regimes predict`` run on it twice. Printed are the
time of a pass of reading, that of each run, the peak of memory of each process less that of ``regimes predict iris``,
and the largest relative difference between numbers and curves of the two. For Linux, whose /proc tells the peaks.

    python benchmarks/more_processes.py --gib 1 --memory 0.2 --probes 1024 --parts speciation,collapse
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROWS = 2**14


def make(path: Path, gib: float, d: int) -> int:
    """Write the points, and return how many there are."""
    n = round(gib * 2**30 / (4 * d))
    draw, scale = np.random.default_rng(0), np.arange(1, d + 1, dtype=np.float32) ** -0.5
    file = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(n, d))
    for start in range(0, n, ROWS):
        rows = min(ROWS, n - start)
        file[start : start + rows] = draw.standard_normal((rows, d), dtype=np.float32) * scale
    file.flush()
    return n


def reading(path: Path) -> float:
    """Seconds of a pass of reading."""
    start = time.perf_counter()
    with path.open("rb") as stream:
        while np.fromfile(stream, np.float32, 2**18).size:
            pass
    return time.perf_counter() - start


def peaks(process: int) -> dict[int, int]:
    """Peak of memory in bytes of a process and of all below it that are still there."""
    found, ahead = {}, [process]
    while ahead:
        one = ahead.pop()
        try:
            status = Path(f"/proc/{one}/status").read_text()
            ahead += (
                int(each) for task in Path(f"/proc/{one}/task").glob("*/children") for each in task.read_text().split()
            )
        except OSError:
            continue
        fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        if "VmHWM" in fields:
            found[one] = 1024 * int(fields["VmHWM"].split()[0])
    return found


def is_worker(process: int) -> bool:
    """Whether a process is one of the cluster's."""
    try:
        return b"spawn_main" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False


def run(arguments: list[str], kill_after: float | None = None) -> tuple[float, float, list[int], bool]:
    """Seconds, those of processors, peaks of memory (the command's first), and whether a process was killed."""
    start, before, killed = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN), False
    command = subprocess.Popen([sys.executable, "-m", "regimes", "predict", *arguments], stdout=subprocess.DEVNULL)
    highest: dict[int, int] = {}
    while command.poll() is None:
        for process, peak in peaks(command.pid).items():
            highest[process] = max(peak, highest.get(process, 0))
        if kill_after is not None and not killed and time.perf_counter() - start > kill_after:
            os.kill(next(filter(is_worker, highest)), signal.SIGKILL)
            killed = True
        time.sleep(0.1)
    if command.returncode:
        raise SystemExit(f"regimes predict {' '.join(arguments)} ended with {command.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    others = sorted((peak for process, peak in highest.items() if process != command.pid), reverse=True)
    return time.perf_counter() - start, busy, [highest[command.pid], *others], killed


def difference(one: object, other: object) -> float:
    """The largest relative difference between numbers that stand at one place; infinite where anything else differs."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return max((difference(one[key], other[key]) for key in one), default=0.0)
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return max(map(difference, one, other), default=0.0)
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) / max(abs(one), abs(other), sys.float_info.min)
    return 0.0 if one == other else float("inf")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gib", type=float, default=1.0, help="size of the file")
    parser.add_argument("--memory", default="0.2", help="as of regimes predict, of each process, in GiB")
    parser.add_argument("--dimensions", type=int, default=1024)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--folder", help="where the file is made")
    given, options = parser.parse_known_args()  # the others are for regimes predict
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        path = Path(folder) / "points.npy"
        n = make(path, given.gib, given.dimensions)
        print(f"{n} x {given.dimensions} float32, {path.stat().st_size / 2**30:.2f} GiB, --memory {given.memory}")
        print(f"a pass of reading                {reading(path):8.1f} s")
        *_, (least, *_), _ = run(["iris"])
        results = []
        where, kill_after = [], None
        for name in ("one process", f"local:{given.processes}, one killed"):
            output = Path(folder) / f"{len(results)}.json"
            seconds, busy, (own, *others), killed = run(
                [str(path), "--memory", given.memory, *options, *where, "-o", str(output)], kill_after
            )
            of = ", ".join(f"{(peak - least) / 2**20:.0f}" for peak in (own, *others) if peak > least / 2)
            print(
                f"{name:24} {seconds:16.1f} s {busy:8.1f} s cpu   MiB beyond {least / 2**20:.0f} of iris: {of}",
                flush=True,
            )
            results.append(json.loads(output.read_text()))
            where, kill_after = ["--scheduler", f"local:{given.processes}"], seconds / 2
        print(f"one was killed                   {killed!s:>8}, after half of the time of one process")
        one, other = ({"numbers": each["numbers"], "curves": each["curves"]} for each in results)
        print(f"largest relative difference      {difference(one, other):8.1e}")


if __name__ == "__main__":
    main()
