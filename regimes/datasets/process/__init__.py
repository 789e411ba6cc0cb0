"""Noise schedules: brought in by name, from files and from objects of other packages."""
