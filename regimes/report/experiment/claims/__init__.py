"""What papers claim, and what came out of it: one row a claim, each with the numbers behind it."""
