"""How many combinations of x and y a denoiser needs before it draws the others."""
