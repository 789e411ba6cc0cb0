"""Points of a data set: brought in, checked, scaled, labelled."""
