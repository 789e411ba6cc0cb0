"""What predict says about real sets that come in packages, beside references that use nothing of the package.

    python benchmarks/real_sets.py [--only SET] [--again] [--out FILE.json]

The packages are named in ``panel/sets.py``; one that is missing is skipped, and said. After each set FILE.json is
written whole, and at the end FILE.md beside it; a set that stands there is not done again without --again. The sets
take about six minutes of one processor.

References: clones under the exact score, drawn and counted (``panel/clones.py``), for the times of a model that has
memorised; classifiers of noised points, learned on one half and scored on the other (``panel/classifier.py``), for the
class time of one that generalises; the top variance of one half along the direction of the other
(``panel/directions.py``). For the collapse, predictions are made from a tenth of the points and held against
information and covariance of all of them.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np
from panel.classifier import classifier_time
from panel.clones import Clones, information_time, near_copies
from panel.crossings import Reference
from panel.directions import direction_time
from panel.sets import SETS, RealSet
from panel.verdicts import Entry, agrees, bound_holds, not_below, row, table, useful

import regimes


def gaussian_time(X: np.ndarray, n: int) -> float:
    """When a Gaussian of the covariance tells log n nats."""
    variances = np.clip(np.linalg.eigvalsh(np.cov(X.T)), 0, None)
    low, high = 1e-4, 20.0
    for _ in range(50):
        middle = np.sqrt(low * high)
        told = 0.5 * np.log1p(variances / np.expm1(2 * middle)).sum()
        low, high = (middle, high) if told > np.log(n) else (low, middle)
    return float(middle)


def gaussian_bound(X: np.ndarray, n: int) -> Reference:
    """The same with the covariance of all points, a little low; its error from how halves of them scatter."""
    rng = np.random.default_rng(5)
    halves = [gaussian_time(X[rng.permutation(len(X))[: len(X) // 2]], n) for _ in range(6)]
    return Reference(gaussian_time(X, n), float(np.std(halves)))


def examined(of: RealSet) -> Entry | None:
    """Predictions and references of one set; None where its package is missing."""
    start = time.process_time()
    points = of.points()
    if points is None:
        return None
    X, labels = points
    entry = Entry(of.name, of.about, *X.shape, int(labels.max()) + 1, regimes.__version__)
    result = regimes.predict(X, labels)
    numbers = result.numbers
    entry.warnings = list(result.warnings)
    clones, told = Clones(X), classifier_time(X, labels)
    number = max(len(X) // 10, min(40, len(X) // 4))
    part = np.sort(np.random.default_rng(4).permutation(len(X))[:number])
    fewer = regimes.predict(X[part], parts=["collapse"]).numbers
    entry.rows = [
        row("direction", numbers.get("speciation.spectral_time"), direction_time(X), agrees),
        row("direction, as class time", numbers.get("speciation.spectral_time"), told, useful),
        row("class", numbers.get("speciation.class_time"), told, not_below),
        row("class, memorised", numbers.get("speciation.class_time_memorised"), clones.class_time(labels), agrees),
        row("point", numbers.get("collapse.point_time"), clones.point_time(near_copies(X)), agrees),
        row("collapse", numbers.get("collapse.time"), None, agrees),
        row("bound", numbers.get("collapse.bound"), None, agrees),
        row("collapse, of a part", fewer.get("collapse.time"), information_time(X, number), agrees),
        row("bound, of a part", fewer.get("collapse.bound"), gaussian_bound(X, number), bound_holds),
    ]
    entry.seconds = round(time.process_time() - start, 1)
    return entry


def write(path: Path, content: str) -> None:
    """The whole file or none of it."""
    beside = path.with_name(path.name + ".part")
    beside.write_text(content, "utf-8")
    os.replace(beside, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=[each.name for each in SETS], help="a set; may be repeated")
    parser.add_argument("--again", action="store_true", help="also sets that are in the file already")
    parser.add_argument("--out", type=Path, help="JSON that is read and written; a table in Markdown stands beside it")
    asked = parser.parse_args()
    done: dict[str, Entry] = {}
    if asked.out and asked.out.exists():
        stored = json.loads(asked.out.read_text("utf-8"))
        done = {each["name"]: Entry.read(each) for each in stored["sets"]}
    for of in SETS:
        if (asked.only and of.name not in asked.only) or (of.name in done and not asked.again):
            continue
        entry = examined(of)
        if entry is None:
            print(f"{of.name}: skipped, {of.module} is not installed", flush=True)
            continue
        done[of.name] = entry
        print(f"{of.name}: {entry.seconds} s", flush=True)
        if asked.out:
            inside = [done[each.name].plain() for each in SETS if each.name in done]
            write(asked.out, json.dumps({"sets": inside}, indent=1) + "\n")
    shown = table([done[each.name] for each in SETS if each.name in done])
    print(shown)
    if asked.out:
        write(asked.out.with_suffix(".md"), shown + "\n")


if __name__ == "__main__":
    main()
