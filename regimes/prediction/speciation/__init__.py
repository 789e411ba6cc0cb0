"""When a sample of a mixture commits to a class."""
