"""Losses of random features along their training: equations against gradient flow of simulated matrices."""
