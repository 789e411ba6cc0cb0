"""Percolation of a grid of images and of a data set."""
