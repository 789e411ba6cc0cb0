"""Times of learning and of memorising of trained denoisers against the number of their images."""
