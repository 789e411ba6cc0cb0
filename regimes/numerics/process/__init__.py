"""Clocks and noise schedules."""
