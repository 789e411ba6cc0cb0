"""Copies against the number of training images, beside the number at which the exact score would stop."""
