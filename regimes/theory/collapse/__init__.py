"""Collapse: information, excess entropy, random energy model."""
