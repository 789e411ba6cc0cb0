"""Random hierarchies: maps, transition, correlations, U-turns."""
