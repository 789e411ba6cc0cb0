"""Clocks: table."""
