"""Percolation of any data set: the overlaps of its points, and the components of random parts of it."""
