"""U-turns: what survives when a point is noised and led back."""
