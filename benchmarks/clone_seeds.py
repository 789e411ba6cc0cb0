"""Whether clones of the quick form of mixture-clones deviate in one direction: mean z over many seeds.

    python benchmarks/clone_seeds.py --seeds 100

For two Gaussian classes, by branch and d: mean z over seeds and times, beside what steps explain. Steps are of first
order, so that the run that is compared is off by as much again as halving its steps changed, with the opposite sign.
About five seconds of one processor a seed.
"""

from __future__ import annotations

import argparse
import math
import sys

import numpy as np
import torch

from regimes.numerics.estimation.streams import Stream
from regimes.numerics.interface.checkpoints import Checkpoints
from regimes.validation.experiments.mixture_clones.experiment import PLAN, one_dimensional
from regimes.validation.experiments.mixture_clones.runs import CloneRuns, MixtureCurve
from regimes.validation.sampling import NoiseStream


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=100)
    asked = parser.parse_args()
    found: dict[MixtureCurve, list[tuple[float, float]]] = {}
    for seed in range(asked.seeds):
        runs = CloneRuns(NoiseStream(seed, Stream.MIXTURE_CLONES), torch.device("cpu"), Checkpoints(None, {}))
        for curve, point in one_dimensional(PLAN.quick, runs):
            if curve.mu != 1:
                break  # the others, with classes that overlap, come last
            found.setdefault(curve, []).append((point.z, -point.change / point.se))
        print(f"seed {seed + 1} of {asked.seeds}", file=sys.stderr)
    for curve, points in found.items():
        z, steps = np.array(points).T
        error = 1 / math.sqrt(z.size)
        print(
            f"{curve.branch:8} d = {curve.d:5}: mean z {z.mean():+.3f} +- {error:.3f} over {z.size} points (spread "
            f"{z.std():.2f}); steps explain {steps.mean():+.3f}; the rest {(z - steps).mean():+.3f}"
        )


if __name__ == "__main__":
    main()
