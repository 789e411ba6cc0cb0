"""A network that starts as the best linear denoiser of its data and learns what that one leaves over."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from regimes.numerics.interface.checks import check_memory
from regimes.validation.scores.torch_formula import torch_formula
from regimes.validation.training.noise_prediction import checked_output

__all__ = ["Preconditioned", "linear_start"]

# Share of the mean variance in every eigenvalue: directions in which few points do not vary are not known to be flat.
_SHRINKAGE = 0.01
_LARGEST = 1024


class Preconditioned(nn.Module):
    """The noise that the best linear denoiser predicts, and a network that predicts the rest in units of its size.

    Along an axis of the covariance, of variance lambda and mean m, with ``C_t = lambda exp(-2t) + Delta_t``::

        eps = sqrt(Delta_t) (x_t - exp(-t) m)/C_t - sqrt(snr lambda/(1 + snr lambda)) network(x_t/sqrt(C), log_snr)

    with the mean of C_t over axes in the network's argument. What the linear denoiser leaves has exactly the variance
    ``snr lambda/(1 + snr lambda)``, so that the network sees and gives numbers of order one at every noise level and
    in every direction.

    Parameters
    ----------
    network : torch.nn.Module
        ``network(x, log_snr)``, of the shape of x.
    mean : Tensor, shape (d,)
        Mean of the data.
    variances : Tensor, shape (d,)
        Eigenvalues of their covariance; positive.
    axes : Tensor, shape (d, d), or None
        Eigenvectors in columns; None for variances along the coordinates themselves.

    Notes
    -----
    As Karras, Aittala, Aila, Laine 2022, with the covariance of the data in place of one number. ``gaussian_score``
    with sigma the square root of the eigenvalue, ``gaussian_channel_mmse`` times snr, ``covariance_eigenvalue``.

    Examples
    --------
    An axis along which the data have variance 1 is standard normal at all times: the noise in x is sqrt(Delta_t) x.

    >>> from regimes.validation.training import ResidualMLP
    >>> model = Preconditioned(ResidualMLP(2, width=8), torch.zeros(2), torch.ones(2))
    >>> model(torch.tensor([[1.0, -2.0]]), torch.zeros(1)).tolist()
    [[0.7071..., -1.4142...]]
    """

    axes: Tensor | None

    def __init__(self, network: nn.Module, mean: Tensor, variances: Tensor, axes: Tensor | None = None) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", mean)
        self.register_buffer("variances", variances)
        self.register_buffer("axes", axes)

    @property
    def settings(self) -> dict[str, Any] | None:
        """What it was built with; None where the network does not say."""
        inner = getattr(self.network, "settings", None)
        if inner is None:
            return None
        d = self.get_buffer("variances").numel()
        return {"network": "Preconditioned", "d": d, "axes": self.axes is not None, "of": inner}

    def forward(self, x: Tensor, log_snr: Tensor, *condition: Tensor) -> Tensor:
        """Predicted noise for each row of x (n, ...) at its log-SNR (n,); a condition goes to the network."""
        mean, variances, axes = self.get_buffer("mean"), self.get_buffer("variances"), self.axes
        rows = x.flatten(1)
        if rows.shape[1] != mean.numel():
            raise ValueError(
                f"Preconditioned: x must have d = {mean.numel()} numbers a row, got shape {tuple(x.shape)}; it was "
                "made for other data"
            )
        t = torch_formula("time_from_log_snr")(log_snr)[:, None]
        noise = torch_formula("noise_variance")(t).sqrt()
        deviation = rows - torch_formula("signal_amplitude")(t) * mean
        scale = torch_formula("covariance_eigenvalue")(t, variances.mean()).rsqrt()
        output = self.network((rows * scale).view_as(x), log_snr, *condition)
        checked = checked_output("Preconditioned: network(x, log_snr)", output, x)
        rest = checked.flatten(1).to(rows.dtype)  # of another type under autocast
        if axes is not None:
            deviation, rest = deviation @ axes, rest @ axes
        linear = torch_formula("gaussian_score")(deviation, 0.0, t, variances.sqrt()) * -noise
        snr = log_snr.exp()[:, None]
        predicted: Tensor = linear - (snr * torch_formula("gaussian_channel_mmse")(snr, variances)).sqrt() * rest
        return (predicted if axes is None else predicted @ axes.T).view_as(x)


def linear_start(
    network: nn.Module, points: NDArray[np.float64], *, shrinkage: float = _SHRINKAGE, memory: int = 2**30
) -> Preconditioned:
    """Put the best linear denoiser of some points in front of a network.

    Parameters
    ----------
    network : torch.nn.Module
        ``network(x, log_snr)``, of the shape of x.
    points : ndarray, shape (n, ...)
        The training points, and no others.
    shrinkage : float
        Share of the mean variance in every eigenvalue, between 0 and 1: few points do not vary in directions in which
        others do.
    memory : int
        Bytes for the covariance.

    Returns
    -------
    Preconditioned
        With the full covariance up to d = 1024, and one variance for all directions beyond.

    Raises
    ------
    ValueError
        If all points are equal, the shrinkage is out of range, or the memory does not hold the covariance.
    """
    rows = np.asarray(points, dtype=np.float64).reshape(len(points), -1)
    if not 0 < shrinkage <= 1:
        raise ValueError(f"linear_start: shrinkage must lie above 0 and at most at 1, got {shrinkage!r}")
    mean = rows.mean(axis=0)
    spread = float(rows.var(axis=0).mean())
    if not spread > 0:
        raise ValueError(f"linear_start: the {len(rows)} points must differ, got variance {spread:g}: nothing to learn")
    d, axes = mean.size, None
    variances = np.full(d, spread)
    if d <= _LARGEST:
        check_memory("linear_start", "the covariance", 4 * 8 * d * d, memory, "use points of fewer dimensions")
        values, vectors = np.linalg.eigh(np.cov(rows.T, bias=True).reshape(d, d))
        variances = (1 - shrinkage) * np.maximum(values, 0.0) + shrinkage * spread
        axes = torch.from_numpy(vectors).float()
    return Preconditioned(network, torch.from_numpy(mean).float(), torch.from_numpy(variances).float(), axes)
