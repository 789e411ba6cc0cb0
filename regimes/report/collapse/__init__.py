"""Collapse of a mixture: table and figure."""
