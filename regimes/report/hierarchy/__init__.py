"""Hierarchies: levels and susceptibility against noise, the transition, the phase diagram."""
