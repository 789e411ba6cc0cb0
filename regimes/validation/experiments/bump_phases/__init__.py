"""Phases of learning of conditional denoisers of bumps."""
