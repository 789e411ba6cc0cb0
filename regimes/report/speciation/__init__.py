"""Speciation of a mixture: table and figure."""
