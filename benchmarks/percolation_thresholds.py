"""Measures the thresholds that regimes.composition.lattice_threshold tabulates, and how far its fit is off elsewhere.

Run as ``python benchmarks/percolation_thresholds.py table`` (all discs of the square lattice up to radius 10; about
half an hour on two cores), ``discs`` (larger ones) or ``shapes`` (uneven steps, and images sampled at pixels). A line
holds the neighbourhood, its number of neighbours, the threshold extrapolated from clusters that wind around tori, its
standard error, chi-square of the extrapolation, and the relative deviation of the fit.
"""

import argparse
import math

from regimes import compile_formula
from regimes.composition import Neighbourhood, bump_neighbourhood, disc_neighbourhood, extrapolated_threshold

TABLE = sorted({i * i + j * j for i in range(11) for j in range(11)} - {0})
TABLE = [squared for squared in TABLE if squared <= 100]
DISCS = [144, 225, 400, 900]
STEPS = [(step * rows, (step, 1.0)) for step in (1.5, 2.0, 3.0, 5.0, 8.0) for rows in (1.02, 1.42, 2.03, 3.2)]
PIXELS = [0.35, 0.4, 0.5, 0.55]


def measured(neighbourhood: Neighbourhood, seed: int) -> tuple[float, float, float]:
    wide = max(neighbourhood.reach) > 6
    sizes, runs = ((256, 512, 1024), 1000) if wide else ((128, 256, 512), 4000)
    if max(neighbourhood.reach) > 12:
        sizes, runs = (512, 1024, 2048), 100
    found = extrapolated_threshold(neighbourhood, sizes=sizes, runs=runs, rng=seed)
    return found.threshold, found.threshold_se, found.chi_square


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("table", "discs", "shapes"))
    what = parser.parse_args().what
    if what == "shapes":
        chosen = {f"radius {r:.4g} steps {steps}": disc_neighbourhood(r, steps=steps) for r, steps in STEPS}
        chosen |= {f"pixels sigma {sigma}": bump_neighbourhood(sigma, pixels=True) for sigma in PIXELS}
    else:
        squares = TABLE if what == "table" else DISCS
        chosen = {f"radius^2 {squared}": disc_neighbourhood(math.sqrt(squared)) for squared in squares}
    fit = compile_formula("percolation_threshold_fit", target="numpy")
    for seed, (name, neighbourhood) in enumerate(chosen.items()):
        value, error, chi_square = measured(neighbourhood, seed)
        deviation = float(fit(neighbourhood.z)) / value - 1
        numbers = f"{value:.6f}  {error:.6f}  chi^2 {chi_square:5.2f}  fit {deviation:+.2%}"
        print(f"{name:>24}  z {neighbourhood.z:5d}  {numbers}", flush=True)


if __name__ == "__main__":
    main()
