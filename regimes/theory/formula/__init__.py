"""What a formula is, and how its derivation is checked."""
