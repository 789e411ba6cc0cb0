"""A prediction that was stopped goes on where it was, to the same bytes."""

import json
import sys

import numpy as np
import pytest

from regimes import predict
from regimes.numerics.interface.result import plain


def points(copies):
    draw = np.random.default_rng(3)
    X = np.vstack([draw.normal(size=(80, 6)) + shift for shift in (0, 2)])
    labels = np.repeat([0, 1], 80)
    return np.vstack([X, X[:copies] + 1e-6]), np.append(labels, labels[:copies])


@pytest.mark.parametrize("copies", [0, 20])
def test_every_step_may_be_the_last(tmp_path, monkeypatch, copies):
    X, labels = points(copies)
    options = {"labels": labels, "precision": 0.02, "groups": 8}
    whole = json.dumps(plain(predict(X, **options)))
    monkeypatch.setattr("regimes.prediction.dataset.predict._EVERY", 0.0)
    stops = []

    def stop(part, done, total):
        if (part, done) not in stops:
            stops.append((part, done))
            raise KeyboardInterrupt

    for _ in range(200):
        try:
            found = predict(X, progress=stop, checkpoint=tmp_path / "kept", **options)
            break
        except KeyboardInterrupt:
            continue
    assert len([part for part, _ in stops if part == "posterior over the data"]) >= 2
    assert json.dumps(plain(found)) == whole


def test_a_run_that_memory_cuts_into_blocks_goes_on_to_the_same_bytes(tmp_path):
    X = np.random.default_rng(0).normal(size=(500, 400))
    options = {"memory": 20_000_000, "parts": ["collapse"], "probes": 600}
    whole = json.dumps(plain(predict(X, **options)))

    def stop(part, done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predict(X, progress=stop, checkpoint=tmp_path / "kept", **options)
    assert json.dumps(plain(predict(X, checkpoint=tmp_path / "kept", **options))) == whole


def test_a_folder_belongs_to_the_data_and_the_options(tmp_path):
    X, _ = points(0)
    predict(X, probes=64, checkpoint=tmp_path / "kept")
    for other, options in ((X, {"probes": 65}), (X + 1e-9 * X[:, ::-1], {"probes": 64}), (X, {"probes": 64, "rng": 1})):
        with pytest.raises(ValueError, match="belongs to a run with other settings"):
            predict(other, checkpoint=tmp_path / "kept", **options)
    again = predict(X, probes=np.int64(64), rng=np.int64(0), memory=np.int64(2**31), checkpoint=tmp_path / "kept")
    assert again["speciation.Lambda_limit"] == predict(X, probes=64)["speciation.Lambda_limit"]
    (tmp_path / "file").touch()
    for place, message in (("file", "is a file"), ("none/kept", "does not exist"), ("", "holds other files")):
        with pytest.raises(ValueError, match=f"^checkpoint: .*{message}"):
            predict("no such source", checkpoint=tmp_path / place)  # before anything is read
    with pytest.raises(ValueError, match="a checkpoint needs a seed"):
        predict(X, probes=64, rng=np.random.default_rng(0), checkpoint=tmp_path / "other")


@pytest.mark.long
def test_thirty_kills(tmp_path, outputs_after_kills):
    X = np.random.default_rng(0).normal(size=(2500, 200)) * np.arange(1, 201) ** -0.5
    X[:, 0] += np.arange(2500) % 2
    X[2400:] = X[:100] + 1e-7
    np.savez(tmp_path / "x.npz", X=X, y=np.arange(2500) % 2)
    command = [sys.executable, "-m", "regimes", "predict", tmp_path / "x.npz", "--labels", "y", "--json"]
    command += ["--precision", "0.004"]
    assert len(set(outputs_after_kills(command, kills=30))) == 1


def test_other_parts_take_another_folder(tmp_path):
    X, labels = points(0)
    predict(X, labels=labels, parts=["speciation"], checkpoint=tmp_path / "kept")
    with pytest.raises(ValueError, match="parts"):
        predict(X, labels=labels, parts=["classes"], checkpoint=tmp_path / "kept")
