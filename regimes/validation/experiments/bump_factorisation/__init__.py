"""Whether layers of conditional denoisers of bumps write x apart from y."""
