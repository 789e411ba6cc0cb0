"""Losses on fresh points of two Gaussian classes: in closed form, of the exact denoiser and of a learned one.

By I-MMSE (guo2005) from ``gaussian_channel_mmse`` and the clone probability.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.speciation.clone_probability import class_information, clone_disagreement
from regimes.validation.experiments.learned_mixture.runs import MU, SIGMA
from regimes.validation.experiments.runner.denoisers import T_RANGE
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.sampling import noised
from regimes.validation.scores import MixtureScore
from regimes.validation.training import TrainedDenoiser, information_from_losses, loss_curve

__all__ = ["closed_loss", "measured_losses"]

Array = NDArray[np.float64]

_TEST, _LOSS, _EXCESS = 1, 2, 3  # substreams beside that of the clones


def closed_loss(t: Array, d: int) -> Array:
    """Smallest loss there is: within a class that of a Gaussian, and what is not known of the class."""
    ratio = compile_formula("snr", target="numpy")(t)
    kappa = compile_formula("mixture_kappa", target="numpy")(t, d, MU, SIGMA)
    within = d * compile_formula("gaussian_channel_mmse", target="numpy")(ratio, SIGMA**2)
    # The centre enters the posterior mean with Delta/Gamma = mmse of the Gaussian over sigma^2; E[1 - tanh^2] is
    # 2 (1 - phi).
    weight = within / (d * SIGMA**2)
    return np.asarray(within + weight**2 * d * MU**2 * 2 * clone_disagreement(np.sqrt(kappa)))


def measured_losses(
    mixture: MixtureScore, denoiser: TrainedDenoiser, bench: Bench, *, test_points: int, times: int
) -> dict[str, Array]:
    """Losses on fresh points: exact and learned with the same noise, and how far the two denoisers are apart."""
    d, noise, device = mixture.means.shape[1], bench.noise, bench.device
    t = np.geomspace(2 * T_RANGE[0], 0.95 * T_RANGE[1], times)

    def compute() -> dict[str, Array]:
        points, _ = mixture.draw(test_points, noise.substream(_TEST))
        X, source = points.double().numpy(), noise.substream(_LOSS)
        curves = [
            loss_curve(each, X[:2], t, test=X, noise=source, draws=2, device=device) for each in (mixture, denoiser)
        ]
        exact, learned = curves
        J = [information_from_losses(each) for each in curves]
        score, apart = denoiser.score(), []
        for number, at in enumerate(t.tolist()):
            x = noised(points.to(device), at, noise=noise.substream(_EXCESS, number))
            error = (score.posterior_mean(x, at) - mixture.posterior_mean(x, at)).square().sum(dim=1).double()
            apart.append((float(error.mean()), float(error.std()) / math.sqrt(len(x))))
        excess, excess_se = np.array(apart).T
        snr = learned.snr[::-1]
        return {
            "t": t,
            "exact": _known(exact.test_loss),
            "exact_se": _known(exact.test_se),
            "exact_covariance": _known(exact.test_covariance),
            "learned": _known(learned.test_loss),
            "learned_se": _known(learned.test_se),
            "excess": excess,
            "excess_se": excess_se,
            "information_exact": _known(J[0].test)[0],
            "information_learned": _known(J[1].test)[0],
            "information_excess": np.asarray(np.trapezoid(excess[::-1] * snr, np.log(snr)) / 2),
        }

    found = bench.store.piece("losses", compute)
    kappa = compile_formula("mixture_kappa", target="numpy")(t[0], d, MU, SIGMA)
    ratio = compile_formula("snr", target="numpy")(t[0])
    gaussian = d * compile_formula("gaussian_channel_information", target="numpy")(ratio, SIGMA**2)
    return found | {"closed": closed_loss(t, d), "information": np.asarray(gaussian + class_information(kappa))}


def _known(values: Array | None) -> Array:
    if values is None:
        raise ValueError("learned-mixture: the losses on test points are missing")
    return values
