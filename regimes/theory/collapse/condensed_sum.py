"""The sum over finitely many points at the collapse time, exactly: how far its logarithm lies below that of its mean.

Given x_t, the exponents u = e_nu + I(x_t) - log n are a Poisson process; under the tilted law, which weighs each by its
part exp(u) of the sum, u has the mean -delta, delta = log n - I(x_t), for the information is the mean of u + log n.
Three cumulants tell that law: with energies a - mean of a = -u - delta from a Gamma law of shape w^2/theta^2 and scale
theta it is exact for points spread evenly over a neighbourhood in D dimensions (shape D/2, scale 1), and Gaussian in
many dimensions (theta to 0), where the gap is that of collapse_gap_integrand.
"""

from __future__ import annotations

import sympy
from sympy import Integral, Interval, exp, log, oo

from regimes.theory.collapse.random_energy import RANDOM_ENERGY_CUMULANTS
from regimes.theory.formula.formula import Formula, Step, Variable, equation, expm1
from regimes.theory.formula.symbols import POSITIVE, x

__all__ = ["POISSON_SUM_EXPONENT", "POISSON_SUM_GAP_INTEGRAND", "TILTED_ENERGY_SCALE"]

_tilt, _noise, _signal, _spread = (variable.symbol for variable in RANDOM_ENERGY_CUMULANTS.inputs)
_k = sympy.Symbol("ratio", positive=True)
_of_k = {_tilt: 1, _noise: 1 / (1 + _k), _signal: _k / (1 + _k), _spread: 1}
_weight = sympy.Symbol("weight", real=True)
_transform = sympy.Symbol("transform", positive=True)
_exponent = sympy.Symbol("exponent", positive=True)
_TRANSFORM = Variable(_transform, "argument x of the mean of exp(-x S)", POSITIVE)


def _cumulant(order: int) -> sympy.Expr:
    return sympy.diff(RANDOM_ENERGY_CUMULANTS.expr, _tilt, order).subs(_of_k, simultaneous=True)


TILTED_ENERGY_SCALE = Formula(
    name="tilted_energy_scale",
    title="Scale of the Gamma law with the second and third cumulant of the tilted energies",
    symbol=sympy.Symbol("theta", positive=True),
    inputs=(Variable(_k, "snr times the variance of the points per dimension", POSITIVE),),
    expr=_k * (_k + 3) / ((1 + _k) * (2 + _k)),
    source="derived from random_energy_cumulants",
    assumes=("isotropic Gaussian points", "typical x_t"),
    steps=(
        Step(
            "a Gamma law has cumulants shape (r - 1)! scale^r: half of the third over the second",
            -_cumulant(3) / (2 * _cumulant(2)),
        ),
    ),
)

POISSON_SUM_EXPONENT = Formula(
    name="poisson_sum_exponent",
    title="What an exponent of the tilted law adds to -log E exp(-x S) of the sum over a Poisson process",
    symbol=sympy.Symbol("psi_part", positive=True),
    inputs=(_TRANSFORM, Variable(_weight, "exponent u of a point", Interval(-100, 100))),
    expr=(1 - exp(-_transform * exp(_weight))) * exp(-_weight),
    source="derived (Campbell's theorem)",
    assumes=("n large: points fall as a Poisson process of intensity exp(-u) times the tilted law of u",),
    steps=(
        Step(
            "-log E exp(-x S) is the mean of 1 - exp(-x e^u) over the intensity, which is exp(-u) of the tilted law; "
            "its slope at x = 0 is 1, since E S = 1",
            equation(
                sympy.Derivative((1 - exp(-_transform * exp(_weight))) * exp(-_weight), _transform),
                exp(-_transform * exp(_weight)),
            ),
        ),
        Step("1 - exp(-y) in units of exp(u)", exp(-_weight) - exp(-_weight - _transform * exp(_weight))),
    ),
    stable=-expm1(-_transform * exp(_weight)) * exp(-_weight),
)

POISSON_SUM_GAP_INTEGRAND = Formula(
    name="poisson_sum_gap_integrand",
    title="Integrand over log x of -E log S",
    symbol=sympy.Symbol("gap", positive=True),
    inputs=(_TRANSFORM, Variable(_exponent, "-log E exp(-x S)", POSITIVE)),
    expr=exp(-_exponent) - exp(-_transform),
    source="derived (Frullani's integral)",
    assumes=("E S = 1, so that the exponent is at most x (Jensen)",),
    where=(_exponent <= _transform,),
    steps=(
        Step(
            "log S as an integral, here for S = 3; its mean takes exp(-x S) to exp(-exponent)",
            equation(Integral((exp(-x) - exp(-3 * x)) / x, (x, 0, oo)), log(3)),
        ),
        Step("minus the integrand of log S", -(exp(-_transform) - exp(-_exponent))),
    ),
    stable=-expm1(_exponent - _transform) * exp(-_exponent),
)
