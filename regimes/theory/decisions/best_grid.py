"""The grid of steps whose paths are nearest to those of the data, for a number of steps."""

from __future__ import annotations

import sympy
from sympy import Derivative, Interval, Limit, Subs, oo

from regimes.theory.decisions.steps import (
    BETWEEN,
    EIGENVALUE,
    OF_A_GAUSSIAN,
    START,
    START_MMSE,
    STEP,
    divergence_of_step,
    mmse_of,
)
from regimes.theory.formula.formula import Formula, Step, Variable, equation
from regimes.theory.formula.symbols import POSITIVE, snr

__all__ = ["BEST_GRID_DIVERGENCE", "MMSE_FALL", "PATH_DIVERGENCE_SLOPE"]

_step, _r, _here = STEP.symbol, BETWEEN.symbol, START_MMSE.symbol
_before, _fall = (sympy.Symbol(name, positive=True) for name in ("mmse_before", "fall"))
_next = sympy.Symbol("snr_next", positive=True)
_NEXT = Variable(_next, "signal-to-noise ratio at which the next step ends", POSITIVE)

MMSE_FALL = Formula(
    name="mmse_fall",
    title="Fall of the minimum mean squared error of one Gaussian component per unit of the signal-to-noise ratio",
    symbol=sympy.Symbol("fall", positive=True),
    inputs=(START, EIGENVALUE),
    expr=mmse_of(snr) ** 2,
    source="derived",
    assumes=(
        OF_A_GAUSSIAN,
        "many steps are best with a density proportional to the square root of the fall, summed over components: "
        "best_grid_divergence",
    ),
    steps=(
        Step("minus the slope of the mmse", -Derivative(mmse_of(snr), snr)),
        Step(
            "a short step costs a quarter of the fall times its square",
            4 * Limit(divergence_of_step(snr, _step) / _step**2, _step, 0),
        ),
        Step(
            "the fall itself falls at",
            equation(Derivative(mmse_of(snr) ** 2, snr), -2 * mmse_of(snr) * mmse_of(snr) ** 2),
        ),
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
                Derivative(divergence_of_step(snr, _r - snr) + divergence_of_step(_r, _next - _r), _r),
                (mmse_of(snr) - mmse_of(_r) - (_next - _r) * mmse_of(_r) ** 2) / 2,
            ),
            extra=(START, BETWEEN, _NEXT, EIGENVALUE),
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
