"""Experiments: a folder for each, with a plan that the runner runs by name."""
