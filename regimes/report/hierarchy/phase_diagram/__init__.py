"""Where in the plane of symbols and rules a hierarchy has a transition."""
