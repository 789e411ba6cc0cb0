"""Class posteriors of every probe from models that have not seen its fold, mixed by weights that have not either."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import check_memory
from regimes.numerics.interface.progress import Progress, silent
from regimes.numerics.speciation.class_bound.candidates import CANDIDATES, Candidates, moments
from regimes.numerics.speciation.class_bound.gaussian import Noising
from regimes.numerics.speciation.class_bound.kernel import TEMPERATURES
from regimes.numerics.speciation.class_bound.request import Request
from regimes.numerics.speciation.class_bound.simplex import best_log_mixture, best_mixture

__all__ = ["HeldOutScores", "held_out_bytes", "held_out_scores"]

Array = NDArray[np.float64]
Single = NDArray[np.float32]

_PART = "held-out classes"
_ROWS = 2**18  # pairs of a noised point and a point at a time: what the nearest cache holds of them


@dataclass(frozen=True, eq=False)
class HeldOutScores:
    """Score of each (time, probe), mean weights of the candidates (time, C), and the posteriors that were kept.

    ``posteriors`` has shape (sign, time, probe, class), and no probes unless they were to be kept.
    """

    scores: Array
    weights: Array
    posteriors: Single


def held_out_scores(
    given: Request, progress: Progress | None, *, keep: bool = False, logarithmic: bool = False
) -> HeldOutScores:
    """Score every probe; ``keep`` holds on to the posteriors, which takes memory for all candidates on the way.

    These are mixed as they are for the scores, or with ``logarithmic`` for the highest log score.
    """
    used, folds, times, classes = given.used, given.folds, given.times, given.share.size
    at, count = Noising.at(times), len(CANDIDATES)
    needed = times.size * len(used.own) * held_out_bytes(classes, keep=keep, folds=folds * logarithmic)
    what = f"held-out posteriors of {classes} classes at {times.size} times"
    check_memory("class_bound", what, needed, given.memory, "ask for fewer times")
    report = silent if progress is None else progress
    candidates = Candidates(used, classes, given.drawn, report)
    report(_PART, 0, len(used.own))
    inner_own = np.zeros((folds, times.size, count))
    inner_squares = np.zeros((folds, times.size, count, count))
    own = np.empty((times.size, len(used.own), count), np.float32)
    squares = np.empty((times.size, len(used.own), count, count), np.float32)
    kept = np.empty((count, 2, times.size, len(used.own) if keep else 0, classes), np.float32)
    inner = np.empty((folds if logarithmic else 0, times.size, 2, len(used.own), count), np.float32)
    rows = _block_rows(given)
    of_fold, done = used.fold[used.own], 0
    for fold in range(folds):
        kernel = candidates.kernel(fold)
        mine = np.flatnonzero(of_fold == fold)
        for start in range(0, mine.size, rows):
            some = mine[start : start + rows]
            points, noise, members = used.points[used.own[some]], used.noise[some], used.members[used.own[some]]
            sums = kernel.at(points, noise, at)
            for other, posteriors in candidates.posteriors(fold, sums, points, noise, at):
                found = moments(posteriors, members)
                if other == fold:
                    own[:, some], squares[:, some] = found.own, found.squares
                    if keep:
                        kept[:, :, :, some] = posteriors
                else:
                    inner_own[other] += found.own.sum(axis=1, dtype=np.float64)
                    inner_squares[other] += found.squares.sum(axis=1, dtype=np.float64)
                    if logarithmic:
                        true = posteriors[..., np.arange(members.size), members]  # candidate, sign, time, probe
                        inner[other][:, :, some] = true.transpose(2, 1, 3, 0)
            done += some.size
            report(_PART, done, len(used.own))
    rest = (len(used.own) - np.bincount(of_fold, minlength=folds))[:, None, None]
    weights = best_mixture(inner_own / rest, inner_squares / rest[..., None])  # fold, time, candidate
    chosen = weights[of_fold].transpose(1, 0, 2)  # time, probe, candidate
    score = compile_formula("class_quadratic_score", target="numpy")
    own_class = np.einsum("tpc,tpc->tp", chosen, own)
    both = np.einsum("tpc,tpcd,tpd->tp", chosen, squares, chosen, optimize=True)
    if logarithmic:
        seen = [each[:, :, of_fold != fold].reshape(times.size, -1, count) for fold, each in enumerate(inner)]
        chosen = np.stack([best_log_mixture(each) for each in seen])[of_fold].transpose(1, 0, 2)
    mixed = np.einsum("tpc,cstpk->stpk", chosen[:, : kept.shape[3]].astype(np.float32), kept)
    return HeldOutScores(np.asarray(score(own_class, both)), weights.mean(axis=0), mixed)


def held_out_bytes(classes: int, *, keep: bool, folds: int = 0) -> int:
    """Bytes of each time and probe: the moments of all candidates, their posteriors if they are kept.

    With the number of folds also what logarithmic mixtures are chosen by.
    """
    count = len(CANDIDATES)
    return 4 * (count + count**2 + keep * 2 * classes * (count + 1)) + 8 * folds * count


def _block_rows(given: Request) -> int:
    """Noised points at a time, so that their arrays stay within the memory."""
    (n, d), times, classes = given.used.points.shape, given.times.size, given.share.size
    sums = len(TEMPERATURES) * 2 * times * given.folds * classes
    posteriors = 4 * len(CANDIDATES) * 2 * times * classes
    each = 4 * (5 * n + 4 * d + 2 * sums + posteriors)
    return int(max(1, min(max(128, _ROWS // n), given.memory // (2 * each))))
