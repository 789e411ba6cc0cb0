"""What comes in is checked, what goes out is a result or one clear error."""
