"""Figures, tables and files made from results."""
