"""One noise level on every clock."""
