"""U-turns of random hierarchies under the exact score."""
