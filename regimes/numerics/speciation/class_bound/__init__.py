"""A lower bound on the class clone probability, from class posteriors that have not seen what they are scored on."""
