"""Grids of sampling steps: divergences of paths and of final samples, and whether the best grid helps."""
