"""Any data in: arrays, files and built-in sets, scaled in a way that is written down."""

from regimes.datasets.builtin import builtin_datasets
from regimes.datasets.dataset import Dataset, Preprocessing
from regimes.datasets.loading import load_dataset
from regimes.datasets.notes import duplicate_points

__all__ = ["Dataset", "Preprocessing", "builtin_datasets", "duplicate_points", "load_dataset"]
