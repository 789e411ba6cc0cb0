"""The training index, which point made x_t: its entropy, its clones, and the estimate that leaves it out."""

from __future__ import annotations

import sympy
from sympy import Integral, Rational, S, exp, log, oo, pi

from regimes.theory.collapse.information import EXCESS_ENTROPY_FROM_INFORMATION
from regimes.theory.formula.formula import Formula, Step, Variable, equation, log1p
from regimes.theory.formula.normal_law import normal, normal_entropy
from regimes.theory.formula.symbols import (
    DIMENSION,
    POSITIVE,
    SAMPLES,
    TIME,
    Delta,
    Delta_stable,
    d,
    n,
    x,
)

__all__ = ["EMPIRICAL_EXCESS_ENTROPY", "INDEX_CLONE_PROBABILITY", "INDEX_ENTROPY", "LEAVE_ONE_OUT_EXCESS_ENTROPY"]

_z2 = sympy.Symbol("z2", positive=True)
_partition = sympy.Symbol("S", positive=True)
_own = exp(-_z2 / 2) / (2 * pi * Delta) ** (d / 2)

INDEX_ENTROPY = Formula(
    name="index_entropy",
    title="Conditional entropy of the training index given x_t is d times the empirical excess entropy",
    symbol=sympy.Symbol("H", positive=True),
    inputs=(
        DIMENSION,
        SAMPLES,
        TIME,
        Variable(
            sympy.Symbol("s_e", real=True),
            "entropy per dimension of the noised empirical law, in nats",
            S.Reals,
        ),
    ),
    expr=d * (log(n) / d + Rational(1, 2) + log(2 * pi * Delta) / 2 - sympy.Symbol("s_e", real=True)),
    source="derived; the right-hand side is d f^e of biroli2024",
    assumes=("exact empirical score: P^e_t is the mixture of n Gaussians of variance Delta_t at exp(-t) a_nu",),
    steps=(
        Step(
            "with S the sum over the n Gaussians and own = exp(-|z|^2/2)/(2 pi Delta_t)^(d/2) the weight of "
            "the point that made x_t, minus the log posterior of that point, log(S/own), is log n + log "
            "P^e_t + |z|^2/2 + d/2 log(2 pi Delta_t), since S = n P^e_t",
            equation(log(_partition / _own), log(n) + log(_partition / n) + _z2 / 2 + d / 2 * log(2 * pi * Delta)),
            extra=(
                Variable(_z2, "squared norm of the noise", POSITIVE),
                Variable(_partition, "sum of the Gaussians at x_t", POSITIVE),
            ),
        ),
        Step(
            "the noise has E z^2 = 1 in each of d directions",
            equation(d * Integral(x**2 * normal(x), (x, -oo, oo)) / 2, d / 2),
        ),
        Step(
            "average: E log P^e_t = -d s^e",
            log(n) - d * sympy.Symbol("s_e", real=True) + d / 2 + d / 2 * log(2 * pi * Delta),
        ),
    ),
    stable=log(n) - d * sympy.Symbol("s_e", real=True) + d / 2 + d / 2 * log(2 * pi * Delta_stable),
)

_own_weight, _rest, _squares = sympy.symbols("w S_rest S_squares", positive=True)
_first, _second = sympy.symbols("w_1 w_2", positive=True)
_norm = _own_weight + _first + _second
_chosen = 1 / (_own_weight + _rest)

INDEX_CLONE_PROBABILITY = Formula(
    name="index_clone_probability",
    title="Probability that two clones born at x_t share their training point",
    symbol=sympy.Symbol("phi_index", positive=True),
    inputs=(
        Variable(_own_weight, "weight of the own point, in any unit", POSITIVE),
        Variable(_rest, "sum of the weights of the other points", POSITIVE),
        Variable(_squares, "sum of their squares", POSITIVE),
    ),
    expr=(_own_weight**2 + _squares) / (_own_weight + _rest) ** 2,
    source="derived",
    assumes=("exact empirical score: clones are independent draws from the posterior over the points",),
    where=(_squares <= _rest**2,),
    steps=(
        Step(
            "both clones choose the same point: the sum of the squared posteriors, here with two other points",
            equation(
                (_own_weight / _norm) ** 2 + (_first / _norm) ** 2 + (_second / _norm) ** 2,
                (_own_weight**2 + _first**2 + _second**2) / (_own_weight + (_first + _second)) ** 2,
            ),
            extra=(
                Variable(_first, "weight of the first other point", POSITIVE),
                Variable(_second, "weight of the second other point", POSITIVE),
            ),
        ),
        Step("own point and others apart", (_own_weight * _chosen) ** 2 + _squares * _chosen**2),
    ),
    stable=(_own_weight * _chosen) ** 2 + _squares * _chosen * _chosen,
)

_log_total = sympy.Symbol("log_1S", positive=True)

EMPIRICAL_EXCESS_ENTROPY = Formula(
    name="empirical_excess_entropy",
    title="Excess entropy per dimension of the noised empirical law, the entropy of the training index given x_t",
    symbol=sympy.Symbol("f_e", positive=True),
    inputs=(
        DIMENSION,
        Variable(_log_total, "mean of log(1 + S), S the sum of exp(e_nu) over the points other than the own", POSITIVE),
    ),
    expr=_log_total / d,
    source="derived (index_entropy)",
    assumes=("exact empirical score: P^e_t is the mixture of n Gaussians of variance Delta_t at exp(-t) a_nu",),
    steps=(
        Step(
            "log n/d + h(z)/d - s^e with d s^e = -E log[ (1 + S) exp(-|z|^2/2)/(n (2 pi Delta_t)^(d/2)) ] and "
            "E |z|^2 = d, since e_nu is measured from the own point's -|z|^2/2",
            log(n) / d + normal_entropy(Delta) + (_log_total - d / 2 - log(n) - d / 2 * log(2 * pi * Delta)) / d,
            extra=(SAMPLES, TIME),
        ),
    ),
)

_log_rest = sympy.Symbol("log_S", real=True)

LEAVE_ONE_OUT_EXCESS_ENTROPY = Formula(
    name="leave_one_out_excess_entropy",
    title="Leave-one-out estimate of the excess entropy per dimension",
    symbol=EXCESS_ENTROPY_FROM_INFORMATION.symbol,
    inputs=(
        DIMENSION,
        SAMPLES,
        Variable(_log_rest, "mean of log S, S the sum of exp(e_nu) over the points other than the own", S.Reals),
    ),
    expr=(log(n) - log(n - 1) + _log_rest) / d,
    source="derived",
    assumes=(
        "the entropy of the population is estimated by the cross-entropy with the n - 1 other points, which is larger: "
        "the zero lies at larger t than the population's",
    ),
    steps=(
        Step(
            "log n/d + h(z)/d - s with d s = -E log[ S exp(-|z|^2/2)/((n - 1) (2 pi Delta_t)^(d/2)) ] and E |z|^2 = d, "
            "since e_nu is measured from the own point's -|z|^2/2",
            log(n) / d + normal_entropy(Delta) + (_log_rest - d / 2 - log(n - 1) - d / 2 * log(2 * pi * Delta)) / d,
            extra=(TIME,),
        ),
    ),
    stable=(-log1p(-1 / n) + _log_rest) / d,
)
