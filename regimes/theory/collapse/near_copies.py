"""Near copies: until when a model that has memorised cannot tell two close points apart."""

from __future__ import annotations

import sympy
from sympy import exp, log, sqrt

from regimes.theory.formula.formula import Formula, Step, Variable, equation, log1p
from regimes.theory.formula.symbols import POSITIVE, TIME, Delta, t

__all__ = ["NEAR_COPIES_PART"]

_delta = sympy.Symbol("distance", positive=True)
_z = sympy.Symbol("z", real=True)

NEAR_COPIES_PART = Formula(
    name="near_copies_part",
    title="Time at which two points at a distance are told apart",
    symbol=t,
    inputs=(Variable(_delta, "distance of the two points", POSITIVE),),
    expr=log(1 + _delta**2 / 4) / 2,
    source="derived: kappa = 1 of mixture_kappa for two points, classes without width at +-delta/2",
    assumes=(
        "all other points are far: above this time clones of x_t end on either of the two, and the probability "
        "that they share a training point lies on a plateau at one half",
    ),
    steps=(
        Step(
            "log odds of the two given x_t made from the nearer one: with u the unit vector between them, x_t differs "
            "from the two by sqrt(Delta_t) z and sqrt(Delta_t) z + e^{-t} delta along u; the mean is 2 kappa",
            equation(
                ((sqrt(Delta) * _z + exp(-t) * _delta) ** 2 - Delta * _z**2) / (2 * Delta),
                2 * (exp(-2 * t) * _delta**2 / (4 * Delta)) + exp(-t) * _delta * _z / sqrt(Delta),
            ),
            extra=(TIME, Variable(_z, "noise along u, standard normal", sympy.S.Reals)),
        ),
        Step("kappa = snr delta^2/4 = 1, that is 1/snr = e^{2t} - 1 = delta^2/4", log(exp(log(1 + _delta**2 / 4))) / 2),
    ),
    stable=log1p(_delta**2 / 4) / 2,
)
