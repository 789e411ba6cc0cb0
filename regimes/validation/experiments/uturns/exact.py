"""U-turns under exact scores: Gaussian classes, and a Gaussian whose directions have unequal variances."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.decisions.class_posteriors import ClassPosteriors
from regimes.numerics.decisions.class_survival import class_survival, flow_class_survival
from regimes.numerics.decisions.retained_scales import retained_share
from regimes.numerics.speciation.clone_probability import clone_probability
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.experiments.runner.trained_case import share_agreement
from regimes.validation.experiments.uturns.form import Classes, ExactForm
from regimes.validation.experiments.uturns.turns import SAMPLERS, turned_by
from regimes.validation.outcome.agreement import Agreement
from regimes.validation.sampling import NoiseStream, noised
from regimes.validation.scores import MixtureScore

__all__ = ["exact_classes", "exact_directions", "predicted_survival"]

Array = NDArray[np.float64]

_END = 1e-3  # the last step goes from here to 0
_DRAWN, _TURNED, _PREDICTED = range(3)


def exact_classes(form: ExactForm, classes: Classes, bench: Bench) -> dict[str, list[Agreement]]:
    """Survival of the class by sampler and time, against prediction."""
    score = MixtureScore(classes.weights, np.array(classes.centres), classes.sigma)
    predicted = bench.store.piece(
        f"{classes.name},predicted",
        lambda: predicted_survival(form, classes, score, bench.noise.substream(_PREDICTED)),
    )
    found: dict[str, list[Agreement]] = {}
    for which, sampler in enumerate(SAMPLERS):

        def survival(t: float, noise: NoiseStream, sampler: str = sampler) -> Array:
            a, members = score.draw(form.points, noise.substream(_DRAWN), device=bench.device)
            end = turned_by(sampler, score, a, t, form.steps, _END, noise.substream(_TURNED))
            return np.array([float((score.posterior(end, 0.0).argmax(dim=1) == members).double().mean())])

        measured = _at_times(bench.of(which), f"{classes.name},{sampler}", form.class_times, survival)[:, 0]
        theory, error = predicted[sampler].tolist(), predicted[f"{sampler}_se"].tolist()
        rows = zip(form.class_times, theory, error, measured.tolist(), strict=True)
        name = f"class survives, {sampler}, {classes.name}"
        found[sampler] = [share_agreement(name, *row, form.points) for row in rows]
    return found


def predicted_survival(form: ExactForm, classes: Classes, score: MixtureScore, noise: NoiseStream) -> dict[str, Array]:
    """Survival by sampler with its standard error: closed forms of two equal classes, else as of any posteriors."""
    t = np.array(form.class_times)
    if len(classes.weights) == 2 and classes.weights[0] == classes.weights[1]:
        apart, d = np.subtract(*np.array(classes.centres)), len(classes.centres[0])
        mu = np.linalg.norm(apart) / 2 / np.sqrt(d)  # the centres lie at distance sqrt(d) mu of their middle
        kappa = compile_formula("mixture_kappa", target="numpy")(t, d, mu, classes.sigma)
        phi = {"stochastic": clone_probability(kappa), "deterministic": flow_class_survival(kappa)}
        return phi | {f"{name}_se": np.zeros_like(t) for name in SAMPLERS}
    draws = [class_survival(_posteriors(form, score, t, noise.substream(number))) for number in range(form.redraws)]
    found: dict[str, Array] = {}
    for name in SAMPLERS:
        values = np.stack([getattr(each, name).phi for each in draws])
        found[name] = values.mean(axis=0)
        found[f"{name}_se"] = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    return found


def _posteriors(form: ExactForm, score: MixtureScore, t: Array, noise: NoiseStream) -> ClassPosteriors:
    """Exact posteriors of noised points of the mixture."""
    a, members = score.draw(form.probes, noise.substream(_DRAWN))
    out = noise.substream(_TURNED)
    posterior = [
        [score.posterior(noised(a, time, noise=out, step=sign), time).numpy() for time in t.tolist()] for sign in (0, 1)
    ]
    own = np.arange(form.probes)
    return ClassPosteriors(t, np.array(posterior), members.numpy(), own, score.weights, form.probes, True, ())


def exact_directions(form: ExactForm, bench: Bench) -> dict[str, list[Agreement]]:
    """Correlation of start and end by sampler, direction and time, against prediction."""
    variances = np.array(form.variances)
    deviation = torch.from_numpy(np.sqrt(variances)).to(bench.device, torch.float32)
    snr = compile_formula("snr", target="numpy")
    found: dict[str, list[Agreement]] = {}
    for which, sampler in enumerate(SAMPLERS):

        def correlation(t: float, noise: NoiseStream, sampler: str = sampler) -> Array:
            shape = (form.points, (len(variances),))
            a = noise.substream(_DRAWN).normal(0, 0, *shape, device=bench.device) * deviation
            end = turned_by(sampler, _gaussian(variances), a, t, form.steps, _END, noise.substream(_TURNED))
            start, back = (each.double().cpu().numpy() for each in (a, end))
            return np.array([np.corrcoef(x, y)[0, 1] for x, y in zip(start.T, back.T, strict=True)])

        measured = _at_times(bench.of(which), f"directions,{sampler}", form.direction_times, correlation)
        found[sampler] = []
        for t, row in zip(form.direction_times, measured.tolist(), strict=True):
            for variance, value in zip(form.variances, row, strict=True):
                theory = float(retained_share(snr(t), [variance], deterministic=sampler == "deterministic"))
                se = (1 - theory**2) / np.sqrt(form.points)  # of the correlation of two normal variables
                name = f"correlation of direction of variance {variance:g}, {sampler}"
                found[sampler].append(Agreement(name, t, theory, value, float(se), form.points))
    return found


def _gaussian(variances: Array) -> Callable[[Tensor, float], Tensor]:
    """Score of independent centred Gaussian directions."""

    def score(x: Tensor, t: float) -> Tensor:
        slope = compile_formula("gaussian_score", target="numpy")(1.0, 0.0, t, np.sqrt(variances))
        return x * torch.from_numpy(np.asarray(slope)).to(x)

    return score


def _at_times(
    bench: Bench, name: str, times: tuple[float, ...], compute: Callable[[float, NoiseStream], Array]
) -> Array:
    """Each time a piece with random numbers of its own."""
    found = []
    for place, t in enumerate(times):
        noise = bench.noise.substream(place)
        piece = bench.store.piece(f"{name},{place}", lambda t=t, noise=noise: {"value": compute(t, noise)})  # type: ignore[misc]
        found.append(piece["value"])
        bench.report(name, place + 1, len(times))
    return np.stack(found)
