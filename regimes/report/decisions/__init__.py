"""Answers to what people ask of a data set: table and figure."""
