"""Roots, jackknife and control variates."""
