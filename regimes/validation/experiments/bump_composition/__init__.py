"""Combinations of stripes that were never shown, and values that were never shown."""
