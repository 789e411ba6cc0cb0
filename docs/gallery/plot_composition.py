"""
How much of a grid of features hangs together?
==============================================

Images of one Gaussian bump, one for each place of a grid, of which a random share is kept. Images that overlap connect,
and from some share on one connected cluster reaches through the grid: percolation. This is geometry; what a trained
model makes of it is another question.
"""

import matplotlib.pyplot as plt

import regimes
from regimes.composition import BumpStaircase, predict_staircase
from regimes.report.composition.samples import plot_largest_clusters, plot_overlaps
from regimes.report.composition.staircase_figure import plot_staircase

# %%
# Overlap against distance
# ------------------------
#
# Three overlaps of two bumps of width :math:`\sigma`. Each falls with the distance and reaches the threshold
# :math:`\tau` at the connection radius. Hollow points are sums over pixels, for bumps centred on pixels along a row:
# narrow bumps are not what they are in the plane.

_, axes = plt.subplots(1, 3, figsize=(10.2, 3.9), sharey=True, layout="constrained")
figure = plot_overlaps(ax=axes)

# %%
# The largest cluster
# -------------------
#
# Share of the kept images in the largest cluster. Vertical lines are the thresholds of the infinite grid, bands 1.96
# standard errors.

widths = (0.3, 0.5, 0.7, 1.0, 2.0)
results = [regimes.predict_percolation(regimes.BumpGrid(128, sigma), runs=16) for sigma in widths]
_, axis = plt.subplots(figsize=(7, 4.6), layout="constrained")
figure = plot_largest_clusters(results, ax=axis)

# %%
# One grid
# --------
#
# The transition of a small grid is wide: a cluster of a single training set may span well below or only above the
# median.

_, axes = plt.subplots(2, figsize=(7, 6), sharex=True, layout="constrained", height_ratios=(1.5, 1))
figure = regimes.predict_percolation(regimes.BumpGrid(32, 0.7)).plot(axes)

# %%
# The staircase
# -------------
#
# As bumps widen, neighbours join ring by ring, and :math:`\lambda_c` falls in steps. Points are simulated: medians of
# grids with periodic edges, bars 1.96 standard errors. Bumps that are wider than a pixel overlap on pixels as they do
# in the plane, so that their staircase is drawn no further.

wider = (0.26, 0.37, 0.46, 0.55, 0.7, 0.85, 1.0, 1.2, 1.5, 2.0)
grids = [regimes.BumpGrid(128, sigma, periodic=True) for sigma in wider]
grids += [regimes.BumpGrid(128, sigma, periodic=True, pixels=True) for sigma in (0.34, 0.41, 0.48, 0.56)]
points = [regimes.predict_percolation(grid, runs=32) for grid in grids]
stairs = [predict_staircase(BumpStaircase(pixels=pixels)) for pixels in (False, True)]
_, axis = plt.subplots(figsize=(7, 4.8), layout="constrained")
figure = plot_staircase(stairs, points, ax=axis)

# %%
# Real data
# ---------
#
# Scanned digits, two of which connect if the cosine of their pixels is 0.9 or more. Pixels are as they are, 0 to 16:
# both subtracting the mean and mapping them to [-1, 1] move the origin, and with it every cosine.

_, axis = plt.subplots(figsize=(7, 4.2), layout="constrained")
figure = regimes.predict_data_percolation("digits", tau=0.9).plot(axis)
