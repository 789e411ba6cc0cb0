"""How many threads a piece of work gets, and that together they do all of it."""

import numba
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from regimes.numerics.compiled.threads import blas_threads, share_out


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="one thread only")
@pytest.mark.parametrize(("work", "threads"), [(999_999, 1), (1_000_000, 2)])
def test_every_item_is_done_once_and_small_work_by_one_thread(work, threads):
    before, calls = numba.get_num_threads(), []
    numba.set_num_threads(2)
    try:
        share_out(lambda first, step: calls.append(range(first, 7, step)), 7, work)
    finally:
        numba.set_num_threads(before)
    assert len(calls) == threads
    assert sorted(item for share in calls for item in share) == list(range(7))


def test_no_more_threads_than_items_and_errors_come_through():
    calls = []
    share_out(lambda first, step: calls.append((first, step)), 1, 10**9)
    assert calls == [(0, 1)]

    def fails(first, step):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        share_out(fails, 8, 10**9)


def threads_of_blas():
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


def test_blas_has_one_thread_where_there_is_little_to_do():
    with threadpool_limits(2, user_api="blas"):
        before = threads_of_blas()
        with blas_threads(1000):
            assert threads_of_blas() == {1}
        with blas_threads(10**9):
            assert threads_of_blas() == before
        assert threads_of_blas() == before
