"""U-turns of models without a hierarchy: classes of independent tokens, and Gaussian fields."""
