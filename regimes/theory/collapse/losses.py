"""What the loss of a denoiser says of the information that a noised sample carries."""

from __future__ import annotations

import sympy
from sympy import Derivative, Interval, log, oo

from regimes.theory.formula.formula import Formula, Step, Variable, equation
from regimes.theory.formula.symbols import SNR_VALUE, snr

__all__ = ["INFORMATION_SLOPE"]

_HALF_LINE = Interval(0, oo)
_loss = sympy.Symbol("loss", nonnegative=True)
_variance = sympy.Symbol("lambda", positive=True)
_factor = sympy.Symbol("c", real=True)
_best = sympy.sqrt(snr) * _variance / (1 + snr * _variance)
_error = _variance * (1 - sympy.sqrt(snr) * _factor) ** 2 + _factor**2
_COMPONENT = Variable(_variance, "variance of a Gaussian component", Interval.open(0, oo))

INFORMATION_SLOPE = Formula(
    name="information_slope",
    title="Slope of the information J of a denoiser in the signal-to-noise ratio, from its loss",
    symbol=sympy.Symbol("J_slope", nonnegative=True),
    inputs=(Variable(_loss, "squared error E|a - a_hat(x_t)|^2, summed over dimensions", _HALF_LINE),),
    expr=_loss / 2,
    source="guo2005; verdu2010 for a denoiser that is not the posterior mean",
    assumes=(
        "J is I(a; x_t) for the posterior mean, and for any other denoiser more, by half the integral of its excess",
    ),
    steps=(
        Step(
            "I-MMSE, here for one Gaussian component: the slope of its information is half of its least error",
            equation(Derivative(log(1 + snr * _variance) / 2, snr), _variance / (1 + snr * _variance) / 2),
            extra=(SNR_VALUE, _COMPONENT),
        ),
        Step(
            "the loss of another denoiser c x, x = sqrt(snr) a + z, exceeds the least one by a square",
            equation(_error - _variance / (1 + snr * _variance), (1 + snr * _variance) * (_factor - _best) ** 2),
            extra=(SNR_VALUE, _COMPONENT, Variable(_factor, "factor of the denoiser", sympy.S.Reals)),
        ),
    ),
)
