"""Speciation: criteria, clone probabilities, the order parameter."""
