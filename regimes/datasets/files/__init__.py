"""Readers of files: arrays and tables."""
