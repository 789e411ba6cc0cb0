"""Experiments: table and figure."""
