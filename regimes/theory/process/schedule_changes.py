"""Schedules made of others: rescaled to end in pure noise, shifted in signal-to-noise ratio, stretched to an end."""

from __future__ import annotations

import sympy
from sympy import Interval, sqrt

from regimes.theory.formula.formula import Formula, Step, Variable, equation
from regimes.theory.formula.symbols import POSITIVE, alpha_bar
from regimes.theory.process.clocks import FLOW_TIME

__all__ = ["DYNAMIC_SHIFT", "SHIFTED_ALPHA_BAR", "SHIFTED_FLOW_TIME", "STRETCHED_FLOW_TIME", "ZERO_TERMINAL_ALPHA_BAR"]

_UNIT = Interval.open(0, 1)
_ALPHA_BAR = Variable(alpha_bar, "cumulative product of the schedule that is changed", _UNIT)
_first = sympy.Symbol("first", positive=True)
_last = sympy.Symbol("last", positive=True)
_shift = sympy.Symbol("shift", positive=True)
_flow = sympy.Symbol("s", positive=True)
_changed = sympy.Symbol("changed", positive=True)
_terminal = sympy.Symbol("terminal", positive=True)
_SHIFT = Variable(_shift, "shift; above 1 it adds noise", POSITIVE)
_FLOW = Variable(_flow, "flow time, 0 at the data and 1 at the noise", Interval.Lopen(0, 1))

ZERO_TERMINAL_ALPHA_BAR = Formula(
    name="zero_terminal_alpha_bar",
    title="Signal power of a schedule rescaled so that its last step is pure noise",
    symbol=_changed,
    inputs=(
        _ALPHA_BAR,
        Variable(_first, "alpha_bar of the first step, which stays", _UNIT),
        Variable(_last, "alpha_bar of the last step, which becomes 0", _UNIT),
    ),
    expr=((sqrt(alpha_bar) - sqrt(_last)) * sqrt(_first) / (sqrt(_first) - sqrt(_last))) ** 2,
    source="lin2023 (zero terminal signal-to-noise ratio)",
    where=(_last < alpha_bar, alpha_bar <= _first),
    steps=(
        Step(
            "the amplitudes are shifted by the last and scaled so that the first stays; without differences of roots",
            (
                (alpha_bar - _last)
                / (sqrt(alpha_bar) + sqrt(_last))
                * sqrt(_first)
                * (sqrt(_first) + sqrt(_last))
                / (_first - _last)
            )
            ** 2,
        ),
    ),
    stable=(
        (alpha_bar - _last)
        / (sqrt(alpha_bar) + sqrt(_last))
        * sqrt(_first)
        * (sqrt(_first) + sqrt(_last))
        / (_first - _last)
    )
    ** 2,
)

SHIFTED_ALPHA_BAR = Formula(
    name="shifted_alpha_bar",
    title="Signal power after the signal-to-noise ratio is divided by a shift",
    symbol=_changed,
    inputs=(_ALPHA_BAR, _SHIFT),
    expr=alpha_bar / (_shift + (1 - _shift) * alpha_bar),
    source="hoogeboom2023 (shift of the log signal-to-noise ratio)",
    steps=(
        Step(
            "it solves changed/(1 - changed) = alpha_bar/(1 - alpha_bar)/shift",
            equation(_changed / (1 - _changed), alpha_bar / (1 - alpha_bar) / _shift),
        ),
    ),
    stable=alpha_bar / (_shift * (1 - alpha_bar) + alpha_bar),
)

SHIFTED_FLOW_TIME = Formula(
    name="shifted_flow_time",
    title="Time of flow matching after its ratio of noise to signal is multiplied by a shift",
    symbol=FLOW_TIME.symbol,
    inputs=(_FLOW, _SHIFT),
    expr=_shift * _flow / (1 + (_shift - 1) * _flow),
    source="esser2024 (shift for resolution; a shift exp(mu) where it is dynamic)",
    steps=(
        Step("odds of noise against signal, times the shift", 1 / (1 + (1 - _flow) / (_shift * _flow))),
        Step("times the shift, over a common denominator", _shift * _flow / (_shift * _flow + (1 - _flow))),
    ),
    stable=1 / (1 + (1 - _flow) / (_shift * _flow)),
)

_tokens = sympy.Symbol("tokens", positive=True)
_few, _many = sympy.symbols("few_tokens many_tokens", positive=True)
_low, _high = sympy.symbols("low_shift high_shift", positive=True)

DYNAMIC_SHIFT = Formula(
    name="dynamic_shift",
    title="Parameter of a shift that grows with the number of tokens of an image",
    symbol=sympy.Symbol("mu_shift", real=True),
    inputs=(
        Variable(_tokens, "tokens of the image", POSITIVE),
        Variable(_few, "tokens at which it is low", POSITIVE),
        Variable(_many, "tokens at which it is high", POSITIVE),
        Variable(_low, "its value at few tokens", POSITIVE),
        Variable(_high, "its value at many tokens", POSITIVE),
    ),
    expr=_low + (_high - _low) * (_tokens - _few) / (_many - _few),
    source="esser2024 (resolution-dependent shift; linear in the number of tokens as implemented)",
    where=(_few < _many, _few <= _tokens, _tokens <= _many),
    steps=(Step("weighted mean", (_low * (_many - _tokens) + _high * (_tokens - _few)) / (_many - _few)),),
    stable=(_low * (_many - _tokens) + _high * (_tokens - _few)) / (_many - _few),
)

STRETCHED_FLOW_TIME = Formula(
    name="stretched_flow_time",
    title="Time of flow matching, stretched so that the last step has a given one",
    symbol=_changed,
    inputs=(
        _FLOW,
        Variable(_last, "flow time of the last step", _UNIT),
        Variable(_terminal, "what it becomes", _UNIT),
    ),
    expr=1 - (1 - _flow) * (1 - _terminal) / (1 - _last),
    source="hacohen2024 (stretch to a terminal noise level, as implemented)",
    where=(_last <= _flow,),
    steps=(Step("over a common denominator", (_flow - _last + _terminal * (1 - _flow)) / (1 - _last)),),
    stable=(_flow - _last + _terminal * (1 - _flow)) / (1 - _last),
)
