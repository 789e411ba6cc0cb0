"""Where to put the steps of a stochastic sampler: what freezing the posterior mean over a step costs.

In the clock s = snr the noised point, as y_s = s a + sqrt(s) z, is a path: dy = m(y_s) ds + dB, with m the posterior
mean of the data point, a martingale. A step from s to s + snr_step holds m at its value at s.
"""

from __future__ import annotations

import sympy
from sympy import Integral, Interval, exp, oo

from regimes.theory.collapse.information import GAUSSIAN_CHANNEL_INFORMATION, GAUSSIAN_CHANNEL_MMSE
from regimes.theory.decisions.log_excess import log_excess, log_excess_stable
from regimes.theory.formula.formula import Formula, Step, Variable, equation
from regimes.theory.formula.symbols import POSITIVE, STEP_LENGTH, h, snr
from regimes.theory.process.ancestral import (
    POSTERIOR_POINT_WEIGHT,
    POSTERIOR_STATE_WEIGHT,
    POSTERIOR_STEP_VARIANCE,
)

__all__ = [
    "BETWEEN",
    "EIGENVALUE",
    "FROZEN_LOSS_DIVERGENCE",
    "FROZEN_MEAN_DIVERGENCE",
    "OF_A_GAUSSIAN",
    "SAMPLERS",
    "START",
    "START_MMSE",
    "STEP",
    "divergence_of_step",
    "mmse_of",
]

_HALF_LINE = Interval(0, oo)
EIGENVALUE = GAUSSIAN_CHANNEL_MMSE.inputs[1]
_lambda = EIGENVALUE.symbol
_step = sympy.Symbol("snr_step", positive=True)
START = Variable(snr, "signal-to-noise ratio at which the step begins", _HALF_LINE)
STEP = Variable(_step, "length of the step in the signal-to-noise ratio", POSITIVE)
_here = sympy.Symbol("mmse_here", positive=True)
_r = sympy.Symbol("snr_between", positive=True)
BETWEEN = Variable(_r, "signal-to-noise ratio within the step", POSITIVE)
_END = POSTERIOR_STATE_WEIGHT.inputs[0]
_end = _END.symbol
START_MMSE = Variable(_here, "mmse of the component where the step begins", POSITIVE)
OF_A_GAUSSIAN = "one Gaussian component of variance lambda; components of other variances add"
SAMPLERS = (
    "the sampler has the exact posterior mean and the noise of the posterior: DDPM with the exact posterior variance "
    "and no clipping, DDIM with eta = 1, Euler ancestral with eta = 1; a deterministic one is not covered"
)


_loss = sympy.Symbol("loss", nonnegative=True)
_gain, _information_gain = sympy.symbols("J_gain I_gain", positive=True)
_weight = sympy.Symbol("weight", positive=True)
_WEIGHT = Variable(_weight, "weight that the model gives to y", POSITIVE)
_model_loss = _lambda - 2 * _weight * snr * _lambda + _weight**2 * (snr**2 * _lambda + snr)


def _information(ratio: sympy.Expr) -> sympy.Expr:
    return GAUSSIAN_CHANNEL_INFORMATION.expr.subs(snr, ratio)


def mmse_of(ratio: sympy.Expr) -> sympy.Expr:
    """Of a component of variance lambda."""
    return GAUSSIAN_CHANNEL_MMSE.expr.subs(snr, ratio)


def divergence_of_step(begin: sympy.Expr, step: sympy.Expr) -> sympy.Expr:
    """Of the paths of that component, from one step."""
    return log_excess(step * mmse_of(begin)) / 2


def _in_clock(time: sympy.Expr) -> sympy.Expr:
    """Factor of x_t in y, which makes the weight of the data point the signal-to-noise ratio."""
    return exp(-time) / (1 - exp(-2 * time))


_ratio_gained = exp(-2 * _end) / (1 - exp(-2 * _end)) - exp(-2 * (_end + h)) / (1 - exp(-2 * (_end + h)))

FROZEN_MEAN_DIVERGENCE = Formula(
    name="frozen_mean_divergence",
    title="Divergence of the paths of the data from a step that freezes the posterior mean, in nats",
    symbol=sympy.Symbol("D_step", nonnegative=True),
    inputs=(STEP, START_MMSE),
    expr=log_excess(_step * _here) / 2,
    source="derived (Girsanov; guo2005)",
    assumes=(
        SAMPLERS,
        OF_A_GAUSSIAN,
        "for any law the divergence is the left Riemann error of the mmse: step mmse(s)/2 - [I(s + step) - I(s)]; "
        "steps add, and their sum bounds the divergence of the final samples from above",
    ),
    steps=(
        Step(
            "an ancestral step in y = x_t e^{-t}/Delta_t: it keeps y ...",
            equation(POSTERIOR_STATE_WEIGHT.expr * _in_clock(_end), _in_clock(_end + h)),
            extra=(_END, STEP_LENGTH),
        ),
        Step(
            "... adds the posterior mean times the gain of the signal-to-noise ratio ...",
            equation(POSTERIOR_POINT_WEIGHT.expr * _in_clock(_end), _ratio_gained),
            extra=(_END, STEP_LENGTH),
        ),
        Step(
            "... and noise whose variance is the gain: dy = m ds + dB with m held fixed, exactly",
            equation(POSTERIOR_STEP_VARIANCE.expr * _in_clock(_end) ** 2, _ratio_gained),
            extra=(_END, STEP_LENGTH),
        ),
        Step(
            "E m^2 = lambda - mmse, for m = lambda/(1 + s lambda) y with y of variance s^2 lambda + s",
            equation((mmse_of(snr)) ** 2 * (snr**2 * _lambda + snr), _lambda - mmse_of(snr)),
            extra=(START, EIGENVALUE),
        ),
        Step(
            "given y_s the component has the variance mmse(s), from where the clock begins anew: the mmse later on",
            equation(mmse_of(snr + _r), mmse_of(snr) / (1 + _r * mmse_of(snr))),
            extra=(START, BETWEEN, EIGENVALUE),
        ),
        Step(
            "left Riemann error of the mmse, by I-MMSE",
            equation(
                _step * mmse_of(snr) / 2 - (_information(snr + _step) - _information(snr)),
                divergence_of_step(snr, _step),
            ),
            extra=(START, EIGENVALUE),
        ),
        Step(
            "Girsanov: half the integral of E (m_r - m_s)^2, which is mmse(s) - mmse(r), since m is a martingale",
            Integral(_here - _here / (1 + _r * _here), (_r, 0, _step)) / 2,
        ),
    ),
    stable=log_excess_stable(_step * _here, _step * _here / (2 + _step * _here)) / 2,
)

FROZEN_LOSS_DIVERGENCE = Formula(
    name="frozen_loss_divergence",
    title="Divergence that a step adds to the paths of a model that has some losses, in nats",
    symbol=sympy.Symbol("D_step", real=True),
    inputs=(
        STEP,
        Variable(_loss, "squared error of the model where the step begins", _HALF_LINE),
        Variable(_gain, "rise of J, half the integral of the losses, over the step", POSITIVE),
    ),
    expr=_step * _loss / 2 - _gain,
    source="derived (Girsanov)",
    assumes=(
        SAMPLERS.replace("the exact posterior mean", "the mean of the model"),
        "any law; the losses are of points of that law that the model was not trained on",
        "it comes on top of J - I(a; x_t), what the model's own error costs at steps of no length",
    ),
    steps=(
        Step(
            "one Gaussian component, a model that takes weight y for the mean: its loss",
            equation((1 - _weight * snr) ** 2 * _lambda + _weight**2 * snr, _model_loss),
            extra=(START, EIGENVALUE, _WEIGHT),
        ),
        Step(
            "E (m_r - weight y_s)^2 later in the step, where E m_r y_s = E a y_s: m_r knows y_s",
            equation(
                _lambda - mmse_of(_r) - 2 * _weight * snr * _lambda + _weight**2 * (snr**2 * _lambda + snr),
                _model_loss - mmse_of(_r),
            ),
            extra=(START, BETWEEN, EIGENVALUE, _WEIGHT),
        ),
        Step(
            "Girsanov: half the integral of loss(s) - mmse(r), less that of loss(r) - mmse(r) with no steps",
            (_step * _loss / 2 - _information_gain) - (_gain - _information_gain),
            extra=(Variable(_information_gain, "rise of I(a; x_t), half the integral of the mmse", POSITIVE),),
        ),
    ),
)
