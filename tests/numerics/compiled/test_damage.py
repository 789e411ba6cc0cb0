"""Damaged files of the cache: never run, made again without a word, whatever the damage."""

import random

import numba
import pytest

from regimes.numerics.compiled import compile as compiler
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.compiled.kernels import kernel
from regimes.numerics.compiled.sealed_file import read_sealed, seal, unseal, write_sealed
from regimes.report.formula import outcomes
from regimes.theory.catalogue import formula

SNR = 0.15651764274966565


@pytest.fixture(autouse=True)
def _private_cache(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("REGIMES_CACHE_DIR", str(tmp_path / "cache"))
    compiler._compile_named.cache_clear()
    yield
    compiler._compile_named.cache_clear()
    assert capfd.readouterr() == ("", "")


def damaged(content, flips):
    """Versions of a file: bits flipped all over it, cut short, empty, with something before, between and after."""
    rng = random.Random(0)
    for _ in range(flips):
        place = rng.randrange(len(content))
        yield content[:place] + bytes([content[place] ^ 1 << rng.randrange(8)]) + content[place + 1 :]
    for length in (0, 1, 17, 80, 81, len(content) // 2, len(content) - 1):
        yield content[:length]
    line, _, rest = content.partition(b"\n")
    yield from (rest, content + b"\n", b"\n" + content, line + b"\r\n" + rest, content + content, seal(b"")[:-1])


def test_a_seal_holds_for_its_own_content_alone():
    for content in (b"", b"x", b"a\nb\r\n\0", bytes(range(256)) * 40):
        assert unseal(seal(content)) == content
        for broken in damaged(seal(content), 500):
            assert broken == seal(content) or unseal(broken) is None


@pytest.mark.parametrize("target", ["numpy", "numba"])
def test_a_damaged_source_is_generated_again(target):
    path = compile_formula("snr", target=target).path
    whole = path.read_bytes()
    for broken in damaged(whole, 300 if target == "numpy" else 3):
        path.write_bytes(broken)
        compiler._compile_named.cache_clear()
        assert compile_formula("snr", target=target)(1.0) == pytest.approx(SNR, rel=1e-15)
        assert path.read_bytes() == whole


def test_damaged_outcomes_of_checks_are_checked_again(monkeypatch):
    entry = formula("snr")
    monkeypatch.setattr(outcomes, "_shipped", dict)
    checks = outcomes.checked_steps(entry)
    assert checks == entry.verify()
    monkeypatch.setattr(type(entry), "verify", lambda self: checks)
    path = outcomes.theory_cache() / "snr.checks"
    whole = path.read_bytes()
    for broken in damaged(whole, 300):
        path.write_bytes(broken)
        assert outcomes.checked_steps(entry) == checks
        assert path.read_bytes() == whole
    foreign = outcomes.json.loads(read_sealed(path))
    foreign["checks"][0][1] = 1000.0  # well sealed, but not what was found
    write_sealed(path, outcomes.json.dumps(foreign).encode())
    assert outcomes.checked_steps(entry) == checks


def tripled(x):
    return 3.0 * x


def test_damaged_machine_code_is_compiled_again(tmp_path):
    first = kernel()(tripled)
    assert first(2.0) == 6.0
    (path,) = (tmp_path / "cache" / "kernels").glob("*tripled*")
    whole = path.read_bytes()
    sig, context = (numba.float64,), first.targetctx
    assert kernel()(tripled)._cache.load_overload(sig, context) is not None
    for broken in damaged(whole, 1000):
        path.write_bytes(broken)
        assert first._cache.load_overload(sig, context) is None
    for broken in (b"", whole[:-1], seal(b""), seal(b"cnothing\nhere\n."), seal(whole)):
        path.write_bytes(broken)
        again = kernel()(tripled)
        assert again(2.0) == 6.0
        assert sum(again.stats.cache_misses.values()) == 1
        assert kernel()(tripled)._cache.load_overload(sig, context) is not None


def test_a_full_disk_costs_time_alone(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("regimes.numerics.compiled.sealed_file.os.replace", refuse)
    assert compile_formula("snr", target="numpy")(1.0) == pytest.approx(SNR, rel=1e-15)
    assert kernel()(tripled)(2.0) == 6.0
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.name != "lock"]
