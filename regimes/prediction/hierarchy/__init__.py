"""Transitions of a random hierarchy."""
