"""Noise: the numbers of Philox4x32-10, their law, and that a number depends on nothing but its place."""

import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

torch = pytest.importorskip("torch")

from regimes.numerics.estimation.streams import Stream  # noqa: E402
from regimes.validation.sampling import NoiseStream  # noqa: E402
from regimes.validation.sampling.noise import as_noise  # noqa: E402
from regimes.validation.sampling.philox import NORMAL, TILE, UNIFORM, fill  # noqa: E402
from regimes.validation.sampling.philox_tensors import tiles  # noqa: E402

MASK = 0xFFFFFFFF
MANY = 2**21
GOLDEN = ["4c0a4cbf", "f4609d3f", "48477b3f", "b8efc63f"]  # float32, first byte first


def philox(counter, key):
    """The generator as Salmon et al. 2011 write it, one counter at a time."""
    c, k = list(counter), list(key)
    for _ in range(10):
        p, q = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(q >> 32) ^ c[1] ^ k[0], q & MASK, (p >> 32) ^ c[3] ^ k[1], p & MASK]
        k = [(k[0] + 0x9E3779B9) & MASK, (k[1] + 0xBB67AE85) & MASK]
    return c


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
)
def test_published_answers_of_the_generator(counter, key, words):
    """Known answers of the Random123 library (salmon2011)."""
    numbers = [[int(word, 16) for word in text.split()] for text in (counter, key, words)]
    assert philox(*numbers[:2]) == numbers[2]


@pytest.mark.parametrize("tile", [0, 5, 2**28 - 1, 2**30 + 3, 2**57 - 2])
@pytest.mark.parametrize("kind", [NORMAL, UNIFORM])
def test_numbers_are_those_of_the_generator_at_their_place(kind, tile):
    step, key = 2**32 - 7, (0xDEADBEEF, 0x12345678)
    out = np.empty(2 * TILE, np.float32)
    fill(out, kind, tile, step, key)
    expected = np.empty(2 * TILE)
    for place in range(2):
        for lane in range(16):
            counter = 16 * (tile + place) + lane
            words = philox((counter & MASK, counter >> 32, step, kind), key)
            if kind == UNIFORM:
                parts = [word / 2**32 for word in words]
            else:
                radii = [math.sqrt(-2 * math.log((word + 0.5) / 2**32)) for word in words[::2]]
                angles = [math.pi / 2 * (word & 0x3FFFFFFF) / 2**30 for word in words[1::2]]
                signs = [[1 - 2 * (word >> bit & 1) for bit in (31, 30)] for word in words[1::2]]
                parts = [
                    radius * side * sign
                    for radius, angle, pair in zip(radii, angles, signs, strict=True)
                    for side, sign in zip((math.cos(angle), math.sin(angle)), pair, strict=True)
                ]
            expected[TILE * place + lane : TILE * (place + 1) : 16] = parts
    tolerance = 2.0**-24 if kind == UNIFORM else 3e-6
    assert np.abs(out - expected).max() < tolerance
    assert out.min() >= 0 or kind == NORMAL


@pytest.mark.parametrize("kind", [NORMAL, UNIFORM])
def test_other_devices_draw_the_same_numbers(kind):
    out = np.empty(1000 * TILE, np.float32)
    fill(out, kind, 2**28 - 500, 9, (1, 2))
    other = tiles(kind, 2**28 - 500, 1000, 9, (1, 2), torch.device("cpu")).numpy()
    if kind == UNIFORM:
        assert (out == other).all()
    assert np.abs(out - other).max() < 3e-6


def test_the_bytes_are_those_of_every_machine():
    """A change of these numbers changes every stored result."""
    values = NoiseStream(7, 3).substream(1, 2).normal(5, 11, 1, (4,)).tolist()[0]
    assert [struct.pack("<f", value).hex() for value in values] == GOLDEN


def test_normal_law():
    numbers = NoiseStream(1).normal(0, 0, MANY, ()).double().numpy()
    root = math.sqrt(MANY)
    for power, mean, variance in [(1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96), (6, 15, 10395 - 225)]:
        assert abs((numbers**power).mean() - mean) * root < 4 * math.sqrt(variance)
    assert stats.kstest(numbers[: 2**19], "norm").pvalue > 1e-3
    for bound in (3.0, 4.0, 4.5):
        share = 2 * stats.norm.sf(bound)
        assert abs((np.abs(numbers) > bound).sum() - share * MANY) < 4 * math.sqrt(share * MANY)
    assert np.abs(numbers).max() < 6.8


def test_uniform_law():
    numbers = NoiseStream(1).uniform(0, 0, MANY, ()).double().numpy()
    assert numbers.min() >= 0
    assert numbers.max() < 1
    assert abs(numbers.mean() - 0.5) * math.sqrt(12 * MANY) < 4
    counts = np.bincount((numbers * 256).astype(int), minlength=256)
    assert stats.chisquare(counts).pvalue > 1e-3


def partners():
    noise = NoiseStream(2)
    numbers = noise.normal(3, 0, 2**18, (4,))
    yield "substream", numbers, noise.substream(0).normal(3, 0, 2**18, (4,))
    yield "sibling", noise.substream(0, 1).normal(3, 0, 2**18, (4,)), noise.substream(1, 0).normal(3, 0, 2**18, (4,))
    yield "stream", numbers, NoiseStream(2, 1).normal(3, 0, 2**18, (4,))
    yield "seed", numbers, NoiseStream(3).normal(3, 0, 2**18, (4,))
    yield "step", numbers, noise.normal(4, 0, 2**18, (4,))
    yield "kind", numbers, 12**0.5 * (noise.uniform(3, 0, 2**18, (4,)) - 0.5)
    yield "next column", numbers[:, :3], numbers[:, 1:]
    yield "next row", numbers[:-1], numbers[1:]
    flat = numbers.ravel()
    for lag in (16, 32, 48, TILE, 2**16):
        yield f"lag {lag}", flat[:-lag], flat[lag:]


@pytest.mark.parametrize("power", [1, 2])
def test_different_places_are_independent(power):
    for name, one, other in partners():
        x, y = one.double().numpy().ravel() ** power, other.double().numpy().ravel() ** power
        z = np.corrcoef(x, y)[0, 1] * math.sqrt(x.size)
        assert abs(z) < 4, name


def test_keys_do_not_run_into_each_other():
    streams = [NoiseStream(1, 23), NoiseStream(12, 3), NoiseStream(1, 2, (3,)), NoiseStream(2**32), NoiseStream(0, 1)]
    streams += [NoiseStream(0, 0, (1,)), NoiseStream(0, 0, (1, 0)), NoiseStream(0, 0, (0, 1)), NoiseStream(0)]
    first = [tuple(stream.normal(0, 0, 1, (2,)).tolist()[0]) for stream in streams]
    assert len(set(first)) == len(first)


@given(
    st.integers(0, 10**12),
    st.integers(1, 40),
    st.integers(0, 5),
    st.integers(0, 70),
    st.integers(0, 2**32 - 1),
    st.sampled_from(["normal", "uniform"]),
)
def test_rows_do_not_depend_on_their_company(first, rows, before, width, step, kind):
    draw = getattr(NoiseStream(4), kind)
    shape = (width,) if width else ()
    whole = draw(step, first, rows + before, shape)
    assert whole.shape == (rows + before, *shape)
    assert torch.equal(whole[before:], draw(step, first + before, rows, shape))
    assert torch.equal(whole.reshape(rows + before, -1, 1), draw(step, first, rows + before, (width or 1, 1)))


def test_threads_change_nothing():
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = NoiseStream(5).normal(0, 3, 1000, (1031,))
        torch.set_num_threads(3)
        three = NoiseStream(5).normal(0, 3, 1000, (1031,))
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(one, three)


def test_float64_holds_the_same_numbers():
    noise = NoiseStream(6)
    double = noise.normal(0, 0, 10, (3,), dtype=torch.float64)
    assert double.dtype == torch.float64
    assert torch.equal(double, noise.normal(0, 0, 10, (3,)).double())


def test_types_of_integers_change_nothing():
    plain, numpy = NoiseStream(3, 1, (2,)), NoiseStream(np.int64(3), np.int64(1), (np.int64(2),))
    assert plain == numpy
    assert repr(plain) == repr(numpy) == "NoiseStream(seed=3, stream=1, keys=(2,))"
    assert torch.equal(plain.normal(0, 0, 2, ()), numpy.normal(0, 0, 2, ()))


def test_substreams_compose_and_global_states_stay():
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    noise = NoiseStream(8)
    assert noise.substream(1, 2) == noise.substream(1).substream(2)
    noise.normal(0, 0, 10, ())
    assert torch.equal(before[0], torch.get_rng_state())
    assert (before[1] == np.random.get_state()[1]).all()  # noqa: NPY002


def test_a_seed_is_a_source():
    assert as_noise("f", 3, Stream.BACKWARD, 0.5) == as_noise("f", np.int64(3), Stream.BACKWARD, np.float64(0.5))
    uses = [
        (Stream.BACKWARD, 0.5),
        (Stream.BACKWARD, np.nextafter(0.5, 1)),
        (Stream.CLONES, 0.5),
        (Stream.U_TURN, 0.5),
        (Stream.NOISED,),
    ]
    sources = {as_noise("f", 3, *use) for use in uses}
    assert len(sources) == len({source._key() for source in sources} | {NoiseStream(3)._key()}) - 1 == 5
    noise = NoiseStream(3).substream(1)
    assert as_noise("f", noise, Stream.BACKWARD, 0.5) is noise


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: NoiseStream(-1), r"^NoiseStream: seed \(seed\) must be at least 0, got -1$"),
        (lambda: NoiseStream(0.5), r"^NoiseStream: seed \(seed\) must be a whole number, got 0.5$"),
        (lambda: NoiseStream(0, stream=-2), r"stream \(number of the stream\) must be at least 0, got -2"),
        (lambda: NoiseStream(0).substream(-1), r"key \(name of a substream\) must be at least 0, got -1"),
        (lambda: NoiseStream(0).substream(), "give at least one key, got none"),
        (lambda: NoiseStream(0).normal(2**32, 0, 1, ()), r"step must lie in 0 to 2\^32 - 1, .* got step 4294967296"),
        (lambda: NoiseStream(0).normal(-1, 0, 1, ()), "got step -1, rows 0 to 0 of shape"),
        (lambda: NoiseStream(0).normal(0, -5, 10, (2,)), r"rows -5 to 4 of shape \(2,\)"),
        (lambda: NoiseStream(0).normal(0, 2**62, 1, (4,)), "rows in 0 to 2.63/size of a row"),
        (lambda: as_noise("u_turn", "seed", 0), "^u_turn: noise must be a whole number, as a seed, .* got 'seed'"),
        (
            lambda: as_noise("f", np.random.default_rng(0), 0),
            "or a NoiseStream, got Generator.* a generator will not do",
        ),
        (lambda: as_noise("f", np.random, 0), "or a NoiseStream, got <module"),
        (lambda: as_noise("f", 1.0, 0), "or a NoiseStream, got 1.0"),
        (lambda: as_noise("f", True, 0), "must be a whole number, got True"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
