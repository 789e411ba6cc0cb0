"""Any data in: arrays, files and built-in sets, scaled in a way that is written down; the random hierarchy model."""

from regimes.datasets.builtin import builtin_datasets
from regimes.datasets.dataset import Dataset, Preprocessing
from regimes.datasets.hierarchy import (
    HierarchySample,
    latent_symbols,
    load_rules,
    random_hierarchy,
    sample_hierarchy,
    save_rules,
)
from regimes.datasets.loading import load_dataset
from regimes.datasets.notes import duplicate_points

__all__ = [
    "Dataset",
    "HierarchySample",
    "Preprocessing",
    "builtin_datasets",
    "duplicate_points",
    "latent_symbols",
    "load_dataset",
    "load_rules",
    "random_hierarchy",
    "sample_hierarchy",
    "save_rules",
]
