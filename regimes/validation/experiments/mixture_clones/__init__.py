"""Clones of a Gaussian mixture under its exact score."""
