"""Layers of a feature network at U-turns: how alike their activations stay, and where they stop."""
