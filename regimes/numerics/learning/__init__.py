"""Random features under gradient flow: spectrum of their covariance, learning times, losses."""
