"""Spectrum of random features: its equations against simulated matrices, Gaussian and nonlinear."""
