"""Percolation: table, figure and text."""
