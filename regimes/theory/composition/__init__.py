"""Composition: overlaps of images and percolation."""
