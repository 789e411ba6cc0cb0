"""Collapse of a denoiser trained to memorisation on few digits, and of one with more data than it can memorise.

biroli2024, figure 5. For the first, what the exact empirical score of its training points does should hold: phi_index,
the time of the last change of the nearest training point, and with them t_C. For the second, whose weights are those of
the smallest held-out loss, it should fail. What a denoiser is must show in ``G(t) = J_test - J_train``, each
``1/2 int_0^snr loss dsnr`` on its points: with the exact empirical score of n points J_train never exceeds log n and
J_test does, while for a denoiser that generalises both are the information I(a; x_t). G is given as a share of that of
the exact empirical score on the same points, at half of t_C: at t_C itself a network that overfits reaches more of it
without a memory of single points.
"""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from regimes.datasets.points.loading import load_dataset
from regimes.prediction.losses.comparison import READ_AT, memory_verdict
from regimes.validation.experiments.digits_collapse.report import collapse_panels, collapse_statements
from regimes.validation.experiments.trained.case import CaseForm, TrainedCase, trained_case
from regimes.validation.experiments.trained.models import split_points
from regimes.validation.outcome.agreement import Agreement, chi_square
from regimes.validation.outcome.experiment import ExperimentResult, Progress, conclude
from regimes.validation.running.checkpoints import Checkpoints
from regimes.validation.sampling import NoiseStream, choose_device
from regimes.validation.training import ResidualMLP

__all__ = ["digits_collapse"]

Array = NDArray[np.float64]

_STREAM = 9
_SPLIT, _CASE = 0, 1
_SEEDS, _OWN = 64, 48  # apart from those of pairs of digits


@dataclass(frozen=True)
class _Form:
    """Size of the experiment."""

    few: int
    held_out_of_many: int
    width: int
    blocks: int
    memoriser: CaseForm
    generaliser: CaseForm


_FULL = _Form(
    64, 360, 256, 3,
    CaseForm(20_000, 64, 1e-3, 0.999, None, 1000, 60, 1000, 16, 8000),
    CaseForm(3000, 128, 1e-3, 0.99, 500, 1000, 60, 1000, 4, 1000),
)  # fmt: skip
_QUICK = _Form(
    24, 1297, 96, 1,
    CaseForm(400, 48, 2e-3, 0.98, None, 150, 16, 100, 2, 200, 512),
    CaseForm(150, 64, 1e-3, 0.98, 150, 100, 12, 100, 2, 200, 512),
)  # fmt: skip


def digits_collapse(
    *,
    quick: bool = False,
    device: str | None = None,
    rng: int = 0,
    checkpoint: str | Path | None = None,
    progress: Progress | None = None,
) -> ExperimentResult:
    """Train one denoiser on 64 digits for long and one on 1437 with early stopping, and measure when they collapse.

    Both have the same network. The test points of the first are the other 1733 digits, those of the second the 360 that
    chose its weights.

    Parameters
    ----------
    quick : bool
        A check of the machinery: 24 digits, a small network that has hardly been trained, 150 pairs of clones.
    device : str, optional
        Of torch; a GPU where torch sees one by default, else the CPU.
    rng : int
        Seed.
    checkpoint : path, optional
        Folder that keeps what is finished.
    progress : callable, optional
        Called with (part, done, total).

    Returns
    -------
    ExperimentResult
        ``findings`` for each case: the measurement (phi_index, last change, times predicted and measured), the
        training, losses and G, generated points and the share of near-copies among them; ``exact_score_test`` of
        phi_index, ``gap`` (``t``, half of the predicted t_C; ``value`` and ``se`` of G in nats, that of the exact
        empirical score, ``share`` and ``share_se`` of the one in the other, J_train and J_test there over log n),
        ``memorises`` and ``generalises``; ``t_C_of_model`` and ``t_C_of_exact_score``, where J_test passes log n, with
        errors; and ``told_apart``.

    Raises
    ------
    ValueError
        If an option is unusable, or the checkpoint belongs to another run.

    Notes
    -----
    biroli2024, figure 5; the test by G is derived in docs/experiments/digits-collapse (verdu2010, guo2005). A denoiser
    is called one that memorises if G at half of the predicted t_C (zero of the leave-one-out excess entropy) exceeds
    half of that of the exact empirical score by 1.96 standard errors, and one that generalises if it stays below by as
    much; the error of the share is an upper bound, since both gaps are of the same noise. Clones of the exact empirical
    score with the same steps measure what the steps do. The tests behind the verdict are those of the first case, for
    which the exact score is a prediction; that of the second stands in the findings.
    """
    started = time.perf_counter()
    form, where = _QUICK if quick else _FULL, choose_device(device)
    settings = {"quick": quick, "seed": rng, "device": str(where), "network": "ResidualMLP"} | asdict(form)
    store, noise = Checkpoints(checkpoint, settings), NoiseStream(rng, _STREAM)
    digits = load_dataset(load_dataset("digits").X, name="digits")  # in all its classes, which are of no matter here
    cases = []
    for number, (name, how, held_out) in enumerate(
        (
            ("few digits", form.memoriser, digits.n - form.few),
            ("many digits", form.generaliser, form.held_out_of_many),
        )
    ):
        own = noise.substream(number)
        train, test, _ = split_points(digits, held_out, own.substream(_SPLIT))
        seed = _SEEDS * rng + _OWN + number

        def network(seed: int = seed) -> torch.nn.Module:
            return ResidualMLP(digits.d, width=form.width, blocks=form.blocks, rng=seed)

        cases.append(
            trained_case(
                name.replace(" ", "-"), how, train, test, network, store=store, noise=own.substream(_CASE), seed=seed,
                device=where, progress=progress, parts=("collapse", "trajectories"),
            )
        )  # fmt: skip
    few, many = cases
    times = {each.name: _times(each) for each in cases}
    tests = [chi_square(f"phi_index, {few.name}", few.index_agreement())]
    tests += [chi_square(f"{each.quantity}", [each]) for each in times[few.name]]
    findings: dict[str, Any] = {each.name: _found(each) for each in cases}
    findings["told_apart"] = bool(findings[few.name]["memorises"] and findings[many.name]["generalises"])
    return conclude(
        "digits-collapse", settings, started,
        agreement=[*(each for case in cases for each in (*case.index_agreement(), *times[case.name]))], tests=tests,
        findings=findings, statements=collapse_statements(quick, cases, findings, tests),
        panels=collapse_panels(cases),
    )  # fmt: skip


def _times(case: TrainedCase) -> list[Agreement]:
    """Times of the index and of the last change beside those of the exact empirical score."""
    wanted = {
        "index against collapse.clone_crossing": "crossing of phi_index",
        "last_change against last_change": "mean last change",
    }
    return [
        Agreement(f"{wanted[each.quantity]}, {case.name}", each.at, each.theory, each.simulation, each.se, each.samples)
        for each in case.measurement.agreement()
        if each.quantity in wanted
    ]


def _found(case: TrainedCase) -> dict[str, Any]:
    log_n, t_C = math.log(case.train.n), case.measurement.predicted["collapse.time"].time
    found: dict[str, Any] = case.to_dict() | {
        "t_C": t_C,
        "t_C_of_model": _listed(case.gap.time_at(log_n)),
        "t_C_of_exact_score": _listed(case.exact_gap.time_at(log_n)),
        "exact_score_test": chi_square(f"phi_index, {case.name}", case.index_agreement()).to_dict(),
        "gap": None,
        "memorises": False,
        "generalises": False,
    }
    if t_C is None:
        return found
    t = READ_AT * t_C
    (gap, error), (of_exact, _) = case.gap.at(t), case.exact_gap.at(t)
    share, share_se = gap / of_exact, error / of_exact
    verdict = memory_verdict(share, share_se)
    of_points = {f"J_{name}_over_log_n": case.gap.at(t, name)[0] / log_n for name in ("train", "test")}
    return found | {
        "gap": {"t": t, "value": gap, "se": error, "of_exact_score": of_exact, "share": share, "share_se": share_se}
        | of_points,
        "memorises": verdict == "memorises",
        "generalises": verdict == "generalises",
    }


def _listed(found: tuple[float, float] | None) -> list[float] | None:
    return None if found is None else list(found)
