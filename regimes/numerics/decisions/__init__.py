"""Information against noise, and what follows from it for a sampler or a training."""
