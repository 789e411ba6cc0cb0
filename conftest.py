"""What is collected: the modules of simulations only where torch, an optional extra, is installed; and threads."""

import os
from importlib.util import find_spec

# Tests run in two processes: threads of torch and of BLAS that wait for each other there take ten times as long.
os.environ.setdefault("OMP_NUM_THREADS", "1")

if find_spec("torch") is None:
    collect_ignore = ["regimes/validation"]
