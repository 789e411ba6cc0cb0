"""What experiments with trained networks share."""
