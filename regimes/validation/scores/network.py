"""The score behind a trained network, whatever it predicts and however it counts the noise level."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import whole_number
from regimes.validation.scores.checks import checked_states, checked_time
from regimes.validation.scores.model_clock import ModelClock
from regimes.validation.scores.torch_formula import torch_formula

__all__ = ["CLOCK_SHAPES", "PREDICTIONS", "SCALINGS", "NetworkScore", "evaluating"]

# Formulas of the score and of the posterior mean, and whether they need x_t beside the prediction; none for itself.
_SCORES = {
    "eps": ("score_from_noise", False),
    "x0": ("score_from_posterior_mean", True),
    "v": ("score_from_v", True),
    "velocity": ("score_from_velocity", True),
    "score": None,
}
_MEANS = {
    "eps": ("posterior_mean_from_noise", True),
    "x0": None,
    "v": ("posterior_mean_from_v", True),
    "velocity": ("posterior_mean_from_velocity", True),
    "score": ("posterior_mean_from_score", True),
}
_SCALES = {"variance-preserving": None, "variance-exploding": "exploding_scale", "flow": "flow_scale"}
_OWN_SCALING = {"sigma": "variance-exploding", "flow_time": "flow"}

PREDICTIONS = tuple(_SCORES)
"""Predictions: the noise z, the data point a, v = exp(-t) z - sqrt(Delta_t) a, the velocity z - a, the score."""

SCALINGS = tuple(_SCALES)
"""Coordinates of the input: x_t, a + sigma z, (1-s) a + s z."""

CLOCK_SHAPES = ("rows", "column", "number")
"""Shapes of the second argument: (n,), (n, 1), ()."""


class NetworkScore:
    """Score from a denoiser ``model(input, clock)``.

    Parameters
    ----------
    model : torch.nn.Module or callable
        Takes the noised points and the reading of its clock, gives a tensor of the shape of the points. A module is
        called in evaluation mode; its mode is put back afterwards. A function that calls a module cannot be looked
        into: call ``model.eval()`` before, or dropout makes the score random and batch norm mixes the rows.
    prediction : {"eps", "x0", "v", "velocity", "score"}
        What it predicts: the noise z, the data point a, ``v = exp(-t) z - sqrt(Delta_t) a``, the velocity ``z - a`` of
        linear flow matching, or the score of the law of its own input.
    clock : {"time", "log_snr", "alpha_bar", "sigma", "flow_time", "step"}
        Its second argument: Ornstein-Uhlenbeck time t, ``log snr``, ``exp(-2t)``, the EDM noise level ``1/sqrt(snr)``,
        the time s of linear flow matching (0 is data), or a 0-based step of a schedule.
    schedule : str, path, object or Schedule, optional
        For clock ``"step"``: that of the training, which :func:`regimes.noise_schedule` takes, or gives.
    scaling : {"variance-preserving", "variance-exploding", "flow"}, optional
        Its first argument: ``x_t``, ``e^t x_t = a + sigma z``, or ``(1-s) a + s z``. The second for clock ``"sigma"``,
        the third for ``"flow_time"``, the first otherwise.
    rounding : {"fractional", "nearest"}
        Steps between those of the schedule; ``"nearest"`` for models that look steps up in a table. It tells the model
        a noise level that is up to half a step from that of x_t, and passes whole numbers of int64.
    shape : tuple of int, optional
        Shape of a point as the model wants it, ``(1, 8, 8)`` for images; results have the shape of x.
    batch : int, optional
        Rows a call of the model; all at once by default.
    clock_shape : {"rows", "column", "number"}
        Of the second argument: ``(n,)``, ``(n, 1)`` or a tensor without dimensions.

    Raises
    ------
    ValueError
        If an option is unknown, or a schedule is missing or none.

    Notes
    -----
    Ho, Jain, Abbeel 2020 (eps); Salimans, Ho 2022 (v); Karras, Aittala, Aila, Laine 2022 (sigma); Lipman et al. 2023
    (flow). ``score_from_noise``, ``score_from_v``, ``score_from_velocity``, ``score_from_posterior_mean``,
    ``posterior_mean_from_score`` and others, derived. x goes to the model in the type of its first
    parameter, the clock too unless that is a half-precision type, whose clock is float32, and results come back in the
    type of x. For classes, further arguments or another scale of the clock pass a function of a model in evaluation
    mode: ``lambda x, s: model(x, 1000 * s, labels)`` after ``model.eval()``.

    Examples
    --------
    The best denoiser of standard normal data predicts ``E[z | x_t] = sqrt(Delta_t) x_t``; their score is -x.

    >>> score = NetworkScore(lambda x, t: torch.sqrt(-torch.expm1(-2 * t))[:, None] * x, prediction="eps", clock="time")
    >>> score(torch.tensor([[1.0, -2.0]], dtype=torch.float64), 0.5).round(decimals=12).tolist()
    [[-1.0, 2.0]]
    """

    def __init__(
        self,
        model: Callable[[Tensor, Tensor], Tensor],
        *,
        prediction: str,
        clock: str,
        schedule: Any = None,
        scaling: str | None = None,
        rounding: str = "fractional",
        shape: tuple[int, ...] | None = None,
        batch: int | None = None,
        clock_shape: str = "rows",
    ) -> None:
        _checked_option("prediction", prediction, PREDICTIONS)
        _checked_option("clock_shape", clock_shape, CLOCK_SHAPES)
        self.clock = ModelClock(clock, schedule, rounding=rounding)
        self.scaling = _OWN_SCALING.get(clock, "variance-preserving") if scaling is None else scaling
        _checked_option("scaling", self.scaling, SCALINGS)
        if not callable(model):
            raise ValueError(f"NetworkScore: model must be callable as model(x, clock), got {type(model).__name__}")
        self.model = model
        self.prediction = prediction
        self.shape = None if shape is None else tuple(shape)
        self.batch = None if batch is None else whole_number("NetworkScore", "batch", "rows a call", batch, at_least=1)
        self.clock_shape = clock_shape

    @torch.no_grad()
    def __call__(self, x: Tensor, t: float) -> Tensor:
        """Score of the law of x_t at noised points x (n, ...) on the device of the model, of their shape and type.

        Raises
        ------
        ValueError
            If x does not suit the model, t is not positive or outside the schedule, the model fails, or it returns
            something other than a finite real tensor of the shape of its input.
        """
        return self._converted(_SCORES[self.prediction], x, t)

    @torch.no_grad()
    def posterior_mean(self, x: Tensor, t: float) -> Tensor:
        """Mean of the data point given x_t, as the model has it."""
        return self._converted(_MEANS[self.prediction], x, t)

    def _converted(self, conversion: tuple[str, bool] | None, x: Tensor, t: float) -> Tensor:
        x, time = checked_states("NetworkScore", x, None), checked_time("NetworkScore", t)
        predicted = self._predict(x, time)
        if self.prediction == "score" and (name := _SCALES[self.scaling]) is not None:
            predicted = predicted.mul_(float(compile_formula(name, target="numpy")(time)))  # chain rule
        if conversion is None:
            return predicted
        name, with_x = conversion
        result: Tensor = torch_formula(name)(*((x, predicted) if with_x else (predicted,)), time)
        return result

    def _predict(self, x: Tensor, time: float) -> Tensor:
        """Output of the model for all rows, in the shape and type of x."""
        reading = self.clock.reading(time)
        scale = _SCALES[self.scaling]
        factor = 1.0 if scale is None else float(compile_formula(scale, target="numpy")(time))
        dtype = self._dtype(x)
        result = torch.empty_like(x, memory_format=torch.contiguous_format)
        step = self.batch or max(1, len(x))
        with evaluating(self.model):
            for first in range(0, len(x), step):
                rows = x[first : first + step]
                given = self._shaped(rows if factor == 1 else rows * factor).to(dtype)
                if given.untyped_storage().data_ptr() == x.untyped_storage().data_ptr():
                    given = given.clone()  # models may work in place
                output = self._output(given, self._argument(reading, len(rows), dtype, x.device))
                result[first : first + step] = self._checked(output, given, time).reshape(rows.shape)
        return result

    def _output(self, given: Tensor, clock: Tensor) -> Any:
        try:
            return self.model(given, clock)
        except (torch.cuda.OutOfMemoryError, MemoryError):
            raise
        except Exception as error:  # whatever a model of the user's raises
            raise ValueError(
                f"NetworkScore: the model must take an input of shape {tuple(given.shape)} and {given.dtype} and a "
                f"clock of shape {tuple(clock.shape)} and {clock.dtype}, got {type(error).__name__} from it "
                f"({str(error).partition(chr(10))[0][:120]}); give shape=(channels, height, width) if it works on "
                'images, rounding="nearest" if it looks steps up in a table, clock_shape= if it wants '
                "one number or a column; "
                "half-precision models get a clock of float32: convert what they make of it, or call model.float()"
            ) from error

    def _dtype(self, x: Tensor) -> torch.dtype:
        parameter = next(self.model.parameters(), None) if isinstance(self.model, nn.Module) else None
        if parameter is None or not parameter.is_floating_point():
            return x.dtype
        if parameter.device != x.device:
            raise ValueError(
                f"NetworkScore: x must be on the device of the model, {parameter.device}, got {x.device}; move one of "
                "them with .to(...)"
            )
        return parameter.dtype

    def _shaped(self, rows: Tensor) -> Tensor:
        if self.shape is None:
            return rows
        if rows[0].numel() != torch.Size(self.shape).numel():
            raise ValueError(
                f"NetworkScore: x must have rows of {torch.Size(self.shape).numel()} numbers for shape {self.shape}, "
                f"got rows of shape {tuple(rows.shape[1:])}"
            )
        return rows.reshape(len(rows), *self.shape)

    def _argument(self, reading: float | int, rows: int, dtype: torch.dtype, device: torch.device) -> Tensor:
        shape = {"rows": (rows,), "column": (rows, 1), "number": ()}[self.clock_shape]
        # bfloat16 knows 776 and 780, and no step between.
        kind = torch.int64 if isinstance(reading, int) else torch.promote_types(dtype, torch.float32)
        return torch.full(shape, reading, dtype=kind, device=device)

    def _checked(self, output: Any, given: Tensor, time: float) -> Tensor:
        if not isinstance(output, Tensor):
            raise ValueError(
                f"NetworkScore: the model must return a tensor, got {type(output).__name__}; pass a function that "
                "picks it out, such as lambda x, c: model(x, c).sample"
            )
        if output.is_complex():
            raise ValueError(
                f"NetworkScore: the model must return real numbers, got {output.dtype}; pass a function that makes "
                "them real, such as lambda x, c: model(x, c).real"
            )
        if output.shape != given.shape:
            raise ValueError(
                f"NetworkScore: the model must return the shape of its input, {tuple(given.shape)}, got "
                f"{tuple(output.shape)}; give shape=(channels, height, width) if it works on images, or pass a "
                "function that picks the prediction out, such as lambda x, c: model(x, c)[:, :channels]"
            )
        # A sum is finite unless a term is not, and cheaper than a test of every term.
        if not bool(torch.isfinite(output.sum())):
            bad = int((~torch.isfinite(output)).sum())
            if bad:
                raise ValueError(
                    f"NetworkScore: the model returned nan or infinite values at t = {time:g} ({self.clock.clock} "
                    f"{self.clock.reading(time):g}): {bad} of {output.numel()}; was it trained at this noise level, "
                    "and did the training converge?"
                )
        return output


@contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """Evaluation mode, and back: parts that were in it before stay."""
    training = [part for part in model.modules() if part.training] if isinstance(model, nn.Module) else []
    for part in training:
        part.training = False
    try:
        yield
    finally:
        for part in training:
            part.training = True


def _checked_option(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"NetworkScore: {name} must be one of {', '.join(known)}, got {value!r}")
