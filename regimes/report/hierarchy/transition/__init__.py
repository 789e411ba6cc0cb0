"""The transition of a hierarchy: the upward map with its fixed points."""
