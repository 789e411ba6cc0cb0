"""Exact, averaged and distributional solutions of the random hierarchy model.

The modules are imported one by one, where they are needed.
"""
