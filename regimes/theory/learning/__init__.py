"""How a denoiser learns: random features under gradient flow, their spectrum, and when they memorise."""
