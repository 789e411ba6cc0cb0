"""Measurements of a model: table and figure."""
