"""Experiments that run with one seed must not share random numbers."""

import importlib

import pytest

pytest.importorskip("torch")

from regimes.validation import EXPERIMENTS


def test_every_experiment_has_a_stream_of_its_own():
    streams = [importlib.import_module(each.module)._STREAM for each in EXPERIMENTS.values()]
    assert len(set(streams)) == len(streams)
