"""The training clock: table and figure."""
