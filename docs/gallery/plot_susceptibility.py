"""
Is a peak of the susceptibility a sign of hierarchy?
====================================================

Noise a data point to time t, draw a new one from the exact posterior, and mark every site that changed. Where whole
groups of sites change together the susceptibility chi = sum_ij C_ij / sum_i C_ii of these marks is large; sclocchi2025
finds a peak of it at the transition of hierarchical data. Here the same U-turn, with the same Gaussian noise, is done
for three models of which only one is a hierarchy.
"""

import matplotlib.pyplot as plt
import numpy as np

from regimes import Hierarchy
from regimes.hierarchy import (
    gaussian_field_correlations,
    leaf_messages,
    power_law_spectrum,
    random_hierarchy,
    sample_hierarchy,
    sample_posterior,
    token_mixture_uturns,
)

SIZES = (16, 64, 256)
DRAWS, SAMPLES = 10, 160  # draws of the rules or of the templates, U-turns for each

# %%
# A hierarchy: 64 symbols, 8 rules a symbol, 2 children, log2(d) levels. The clone is drawn by belief propagation.


def hierarchy(d, t, seed):
    rules = random_hierarchy(Hierarchy(64, 8, L=round(np.log2(d))), rng=seed)
    sample = sample_hierarchy(rules, SAMPLES, rng=seed)
    messages = leaf_messages(sample.leaves, "gaussian", t, rules.v, rng=seed)
    return sample_posterior(rules, messages, rng=seed)[-1][0] == sample.leaves


# %%
# A flat mixture: 32 classes, each with a random template of d tokens of 4 symbols; a token is its template's with
# probability 0.7. Nothing but the class ties the tokens together.


def mixture(d, t, seed):
    templates = np.random.default_rng(seed).integers(0, 4, (32, d))
    return token_mixture_uturns(templates, 4, 0.7, t, SAMPLES, rng=seed).unchanged


# %%
# chi and C are measured within each draw of the rules or templates; the error is the scatter over draws. C is averaged
# over pairs of sites whose smallest common block has 2, 4, 8, ... sites: in the hierarchy these are the subtrees.


def measure(model, d, t):
    sizes = 2 ** np.arange(round(np.log2(d)) + 1)
    found = []
    for seed in range(DRAWS):
        unchanged = model(d, t, seed)
        spins = unchanged - unchanged.mean(axis=0)
        within = np.array([(spins.reshape(SAMPLES, -1, size).sum(axis=2) ** 2).sum() for size in sizes])
        chi, correlation = within[-1] / within[0], np.diff(within) / np.diff(sizes) / within[0]
        found.append([chi, 1 - unchanged.mean(), *correlation])
    mean, error = np.mean(found, axis=0), np.std(found, axis=0, ddof=1) / np.sqrt(DRAWS)
    return {"t": t, "chi": (mean[0], error[0]), "changed": mean[1], "correlation": (mean[2:], error[2:])}


def times(model, d):
    if model is hierarchy:
        return [0.04, 0.06, 0.07, 0.08, 0.086, 0.092, 0.1, 0.12, 0.2, 4.0]
    around = 0.5 * np.log(d) + np.array([-1.9, -1.7, -1.5, -1.3, -1.1, -0.9, -0.5, 0.1, 5.0])
    return [0.15, 0.25, *around[around > 0.3]]


curves = {(model, d): [measure(model, d, t) for t in times(model, d)] for model in (hierarchy, mixture) for d in SIZES}

# %%
# A Gaussian field on a ring with spectrum k^-0.75 and unit variance; a site is unchanged where its sign is. Here chi
# and C(r) are exact.

fields = {
    d: [gaussian_field_correlations(power_law_spectrum(d, 0.75), t) for t in np.geomspace(0.01, 8, 40)] for d in SIZES
}

# %%
# The peak, the time at which it lies, and the value at late times, where the clone is independent of the data point;
# no peak where the highest value exceeds the last by less than 1%. Errors are one standard error over draws.

print(f"{'model':15} {'d':>4} {'t_peak':>7} {'chi':>14} {'chi late':>14}")
peaks = {}  # of the largest size in the end
for (model, d), curve in curves.items():
    peaks[model] = peak = max(curve, key=lambda point: point["chi"][0])
    (chi, error), (late, late_error) = peak["chi"], curve[-1]["chi"]
    print(f"{model.__name__:15} {d:4} {peak['t']:7.3f} {chi:7.2f} +- {error:.2f} {late:7.2f} +- {late_error:.2f}")
for d, exact in fields.items():
    highest = max(exact, key=lambda point: point.susceptibility)
    chi, late = highest.susceptibility, exact[-1].susceptibility
    peak = f"{highest.t:7.3f} {chi:7.2f}        " if chi > 1.01 * late else "no peak".rjust(23)
    print(f"{'gaussian field':15} {d:4} {peak} {late:7.2f}")

# %%
# All three on one axis, the fraction of sites changed, which grows with t; darker for larger d. Bars are 1.96 standard
# errors. On the right the correlation at the peak of the largest size, for the field where chi is highest. That of the
# field all but vanishes where its covariance changes sign, since the field has mean 0 on the ring.

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
colours = {hierarchy: "C0", mixture: "C1"}
shades = dict(zip(SIZES, (0.3, 0.6, 1.0), strict=True))
for (model, d), curve in curves.items():
    chi, error = np.array([point["chi"] for point in curve]).T
    changed = [point["changed"] for point in curve]
    label = f"{model.__name__}, d = {d}"
    left.errorbar(changed, chi, 1.96 * error, fmt="o-", ms=3, lw=1, color=colours[model], alpha=shades[d], label=label)
for d, exact in fields.items():
    changed, chi = np.array([(1 - point.kept, point.susceptibility) for point in exact]).T
    left.plot(changed, chi, color="C2", alpha=shades[d], label=f"gaussian field, d = {d}")
left.set(xlabel="fraction of sites changed", ylabel=r"susceptibility $\chi$", yscale="log")
figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8)

blocks = 2 ** np.arange(1, round(np.log2(SIZES[-1])) + 1)
for model in (hierarchy, mixture):
    value, error = peaks[model]["correlation"]
    right.errorbar(blocks, value, 1.96 * error, fmt="o-", ms=3, lw=1, color=colours[model])
ring = highest.correlation
right.plot(np.arange(1, ring.size), ring[1:] / ring[0], color="C2")
right.set(xlabel="size of the smallest common block; distance r (field)", ylabel="C/C(0) where chi is highest")
right.set(xscale="log", yscale="log", ylim=(5e-4, 1.2))
zero = 1 + np.argmin(np.abs(ring[1:]))
note = "covariance of the\nfield changes sign"
right.annotate(
    note, (zero, 5.5e-4), (1.2, 1e-3), fontsize=8, color="C2", arrowprops={"arrowstyle": "->", "color": "C2"}
)

# %%
# A peak alone does not tell a hierarchy from a flat mixture: with many classes the mixture has one as well, near the
# time at which two clones share their class half of the time. It is higher, since all sites change together. (With two
# classes chi rises to a plateau and there is no peak.) Three things differ:
#
# - **C** is flat for the mixture. For the hierarchy it falls as a power of the size of the common subtree: blocks of
#   all sizes change.
# - **Growth**: the mixture's peak grows like d. In the hierarchy each level adds to chi what the number of pairs times
#   C is at that level. With these rules and Gaussian noise C falls by about one half a level, so that chi grows with
#   the number of levels; where it falls more slowly (lambda^2 > s, as in the epsilon-process) chi is a power of d.
# - **Place**: the mixture's peak moves to later times, by half the logarithm of the growth of d; the hierarchy's stays
#   near the time of its transition.
#
# The Gaussian field has no peak at these sizes: chi rises to a plateau. For the squared change in place of the sign
# this is a theorem, whatever the spectrum: a mode of eigenvalue lambda changes by the variance 2 lambda/(1 + snr
# lambda), the modes become more unequal as t grows, and ``change_susceptibility`` can only rise. Signs overshoot the
# plateau in large fields of this spectrum: by 8% at d = 4096.
