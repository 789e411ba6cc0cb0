"""Noising a point to x_t and going back: what of it is retained, by a stochastic and by a deterministic sampler."""

from __future__ import annotations

import sympy
from sympy import Abs, Derivative, Integral, exp, oo, sqrt, tanh

from regimes.theory.collapse.information import GAUSSIAN_CHANNEL_MMSE
from regimes.theory.formula.formula import Formula, Step, Variable, equation
from regimes.theory.formula.normal_law import normal, normal_below
from regimes.theory.formula.symbols import POSITIVE, SNR_VALUE, TIME, Delta, kappa, snr, t, y
from regimes.theory.speciation.clones import TWO_CLASSES

__all__ = ["FLOW_CLASS_SURVIVAL", "RESAMPLED_CORRELATION", "TRANSPORTED_CORRELATION"]

_lambda = sympy.Symbol("lambda", positive=True)
_VARIANCE = Variable(_lambda, "variance of the component: an eigenvalue of the covariance", POSITIVE)
_COMPONENT = "the component is Gaussian, and apart from the others: for data of this covariance, the Gaussian's own"

RESAMPLED_CORRELATION = Formula(
    name="resampled_correlation",
    title="Correlation of a Gaussian component with itself after noising to x_t and a stochastic sampler back",
    symbol=sympy.Symbol("rho_2", positive=True),
    inputs=(SNR_VALUE, _VARIANCE),
    expr=snr * _lambda / (1 + snr * _lambda),
    source="derived",
    assumes=(_COMPONENT, "the sampler ends at a draw from the posterior of the point given x_t"),
    steps=(
        Step(
            "point and resample are independent given x_t: their covariance is the variance of the posterior mean, "
            "which is the variance of the component less the mmse",
            (_lambda - GAUSSIAN_CHANNEL_MMSE.expr) / _lambda,
        ),
        Step(
            "the squared correlation of the component a with x = sqrt(snr) a + z",
            (sqrt(snr) * _lambda) ** 2 / (_lambda * (1 + snr * _lambda)),
        ),
    ),
)

_noised = _lambda * exp(-2 * t) + Delta

TRANSPORTED_CORRELATION = Formula(
    name="transported_correlation",
    title="Correlation of a Gaussian component with itself after noising to x_t and the probability flow back",
    symbol=sympy.Symbol("rho", positive=True),
    inputs=(SNR_VALUE, _VARIANCE),
    expr=sqrt(snr * _lambda / (1 + snr * _lambda)),
    source="derived",
    assumes=(_COMPONENT, "the deterministic sampler follows the probability flow from x_t to t = 0"),
    steps=(
        Step(
            "with variance v_t the score is -x/v_t and the flow dx/dt = -x + x/v_t: x scales with sqrt(v_t)",
            equation(Derivative(sqrt(_noised), t), (-1 + 1 / _noised) * sqrt(_noised)),
            extra=(TIME,),
        ),
        Step(
            "so x = sqrt(snr) a + z, of variance 1 + snr lambda, ends at sqrt(lambda/(1 + snr lambda)) x: its "
            "covariance with a over the variance of a",
            sqrt(_lambda / (1 + snr * _lambda)) * sqrt(snr) * _lambda / _lambda,
        ),
    ),
)

_root = sqrt(kappa)
_plus, _minus = normal(y - _root), normal(y + _root)

FLOW_CLASS_SURVIVAL = Formula(
    name="flow_class_survival",
    title="Probability that a point keeps its class after noising to x_t and the probability flow back",
    symbol=sympy.Symbol("phi_flow", positive=True),
    inputs=(Variable(kappa, "signal-to-noise ratio of the class in x_t", POSITIVE),),
    expr=normal_below(_root),
    source="derived",
    assumes=(
        TWO_CLASSES,
        "classes far apart in the data themselves, so that the sign along the axis of the centres is the class",
        "exact scores; the flow starts from the noised point itself",
    ),
    steps=(
        Step(
            "the velocity is odd along the axis and zero at its middle, so that the flow keeps the sign of y: the "
            "class it leads to is the more probable one, of posterior (1 + tanh(sqrt(kappa) |y|))/2",
            Integral((1 + tanh(_root * Abs(y))) / 2 * (_plus + _minus) / 2, (y, -oo, oo)),
        ),
        Step(
            "both signs are alike, and (1 + tanh(sqrt(kappa) y))/2 is the share of class + in the density",
            Integral(_plus, (y, 0, oo)),
        ),
        Step("the normal law around sqrt(kappa), above 0", 1 - normal_below(-_root)),
    ),
)
