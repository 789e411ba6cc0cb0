"""When random features trained on a data set generalise, and when they memorise it."""
