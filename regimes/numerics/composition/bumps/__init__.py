"""Overlap of bump images, in the plane and on pixels, and which points of a grid it connects."""
