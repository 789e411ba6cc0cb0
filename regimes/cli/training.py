"""``regimes training``: when random features trained on a data set generalise, and when they memorise it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from regimes.cli.output import (
    Output,
    emit,
    memory_bytes,
    memory_option,
    numbers,
    output_options,
    scale_option,
    user_errors,
)
from regimes.cli.reading import READING, reading_options

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["command"]

_DATA_ONLY = ("labels", *READING, "classes", "scale")


@click.command("training", short_help="When a training generalises and when it memorises: random features.")
@click.argument("dataset", required=False)
@click.option(
    "--spectrum",
    metavar="FILE",
    help="Eigenvalues of the covariance in place of DATASET: one a line, or .npy; a second column says how many.",
)
@reading_options
@click.option("--classes", metavar="A,B", help="Keep only these classes of DATASET.")
@scale_option
@click.option("--features", type=float, metavar="P", help="Number of random features.  [default: 4 (n + d)]")
@click.option("--samples", type=float, metavar="N", help="Number of training points.  [default: those of DATASET]")
@click.option(
    "--time",
    "time",
    multiple=True,
    callback=numbers,
    metavar="T[,T...]",
    help="Noise level, an Ornstein-Uhlenbeck time; of several the first has curves.  [default: 0.1]",
)
@click.option(
    "--activation", default="tanh", show_default=True, metavar="F", help="tanh, erf, sin, gelu, silu, relu or linear."
)
@click.option("--rate", type=float, metavar="ETA", help="Learning rate of plain gradient descent: times in steps too.")
@click.option("--batch", type=float, metavar="B", help="Points of a step, with --rate: times in epochs too.")
@click.option(
    "--generalised",
    type=float,
    default=1.0,
    show_default=True,
    metavar="X",
    help="Share of the population's modes that are learned at tau_gen.",
)
@click.option(
    "--memorised",
    type=float,
    default=0.0,
    show_default=True,
    metavar="X",
    help="Share of the points' modes that are learned at tau_mem.",
)
@memory_option
@user_errors
@output_options
def command(
    dataset: str | None, spectrum: str | None, memory: float, output: Output, reading: dict[str, Any], **options: Any
) -> None:
    """Predict when a training generalises and when it begins to memorise: random features under gradient flow.

    It is not a U-Net: one layer of random features of the noised points, of which only the last layer is trained, at
    one noise level. Its modes are the eigenvalues of the features' covariance, those of the population first, those
    of single points last. DATASET is what regimes predict takes.

    \b
    regimes training digits
    regimes training digits --features 20000 --time 0.02,0.1,0.5
    regimes training --spectrum eigenvalues.txt --samples 1000 --rate 0.01 --batch 64
    """
    if (dataset is None) == (spectrum is None):
        given = "neither" if dataset is None else "both"
        raise ValueError(f"training: give DATASET, or --spectrum with --samples; one of the two, got {given}")
    if spectrum is not None:
        _refuse_options_of_data()
    working_memory = memory_bytes("training", memory)
    from regimes.cli.values import names, scale_value
    from regimes.prediction.learning.predict import predict_training

    scale, classes, time = options.pop("scale"), options.pop("classes"), options.pop("time")
    result = predict_training(
        dataset,
        options.pop("labels"),
        spectrum=None if spectrum is None else _eigenvalues(spectrum),
        classes=names(classes),
        scale=None if scale is None else scale_value(scale),
        memory=working_memory,
        **({} if time is None else {"time": time}),
        **options,
        **({} if spectrum is not None else reading),
    )
    emit(result, output)


def _eigenvalues(path: str) -> NDArray[Any]:
    """One or two columns of a text, separated by blanks or commas, or an array."""
    import numpy as np

    form = f"training: --spectrum takes a text of one or two columns of numbers, or .npy: {path}"
    try:
        if path.endswith(".npy"):
            rows = np.asarray(np.load(path, allow_pickle=False))
        else:
            with open(path, encoding="utf-8-sig") as file:
                rows = _rows_of(list(file), form)
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise error if str(error).startswith(form) else ValueError(f"{form}: {error}") from None
    if rows.ndim == 2 and rows.shape[1] == 2 and not ((rows[:, 1] >= 1) & (rows[:, 1] % 1 == 0)).all():
        raise ValueError(
            f"{form}: the second column says how many directions have the eigenvalue, a whole number from 1 on; leave "
            "out shares of variance"
        )
    return rows


def _rows_of(lines: list[str], form: str) -> NDArray[Any]:
    """Numbers of the lines; what is wrong with the first that cannot be read."""
    import numpy as np

    rows: list[list[float]] = []
    for number, line in enumerate(lines, 1):
        cells = line.partition("#")[0].replace(",", " ").split()
        if not cells:
            continue
        try:
            row = [float(cell) for cell in cells]
        except ValueError:
            raise ValueError(f"{form}, line {number}: got {line.strip()!r}; a header is left out") from None
        if len(row) != len(rows[0] if rows else row):
            raise ValueError(f"{form}, line {number}: got {len(row)} numbers, {len(rows[0])} in the lines before")
        if not row[0] >= 0:
            raise ValueError(f"{form}, line {number}: an eigenvalue must not be negative, got {row[0]:g}")
        rows.append(row)
    if not rows:
        raise ValueError(f"{form}: no number in it")
    return np.array(rows)


def _refuse_options_of_data() -> None:
    """An option that would do nothing is a mistake."""
    context = click.get_current_context()
    for option in _DATA_ONLY:
        if context.get_parameter_source(option) is click.core.ParameterSource.COMMANDLINE:
            given = option.replace("_", "-")
            raise ValueError(f"training: --{given} belongs to DATASET, got it with --spectrum; leave it out")
