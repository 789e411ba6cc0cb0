"""A learned mixture of two Gaussians."""
