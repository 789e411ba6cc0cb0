"""Layers of a feature network under U-turns."""
