"""How many threads a piece of work gets."""

import numba
import pytest

from regimes.numerics.compiled.threads import threads_for


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="one thread only")
def test_small_work_gets_one_thread_and_the_number_is_put_back():
    before = numba.get_num_threads()
    for work, threads in ((999_999, 1), (1_000_000, before)):
        with threads_for(work):
            assert numba.get_num_threads() == threads
        assert numba.get_num_threads() == before
    with pytest.raises(KeyboardInterrupt), threads_for(1):
        raise KeyboardInterrupt
    assert numba.get_num_threads() == before
