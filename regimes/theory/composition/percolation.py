"""Site percolation on a grid where points connect at a distance: which share of the points must be kept.

A grid point is kept with probability lambda; kept points within a radius connect. Above lambda_c one piece reaches
through a grid without end. No closed form of lambda_c is known in two dimensions, but its limit for large radius is
the threshold of overlapping discs, and in one dimension everything is.
"""

from __future__ import annotations

import sympy
from sympy import Derivative, Interval, Limit, Rational, binomial, oo, pi

from regimes.theory.formula.formula import Formula, Step, Variable, equation, expm1, log1p
from regimes.theory.formula.special_functions import PointsInDisc, PointsInDiscRows
from regimes.theory.formula.symbols import KEPT, POSITIVE, RADIUS, R, lambda_, n, z

__all__ = [
    "CANONICAL_WEIGHT_RATIO",
    "CHAIN_MEAN_CLUSTER_SIZE",
    "CHAIN_LINK_PROBABILITY",
    "DISC_NEIGHBOURS",
    "FINITE_SIZE_THRESHOLD",
    "PERCOLATION_DISC_LIMIT",
    "PERCOLATION_THRESHOLD_FIT",
    "SPANNING_WIDTH",
]

_DISC_FILLING = Rational(112808737, 10**8)
"""Area of all discs, overlap counted, per area at which they percolate: mertens2012, 1.12808737(6)."""
_FITTED = Rational(33, 10)

_threshold = sympy.Symbol("lambda_c", positive=True)
_k = sympy.Symbol("k", positive=True)
_i = sympy.Symbol("i", integer=True)
_N = sympy.Symbol("N", positive=True)

_NEIGHBOURS = Variable(z, "number of neighbours of a grid point", Interval(1, oo))
_RANGE = Variable(_k, "most steps at which two points of the chain connect", sympy.S.Naturals)
_LENGTH = Variable(_N, "points along an edge of the grid", Interval(1, oo))

_random = "points are kept independently of each other, each with probability lambda"

DISC_NEIGHBOURS = Formula(
    name="disc_neighbours",
    title="Number of neighbours of a grid point within a radius",
    symbol=z,
    inputs=(RADIUS,),
    expr=PointsInDiscRows(R) - 1,
    source="derived (Gauss's circle)",
    assumes=("square grid; the point on the radius connects",),
    steps=(Step("points of the grid within the radius but the one at its centre", PointsInDisc(R) - 1),),
)

PERCOLATION_THRESHOLD_FIT = Formula(
    name="percolation_threshold_fit",
    title="Threshold of site percolation on the square lattice with all neighbours within a radius",
    symbol=_threshold,
    inputs=(_NEIGHBOURS,),
    expr=4 * _DISC_FILLING / (z + _FITTED),
    source="xun2021 (form c/(z + b) with c = 4 eta_c); mertens2012 (eta_c); b fitted",
    assumes=(
        _random,
        "all points within a radius are neighbours, z >= 8 of them: it is then within 2.1% of simulated thresholds",
        "an empirical form: its limit at large z is that of overlapping discs, b = 3.3 is a fit",
    ),
    steps=(
        Step(
            "at large z the threshold is that of discs, 4 eta_c/z",
            equation(Limit(z * 4 * _DISC_FILLING / (z + _FITTED), z, oo), 4 * _DISC_FILLING),
        ),
        Step(
            "its inverse is a straight line in z, fitted with the slope of discs",
            equation(1 / _threshold, (z + _FITTED) / (4 * _DISC_FILLING)),
        ),
    ),
)

PERCOLATION_DISC_LIMIT = Formula(
    name="percolation_disc_limit",
    title="Threshold of site percolation on the square lattice in the limit of a large radius",
    symbol=_threshold,
    inputs=(RADIUS,),
    expr=4 * _DISC_FILLING / (pi * R**2),
    source="mertens2012 (eta_c of overlapping discs); xun2021 (limit of lattices)",
    assumes=(
        _random,
        "a large radius: within 8% of simulation from R = 6 steps on, 5% from 9, 3.3% from 12; useless below "
        "6, 24% above at sqrt(10) and 12% at sqrt(26), though single radii may be close",
    ),
    steps=(
        Step(
            "two discs of radius R/2 overlap if their centres are within R: lambda discs on a unit of area fill eta_c",
            equation(_threshold * pi * (R / 2) ** 2, _DISC_FILLING),
        ),
        Step("with z = pi R^2 neighbours", (4 * _DISC_FILLING / z).subs(z, pi * R**2)),
    ),
)

_gap = (1 - lambda_) ** _k

CHAIN_LINK_PROBABILITY = Formula(
    name="chain_link_probability",
    title="Probability that a kept point of a chain connects to the next kept one",
    symbol=sympy.Symbol("q", positive=True),
    inputs=(KEPT, _RANGE),
    expr=1 - _gap,
    source="derived",
    assumes=(_random, "one dimension: kept points at most k steps apart connect"),
    steps=(
        Step(
            "the next kept point is i steps away if the i - 1 between them are not kept; from i = 1 to k these "
            "probabilities telescope",
            equation(lambda_ * (1 - lambda_) ** (_i - 1), (1 - lambda_) ** (_i - 1) - (1 - lambda_) ** _i),
            extra=(Variable(_i, "steps to the next kept point", sympy.S.Naturals),),
        ),
        Step("the gap is longer than k if k points in a row are not kept", 1 - _gap),
    ),
    stable=-expm1(_k * log1p(-lambda_)),
)

_q = CHAIN_LINK_PROBABILITY.expr

CHAIN_MEAN_CLUSTER_SIZE = Formula(
    name="chain_mean_cluster_size",
    title="Mean number of points of the piece of a chain that a kept point belongs to",
    symbol=sympy.Symbol("S", positive=True),
    inputs=(KEPT, _RANGE),
    expr=(1 + _q) / (1 - _q),
    source="derived",
    assumes=(_random, "a chain without end; kept points at most k steps apart connect"),
    steps=(
        Step(
            "the point itself, and on either side one more point for each link that holds before the first that does "
            "not: q + q^2 + ... = q/(1 - q)",
            1 + 2 * _q / (1 - _q),
        ),
        Step("finite whenever a point is not kept: there is no threshold below 1", 2 / _gap - 1),
    ),
    stable=1 + 2 * expm1(-_k * log1p(-lambda_)),
)


def _binomial_weight(kept: sympy.Expr) -> sympy.Expr:
    return binomial(n, kept) * lambda_**kept * (1 - lambda_) ** (n - kept)


_POINTS = Variable(n, "number of points of the grid", sympy.S.Naturals)
_COUNT = Variable(_k, "number of points that are kept", sympy.S.Naturals0)

CANONICAL_WEIGHT_RATIO = Formula(
    name="canonical_weight_ratio",
    title="Ratio of the probabilities that k + 1 and that k points of a grid are kept",
    symbol=sympy.Symbol("rho", positive=True),
    inputs=(_COUNT, _POINTS, KEPT),
    expr=(n - _k) / (_k + 1) * lambda_ / (1 - lambda_),
    source="derived; newman2001 (averages at lambda from averages at k kept points)",
    assumes=(_random,),
    where=(_k <= n,),
    steps=(Step("ratio of two binomial probabilities", _binomial_weight(_k + 1) / _binomial_weight(_k)),),
)

_first = sympy.Symbol("w_1", positive=True)
_width = sympy.Symbol("w", positive=True)
_nu = Rational(4, 3)

SPANNING_WIDTH = Formula(
    name="spanning_width",
    title="Width in lambda of the transition at which a piece spans a grid in two dimensions",
    symbol=_width,
    inputs=(Variable(_first, "width extrapolated to a single point", POSITIVE), _LENGTH),
    expr=_first * _N ** Rational(-3, 4),
    source="smirnov2001 (nu = 4/3); finite-size scaling",
    assumes=(
        "two dimensions and neighbours within a finite radius, for which nu = 4/3 is proven on the triangular lattice "
        "and believed on all",
        "a grid much larger than the radius",
    ),
    steps=(
        Step(
            "pieces of size xi = |lambda - lambda_c|^-nu fill the grid where xi = N, in units of either",
            equation((_width / _first) ** -_nu, _N),
        ),
    ),
)

_b = sympy.Symbol("b", real=True)
_x = sympy.Symbol("omega", positive=True)
_finite = sympy.Symbol("lambda_N", real=True)

FINITE_SIZE_THRESHOLD = Formula(
    name="finite_size_threshold",
    title="Threshold of a finite grid",
    symbol=_finite,
    inputs=(
        Variable(_threshold, "threshold of a grid without end", Interval.open(0, 1)),
        Variable(_b, "size of the shift", sympy.S.Reals),
        Variable(_x, "exponent of the shift", POSITIVE),
        _LENGTH,
    ),
    expr=_threshold + _b * _N**-_x,
    source="finite-size scaling; fitted to simulated grids",
    assumes=("grids so large that one power of N carries the shift",),
    steps=(
        Step(
            "on a logarithmic scale the shift falls with slope -omega",
            equation(_N * Derivative(_threshold + _b * _N**-_x, _N), -_x * (_finite - _threshold)),
        ),
        Step(
            "grids of N and 2N points an edge eliminate the size of the shift",
            equation((2**_x * (_threshold + _b * (2 * _N) ** -_x) - _finite) / (2**_x - 1), _threshold),
        ),
    ),
)
