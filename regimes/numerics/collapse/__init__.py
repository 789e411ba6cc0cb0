"""When a sample commits to a training point: excess entropy and random energies."""
