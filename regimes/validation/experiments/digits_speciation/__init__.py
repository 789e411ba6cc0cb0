"""Speciation of pairs of digits."""
