"""What a simulation found: agreement, curves and panels, the result of an experiment."""
