"""Where to put the steps of a stochastic sampler: what freezing the posterior mean over a step costs.

In the clock s = snr the noised point, as y_s = s a + sqrt(s) z, is a path: dy = m(y_s) ds + dB, with m the posterior
mean of the data point, a martingale. A step from s to s + snr_step holds m at its value at s.
"""

from __future__ import annotations

import sympy
from sympy import Derivative, Integral, Interval, Limit, Subs, exp, log, oo, pi

from regimes.theory.collapse.information import GAUSSIAN_CHANNEL_INFORMATION, GAUSSIAN_CHANNEL_MMSE
from regimes.theory.decisions.log_excess import log_excess, log_excess_stable
from regimes.theory.formula.formula import Formula, Step, Variable, equation
from regimes.theory.formula.normal_law import normal_entropy
from regimes.theory.formula.symbols import POSITIVE, STEP_LENGTH, h, snr
from regimes.theory.process.ancestral import (
    POSTERIOR_POINT_WEIGHT,
    POSTERIOR_STATE_WEIGHT,
    POSTERIOR_STEP_VARIANCE,
)

__all__ = [
    "BEST_GRID_DIVERGENCE",
    "FROZEN_LOSS_DIVERGENCE",
    "FROZEN_MEAN_DIVERGENCE",
    "MMSE_FALL",
    "PATH_DIVERGENCE_SLOPE",
    "VARIANCE_DEFICIT",
    "VARIANCE_DEFICIT_DIVERGENCE",
]

_HALF_LINE = Interval(0, oo)
_EIGENVALUE = GAUSSIAN_CHANNEL_MMSE.inputs[1]
_lambda = _EIGENVALUE.symbol
_step = sympy.Symbol("snr_step", positive=True)
_START = Variable(snr, "signal-to-noise ratio at which the step begins", _HALF_LINE)
_STEP = Variable(_step, "length of the step in the signal-to-noise ratio", POSITIVE)
_before, _here, _fall = (sympy.Symbol(name, positive=True) for name in ("mmse_before", "mmse_here", "fall"))
_r, _next = sympy.symbols("snr_between snr_next", positive=True)
_BETWEEN = Variable(_r, "signal-to-noise ratio within the step", POSITIVE)
_NEXT = Variable(_next, "signal-to-noise ratio at which the next step ends", POSITIVE)
_END = POSTERIOR_STATE_WEIGHT.inputs[0]
_end = _END.symbol
_gaussian = "one Gaussian component of variance lambda; components of other variances add"
_samplers = (
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


def _mmse(ratio: sympy.Expr) -> sympy.Expr:
    return GAUSSIAN_CHANNEL_MMSE.expr.subs(snr, ratio)


def _divergence(begin: sympy.Expr, step: sympy.Expr) -> sympy.Expr:
    return log_excess(step * _mmse(begin)) / 2


def _in_clock(time: sympy.Expr) -> sympy.Expr:
    """Factor of x_t in y, which makes the weight of the data point the signal-to-noise ratio."""
    return exp(-time) / (1 - exp(-2 * time))


_ratio_gained = exp(-2 * _end) / (1 - exp(-2 * _end)) - exp(-2 * (_end + h)) / (1 - exp(-2 * (_end + h)))

FROZEN_MEAN_DIVERGENCE = Formula(
    name="frozen_mean_divergence",
    title="Divergence of the paths of the data from a step that freezes the posterior mean, in nats",
    symbol=sympy.Symbol("D_step", nonnegative=True),
    inputs=(_STEP, Variable(_here, "mmse of the component where the step begins", POSITIVE)),
    expr=log_excess(_step * _here) / 2,
    source="derived (Girsanov; guo2005)",
    assumes=(
        _samplers,
        _gaussian,
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
            equation((_mmse(snr)) ** 2 * (snr**2 * _lambda + snr), _lambda - _mmse(snr)),
            extra=(_START, _EIGENVALUE),
        ),
        Step(
            "given y_s the component has the variance mmse(s), from where the clock begins anew: the mmse later on",
            equation(_mmse(snr + _r), _mmse(snr) / (1 + _r * _mmse(snr))),
            extra=(_START, _BETWEEN, _EIGENVALUE),
        ),
        Step(
            "left Riemann error of the mmse, by I-MMSE",
            equation(_step * _mmse(snr) / 2 - (_information(snr + _step) - _information(snr)), _divergence(snr, _step)),
            extra=(_START, _EIGENVALUE),
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
        _STEP,
        Variable(_loss, "squared error of the model where the step begins", _HALF_LINE),
        Variable(_gain, "rise of J, half the integral of the losses, over the step", POSITIVE),
    ),
    expr=_step * _loss / 2 - _gain,
    source="derived (Girsanov)",
    assumes=(
        _samplers.replace("the exact posterior mean", "the mean of the model"),
        "any law; the losses are of points of that law that the model was not trained on",
        "it comes on top of J - I(a; x_t), what the model's own error costs at steps of no length",
    ),
    steps=(
        Step(
            "one Gaussian component, a model that takes weight y for the mean: its loss",
            equation((1 - _weight * snr) ** 2 * _lambda + _weight**2 * snr, _model_loss),
            extra=(_START, _EIGENVALUE, _WEIGHT),
        ),
        Step(
            "E (m_r - weight y_s)^2 later in the step, where E m_r y_s = E a y_s: m_r knows y_s",
            equation(
                _lambda - _mmse(_r) - 2 * _weight * snr * _lambda + _weight**2 * (snr**2 * _lambda + snr),
                _model_loss - _mmse(_r),
            ),
            extra=(_START, _BETWEEN, _EIGENVALUE, _WEIGHT),
        ),
        Step(
            "Girsanov: half the integral of loss(s) - mmse(r), less that of loss(r) - mmse(r) with no steps",
            (_step * _loss / 2 - _information_gain) - (_gain - _information_gain),
            extra=(Variable(_information_gain, "rise of I(a; x_t), half the integral of the mmse", POSITIVE),),
        ),
    ),
)

MMSE_FALL = Formula(
    name="mmse_fall",
    title="Fall of the minimum mean squared error of one Gaussian component per unit of the signal-to-noise ratio",
    symbol=sympy.Symbol("fall", positive=True),
    inputs=(_START, _EIGENVALUE),
    expr=_mmse(snr) ** 2,
    source="derived",
    assumes=(
        _gaussian,
        "many steps are best with a density proportional to the square root of the fall, summed over components: "
        "best_grid_divergence",
    ),
    steps=(
        Step("minus the slope of the mmse", -Derivative(_mmse(snr), snr)),
        Step(
            "a short step costs a quarter of the fall times its square",
            4 * Limit(_divergence(snr, _step) / _step**2, _step, 0),
        ),
        Step("the fall itself falls at", equation(Derivative(_mmse(snr) ** 2, snr), -2 * _mmse(snr) * _mmse(snr) ** 2)),
    ),
)

_w, _w_before = sympy.symbols("w w_before", positive=True)

PATH_DIVERGENCE_SLOPE = Formula(
    name="path_divergence_slope",
    title="Slope of the path divergence in the signal-to-noise ratio between two steps; zero at the best grid",
    symbol=sympy.Symbol("slope", real=True),
    inputs=(
        Variable(_before, "mmse where the step before begins", POSITIVE),
        Variable(_here, "mmse between the steps", POSITIVE),
        Variable(_fall, "fall of the mmse between the steps, per unit of the signal-to-noise ratio", POSITIVE),
        Variable(_step, "length of the step after, in the signal-to-noise ratio", POSITIVE),
    ),
    expr=(_before - _here - _step * _fall) / 2,
    source="derived from frozen_mean_divergence",
    assumes=("any law, with its mmse",),
    steps=(
        Step(
            "one Gaussian component: slope of the sum of the two steps",
            equation(
                Derivative(_divergence(snr, _r - snr) + _divergence(_r, _next - _r), _r),
                (_mmse(snr) - _mmse(_r) - (_next - _r) * _mmse(_r) ** 2) / 2,
            ),
            extra=(_START, _BETWEEN, _NEXT, _EIGENVALUE),
        ),
        Step(
            "it vanishes for the step (mmse_before - mmse_here)/fall; with the mmse 1/w of one component, "
            "w = s + 1/lambda, the best grid is geometric in w",
            equation(_w + (1 / _w_before - 1 / _w) * _w**2, _w**2 / _w_before),
            extra=(
                Variable(_w, "s + 1/lambda between the steps", POSITIVE),
                Variable(_w_before, "s + 1/lambda where the step before begins", POSITIVE),
            ),
        ),
    ),
)

_clock, _count = sympy.Symbol("clock", positive=True), sympy.Symbol("K", positive=True)
_first, _second, _some = sympy.symbols("clock_1 clock_2 K_1", positive=True)

BEST_GRID_DIVERGENCE = Formula(
    name="best_grid_divergence",
    title="Path divergence of the best grid of many steps, in nats",
    symbol=sympy.Symbol("D_path", positive=True),
    inputs=(
        Variable(_clock, "integral of sqrt(-mmse') over the signal-to-noise ratio", POSITIVE),
        Variable(_count, "number of steps", Interval(1, oo)),
    ),
    expr=_clock**2 / (4 * _count),
    source="derived from mmse_fall",
    assumes=("many steps: the limit of K times the divergence of the best grid", "any law, with its mmse"),
    steps=(
        Step(
            "two stretches of the clock share the steps best in proportion to their lengths: density sqrt(-mmse')",
            equation(
                Subs(
                    Derivative(_first**2 / (4 * _some) + _second**2 / (4 * (_count - _some)), _some),
                    _some,
                    _count * _first / (_first + _second),
                ),
                0,
            ),
            extra=(
                Variable(_first, "length of the first stretch", POSITIVE),
                Variable(_second, "length of the second", POSITIVE),
            ),
        ),
        Step(
            "each step then has a share of the clock, and costs a quarter of its square",
            _count * (_clock / _count) ** 2 / 4,
        ),
    ),
)

_deficit = sympy.Symbol("deficit", nonnegative=True)
_true = sympy.Symbol("V", positive=True)
_after = snr + _step


def _variance(ratio: sympy.Expr) -> sympy.Expr:
    return ratio**2 * _lambda + ratio


VARIANCE_DEFICIT = Formula(
    name="variance_deficit",
    title="Share of the variance of the noised data that a sampler lacks after a step, from that before it",
    symbol=sympy.Symbol("deficit_after", nonnegative=True),
    inputs=(
        Variable(_deficit, "share that it lacks before the step", Interval.Ropen(0, 1)),
        _START,
        _STEP,
        _EIGENVALUE,
    ),
    expr=snr * (1 + _after * _lambda) / (_after * (1 + snr * _lambda)) * _deficit
    + _step**2 * _lambda / (_after * (1 + _after * _lambda) * (1 + snr * _lambda)),
    source="derived",
    assumes=(_samplers, "one Gaussian component of variance lambda: the sampler's own law is Gaussian too"),
    steps=(
        Step(
            "the posterior mean is c y: covariance s lambda of a and y over the variance of y",
            equation(snr * _lambda / _variance(snr), _mmse(snr)),
        ),
        Step(
            "y + step c y + noise of variance step, over the variance of the noised data",
            1 - ((1 + _step * _mmse(snr)) ** 2 * (1 - _deficit) * _variance(snr) + _step) / _variance(_after),
        ),
    ),
    stable=snr / _after * ((1 + _after * _lambda) / (1 + snr * _lambda)) * _deficit
    + _step / _after * (_step * _lambda / (1 + snr * _lambda)) / (1 + _after * _lambda),
)

VARIANCE_DEFICIT_DIVERGENCE = Formula(
    name="variance_deficit_divergence",
    title="Divergence of a Gaussian component of the data from one that lacks a share of its variance, in nats",
    symbol=sympy.Symbol("D_end", nonnegative=True),
    inputs=(Variable(_deficit, "share of the variance that is lacking", Interval.Ropen(0, 1)),),
    expr=log_excess(_deficit / (1 - _deficit)) / 2,
    source="derived",
    assumes=("both are Gaussian with the same mean",),
    steps=(
        Step(
            "cross entropy less entropy, V the variance of the data",
            log(2 * pi * (1 - _deficit) * _true) / 2 + 1 / (2 * (1 - _deficit)) - normal_entropy(_true),
            extra=(Variable(_true, "variance of the component", POSITIVE),),
        ),
    ),
    stable=log_excess_stable(_deficit / (1 - _deficit), _deficit / (2 - _deficit)) / 2,
)
