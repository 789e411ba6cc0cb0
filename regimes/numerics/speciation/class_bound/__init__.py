"""A lower bound on the class clone probability, from class posteriors that are held out from what they are scored on."""
