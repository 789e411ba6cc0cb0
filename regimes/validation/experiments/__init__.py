"""Experiments: one module for each, run by name through the catalogue."""
