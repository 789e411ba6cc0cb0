"""How simulations run: checkpoints, threads, torch or its absence."""
