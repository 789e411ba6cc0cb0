"""Grids of noise levels: which sigma a sampler visits at each of its steps."""

from __future__ import annotations

import sympy
from sympy import Interval, S, exp, log, oo

from regimes.theory.formula.formula import Formula, Step, Variable, equation
from regimes.theory.formula.symbols import POSITIVE
from regimes.theory.process.clocks import EDM_SIGMA

__all__ = ["EDM_STEP_SIGMA", "POLYEXPONENTIAL_SIGMA", "QUANTILE_SIGMA"]

_k = sympy.Symbol("k", nonnegative=True)
_steps = sympy.Symbol("K", positive=True)
_first = sympy.Symbol("first", positive=True)
_last = sympy.Symbol("last", positive=True)
_rho = sympy.Symbol("rho", positive=True)
_place = sympy.Symbol("place", nonnegative=True)
_ENDS = (
    Variable(_first, "largest noise level, at step 0", POSITIVE),
    Variable(_last, "smallest noise level, at step K-1", POSITIVE),
)
_PLACE = Variable(_place, "place in the grid, 1 at the first step and 0 at the last", Interval(0, 1))
_order = "step 0 is the noisiest: steps are numbered in the order of sampling"


def _edm_level(step: sympy.Expr) -> sympy.Expr:
    first, last = _first ** (1 / _rho), _last ** (1 / _rho)
    return (first + step / (_steps - 1) * (last - first)) ** _rho


EDM_STEP_SIGMA = Formula(
    name="edm_step_sigma",
    title="Noise level at step k of the EDM sampler",
    symbol=EDM_SIGMA.symbol,
    inputs=(
        Variable(_k, "0-based step", S.Naturals0),
        Variable(_steps, "number of steps", Interval(2, oo)),
        *_ENDS,
        Variable(_rho, "exponent", POSITIVE),
    ),
    expr=_edm_level(_k),
    source="karras2022 (steps of the sampler)",
    assumes=(_order,),
    where=(_k <= _steps - 1, _last <= _first),
    steps=(
        Step(
            "the power 1/rho of the noise level is linear in k, from first at k = 0 ...",
            equation(_edm_level(sympy.Integer(0)) ** (1 / _rho), _first ** (1 / _rho)),
        ),
        Step(
            "... to last at k = K-1",
            equation(_edm_level(_steps - 1) ** (1 / _rho), _last ** (1 / _rho)),
        ),
    ),
    stable=((_first ** (1 / _rho) * (_steps - 1 - _k) + _last ** (1 / _rho) * _k) / (_steps - 1)) ** _rho,
)

POLYEXPONENTIAL_SIGMA = Formula(
    name="polyexponential_sigma",
    title="Noise level whose logarithm falls as a power of the place in the grid",
    symbol=EDM_SIGMA.symbol,
    inputs=(_PLACE, *_ENDS, Variable(_rho, "exponent; 1 gives the exponential grid", POSITIVE)),
    expr=_last * (_first / _last) ** (_place**_rho),
    source="crowson2022 (polyexponential grid; exponential at rho = 1)",
    assumes=(_order,),
    where=(_last <= _first,),
    steps=(
        Step(
            "its logarithm is the mean of both ends', weighted by place^rho",
            exp(_place**_rho * log(_first) + (1 - _place**_rho) * log(_last)),
        ),
    ),
)

_quantile = sympy.Symbol("quantile", nonnegative=True)

QUANTILE_SIGMA = Formula(
    name="quantile_sigma",
    title="Noise level at a quantile of a law on the range of noise levels",
    symbol=EDM_SIGMA.symbol,
    inputs=(Variable(_quantile, "quantile of the law on 0 to 1", Interval(0, 1)), *_ENDS),
    expr=_last + _quantile * (_first - _last),
    source="lee2024 (beta law of parameters 0.6 and 0.6, at equally spaced probabilities)",
    assumes=(_order,),
    where=(_last <= _first,),
    steps=(Step("weighted mean of both ends", _quantile * _first + (1 - _quantile) * _last),),
    stable=_quantile * _first + (1 - _quantile) * _last,
)
