"""Posterior over the points and the classes of a data set given a noised point, and the spectrum of its covariance."""
