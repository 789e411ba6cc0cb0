"""Overlaps of bumps, percolation of lattices and of data."""
