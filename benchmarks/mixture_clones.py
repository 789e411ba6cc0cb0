"""phi(t) of two Gaussian classes from clones, at equal error, against Euler steps in d dimensions.

Both sides give phi at eight times, with the statistical error of 10 000 pairs each and a discretisation error of at
most a tenth of that at every time. The baseline is what scripts of the literature do: one tensor of clones in d
dimensions, equal Euler-Maruyama steps from t to 0, torch.randn. Three ways stand against it, all from noised data:

  projection      the same steps along the axis of the centres alone, which is exact; long ones after the decision
  extrapolation   long steps along the axis, and steps twice as long on the same path of the noise, extrapolated to
                  none; its time is multiplied by the factor by which its variance exceeds the binomial one
  exact kernel    clones drawn from P(x_0 | x_t) in one step, without discretisation: theory itself, not a test of it

Steps are chosen by the exact law of the discrete chain: P(m.x_0 > 0) given each state, by quadrature from step to
step. The baseline is timed over a few steps, all of which cost the same, and so many are counted; at d = 4096 with a
tenth of the pairs. Seconds are of processor time, so that other programs of the machine count less; ratios are of one
run.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from scipy.interpolate import CubicSpline
from scipy.special import ndtr

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.speciation.clone_probability import clone_probability
from regimes.validation.experiments.mixture_clones.runs import MixtureCurve
from regimes.validation.sampling import NoiseStream, clone_pairs, coupled_steps, halved_times, noised, sampler
from regimes.validation.scores import ProjectedMixtureScore

OFFSETS = (-0.9, -0.6, -0.3, 0.0, 0.3, 0.6, 0.9, 1.2)
PAIRS = 10_000
SHARE = 0.1
TARGET = 100
METHOD = "euler-maruyama"
LONG_STEPS = (0.12, 0.1, 0.08, 0.06, 0.05, 0.04, 0.03, 0.02)


def curve(d: int) -> MixtureCurve:
    return MixtureCurve(0, d, 1.0, OFFSETS)


def binomial(offset: float) -> tuple[float, float]:
    """Predicted phi, and its standard error."""
    phi = float(clone_probability(math.exp(-2 * offset)))
    return phi, math.sqrt(phi * (1 - phi) / PAIRS)


def chain_phi(d: int, times: np.ndarray) -> float:
    """phi of the discrete chain along the axis (sigma = 1), by quadrature over the noise of each step."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)
    weights /= weights.sum()
    step, distance = sampler(METHOD).weights(times), math.sqrt(d)
    score = compile_formula("mixture_score", target="numpy")
    u: Callable[[np.ndarray], np.ndarray] | None = None
    for k in range(len(times) - 2, -1, -1):
        reach = distance * math.exp(-times[k]) + 9
        x = reach * np.sinh(np.linspace(-4, 4, 801)) / math.sinh(4)
        mean = step.growth[k] * x + step.score[k] * score(x, times[k], distance, 1.0)
        value = ndtr(mean / step.noise[k]) if u is None else u(mean[:, None] + step.noise[k] * nodes) @ weights
        spline = CubicSpline(x, value)
        u = lambda y, spline=spline, reach=reach: np.clip(spline(np.clip(y, -reach, reach)), 0, 1)  # noqa: E731
    r = distance * math.exp(-times[0])
    y = np.linspace(-r - 9, r + 9, 4001)
    density = np.exp(-((y - r) ** 2) / 2) + np.exp(-((y + r) ** 2) / 2)
    p = u(y)
    return float(density @ (p**2 + (1 - p) ** 2) / density.sum())


def uniform_times(d: int, offset: float, step: float) -> np.ndarray:
    t = curve(d).t_S + offset
    return np.linspace(t, 0.0, math.ceil(t / step) + 1)


def error_of_steps(d: int, step: float) -> float:
    """Largest discretisation error over the times, in standard errors, of equal steps."""
    return max(abs(chain_phi(d, uniform_times(d, o, step)) - binomial(o)[0]) / binomial(o)[1] for o in OFFSETS)


def error_of_extrapolation(d: int, step: float) -> float:
    errors = []
    for offset in OFFSETS:
        of = curve(d)
        coarse = of.coarse_times(of.t_S + offset, 0.0, step)
        value = 2 * chain_phi(d, halved_times(coarse)) - chain_phi(d, coarse)
        errors.append(abs(value - binomial(offset)[0]) / binomial(offset)[1])
    return max(errors)


def plain_loop(x: torch.Tensor, m: torch.Tensor, t: float, step: float, steps: int) -> torch.Tensor:
    """Euler-Maruyama in d dimensions, sigma = 1."""
    clones = x.repeat(2, 1)
    for k in range(steps):
        now = t - k * step
        gamma = 1 - math.exp(-2 * now) + math.exp(-2 * now)
        field = math.exp(-now) / gamma
        score = -clones / gamma + m * field * torch.tanh((clones @ m)[:, None] * field)
        clones = clones + (clones + 2 * score) * step + math.sqrt(2 * step) * torch.randn_like(clones)
    return clones


def time_baseline(d: int, step: float, pairs: int, steps: int) -> float:
    """Seconds of all eight times, from a few steps at one of them."""
    m = torch.ones(d)
    x = torch.randn(pairs, d) + m * math.exp(-curve(d).t_S)
    start = time.process_time()
    plain_loop(x, m, curve(d).t_S, step, steps)
    one = (time.process_time() - start) / steps * PAIRS / pairs
    return one * sum(len(uniform_times(d, offset, step)) - 1 for offset in OFFSETS)


def starts(d: int, offset: float, seed: int) -> tuple[ProjectedMixtureScore, float, torch.Tensor, NoiseStream]:
    of, noise = curve(d), NoiseStream(seed)
    score, t = ProjectedMixtureScore(math.sqrt(d), 1.0), of.t_S + offset
    a, _ = score.draw(PAIRS, noise.substream(0), dtype=torch.float64)
    return score, t, noised(a, t, noise=noise.substream(1)), noise.substream(2)


def alike(ends: torch.Tensor) -> np.ndarray:
    return ((ends[0] > 0) == (ends[1] > 0)).numpy().ravel().astype(float)


def by_projection(d: int, offset: float, step: float, seed: int) -> np.ndarray:
    score, t, x, noise = starts(d, offset, seed)
    return alike(clone_pairs(score, x, halved_times(curve(d).coarse_times(t, 0.0, step)), sampler=METHOD, noise=noise))


def by_extrapolation(d: int, offset: float, step: float, seed: int) -> np.ndarray:
    score, t, x, noise = starts(d, offset, seed)
    times = curve(d).coarse_times(t, 0.0, step)
    fine, coarse = (
        alike(clone_pairs(score, x, **coupled_steps(times, METHOD, noise, coarse=each))) for each in (False, True)
    )
    return 2 * fine - coarse


def by_exact_kernel(d: int, offset: float, step: float, seed: int) -> np.ndarray:
    score, t, x, noise = starts(d, offset, seed)
    del step
    distance = math.sqrt(d)
    plus = score.posterior(x, t)[:, 0]
    uniform = noise.uniform(0, 0, PAIRS, (2,), dtype=torch.float64)
    side = torch.where(uniform < plus[:, None], distance, -distance)
    amplitude, variance = math.exp(-t), -math.expm1(-2 * t)  # sigma = 1: Gamma_t = 1
    mean = side + amplitude * (x - amplitude * side)
    ends = mean + math.sqrt(variance) * noise.normal(0, 0, PAIRS, (2,), dtype=torch.float64)
    return alike(ends.T)


def time_ours(method: Callable[..., np.ndarray], d: int, step: float, seed: int) -> tuple[float, float, float]:
    """Seconds of all eight times, largest excess of the variance over the binomial one, and chi-square of phi."""
    start = time.process_time()
    samples = [method(d, offset, step, 100 * seed + number) for number, offset in enumerate(OFFSETS)]
    spent = time.process_time() - start
    predicted = [binomial(offset) for offset in OFFSETS]
    excess = 1.0
    if method is by_extrapolation:
        excess = max(float(each.var()) / (PAIRS * se**2) for each, (_, se) in zip(samples, predicted, strict=True))
    chi2 = sum(
        (each.mean() - phi) ** 2 / (each.var() / PAIRS) for each, (phi, _) in zip(samples, predicted, strict=True)
    )
    return spent, excess, float(chi2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3, help="turns of each side")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--dimensions", type=int, nargs="*", default=[256, 1024, 4096])
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    print(f"load of the machine: {os.getloadavg()[0]:.2f}; threads {chosen.threads}")
    # Of first order in the step, and the same for every d (sigma = 1): one dimension decides for all.
    step = 0.02
    for _ in range(2):
        step *= SHARE / error_of_steps(64, step)
    error = error_of_steps(64, step)
    long_step = next(each for each in LONG_STEPS if error_of_extrapolation(64, each) < SHARE)
    extrapolated = error_of_extrapolation(64, long_step)
    print(
        f"largest discretisation error in standard errors: {error:.3f} with equal steps of {step:.4f}, "
        f"{extrapolated:.3f} extrapolated from steps of {2 * long_step:g} and {long_step:g}"
    )
    report: dict[str, Any] = {
        "load": os.getloadavg()[0], "threads": chosen.threads, "step": step, "error": error, "long_step": long_step,
        "error_extrapolated": extrapolated, "rows": [],
    }  # fmt: skip
    ways = {
        "projection": (by_projection, step),
        "extrapolation": (by_extrapolation, long_step),
        "exact kernel": (by_exact_kernel, 0.0),
    }
    for d in chosen.dimensions:
        pairs = PAIRS if d < 4096 else PAIRS // 10
        for way, of_way in ways.values():
            way(d, 0.0, of_way, 0)
        plain, spent, found = math.inf, dict.fromkeys(ways, math.inf), {}
        for turn in range(chosen.repeats):  # in turns, so that a busy moment of the machine meets all
            plain = min(plain, time_baseline(d, step, pairs, 3))
            for name, (way, of_way) in ways.items():
                seconds, *found[name] = time_ours(way, d, of_way, turn)
                spent[name] = min(spent[name], seconds * found[name][0])
        print(f"\nd = {d}: Euler loop {plain:.1f} s (from 3 steps of {pairs} pairs)")
        for name, seconds in spent.items():
            ratio, (excess, chi2) = plain / seconds, found[name]
            print(
                f"  {name:14s}{seconds:10.4f} s{ratio:12.0f} x (target {TARGET}), variance x {excess:.2f}, "
                f"chi-square {chi2:.1f} over {len(OFFSETS)}"
            )
            row = {"d": d, "way": name, "seconds": seconds, "seconds_plain": plain, "ratio": ratio}
            report["rows"].append(row | {"variance": excess, "chi2": chi2})
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
