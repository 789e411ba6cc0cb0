"""What the eigenvalues of n points say about those of their population: correction, scatter and equality."""

from __future__ import annotations

import sympy
from sympy import Derivative, Interval, Rational, S, gamma, oo, pi, sqrt

from regimes.theory.formula.formula import Formula, Step, Variable, equation
from regimes.theory.formula.symbols import DIMENSION, POSITIVE, Lambda, d, lambda_, n, r, sigma, x

__all__ = [
    "CORRECTED_EIGENVALUE",
    "CORRECTED_EIGENVALUE_SLOPE",
    "EIGENVALUE_EQUALITY",
    "EIGENVALUE_SCATTER",
    "SPLIT_TEST_CORRELATION",
    "STUDENT_EXCESS_KURTOSIS",
    "STUDENT_MEAN_DEVIATION",
]

_first, _second = sympy.symbols("lambda_2 lambda_3", positive=True)
_pull = sympy.Symbol("S", real=True)
_pull_square = sympy.Symbol("Q", nonnegative=True)
_slope = sympy.Symbol("slope", positive=True)
_kurtosis = sympy.Symbol("kurtosis", real=True)
_excess = sympy.Symbol("excess", positive=True)
_one, _two = (
    Variable(each, "a smaller eigenvalue, in units of lambda", Interval.open(0, Rational(1, 2)))
    for each in (_first, _second)
)
_VALUE = Variable(lambda_, "eigenvalue of the covariance of the points", POSITIVE)
_COUNT = Variable(n, "number of points, less one if their mean is subtracted", Interval.open(1, oo))
_PULL = Variable(
    _pull, "(1/n) sum over the other eigenvalues of lambda_j/(lambda - lambda_j)", Interval(-Rational(1, 2), oo)
)
# A white bulk: variance sigma^2 in r n dimensions, and one direction of variance Lambda = sigma^2 + excess.
_white = (
    Variable(sigma, "standard deviation of the bulk", POSITIVE),
    Variable(r, "dimensions of the bulk for each point", POSITIVE),
)
_above = Variable(_excess, "by how much Lambda exceeds the variance of the bulk", POSITIVE)
_spiked = Lambda + r * sigma**2 * Lambda / (Lambda - sigma**2)

CORRECTED_EIGENVALUE = Formula(
    name="corrected_eigenvalue",
    title="Eigenvalue of the population from one of the sample, for a bulk of any shape",
    symbol=Lambda,
    inputs=(_VALUE, _PULL),
    expr=lambda_ / (1 + _pull),
    source="baiding2012; the form without zeros derived",
    assumes=(
        "a direction of the population that stands out of its bulk, n and d large; below the edge the value means "
        "nothing but an upper limit",
        "points of one variance: norms that fluctuate from point to point push the bulk further up",
        "a block of equal eigenvalues is left out of the sum as a whole, and the results are averaged over it",
    ),
    steps=(
        Step(
            "Lambda = -1/mbar(lambda), mbar the mean of the resolvent of the n x n matrix of products: 1/lambda "
            "for each of its zeros. Here two other eigenvalues, in units of lambda; those that vanish drop out of the "
            "sum",
            equation(
                (1 - 2 / n) + (1 / (1 - _first) + 1 / (1 - _second)) / n,
                1 + (_first / (1 - _first) + _second / (1 - _second)) / n,
            ),
            extra=(_COUNT, _one, _two),
        ),
        Step(
            "the law behind it: mbar of a white bulk solves lambda = -1/mbar + r sigma^2/(1 + sigma^2 mbar), which for "
            "mbar = -1/Lambda is where an eigenvalue of the sample lies, above Lambda",
            equation(
                Lambda + r * sigma**2 / (1 - sigma**2 / Lambda),
                Lambda * (1 + r * sigma**2 / (Lambda - sigma**2)),
            ).subs(Lambda, sigma**2 + _excess),
            extra=(*_white, _above),
        ),
        Step(
            "it grows with Lambda only where Lambda - sigma^2 exceeds sqrt(r) sigma^2: below, none leaves the bulk",
            equation(
                Derivative(_spiked, Lambda).doit().subs(Lambda, sigma**2 + _excess), 1 - r * sigma**4 / _excess**2
            ),
            extra=(*_white, _above),
        ),
    ),
)

_of_one = lambda_ / (1 + _first / (n * (lambda_ - _first)))
_far = Variable(_excess, "distance of lambda from the other eigenvalue", POSITIVE)

CORRECTED_EIGENVALUE_SLOPE = Formula(
    name="corrected_eigenvalue_slope",
    title="How much the corrected eigenvalue moves with that of the sample, dLambda/dlambda",
    symbol=_slope,
    inputs=(
        _PULL,
        Variable(
            _pull_square,
            "(1/n) sum over the other eigenvalues of lambda lambda_j/(lambda - lambda_j)^2",
            Interval(0, oo),
        ),
    ),
    expr=1 / (1 + _pull) + _pull_square / (1 + _pull) ** 2,
    source="derived from corrected_eigenvalue",
    assumes=("the other eigenvalues stay where they are",),
    steps=(
        Step(
            "derivative of lambda/(1 + S(lambda)), here with one other eigenvalue",
            equation(
                Derivative(_of_one, lambda_).doit().subs(lambda_, _first + _excess),
                (1 / (1 + _pull) + _pull_square / (1 + _pull) ** 2).subs(
                    {
                        _pull: _first / (n * _excess),
                        _pull_square: (_first + _excess) * _first / (n * _excess**2),
                    },
                    simultaneous=True,
                ),
            ),
            extra=(_COUNT, Variable(_first, "the other eigenvalue", POSITIVE), _far),
        ),
    ),
)

_variance_of_form = (2 * _slope / Lambda**2 + _kurtosis / Lambda**2) * Lambda**2 / n

EIGENVALUE_SCATTER = Formula(
    name="eigenvalue_scatter",
    title="Relative standard deviation of an eigenvalue of the sample that stands out of the bulk",
    symbol=sympy.Symbol("sigma_lambda", positive=True),
    inputs=(
        _PULL,
        Variable(_slope, "dLambda/dlambda", POSITIVE),
        Variable(_kurtosis, "excess kurtosis of the projections on the direction", Interval(-2, oo)),
        _COUNT,
    ),
    expr=sqrt(2 / _slope + _kurtosis / _slope**2) / ((1 + _pull) * sqrt(n)),
    source="derived; paul2007 for Gaussian points and a white bulk",
    assumes=(
        "projections s_i of the points on the direction, independent of the bulk; n and d large",
        "for Gaussian points and a white bulk (lambda/Lambda)^2 times its square is 2/(n slope)",
    ),
    where=(2 * _slope + _kurtosis >= 0,),
    steps=(
        Step(
            "lambda solves s.G(lambda)s/n = 1, G the resolvent of the bulk with diagonal 1/Lambda and tr G^2/n = "
            "slope/Lambda^2; the form has variance (2 tr G^2/n + kurtosis/Lambda^2) Lambda^2/n and falls with slope "
            "slope/Lambda; over lambda = Lambda (1 + S)",
            sqrt(_variance_of_form) / (_slope / Lambda) / (Lambda * (1 + _pull)),
            extra=(Variable(Lambda, "eigenvalue of the population", POSITIVE),),
        ),
    ),
)

_members = sympy.Symbol("K", positive=True)
_spread = sympy.Symbol("spread", nonnegative=True)
_determinant = sympy.Symbol("log_mean", real=True)

EIGENVALUE_EQUALITY = Formula(
    name="eigenvalue_equality",
    title="Likelihood ratio of K equal eigenvalues against K different ones, chi-squared if they are equal",
    symbol=sympy.Symbol("chi2", nonnegative=True),
    inputs=(
        _COUNT,
        Variable(_members, "number of eigenvalues", Interval(2, oo)),
        Variable(_spread, "logarithm of their mean less the mean of their logarithms", Interval(0, oo)),
        Variable(_kurtosis, "excess kurtosis of the projections on their directions", Interval.open(-2, oo)),
    ),
    expr=(n - (2 * _members + 1 + 2 / _members) / 6) * _members * _spread / (1 + _kurtosis / 2),
    source="anderson1963; the small-sample factor of bartlett1954",
    assumes=(
        "chi-squared with (K - 1)(K + 2)/2 degrees of freedom for n much larger than K",
        "elliptical law of the projections: the kurtosis divides",
    ),
    where=(6 * n >= 2 * _members + 1 + 2 / _members,),
    steps=(
        Step(
            "twice the log likelihood of Gaussian points is -n (log det C + tr C^-1 S): with C = S and with C = its "
            "mean times the identity the traces are K, and the determinants differ",
            equation(
                n * (_members * _determinant + _members) - n * (_members * (_determinant - _spread) + _members),
                n * _members * _spread,
            ),
            extra=(Variable(_determinant, "logarithm of their mean", S.Reals),),
        ),
    ),
    stable=(n - 1 - (2 * _members - 1) * (_members - 2) / (6 * _members)) * _members * _spread / (1 + _kurtosis / 2),
)

_nu = sympy.Symbol("nu", positive=True)
_norm = gamma((_nu + 1) / 2) / (sqrt(pi * _nu) * gamma(_nu / 2))

STUDENT_MEAN_DEVIATION = Formula(
    name="student_mean_deviation",
    title="Mean absolute value over standard deviation, for Student's t",
    symbol=sympy.Symbol("g", positive=True),
    inputs=(Variable(_nu, "degrees of freedom", Interval.Lopen(2, 300)),),
    expr=2 * sqrt((_nu - 2) / pi) * gamma((_nu + 1) / 2) / ((_nu - 1) * gamma(_nu / 2)),
    source="derived",
    assumes=("grows from 0 to sqrt(2/pi), the normal law's",),
    steps=(
        Step(
            "the integral of x (1 + x^2/nu)^(-(nu + 1)/2) is elementary",
            equation(
                Derivative(-_nu / (_nu - 1) * (1 + x**2 / _nu) ** ((1 - _nu) / 2), x).doit(),
                x * (1 + x**2 / _nu) ** (-(_nu + 1) / 2),
            ),
            extra=(Variable(x, "value", S.Reals),),
        ),
        Step(
            "twice that from 0, times the norm, over sqrt(nu/(nu - 2))",
            2 * _norm * _nu / (_nu - 1) / sqrt(_nu / (_nu - 2)),
        ),
    ),
)

STUDENT_EXCESS_KURTOSIS = Formula(
    name="student_excess_kurtosis",
    title="Excess kurtosis of Student's t",
    symbol=_kurtosis,
    inputs=(Variable(_nu, "degrees of freedom", Interval.open(4, oo)),),
    expr=6 / (_nu - 4),
    source="derived",
    assumes=("infinite at and below 4 degrees of freedom",),
    steps=(
        Step(
            "x is normal over the root of chi^2_nu/nu: E x^4/(E x^2)^2 = 3 (nu - 2)/(nu - 4)",
            3 * (_nu - 2) / (_nu - 4) - 3,
        ),
    ),
)

_edge = sympy.Symbol("alpha_1", positive=True)
_squares = sympy.Symbol("A", positive=True)

SPLIT_TEST_CORRELATION = Formula(
    name="split_test_correlation",
    title="Correlation of two halves that each test the top direction of the other, white noise",
    symbol=sympy.Symbol("rho", positive=True),
    inputs=(DIMENSION,),
    expr=4 / d,
    source="derived",
    assumes=(
        "Gaussian points, more than dimensions; large d, where the top eigenvalue is the edge of a semicircle; below 4 "
        "dimensions 1 is an upper limit (pi/4 at d = 2)",
    ),
    steps=(
        Step(
            "the squared overlap w of two independent directions has E w = 1/d and E w^2 = 3/(d (d + 2))",
            equation(d**2 * 3 / (d * (d + 2)) - 1, 2 * (d - 1) / (d + 2)),
        ),
        Step(
            "given the overlap of the two top directions the halves see alpha_1 (d w - 1)/(d - 1) on the mean, alpha_1 "
            "the top deviation from the mean eigenvalue; each has variance 2 A/(d (d + 2)), A the sum of squared "
            "deviations: for a semicircle alpha_1^2 = 4 (d - 1) A/d^2",
            (_edge**2 / (d - 1) ** 2 * 2 * (d - 1) / (d + 2) / (2 * _squares / (d * (d + 2)))).subs(
                _edge**2, 4 * (d - 1) * _squares / d**2
            ),
            extra=(Variable(_squares, "sum of the squared deviations", POSITIVE),),
        ),
    ),
)
