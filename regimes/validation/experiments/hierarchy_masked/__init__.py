"""Masked diffusion of random hierarchies: a trained network against belief propagation."""
