"""The random hierarchy model as a source of data: rules, data with all latent symbols, rules in files."""

from regimes.datasets.hierarchy.files import load_rules, save_rules
from regimes.datasets.hierarchy.latent import latent_symbols
from regimes.datasets.hierarchy.rules import random_hierarchy
from regimes.datasets.hierarchy.sample import HierarchySample, sample_hierarchy

__all__ = ["HierarchySample", "latent_symbols", "load_rules", "random_hierarchy", "sample_hierarchy", "save_rules"]
