"""When a sample commits to a class: clone probabilities."""
