"""The forward process, its clocks, denoisers and samplers."""
