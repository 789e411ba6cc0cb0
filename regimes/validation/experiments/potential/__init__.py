"""The potential of the order parameter."""
