"""The composition data: images of one bump or of two stripes on a grid of positions, and subsets to train on."""

from regimes.datasets.composition.grid import ImageGrid, image_grid
from regimes.datasets.composition.held_out import hold_out_band, hold_out_cross, hold_out_square
from regimes.datasets.composition.images import bump_images
from regimes.datasets.composition.selection import random_subset, thinned_subset
from regimes.datasets.composition.stripes import StripedSubset, with_stripes
from regimes.datasets.composition.subset import GridSubset

__all__ = [
    "ImageGrid",
    "GridSubset",
    "StripedSubset",
    "image_grid",
    "bump_images",
    "hold_out_band",
    "hold_out_cross",
    "hold_out_square",
    "random_subset",
    "thinned_subset",
    "with_stripes",
]
