"""What it costs: compiled solvers and kernels.

The modules are imported one by one, where they are needed: a calculator must not pay for the kernels of a data set.
"""
