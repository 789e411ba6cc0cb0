"""Derivations as text."""
