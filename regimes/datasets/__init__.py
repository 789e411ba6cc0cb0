"""Any data in: points from arrays, files and built-in sets, scaled; synthetic hierarchies and composition data."""
