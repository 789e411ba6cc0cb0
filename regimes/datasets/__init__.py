"""Any data in: arrays, files and built-in sets, scaled in a way that is written down."""

from regimes.datasets.builtin import builtin_datasets
from regimes.datasets.dataset import Dataset, Preprocessing
from regimes.datasets.loading import load_dataset

__all__ = ["Dataset", "Preprocessing", "builtin_datasets", "load_dataset"]
