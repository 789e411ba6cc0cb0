"""Layers of classifiers under U-turns."""
