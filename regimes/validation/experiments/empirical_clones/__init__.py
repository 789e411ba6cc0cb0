"""Clones under the exact empirical score."""
