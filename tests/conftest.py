"""Settings of the whole suite.

The cache of compiled formulas stays where it is by default: it is named by what it was made from, so a stale entry is
never found, and a second run need not compile again. Tests of the cache itself use a directory of their own.
"""

from hypothesis import settings

# Derandomised: a failure must come from a change of the code, and be there again in the next run.
settings.register_profile("suite", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("suite")
