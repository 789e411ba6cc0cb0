"""Features of unequal steps and frequencies: whether they are learned apart or together."""
