"""The clone probability of a symmetric mixture: two trajectories born at one x_t end in the same class.

Everything depends on r = sqrt(kappa), the distance of the noised centre from the origin in units of the
standard deviation of the noised class; y is x_t along the axis of the centres in the same units.
"""

from __future__ import annotations

import sympy
from sympy import Integral, Interval, S, exp, oo, sech, sqrt, tanh

from regimes.theory.formula.formula import Formula, Step, Variable, equation
from regimes.theory.formula.normal_law import normal
from regimes.theory.formula.symbols import POSITIVE, kappa, r, u, y

__all__ = ["CLONE_DISAGREEMENT", "CLONE_PROBABILITY", "NORMALISED_CLONE_PROBABILITY"]

DISTANCE = Variable(
    r, "square root of kappa: distance of the noised centre from the origin in standard deviations", POSITIVE
)
_KAPPA = Variable(kappa, "signal-to-noise ratio of the class in x_t", POSITIVE)
_phi = sympy.Symbol("phi", positive=True)
_Y = Variable(y, "x_t along the axis, in standard deviations of the noised class", S.Reals)
_g = sympy.Symbol("g", real=True)
TWO_CLASSES = "two classes of equal weight and equal isotropic covariance"


_root = sqrt(kappa)
_plus, _minus = normal(y - _root), normal(y + _root)

CLONE_PROBABILITY = Formula(
    name="clone_probability",
    title="Probability that two clones born at the same x_t end in the same class",
    symbol=_phi,
    inputs=(_KAPPA,),
    expr=(1 + Integral(tanh(kappa + _root * _g) * normal(_g), (_g, -oo, oo))) / 2,
    source="biroli2024 (integral form of phi); the Nishimori form derived",
    assumes=(TWO_CLASSES, "exact scores: the clones are independent draws from the posterior P(class | x_t)"),
    steps=(
        Step(
            "P(+|x)^2 + P(-|x)^2 averaged over the noised mixture (the integral of biroli2024)",
            Integral((_plus**2 + _minus**2) / (2 * (_plus + _minus)), (y, -oo, oo)),
        ),
        Step(
            "P(+|x) = (1 + tanh(sqrt(kappa) y))/2",
            Integral((1 + tanh(_root * y) ** 2) / 2 * (_plus + _minus) / 2, (y, -oo, oo)),
        ),
        Step(
            "tanh^2 is even: averaging over class + alone gives the same",
            Integral((1 + tanh(_root * y) ** 2) / 2 * _plus, (y, -oo, oo)),
        ),
        Step(
            "Nishimori identity: the density of class + times (tanh^2 - tanh) is odd in y, hence integrates to zero",
            equation(
                _plus * (tanh(_root * y) ** 2 - tanh(_root * y)) + _minus * (tanh(_root * y) ** 2 + tanh(_root * y)),
                0,
            ),
            extra=(_Y,),
        ),
        Step(
            "so tanh^2 becomes tanh",
            Integral((1 + tanh(_root * y)) / 2 * _plus, (y, -oo, oo)),
        ),
    ),
)

CLONE_DISAGREEMENT = Formula(
    name="clone_disagreement",
    title="Probability that two clones end in different classes",
    symbol=sympy.Symbol("psi", positive=True),
    inputs=(DISTANCE,),
    expr=exp(-(r**2) / 2) / 2 * Integral(sech(r * u) * normal(u), (u, -oo, oo)),
    source="derived",
    assumes=(TWO_CLASSES,),
    steps=(
        Step(
            "one minus the Nishimori form",
            Integral((1 - tanh(r * y)) / 2 * normal(y - r), (y, -oo, oo)),
        ),
        Step(
            "(1 - tanh(v))/2 = exp(-v) sech(v)/2",
            Integral(exp(-r * y) * sech(r * y) / 2 * normal(y - r), (y, -oo, oo)),
        ),
        Step(
            "exp(-r y) shifts the normal density: exp(-r y) N(y; r, 1) = exp(-r^2/2) N(y; 0, 1)",
            equation(exp(-r * y) * normal(y - r), exp(-(r**2) / 2) * normal(y)),
            extra=(_Y,),
        ),
    ),
)

_one = sympy.Symbol("phi_inf", positive=True)

NORMALISED_CLONE_PROBABILITY = Formula(
    name="normalised_clone_probability",
    title="Order parameter of speciation for any number of classes",
    symbol=sympy.Symbol("m_phi", real=True),
    inputs=(
        Variable(_phi, "clone probability", Interval(0, 1)),
        Variable(_one, "its value at infinite noise: the sum of the squared class weights", Interval.open(0, 1)),
    ),
    expr=(_phi - _one) / (1 - _one),
    source="derived",
    assumes=("0 when x_t says nothing about the class, 1 when it says all",),
    where=(_phi >= _one,),
    steps=(Step("both ends", 1 - (1 - _phi) / (1 - _one)),),
)
