"""Any data in: arrays, files, built-in sets, scaled in a way that is written down; hierarchies; composition data."""

from regimes.datasets.composition import (
    GridSubset,
    ImageGrid,
    StripedSubset,
    bump_images,
    hold_out_band,
    hold_out_cross,
    hold_out_square,
    image_grid,
    random_subset,
    thinned_subset,
    with_stripes,
)
from regimes.datasets.hierarchy import (
    HierarchySample,
    latent_symbols,
    load_rules,
    random_hierarchy,
    sample_hierarchy,
    save_rules,
)
from regimes.datasets.points.builtin import builtin_datasets
from regimes.datasets.points.dataset import Dataset, Preprocessing
from regimes.datasets.points.loading import load_dataset
from regimes.datasets.points.notes import duplicate_points

__all__ = [
    "ImageGrid",
    "Dataset",
    "GridSubset",
    "HierarchySample",
    "Preprocessing",
    "StripedSubset",
    "builtin_datasets",
    "image_grid",
    "bump_images",
    "duplicate_points",
    "hold_out_band",
    "hold_out_cross",
    "hold_out_square",
    "latent_symbols",
    "load_dataset",
    "load_rules",
    "random_hierarchy",
    "random_subset",
    "sample_hierarchy",
    "save_rules",
    "thinned_subset",
    "with_stripes",
]
