"""The random energy model behind collapse: the n points seen from a typical x_t.

Energies are e = |x_t - exp(-t) a|^2/(2 Delta_t d), one for each training point; the partition function is
Z(lambda) = sum exp(-lambda d e), and lambda = 1 is the empirical density. The points of the cluster that made
x_t have spread A = Gamma_t; those of the other one A = Gamma_t + M_t with M_t = 4 (|m|^2/d) exp(-2t).
"""

from __future__ import annotations

import sympy
from sympy import Derivative, Integral, Interval, Piecewise, Rational, Subs, exp, log, oo, pi, sqrt

from regimes.theory.formula.formula import Formula, Step, Variable, equation, log1p
from regimes.theory.formula.symbols import POSITIVE, alpha, y

__all__ = [
    "RANDOM_ENERGY_ANNEALED",
    "RANDOM_ENERGY_CONDENSATION",
    "RANDOM_ENERGY_CUMULANTS",
    "RANDOM_ENERGY_RATE",
    "RANDOM_ENERGY_TILT",
    "RANDOM_ENERGY_TYPICAL",
]

_tilt = sympy.Symbol("lambda", positive=True)
_delta = sympy.Symbol("Delta_t", positive=True)
_s2 = sympy.Symbol("s2", positive=True)
_spread = sympy.Symbol("A", positive=True)
_separation = sympy.Symbol("M", nonnegative=True)
_energy = sympy.Symbol("e", positive=True)
_g = sympy.Symbol("g", real=True)
_component = sympy.Symbol("a", real=True)

_TILT = Variable(_tilt, "inverse temperature", POSITIVE)
_DELTA = Variable(_delta, "noise variance Delta_t", Interval.open(0, 1))
_S2 = Variable(_s2, "noised class variance sigma^2 exp(-2t)", POSITIVE)
_SPREAD = Variable(_spread, "mean square of x_t - exp(-t) m per dimension, m the centre of the cluster", POSITIVE)
_SEPARATION = Variable(_separation, "squared distance of the noised centres per dimension", Interval(0, oo))
_ENERGY = Variable(_energy, "energy |x_t - exp(-t) a|^2/(2 Delta_t d)", POSITIVE)
_ALPHA = Variable(alpha, "data density log(n)/d", POSITIVE)

_typical = "typical x_t; d to infinity at fixed alpha = log(n)/d"


def _cumulants(tilt: sympy.Expr) -> sympy.Expr:
    return log(_delta / (_delta + tilt * _s2)) / 2 - tilt * _spread / (2 * (_delta + tilt * _s2))


_root = sqrt(_s2**2 + 8 * _energy * _spread * _delta)
_denominator = (_s2 + _root) / (4 * _energy)

RANDOM_ENERGY_CUMULANTS = Formula(
    name="random_energy_cumulants",
    title="Cumulant generating function g(lambda) of the energies, per dimension",
    symbol=_g,
    inputs=(_TILT, _DELTA, _S2, _SPREAD),
    expr=_cumulants(_tilt),
    source="biroli2024 (random energy model)",
    assumes=(_typical, "own cluster: A = Delta_t + s2; other cluster: A = M_t + Delta_t + s2"),
    steps=(
        Step(
            "logarithm of the mean of exp(-lambda (y - a)^2/(2 Delta_t)) over a Gaussian component a of variance s2",
            equation(
                Integral(
                    exp(-_tilt * (y - sqrt(_s2) * _component) ** 2 / (2 * _delta) - _component**2 / 2) / sqrt(2 * pi),
                    (_component, -oo, oo),
                ),
                sqrt(_delta / (_delta + _tilt * _s2)) * exp(-_tilt * y**2 / (2 * (_delta + _tilt * _s2))),
            ),
            extra=(Variable(y, "component of x_t - exp(-t) m", sympy.S.Reals),),
        ),
        Step(
            "logarithm per component, where y^2 is A at a typical x_t",
            log(sqrt(_delta / (_delta + _tilt * _s2)) * exp(-_tilt * _spread / (2 * (_delta + _tilt * _s2)))),
        ),
    ),
    stable=-log1p(_tilt * _s2 / _delta) / 2 - _tilt * _spread / (2 * (_delta + _tilt * _s2)),
)

RANDOM_ENERGY_ANNEALED = Formula(
    name="random_energy_annealed",
    title="Annealed free energy of the random energy model, per dimension",
    symbol=sympy.Symbol("psi", real=True),
    inputs=(_TILT, _DELTA, _S2, _SPREAD, _ALPHA),
    expr=alpha + _cumulants(_tilt),
    source="biroli2024 (random energy model)",
    assumes=(
        _typical,
        "holds above the condensation time; below it psi(1) = -e_min(t), e_min the lowest energy present, "
        "where the rate equals alpha (biroli2024 prints the phases interchanged)",
    ),
    steps=(
        Step(
            "log E Z per dimension: exp(alpha d) points of mean exp(d g), at d = 1",
            log(exp(alpha) * exp(_cumulants(_tilt))),
        ),
    ),
    stable=alpha + RANDOM_ENERGY_CUMULANTS.float_form,
)

RANDOM_ENERGY_TYPICAL = Formula(
    name="random_energy_typical",
    title="Energy that dominates the partition function at inverse temperature lambda",
    symbol=_energy,
    inputs=(_TILT, _DELTA, _S2, _SPREAD),
    expr=_s2 / (2 * (_delta + _tilt * _s2)) + _spread * _delta / (2 * (_delta + _tilt * _s2) ** 2),
    source="derived",
    assumes=(
        _typical,
        "at lambda = 1 and A = Delta_t + s2 it is 1/2",
        "in the paper's own notation, lambda sigma_t^2 in eps*(lambda) must read lambda sigma_t^4",
    ),
    steps=(
        Step("minus the slope of g", -Derivative(_cumulants(_tilt), _tilt)),
        Step(
            "at lambda = 1 in the own cluster",
            equation(
                -Subs(Derivative(_cumulants(_tilt), _tilt), _tilt, 1).doit().subs(_spread, _delta + _s2),
                Rational(1, 2),
            ),
        ),
    ),
)

# Root of 2 e x^2 + (4 e Delta_t - s2) x = Delta_t (s2 + A - 2 e Delta_t) with x = lambda s2, each branch without a
# difference that cancels; what remains, s2 + A - 2 e Delta_t, vanishes at the mean energy. (The absolute value is
# for numpy, which evaluates both branches everywhere.)
_linear = 4 * _energy * _delta - _s2
_safe_tilt = (
    Piecewise(
        (2 * _delta * (_s2 + _spread - 2 * _energy * _delta) / (sympy.Abs(_linear) + _root), _linear > 0),
        ((_root - _linear) / (4 * _energy), True),
    )
    / _s2
)

RANDOM_ENERGY_TILT = Formula(
    name="random_energy_tilt",
    title="Inverse temperature conjugate to an energy",
    symbol=_tilt,
    inputs=(_ENERGY, _DELTA, _S2, _SPREAD),
    expr=(_denominator - _delta) / _s2,
    stable=_safe_tilt,
    source="derived",
    assumes=(
        _typical,
        "positive for energies below the mean energy, (s2 + A)/(2 Delta_t); D = Delta_t + lambda s2",
    ),
    steps=(
        Step(
            "the energy is minus the slope of g: with D = Delta_t + lambda s2, 2 e D^2 - s2 D - A Delta_t = 0",
            equation(2 * _energy * (_delta + _tilt * _s2) ** 2 - _s2 * (_delta + _tilt * _s2), _spread * _delta),
        ),
    ),
)

RANDOM_ENERGY_RATE = Formula(
    name="random_energy_rate",
    title="Rate function of the energies: a fraction exp(-d rate) of the points has energy e",
    symbol=sympy.Symbol("rate", real=True),
    inputs=(_ENERGY, _DELTA, _S2, _SPREAD),
    expr=-RANDOM_ENERGY_TILT.expr * _energy - _cumulants(RANDOM_ENERGY_TILT.expr),
    stable=-_safe_tilt * _energy
    + log1p(_safe_tilt * _s2 / _delta) / 2
    + _safe_tilt * _spread / (2 * (_delta + _safe_tilt * _s2)),
    source="derived; corrects a misprint of biroli2024 (random energy model)",
    assumes=(
        _typical,
        "in the paper's own notation (eps, A, sigma_t), (1 + 2 eps A) must read (1 + 2 eps) A",
    ),
    steps=(
        Step(
            "Legendre transform of g at the conjugate tilt, with D for Delta_t + lambda s2",
            -(_denominator - _delta) / _s2 * _energy
            - log(_delta / _denominator) / 2
            + (_denominator - _delta) / _s2 * _spread / (2 * _denominator),
        ),
        Step(
            "its slope in e is minus the tilt",
            equation(
                Derivative(-RANDOM_ENERGY_TILT.expr * _energy - _cumulants(RANDOM_ENERGY_TILT.expr), _energy),
                -RANDOM_ENERGY_TILT.expr,
            ),
        ),
    ),
)

_own_spread = _delta + _s2

RANDOM_ENERGY_CONDENSATION = Formula(
    name="random_energy_condensation",
    title="Data density alpha at which the random energy model condenses at lambda = 1",
    symbol=alpha,
    inputs=(_DELTA, _S2, _SEPARATION),
    expr=log((_delta + _s2) / _delta) / 2 + _separation * _s2 / (2 * (_delta + _s2) ** 2),
    source="biroli2024 (random energy model); the term in M derived",
    assumes=(
        _typical,
        "M = 0 for the own cluster: the same condition as f(t_C) = 0; M = 4 (|m|^2/d) exp(-2t) for the other one",
    ),
    steps=(
        Step(
            "rate at the energy that dominates lambda = 1 equals alpha",
            -RANDOM_ENERGY_TYPICAL.expr.subs({_tilt: 1, _spread: _separation + _own_spread})
            - _cumulants(sympy.Integer(1)).subs(_spread, _separation + _own_spread),
        ),
        Step(
            "the phases meet there: the annealed free energy alpha + g(1) equals -e, the condensed one, at that energy",
            equation(
                RANDOM_ENERGY_ANNEALED.expr.subs({_tilt: 1, _spread: _separation + _own_spread}),
                -RANDOM_ENERGY_TYPICAL.expr.subs({_tilt: 1, _spread: _separation + _own_spread}),
            ),
        ),
    ),
    stable=log1p(_s2 / _delta) / 2 + _separation * _s2 / (2 * (_delta + _s2) ** 2),
)
