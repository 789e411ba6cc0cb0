"""Guidance inside the interval of noise in which the class is decided, against guidance everywhere and elsewhere."""
