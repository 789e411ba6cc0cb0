"""From formulas and kernels to machine code: compiler, cache, vector lanes, threads."""
