"""Whether it holds: predictions held against simulation, the only user of torch."""

from regimes.public import attach
from regimes.validation.running.missing_torch import import_simulation

__getattr__, __dir__ = attach(__name__, __file__, lambda home, name: import_simulation(home, f"{__name__}.{name}"))
