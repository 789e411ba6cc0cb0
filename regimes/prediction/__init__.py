"""From a data set or a hierarchy to its transitions: datasets and numerics brought together.

The modules are imported one by one, where they are needed: a hierarchy must not pay for the kernels of a data set.
"""
