"""Losses of a denoiser at every noise level: what a measurement gives and a table holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regimes.prediction.losses.file import read_losses, write_losses

__all__ = ["LossCurve"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LossCurve:
    """Squared error ``E |a - a_hat(x_t)|^2`` of the posterior mean, summed over dimensions.

    Attributes
    ----------
    t, snr : ndarray, shape (T,)
        Increasing Ornstein-Uhlenbeck times, and signal-to-noise ratios.
    train_loss, train_se : ndarray, shape (T,)
        On the training points; the error is that of the noise alone, since the points are given.
    test_loss, test_se : ndarray, shape (T,), or None
        On other points of the same law; the error includes their choice. None without them.
    train_variance, test_variance : float or None
        Loss without a signal (snr = 0): mean squared distance from the mean of the training points.
    train_covariance, test_covariance : ndarray, shape (T, T), or None
        Covariance of the errors at two times, which share points and noise; None where it was read from a file.
    n_train, n_test : int or None
        Numbers of points; None where unknown.
    draws : int or None
        Noises a point.
    """

    t: Array
    snr: Array
    train_loss: Array
    train_se: Array
    test_loss: Array | None
    test_se: Array | None
    train_variance: float | None
    test_variance: float | None
    train_covariance: Array | None = None
    test_covariance: Array | None = None
    n_train: int | None = None
    n_test: int | None = None
    draws: int | None = None

    def save_csv(self, path: str | Path) -> None:
        """Write the losses as a table that other programs read and write too.

        The columns are ``t, snr, train_loss, train_se, test_loss, test_se``; the last two are empty without test
        points. A last row with ``t = inf`` and ``snr = 0`` holds the losses without a signal.
        """
        write_losses(
            Path(path),
            {
                "t": self.t,
                "snr": self.snr,
                "train_loss": self.train_loss,
                "train_se": self.train_se,
                "test_loss": self.test_loss,
                "test_se": self.test_se,
            },
            {"train_loss": self.train_variance, "test_loss": self.test_variance},
        )

    @classmethod
    def load_csv(cls, path: str | Path) -> LossCurve:
        """Read losses from a table as :meth:`save_csv` writes it, in any order of rows and columns.

        Parameters
        ----------
        path : path
            The table. One of ``t`` and ``snr`` is enough, ``train_se`` and ``test_se`` count as 0 where missing, and
            so may the test columns and the row without a signal be.

        Returns
        -------
        LossCurve
            Without covariances and numbers of points.

        Raises
        ------
        ValueError
            If there is no such file, or it is no such table; the line is named.
        """
        columns, without_signal = read_losses(Path(path))
        return cls(
            t=columns["t"],
            snr=columns["snr"],
            train_loss=columns["train_loss"],
            train_se=columns["train_se"],
            test_loss=columns.get("test_loss"),
            test_se=columns.get("test_se"),
            train_variance=without_signal.get("train_loss"),
            test_variance=without_signal.get("test_loss"),
        )
