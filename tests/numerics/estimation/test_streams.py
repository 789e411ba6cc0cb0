"""One seed, many uses: streams that share no numbers."""

import numpy as np
import pytest

from regimes.numerics.estimation.streams import Stream, generator


def test_uses_of_a_seed_share_no_numbers():
    first = {generator(stream, 0).random() for stream in Stream}
    assert len(first) == len(Stream.__members__)  # aliases would share a constant
    one, other = (generator(Stream.COMPOSITION_SUBSETS, 5).random(3) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_a_generator_is_used_as_it_is():
    own = np.random.default_rng(0)
    assert generator(Stream.COMPOSITION_SUBSETS, own) is own


@pytest.mark.parametrize(("rng", "error"), [(-1, "at least 0, got -1"), (0.5, "a whole number, got 0.5")])
def test_a_seed_is_a_whole_number(rng, error):
    with pytest.raises(ValueError, match=rf"^random_subset: rng \(seed\) must be {error}"):
        generator(Stream.COMPOSITION_SUBSETS, rng, "random_subset")
