"""Excess entropy of 20000 points in 1024 dimensions at 20 times, against the method of the literature.

The literature estimates the entropy of the noised empirical law at each time by itself: fresh noise, all distances
anew, and the plug-in log-density at the sample. Here the same (mu, z) serves all times, the products are made once, and
the exponents are taken relative to that of the own point.

The figure of merit is time x variance: how long each takes for the same standard error. The ratio has two sources.

Time: one pair of products for all T times in place of T products, and vectorised exponentials in place of logsumexp.

Variance, by far the larger part. The plug-in log-density contains -|z|^2/2, of which only the mean d/2 is known: it
contributes d/2 squared nats to the variance of a sample (512 here) at every time, while H(index | x_t) itself lies
between 0 and log n = 9.9 nats. Relative to the own point |z|^2 cancels identically, and a sample is log(1 + S) >= 0,
which varies by a few nats around collapse and by nothing far from it. The pair +z, -z then cancels what is odd in z.

The baseline is run with fewer probes; its time per probe does not depend on their number, so that its time and the
variance of its mean are scaled linearly. A standard error below 1e-6 nats counts as 1e-6, about what rounding costs.
Data and noise are float32 on both sides; a pair +z, -z counts as one probe.
"""

from __future__ import annotations

import argparse
import json
import time
import tracemalloc

import numpy as np
from scipy.special import logsumexp

from regimes import compile_formula
from regimes.collapse import posterior_curves

_ROUNDING = 1e-6


def literature(X: np.ndarray, t: float, probes: int, generator: np.random.Generator, block: int = 128) -> np.ndarray:
    """Samples of d f^e at one time, in nats: log n + d/2 + d/2 log(2 pi Delta_t) + log P^e_t(x_t)."""
    n, d = X.shape
    decay, variance = np.float32(np.exp(-t)), np.float32(-np.expm1(-2 * t))
    norms = decay**2 * np.einsum("ij,ij->i", X, X)
    samples = []
    for start in range(0, probes, block):
        size = min(block, probes - start)
        z = generator.standard_normal((size, d), dtype=np.float32)
        x = decay * X[generator.integers(n, size=size)] + np.sqrt(variance) * z
        distance = np.einsum("ij,ij->i", x, x)[:, None] - 2 * decay * (x @ X.T) + norms
        normalisation = d / 2 * np.log(2 * np.pi * variance)
        log_density = logsumexp(-distance / (2 * variance), axis=1) - np.log(n) - normalisation
        samples.append(np.log(n) + d / 2 + normalisation + log_density)
    return np.concatenate(samples)


def seconds(function, *arguments, **options):
    start = time.perf_counter()
    result = function(*arguments, **options)
    return time.perf_counter() - start, result


def peak_bytes(function, *arguments, **options) -> int:
    tracemalloc.start()
    function(*arguments, **options)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def measure(n: int, d: int, times: int, probes: int, baseline_probes: int, groups: int) -> dict:
    generator = np.random.default_rng(0)
    X = generator.standard_normal((n, d), dtype=np.float32)
    t_C = float(compile_formula("collapse_time", target="numpy")(d, n, 1.0))
    t = np.geomspace(t_C / 4, 2 * t_C, times)
    options = {"rng": 1, "groups": groups, "products": "single"}
    posterior_curves(X, t, probes=16, **options)  # compiles, or loads the compiled kernel
    literature(X, t[0], 16, generator)
    spent, curves = seconds(posterior_curves, X, t, probes=probes, **options)
    spent_baseline, samples = seconds(lambda: np.array([literature(X, s, baseline_probes, generator) for s in t]))
    spent_baseline *= probes / baseline_probes
    error = curves.excess_entropy_se * np.log(n)
    error_baseline = samples.std(axis=1, ddof=1) / np.sqrt(probes)
    z = (samples.mean(axis=1) - curves.excess_entropy * np.log(n)) / np.hypot(
        samples.std(axis=1, ddof=1) / np.sqrt(baseline_probes), error
    )
    gain = spent_baseline * error_baseline**2 / (spent * np.maximum(error, _ROUNDING) ** 2)
    return {
        "n": n, "d": d, "t_C": t_C, "t": t.tolist(), "probes": probes, "baseline_probes_run": baseline_probes,
        "seconds": spent, "seconds_baseline_scaled": spent_baseline, "time_ratio": spent_baseline / spent,
        "standard_error_nats": error.tolist(), "standard_error_baseline_nats": error_baseline.tolist(),
        "time_x_variance_ratio": gain.tolist(),
        "ratio_worst": float(gain.min()), "ratio_median": float(np.median(gain)),
        "largest_deviation_in_standard_errors": float(np.abs(z).max()),
        "peak_bytes_beyond_data": peak_bytes(posterior_curves, X, t, probes=min(probes, 512), **options),
        "peak_bytes_beyond_data_baseline": peak_bytes(literature, X, t[0], min(baseline_probes, 128), generator),
        "data_bytes": X.nbytes,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="n = 2000, d = 64, 8 times: seconds, for a check only")
    parser.add_argument("-n", type=int, default=20000, help="number of points")
    parser.add_argument("-d", type=int, default=1024, help="dimension")
    parser.add_argument("--times", type=int, default=20, help="number of times from t_C/4 to 2 t_C")
    parser.add_argument("--probes", type=int, default=2048, help="probes of regimes")
    parser.add_argument("--baseline-probes", type=int, default=128, help="probes of the baseline, per time")
    parser.add_argument("--groups", type=int, default=0, help="groups of the jackknife, which the baseline lacks")
    chosen = parser.parse_args()
    size = (2000, 64, 8) if chosen.quick else (chosen.n, chosen.d, chosen.times)
    report = measure(*size, chosen.probes, chosen.baseline_probes, chosen.groups)
    print(f"n = {report['n']}, d = {report['d']}, t_C = {report['t_C']:.3f}, {report['probes']} probes")
    print("     t/t_C   s.e. (nats)   literature   time x variance")
    for row in zip(
        np.array(report["t"]) / report["t_C"], report["standard_error_nats"], report["standard_error_baseline_nats"],
        report["time_x_variance_ratio"], strict=True,
    ):  # fmt: skip
        print("{:10.3f} {:13.2e} {:12.2e} {:17.3g}".format(*row))
    print(
        f"equal probes: {report['seconds']:.2f} s against {report['seconds_baseline_scaled']:.2f} s (scaled linearly "
        f"from {report['baseline_probes_run']} probes), {report['time_ratio']:.0f} times"
    )
    print(f"time x variance: {report['ratio_worst']:.3g} at the worst time, {report['ratio_median']:.3g} at the median")
    print(f"largest disagreement: {report['largest_deviation_in_standard_errors']:.1f} standard errors")
    print(f"peak beyond the data: {report['peak_bytes_beyond_data'] / 2**20:.0f} MiB, of which a sorted copy is "
          f"{report['data_bytes'] / 2**20:.0f} MiB")  # fmt: skip
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
