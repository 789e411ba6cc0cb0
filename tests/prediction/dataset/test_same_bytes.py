"""The same bytes on any number of threads, and the same numbers whatever memory blocks may take."""

import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from regimes import Prediction, predict


def printed(data, threads):
    """All that is printed by a process with so many threads, of numba and of BLAS."""
    limits = {name: str(threads) for name in ("NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")}
    command = [sys.executable, "-m", "regimes", "predict", data, "--json"]
    return subprocess.run(command, env=os.environ | limits, check=True, capture_output=True).stdout


def digest(data, threads):
    """SHA-256 of it."""
    return hashlib.sha256(printed(data, threads)).hexdigest()


def test_two_threads_give_the_bytes_of_one():
    assert digest("iris", 1) == digest("iris", 2)


@pytest.mark.long
@pytest.mark.parametrize("data", ["digits", "wine", "breast_cancer"])
def test_any_number_of_threads_gives_the_same_bytes(data):
    assert len({digest(data, threads) for threads in (1, 2, 4, 8)}) == 1


@pytest.mark.long
def test_times_from_single_precision_do_not_depend_on_the_threads(tmp_path):
    rng, file = np.random.default_rng(0), tmp_path / "points.npy"
    np.save(file, (rng.standard_normal((4000, 500)) * np.linspace(2, 0.2, 500)).astype("f4"))
    one, two = (Prediction.from_dict(json.loads(printed(str(file), threads))) for threads in (1, 2))
    values, others = ({key: each.value for key, each in of.numbers.items() if each.value} for of in (one, two))
    assert values == pytest.approx(others, rel=1e-10)


@pytest.mark.parametrize(
    ("classes", "mebibytes"),
    [(["3", "8"], 4), *(pytest.param(None, much, marks=pytest.mark.long) for much in (20, 50))],
)
def test_blocks_change_numbers_by_rounding_alone(classes, mebibytes):
    limits = 2**31, mebibytes * 2**20
    whole, blocks = (predict("digits", classes=classes, probes=1024, memory=memory) for memory in limits)
    assert {key: number.value for key, number in blocks.numbers.items()} == pytest.approx(
        {key: number.value for key, number in whole.numbers.items()}, rel=1e-10
    )
    for name, values in whole.curves.items():
        if isinstance(values, np.ndarray):
            np.testing.assert_allclose(blocks.curves[name], values, rtol=1e-10, atol=1e-10, err_msg=name)
