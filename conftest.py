"""What is collected: the modules of simulations only where torch, an optional extra, is installed."""

from importlib.util import find_spec

if find_spec("torch") is None:
    collect_ignore = ["regimes/validation"]
