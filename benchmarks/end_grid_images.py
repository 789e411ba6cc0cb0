"""Images of trained denoisers with the grid that is best for final samples, against those of other grids.

The denoisers of digits of the experiment steps (three trainings, kept or made), its grids and its distances: energy
distance from images held out, by pixels and with all directions alike. The grids of that experiment do not hold the
one that is best for the final samples of the Gaussian. Means over trainings, and by the 95% interval (Student) of the
difference over trainings whether that grid is nearer (<), farther (>) or not told (=).
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import stdtrit

from regimes.numerics.decisions.best_end_grid import best_end_grid
from regimes.numerics.decisions.components import Components
from regimes.numerics.decisions.step_grid import StepGrid
from regimes.numerics.estimation.streams import Stream
from regimes.numerics.interface.progress import silent
from regimes.numerics.posterior.spectrum import covariance_spectrum
from regimes.prediction.decisions.steps import gaussians_of
from regimes.validation.experiments.runner.labelled_denoisers import DIGITS, labelled_denoiser
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.experiments.steps.distance import energy_distance
from regimes.validation.experiments.steps.grids import GRIDS, grid_of, sampler_times, snr_levels
from regimes.validation.sampling import NoiseStream, backward

END = "best for samples"
CALLS = (5, 10, 20)
IMAGES = 1200


def grid(name: str, calls: int, data: Components) -> StepGrid:
    if name != END:
        return grid_of(name, calls, data, denoises=True)
    first, last = snr_levels(2)
    return best_end_grid(data, calls, float(first), float(last), denoises=True)


def distances(number: int, seed: int, store: Any) -> NDArray[np.float64]:
    """Of the images of each number of calls and grid, in pixels and whitened, (C, G, 2)."""
    noise = NoiseStream(seed, Stream.STEPS).substream(99, number)
    trained = labelled_denoiser(DIGITS, number, Bench(noise, torch.device("cpu"), store, silent, seed))
    data = gaussians_of(covariance_spectrum(trained.train.X))[0]
    variances, axes = np.linalg.eigh(np.cov(trained.train.X.T))
    white = axes / np.sqrt(np.maximum(variances, 0.0) + 1 / snr_levels(2)[-1])
    found = np.empty((len(CALLS), len(GRIDS) + 1, 2))
    for row, calls in enumerate(CALLS):
        for place, name in enumerate((END, *GRIDS)):
            stream = noise.substream(row, place)
            start = stream.substream(0).normal(0, 0, IMAGES, (1, trained.side, trained.side))
            times = sampler_times(grid(name, calls, data))
            with torch.no_grad():
                made = backward(
                    trained.denoiser.score(), start, times, sampler="ancestral", noise=stream.substream(1), batch=64
                )
            images, others = made.double().numpy().reshape(IMAGES, -1), trained.held_out
            for kind, pair in enumerate(((images, others), (images @ white, others @ white))):
                found[row, place, kind] = energy_distance(*pair, stream.substream(2), permutations=1).value
    return found


def verdict(difference: NDArray[np.float64]) -> str:
    n = difference.size
    reach = stdtrit(n - 1, 0.975) * difference.std(ddof=1) / np.sqrt(n)
    return "=" if abs(difference.mean()) <= reach else "<" if difference.mean() < 0 else ">"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trainings", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    found = np.stack([distances(number, asked.seed, None) for number in range(asked.trainings)])
    for kind, of in enumerate(("pixels", "whitened")):
        print(f"{of}: mean of {asked.trainings} trainings (standard error)")
        for row, calls in enumerate(CALLS):
            print(f"  {calls} calls")
            for place, name in enumerate((END, *GRIDS)):
                each = found[:, row, place, kind]
                sign = "" if place == 0 else f"  {END} {verdict(found[:, row, 0, kind] - each)}"
                error = each.std(ddof=1) / np.sqrt(len(each))
                print(f"    {name:18s}{each.mean():.4f} ({error:.4f}){sign}")


if __name__ == "__main__":
    main()
