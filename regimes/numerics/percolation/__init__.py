"""Percolation of the training images: which of them overlap, and what share of them forms one connected piece."""
