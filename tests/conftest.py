"""Settings of the whole suite.

The cache of compiled formulas stays where it is by default: it is named by what it was made from, so a stale entry is
never found, and a second run need not compile again. Tests of the cache itself use a directory of their own.
"""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from hypothesis import settings

# Derandomised: a failure must come from a change of the code, and be there again in the next run.
settings.register_profile("suite", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("suite")


def pytest_addoption(parser):
    parser.addoption("--links", choices=("write", "check"), help="links of formulas, numbers and tests: see links.py")


def pytest_configure(config):
    if config.getoption("links"):
        spec = spec_from_file_location("links", Path(__file__).with_name("links.py"))
        links = module_from_spec(spec)
        spec.loader.exec_module(links)
        config.pluginmanager.register(links.Links(config), "links")
