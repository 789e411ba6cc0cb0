"""What predict reports on its way, and what it says when it is stopped."""

import re
import signal
import subprocess
import sys
import time
from itertools import pairwise

import numpy as np
import pytest

from regimes import predict

PHASES = {
    "reading", "equal points", "near copies", "covariance", "directions", "posterior over the data",
    "models of classes", "held-out classes", "bound on the collapse", "collapse of fewer points",
}  # fmt: skip


def classes(n, d):
    draw = np.random.default_rng(0)
    labels = np.arange(n) % 3
    X = draw.standard_normal((n, d), dtype=np.float32) * np.arange(1, d + 1, dtype=np.float32) ** -0.4
    return X + draw.standard_normal((3, d), dtype=np.float32)[labels], labels


def test_every_phase_is_reported_and_ends_where_it_should(tmp_path):
    X, labels = classes(200, 12)
    np.savez(tmp_path / "x.npz", X=X, y=labels)
    seen = {}
    progress = lambda part, done, total: seen.setdefault(part, []).append((done, total))  # noqa: E731
    predict(tmp_path / "x.npz", "y", probes=64, progress=progress)
    assert set(seen) >= PHASES
    for part in PHASES - {"reading"}:
        assert all(0 <= done <= total for done, total in seen[part])
    for part in PHASES - {"reading", "models of classes"}:
        assert seen[part][-1][0] == seen[part][-1][1]


def test_passes_over_a_file_are_reported(tmp_path):
    X, _ = classes(3000, 400)
    np.save(tmp_path / "x.npy", X.astype(np.float64))
    seen = {}
    progress = lambda part, done, total: seen.setdefault(part, set()).add((done, total))  # noqa: E731
    predict(tmp_path / "x.npy", probes=64, parts="collapse", memory=12 * 10**6, groups=0, progress=progress)
    for part in ("reading: range of the values", "reading: variances"):
        assert len(seen[part]) > 1
    assert {0 < done < 64 for done, _ in seen["posterior over the data"]} == {False, True}  # within a block of probes


@pytest.mark.long
def test_no_phase_is_silent_for_long():
    X, labels = classes(20000, 1024)
    moments = [(time.process_time(), "")]
    predict(X, labels, progress=lambda part, done, total: moments.append((time.process_time(), part)))
    gaps = [(then - now, part) for (now, part), (then, _) in pairwise(moments)]
    assert max(gaps)[0] < 4, max(gaps)


@pytest.mark.long
@pytest.mark.parametrize("kept", [False, True])
def test_an_interrupt_at_any_moment_says_what_is_kept(tmp_path, kept):
    X, labels = classes(2500, 200)
    np.savez(tmp_path / "x.npz", X=X, y=labels)
    command = [sys.executable, "-m", "regimes", "predict", str(tmp_path / "x.npz"), "--labels", "y", "--probes", "3000"]
    signal.signal(signal.SIGINT, signal.default_int_handler)  # not ignored, as in a shell's background
    started = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    whole, draw, stopped = time.monotonic() - started, np.random.default_rng(0), set()
    for number in range(8):
        folder = ["--checkpoint", str(tmp_path / f"kept-{number}")] if kept else []
        with subprocess.Popen([*command, *folder], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as running:
            time.sleep(draw.uniform(0.4, 0.9) * whole)
            running.send_signal(signal.SIGINT)
            said = running.communicate()[1].decode()
        if running.returncode == 0:
            continue
        assert running.returncode == 130
        assert re.fullmatch(
            r"interrupted; (.* keeps \d+ finished pieces?( and \d+ in part)?, the same command goes on there"
            r"|nothing is kept yet in .*)\n"
            if kept
            else "interrupted; nothing is kept: --checkpoint FOLDER would keep what is finished\n",
            said,
        ), said
        stopped.add(number)
    assert len(stopped) > 4
