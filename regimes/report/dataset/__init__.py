"""Data sets and calculators: table and figure."""
