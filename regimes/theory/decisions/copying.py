"""Copies: which points a memorised model returns to, what counts as a copy, and how many points end it."""

from __future__ import annotations

import sympy
from sympy import Integral, Interval, Rational, exp, log, oo, sqrt, tanh

from regimes.theory.formula.formula import Formula, Step, Variable, equation
from regimes.theory.formula.symbols import POSITIVE, TIME, Delta, snr, t

__all__ = ["COPY_RATIO", "LOG10_CRITICAL_SAMPLES", "RETURN_PROBABILITY"]

_information = sympy.Symbol("I", nonnegative=True)

LOG10_CRITICAL_SAMPLES = Formula(
    name="log10_critical_samples",
    title="Decimal logarithm of the number n*(t) of training points that collapses at t, for any law of the data",
    symbol=sympy.Symbol("log10_n_star", nonnegative=True),
    inputs=(Variable(_information, "information I(a; x_t) of data point and noised sample, in nats", Interval(0, oo)),),
    expr=_information / log(10),
    source="derived from the excess entropy of biroli2024",
    assumes=(
        "I is that of the population, not of the points: with fewer points than n*(t) the exact score of the points "
        "has collapsed by t, with more it has not",
        "an upper bound on I gives an upper bound on n*",
    ),
    steps=(
        Step(
            "the excess entropy of n points, (log n - I)/d, is zero at n = exp(I)",
            equation(log(exp(_information)) - _information, 0),
        ),
        Step("in powers of ten", log(exp(_information)) / log(10)),
    ),
)

_own = sympy.Symbol("S_own", positive=True)
_rest = sympy.Symbol("S_rest", nonnegative=True)
_D = sympy.Symbol("distance", positive=True)
_z = sympy.Symbol("z", real=True)
_DISTANCE = Variable(_D, "distance of the two points", POSITIVE)
_NOISE = Variable(_z, "noise along the line between them, standard normal", sympy.S.Reals)
_weights = sympy.symbols("w_1 w_2 w_3", positive=True)
_sum = sum(_weights)

RETURN_PROBABILITY = Formula(
    name="return_probability",
    title="Probability that a trajectory through x_t ends on the point that made it, or on a near copy of it",
    symbol=sympy.Symbol("w", positive=True),
    inputs=(
        Variable(_own, "weight of the point that made x_t and of its near copies, in any unit", POSITIVE),
        Variable(_rest, "sum of the weights of all other points", Interval(0, oo)),
    ),
    expr=_own / (_own + _rest),
    source="derived",
    assumes=(
        "exact empirical score: a trajectory from x_t is a draw from the posterior over the points",
        "w_mu(t) is its mean over x_t made from point mu",
    ),
    steps=(
        Step(
            "weight of a point at a distance in units of that of the own point, from which x_t differs by "
            "sqrt(Delta_t) z along the line between them",
            equation(
                (Delta * _z**2 - (sqrt(Delta) * _z + exp(-t) * _D) ** 2) / (2 * Delta),
                -exp(-2 * t) / Delta * _D**2 / 2 - exp(-t) / sqrt(Delta) * _D * _z,
            ),
            extra=(TIME, _DISTANCE, _NOISE),
        ),
        Step(
            "two points alone: with kappa = snr distance^2/4 the posterior of the own one is (1 + tanh(kappa + "
            "sqrt(kappa) z))/2, whose mean over z is clone_probability; it never falls to one half",
            equation(
                1 / (1 + exp(-snr * _D**2 / 2 - sqrt(snr) * _D * _z)),
                (1 + tanh(snr * _D**2 / 4 + sqrt(snr) * _D / 2 * _z)) / 2,
            ),
            extra=(Variable(snr, "signal-to-noise ratio exp(-2t)/Delta_t", POSITIVE), _DISTANCE, _NOISE),
        ),
        Step(
            "the mean of w over all points is the probability that two clones share their point: wherever x_t lies, "
            "the densities of the points weigh their own posteriors as the sum of squared posteriors (three points)",
            equation(
                sum(w * (w / _sum) for w in _weights),
                _sum * sum((w / _sum) ** 2 for w in _weights),
            ),
            extra=tuple(Variable(w, "density of x_t made from a point", POSITIVE) for w in _weights),
        ),
        Step("no more than 1, and less for each further point", 1 - _rest / (_own + _rest)),
    ),
    stable=1 / (1 + _rest / _own),
)

_near, _far = sympy.symbols("nearest outside", positive=True)
_R, _v, _volume = sympy.symbols("R v V", positive=True)
_NEXT = Variable(_R, "distance of the copied point to the nearest outside its group", POSITIVE)

COPY_RATIO = Formula(
    name="copy_ratio",
    title="Distance of a sample to the nearest point over that to the nearest outside its group of near copies",
    symbol=sympy.Symbol("rho", nonnegative=True),
    inputs=(
        Variable(_near, "distance of the sample to the nearest point", POSITIVE),
        Variable(_far, "distance to the nearest point outside the group of near copies of that point", POSITIVE),
    ),
    expr=_near / _far,
    source="gu2023 (nearest over second, a copy below 1/3); definition with groups of near copies",
    assumes=(
        "a convention, not a law: a third of fresh samples falls below 1/3 where the data have one dimension, a share "
        "of 3^-D where they have D, which is why held-out points are measured beside",
    ),
    where=(_near <= _far,),
    steps=(
        Step(
            "less than a quarter of the way from its point to the next one a sample is a copy in any direction: there "
            "the nearest outside is R - R/4 away at least",
            equation((_R / 4) / (_R - _R / 4), Rational(1, 3)),
            extra=(_NEXT,),
        ),
        Step(
            "more than half of that way it is a copy in none: the next point is R + R/2 away at most",
            equation((_R / 2) / (_R + _R / 2), Rational(1, 3)),
            extra=(_NEXT,),
        ),
        Step(
            "of fresh samples of smooth data of D dimensions the nearest is uniform in the volume V up to the second: "
            "below a ratio rho is the share v/V = rho^D",
            equation(Integral(1 / _volume, (_v, 0, (_near / _far) * _volume)), _near / _far),
            extra=(Variable(_volume, "volume of the ball up to the second, in one dimension", POSITIVE),),
        ),
        Step("in units of the second distance", 1 / (_far / _near)),
    ),
)
