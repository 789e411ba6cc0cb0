"""Settings of the whole suite.

The cache of compiled formulas stays where it is by default: it is named by what it was made from, so a stale entry is
never found, and a second run need not compile again. Tests of the cache itself use a directory of their own.
"""

import subprocess
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest
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


@pytest.fixture
def outputs_after_kills(tmp_path):
    """Runs a command whole, then with a checkpoint, killed by SIGKILL at random moments: what each printed at its end.

    It goes on in the same folder until it ends, then in a new one until it was killed as often as it should be: only
    kills of a living process count, and of some of them a state in the middle of a piece must have been kept.
    """

    def outputs(command, *, kills, env=None):
        draw, done, in_the_middle = np.random.default_rng(0), 0, 0
        started = time.monotonic()
        ended = [subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout]
        latest = time.monotonic() - started
        while True:
            folder = tmp_path / f"kept-{len(ended)}"
            waits = draw.uniform(0, latest) if done < kills else None
            with subprocess.Popen([*command, "--checkpoint", folder], stdout=subprocess.PIPE, env=env) as running:
                try:
                    printed = running.communicate(timeout=waits)[0]
                except subprocess.TimeoutExpired:
                    running.kill()
                    running.communicate()
                    done += 1
                    in_the_middle += any(folder.rglob("*.partial.npz"))
                    continue
            assert running.returncode == 0
            ended.append(printed)
            if done == kills:
                assert in_the_middle > kills // 4
                return ended

    return outputs
