"""Collapse of denoisers trained on digits."""
