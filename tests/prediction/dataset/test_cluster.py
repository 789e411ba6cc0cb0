"""The processes of a cluster compute what one process computes, and one that is lost costs time alone."""

import os
import signal
import sys
import time

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from regimes import predict
from regimes.prediction.dataset.cluster import workers_of

distributed = pytest.importorskip("distributed")


@pytest.fixture
def client():
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with distributed.Client(processes=False, set_as_default=False, **options) as client:
        yield client


def points(folder, n=2000, d=400):
    draw = np.random.default_rng(1)
    X = draw.normal(size=(n, d)) * np.arange(1, d + 1) ** -0.5
    np.save(folder / "x.npy", X)
    return folder / "x.npy", X.nbytes


def same(one, other):
    assert one.numbers.keys() == other.numbers.keys()
    for key, number in one.numbers.items():
        for name in ("value", "error", "estimate", "interval"):
            expected, found = getattr(number, name), getattr(other[key], name)
            if isinstance(expected, tuple):
                pairs = zip(expected, found, strict=True)
                assert all(a == b or a == pytest.approx(b, rel=1e-10) for a, b in pairs), (key, name)
            else:
                assert found == expected or found == pytest.approx(expected, rel=1e-10), (key, name)
        assert (number.formulas, number.reason) == (other[key].formulas, other[key].reason)
    for name in ("excess_entropy", "leave_one_out", "clone_index", "clone_index_se"):
        np.testing.assert_allclose(other.curves[name], one.curves[name], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("stored", [True, False])
def test_numbers_are_those_of_one_process(tmp_path, client, stored):
    path, size = points(tmp_path)
    options = {"probes": 64, "groups": 4, "parts": ["speciation", "collapse"]}
    options["memory"] = 2 * size - 8 if stored else 2**30
    here, there = predict(path, **options), predict(path, scheduler=client, **options)
    assert ("read from the file in passes" in there.problem.taken) == stored
    same(here, there)
    again = predict(path, scheduler=client, **options)
    assert again.to_dict() == there.to_dict()


def _late(item, _):
    time.sleep(0.05 * (3 - item))
    return item


def _refused(item):
    raise ValueError(f"predict: not {item}")


def test_results_come_in_their_order_and_errors_as_they_are(client):
    with workers_of(client) as workers:
        assert list(workers.map(_late, range(4), workers.put(None))) == [0, 1, 2, 3]
        with pytest.raises(ValueError, match="predict: not 7"):
            list(workers.map(_refused, [7]))


def test_what_is_no_scheduler_is_refused(monkeypatch):
    for wrong in ("local", "local:0", "somewhere", ""):
        with pytest.raises(ValueError, match=f"scheduler must be local:N, .*, or the address of one, got '{wrong}'"):
            predict("iris", scheduler=wrong)
    with pytest.raises(ValueError, match="an address or a distributed.Client, got int; give one of these"):
        predict("iris", scheduler=2)
    monkeypatch.setattr("regimes.prediction.dataset.cluster._ANSWER", 0.2)
    with pytest.raises(ValueError, match="no scheduler of Dask answers at tcp://127.0.0.1:9 .*; start one"):
        predict("iris", scheduler="tcp://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ValueError, match=r'which is not installed; pip install "regimes\[distributed\]"'):
        predict("iris", scheduler="local:2")


@pytest.mark.long
@pytest.mark.parametrize("processes", [1, 2])
def test_a_process_that_is_killed_costs_time_alone(tmp_path, processes):
    path, size = points(tmp_path, 4000, 500)
    options = {"probes": 2048, "groups": 5, "memory": size * 7 // 4, "parts": ["speciation", "collapse"]}
    with threadpool_limits(1, user_api="blas"):  # as in the processes: sums in single precision depend on it
        here = predict(path, **options)
    kinds = {"n_workers": processes, "threads_per_worker": 1, "memory_limit": None, "dashboard_address": ":0"}
    with distributed.LocalCluster(silence_logs=50, **kinds) as cluster, distributed.Client(cluster) as client:
        killed = []

        def kill_one(part, done, total):
            if part == "posterior over the data" and not killed:
                killed.append(next(iter(client.run(os.getpid).values())))
                os.kill(killed[0], signal.SIGKILL)

        there = predict(path, scheduler=client, progress=kill_one, **options)
        assert killed[0] not in client.run(os.getpid).values()
    same(here, there)
