"""Which training images a denoiser copies, against what the data alone say."""
