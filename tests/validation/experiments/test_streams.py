"""Streams: two uses of a seed must not share random numbers."""

import importlib
import re
from pathlib import Path

import numpy as np
import pytest

from regimes.numerics.estimation.streams import Stream, generator


def test_every_experiment_has_a_stream_of_its_own():
    pytest.importorskip("torch")
    from regimes.validation import EXPERIMENTS

    folders = (name.replace("-", "_") for name in EXPERIMENTS)
    plans = [importlib.import_module(f"regimes.validation.experiments.{each}.experiment").PLAN for each in folders]
    assert len({plan.stream for plan in plans}) == len(plans)


def test_every_stream_is_used_and_none_is_typed_elsewhere():
    root = Path(importlib.import_module("regimes").__file__).parent
    text = "\n".join(path.read_text(encoding="utf-8") for path in (root / "validation").rglob("*.py"))
    assert not re.search(r"_STREAM\w* = |NoiseStream\([^)]*0x", text)
    used = set(re.findall(r"Stream\.([A-Z_]+)", text))
    assert used <= set(Stream.__members__)


def test_streams_of_one_seed_differ_and_generators_are_used_as_they_are():
    first, second = (generator(each, 0, "f").random() for each in (Stream.LOSSES, Stream.TRAINING))
    assert first != second
    assert first == np.random.default_rng([0x6C6F73736573, 0]).random()
    own = np.random.default_rng(5)
    assert generator(Stream.LOSSES, own, "f") is own
    with pytest.raises(ValueError, match="f: rng"):
        generator(Stream.LOSSES, -1, "f")
