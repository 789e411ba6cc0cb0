"""From a data set to what to do with a sampler, a model or a training: one answer a question."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

from regimes.datasets.files.reading import ReadingOptions
from regimes.datasets.points.loading import load_or_open
from regimes.datasets.process.noise_schedule import noise_schedule
from regimes.numerics.compiled.threads import blas_threads
from regimes.numerics.interface.checks import positive_number, whole_number
from regimes.numerics.interface.progress import Progress, silent
from regimes.prediction.dataset.found import PRECISION, Budget, Found
from regimes.prediction.dataset.points import copies_warnings
from regimes.prediction.dataset.result import GivenData
from regimes.prediction.decisions.answer import Answer
from regimes.prediction.decisions.result import Advice
from regimes.prediction.losses.comparison import checked_losses
from regimes.prediction.losses.curve import LossCurve
from regimes.prediction.losses.held_out import HeldOutLosses, held_out_losses

__all__ = ["QUESTIONS", "advise"]

_GROUPS = 20


@dataclass(frozen=True)
class _Asked:
    """A data set, samples and losses of a model of it, other points, and how far final samples may be off, in nats."""

    found: Found
    samples: Any
    held_out: Any
    nats: float
    losses: HeldOutLosses | None


def advise(
    source: Any,
    labels: Any = None,
    *,
    only: str | Sequence[str] | None = None,
    schedule: Any = "ddpm-linear",
    samples: Any = None,
    held_out: Any = None,
    losses: str | Path | LossCurve | None = None,
    nats: float = 1.0,
    classes: Sequence[Any] | None = None,
    scale: str | float | None = None,
    rng: int = 0,
    memory: int = 2 * 2**30,
    progress: Progress | None = None,
    **reading: Unpack[ReadingOptions],
) -> Advice:
    """Answer what people ask of a diffusion model of a data set, from the data and the schedule.

    Parameters
    ----------
    source : str, path, array_like or Dataset
        What :func:`regimes.load_dataset` reads.
    labels : array_like, path or str, optional
        Class of each point.
    only : str or sequence of str, optional
        Questions: ``guidance`` (for which noise), ``steps`` (where, how many), ``start`` (from which noise), ``data``
        (how many until the model stops copying), ``points`` (which are copied first), ``copies`` (of ``samples``),
        ``uturn`` (from which strength the class is lost), ``training`` (on which noise). All but ``copies`` without
        samples by default.
    schedule : str, path, object or Schedule
        The noise levels at which the model is called: what :func:`regimes.noise_schedule` takes, or gives.
    samples : array_like or path, optional
        Samples of a model, in the unit of the data as they are given; a folder with one file for each checkpoint.
    held_out : array_like or path, optional
        Points that the model was not trained on, read like samples: the share of them that would count as copies stands
        beside that of the samples. Without them each point is held against the others.
    losses : path or LossCurve, optional
        Losses of a model per noise level, on the points and on others, in the unit of the preprocessed data: a CSV as
        :meth:`regimes.validation.LossCurve.save_csv` writes it. What its steps cost it, and a bound for ``data``.
    nats : float
        How far the law of the final samples may be from that of the data.
    classes, scale
        As in :func:`regimes.predict`.
    rng : int
        Seed: no generator, whose numbers would depend on what else is asked.
    memory : int
        Bytes that may be used in all, the points included.
    progress : callable, optional
        Called with (part, done, total) as the work proceeds.
    columns, drop, header, decimal, missing
        What is read of the source, see :func:`regimes.load_dataset`.

    Returns
    -------
    Advice
        Numbers with intervals, curves, and one text a question.

    Raises
    ------
    ValueError
        If the data, the samples or an option is unusable, or a question needs what is not given.

    Examples
    --------
    >>> advice = advise("digits", only="training")
    >>> sorted(advice.numbers)
    ['training.P_mean', 'training.P_std']
    """
    asked = _checked_questions(only)
    if samples is None and "copies" in asked:
        raise ValueError("advise: copies are counted in samples of a model; give them (--samples FILE)")
    if samples is not None and only is not None and "copies" not in asked:
        raise ValueError("advise: samples are given, and the questions leave copies out; add copies (--only)")
    if held_out is not None and samples is None:
        raise ValueError("advise: held-out points stand beside samples of a model; give these too (--samples FILE)")
    if nats != 1.0 and only is not None and "steps" not in asked:
        raise ValueError("advise: nats counts steps, and the questions leave these out; add steps (--only)")
    if losses is not None and only is not None and not {"steps", "data"} & set(asked):
        raise ValueError(
            "advise: losses are given, and the questions leave steps and data out; add one of them (--only)"
        )
    steps = noise_schedule(schedule)
    nats = positive_number("advise", "nats", "divergence of the final samples", nats)
    memory = whole_number("advise", "memory", "bytes", memory, at_least=1)
    seed = whole_number("advise", "rng", "seed", rng, at_least=0)
    report = silent if progress is None else progress
    report("reading", 0, 1)
    of_points: dict[str, Any] = {"classes": classes, "scale": scale, "memory": memory}
    data = load_or_open(source, labels, report=report, **of_points, **reading)
    found = Found(data, steps, Budget(None, PRECISION, seed, _GROUPS, memory, report), center=True, times=None)
    of_model, notes = (None, ()) if losses is None else _losses(found, losses)
    given = _Asked(found, samples, held_out, nats, of_model)
    wanted = asked or tuple(name for name in QUESTIONS if name != "copies" or samples is not None)
    with blas_threads(data.X.size):
        answers = {name: _answered(name, given, alone=len(wanted) == 1) for name in wanted}
    return Advice(
        problem=GivenData.of(data),
        numbers={key: number for each in answers.values() for key, number in each.numbers.items()},
        curves={key: _rows(curve) for each in answers.values() for key, curve in each.curves.items()},
        settings={"seed": seed, "nats": nats, "questions": list(wanted)} | steps.settings,
        sentences=tuple(f"{name}: {' '.join(each.sentences)}" for name, each in answers.items()),
        assumes=tuple(dict.fromkeys(text for each in answers.values() for text in each.assumes)),
        warnings=(
            *data.notes,
            *notes,
            *copies_warnings(found.copies, data.n),
            *dict.fromkeys(text for each in answers.values() for text in each.warnings),
        ),
    )


def _losses(found: Found, losses: str | Path | LossCurve) -> tuple[HeldOutLosses | None, tuple[str, ...]]:
    """Losses on other points, or what speaks against their being of a model of these points."""
    if not isinstance(losses, str | Path | LossCurve):
        raise ValueError(f"advise: losses must be a CSV file or a LossCurve, got {type(losses).__name__}")
    total = found.spread.total_variance
    curve, notes = checked_losses("advise", losses, found.data.n, total * (1 - 1 / found.data.n))
    if notes:
        return None, (f"{notes[0]}; they are not used", *notes[1:])
    try:
        return held_out_losses(curve, total), ()
    except ValueError as refused:
        raise ValueError(f"advise: {refused}") from None


def _answered(name: str, asked: _Asked, *, alone: bool) -> Answer:
    """The answer, or what refuses it: one question of several loses no other answer."""
    try:
        return QUESTIONS[name](asked)
    except ValueError as refused:
        if alone or name == "copies":
            raise
        return Answer({}, (f"No answer: {refused}.",), warnings=(f"{name}: {refused}",))


def _guidance(asked: _Asked) -> Answer:
    from regimes.prediction.decisions.guidance import guidance_answer

    return guidance_answer(asked.found)


def _steps(asked: _Asked) -> Answer:
    from regimes.prediction.decisions.steps import steps_answer

    return steps_answer(asked.found, asked.found.schedule, nats=asked.nats, losses=asked.losses)


def _start(asked: _Asked) -> Answer:
    from regimes.prediction.decisions.start import start_answer

    return start_answer(asked.found, asked.found.schedule)


def _data(asked: _Asked) -> Answer:
    from regimes.prediction.decisions.data_needed import data_answer

    return data_answer(asked.found, asked.found.schedule, losses=asked.losses)


def _points(asked: _Asked) -> Answer:
    from regimes.prediction.decisions.points_at_risk import points_answer

    return points_answer(asked.found)


def _copies(asked: _Asked) -> Answer:
    from regimes.prediction.decisions.copies import copies_answer

    return copies_answer(asked.found, asked.samples, held_out=asked.held_out)


def _uturn(asked: _Asked) -> Answer:
    from regimes.prediction.decisions.uturns import uturn_answer

    return uturn_answer(asked.found, asked.found.schedule)


def _training(asked: _Asked) -> Answer:
    from regimes.prediction.decisions.training_noise import training_answer

    return training_answer(asked.found, asked.found.schedule)


QUESTIONS: dict[str, Callable[[_Asked], Answer]] = {
    "guidance": _guidance,
    "steps": _steps,
    "start": _start,
    "data": _data,
    "points": _points,
    "copies": _copies,
    "uturn": _uturn,
    "training": _training,
}
"""What answers each question, in the order in which answers are printed."""


def _rows(curve: Any) -> Any:
    """A curve as it is; a table of columns as a list of its rows."""
    if not isinstance(curve, Mapping):
        return curve
    return [dict(zip(curve, row, strict=True)) for row in zip(*curve.values(), strict=True)]


def _checked_questions(only: str | Sequence[str] | None) -> tuple[str, ...]:
    """Questions asked by name, in their order; none if all are."""
    asked = () if only is None else (only,) if isinstance(only, str) else tuple(only)
    unknown = [name for name in asked if name not in QUESTIONS]
    if unknown or (only is not None and not asked):
        raise ValueError(
            f"advise: questions must be among {', '.join(QUESTIONS)}, got {', '.join(map(str, unknown)) or 'none'}"
        )
    return tuple(name for name in QUESTIONS if name in asked)
