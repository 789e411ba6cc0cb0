"""The composition data: images of one bump or of two stripes on a grid of positions, and subsets to train on."""
