"""Transition times of a data set."""
