"""Hierarchies: table, figure and phase diagram."""
