"""Plain gradient descent by automatic differentiation, beside the flow of the same points and noises."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.learning.noised_features import NoisedFeatures, draw_weights
from regimes.validation.experiments.runner.random_features import FeatureCase, variances
from regimes.validation.experiments.training_losses.flow import gradient_flow
from regimes.validation.experiments.training_losses.form import DescentForm
from regimes.validation.running.progress import Progress

__all__ = ["descent_losses"]

Array = NDArray[np.float64]


def descent_losses(
    case: FeatureCase, form: DescentForm, rng: np.random.Generator, report: Progress
) -> dict[str, Array]:
    """Losses (2, T) of the flow, and (2, 2, T) of descent at two rates: on what is trained on, and on other data."""
    d, p = form.d, round(case.psi_p * form.d)
    weights = draw_weights(p, d, rng, unit=False)
    W = weights.rows * weights.lengths[:, None]
    delta = float(compile_formula("noise_variance", target="numpy")(case.t))

    def drawn(points: int) -> tuple[Array, Array]:
        x = np.sqrt(variances(case.spectrum, d))[:, None] * rng.standard_normal((d, points))
        z = rng.standard_normal((d, points * form.noises))
        return np.tanh(W @ (np.exp(-case.t) * np.repeat(x, form.noises, axis=1) + np.sqrt(delta) * z)), z

    sets = [drawn(form.points), drawn(4 * form.points)]
    seen, others = (NoisedFeatures(f @ f.T / f.shape[1], f @ z.T / f.shape[1]) for f, z in sets)
    largest = float(np.linalg.eigvalsh(seen.covariance)[-1])
    rate = form.shrink * float(compile_formula("learning_time", target="numpy")(case.t, case.psi_p, largest)) * d**2
    wanted = compile_formula("learning_steps", target="numpy")(np.array(form.tau), d, rate)
    steps = np.maximum(np.round(wanted).astype(int), 1)
    flow = gradient_flow(seen, others, case.t, steps * rate / d**2)
    tensors = [(torch.from_numpy(f), torch.from_numpy(z)) for f, z in sets]
    found = []
    for parts in (1, 2):
        found.append(_descend(tensors, rate / parts, (parts * steps).tolist(), delta))
        report("gradient descent", parts, 2)
    return {"flow": np.array([flow.train, flow.test]), "descent": np.array(found)}


def _descend(
    sets: list[tuple[torch.Tensor, torch.Tensor]], rate: float, steps: list[int], delta: float
) -> list[list[float]]:
    """Losses on both sets after numbers of steps, by set, as if the mean square of the noise drawn were 1."""

    def loss(A: torch.Tensor, features: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        score = A @ features / features.shape[0] ** 0.5
        found: torch.Tensor = ((delta**0.5 * score + noise) ** 2).mean()
        return found

    A = torch.zeros(sets[0][1].shape[0], sets[0][0].shape[0], dtype=torch.float64, requires_grad=True)
    rows = []
    for step in range(steps[-1] + 1):
        if step in steps:
            with torch.no_grad():
                rows.append([float(loss(A, *each) - (each[1] ** 2).mean()) + 1 for each in sets])
        (slope,) = torch.autograd.grad(loss(A, *sets[0]), A)
        with torch.no_grad():
            A -= rate * slope
    return [list(column) for column in zip(*rows, strict=True)]
