"""Denoisers trained on data of random hierarchies."""
