"""From information to decisions: steps, guidance, start, U-turns, copies, noise of training."""
