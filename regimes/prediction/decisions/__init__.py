"""Answers to what people ask of a data set: one file a question."""
