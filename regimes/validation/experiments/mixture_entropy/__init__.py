"""Excess entropy of a Gaussian mixture."""
