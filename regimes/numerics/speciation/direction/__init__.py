"""Directions of a data set that stand out of its noise: tested on halves, corrected for few points, with limits."""
