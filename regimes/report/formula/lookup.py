"""What a person may call a formula: its name, the key of a number that it made, a symbol of the papers or a curve."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from regimes.report.formula.curves import CURVES, SIMULATED, curve_formulas
from regimes.report.formula.number_links import NumberLinks, main_formula, number_links
from regimes.theory.formula.written import written

__all__ = ["PRINTED", "SYMBOLS", "Found", "look_up"]

SYMBOLS = {
    "t_S": (
        "speciation_time",
        "speciation_time_noise_matched",
        "speciation_time_potential",
        "mixture_speciation_time",
    ),
    "t_C": ("collapse_time",),
    "phi": ("clone_probability",),
    "kappa": ("mixture_kappa",),
    "log_n_star": ("log_critical_samples",),
    "p_star": ("hierarchy_fixed_point_pair",),
    "epsilon_star": ("hierarchy_threshold_pair",),
    "nu": ("hierarchy_exponent",),
    "lambda_c": ("percolation_threshold_fit", "percolation_disc_limit"),
}
"""Formulas by the symbol that they give, the first choice first."""

PRINTED = {"chi": "susceptibility_mean_field", "chi_exact": "susceptibility_exact"}
"""Curves by the symbol of their column in a table."""

_GREEK = {"χ": "chi", "φ": "phi", "ϕ": "phi", "ε": "epsilon", "ϵ": "epsilon", "λ": "lambda", "*": "_star"}


@dataclass(frozen=True)
class Found:
    """What was asked for: formulas, the main one first, of a formula's own name, a number's key, a symbol or a curve.

    ``main`` is None where no formula gives the number; ``curve`` has the formulas by kind of result.
    """

    asked: str
    formulas: tuple[str, ...]
    main: str | None
    number: NumberLinks | None = None
    symbol: bool = False
    curve: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def rest(self) -> tuple[str, ...]:
        """Formulas beside the main one."""
        return tuple(name for name in self.formulas if name != self.main)


def look_up(asked: str) -> Found:
    """Find a formula's name, a number's key, a symbol or a curve, in this order."""
    if asked in written():
        return Found(asked, (asked,), asked, curve=curve_formulas(asked))
    numbers = number_links()
    for key in (asked, re.sub(r"\d+", "N", asked)):
        if key in numbers:
            return _of_number(asked, key, numbers[key])
    asked = PRINTED.get(_plain(asked), asked)
    curve = curve_formulas(asked)
    symbols = {_plain(symbol): names for symbol, names in SYMBOLS.items()}
    if _plain(asked) in symbols:
        names = symbols[_plain(asked)]
        return Found(asked, names, names[0], symbol=True, curve=curve)
    if curve:
        names = tuple(dict.fromkeys(name for each in curve.values() for name in each))
        return Found(asked, names, names[0] if names else None, curve=curve)
    curves = [name for each in (*CURVES.values(), *SIMULATED.values()) for name in each]
    known = [*written(), *numbers, *SYMBOLS, *curves]
    predicted = sorted(known, key=lambda name: name.startswith("measure."))  # what is measured comes last
    parts = {name.rpartition(".")[2]: name for name in reversed(predicted)}  # time for collapse.time
    exact = [name for name in predicted if name.rpartition(".")[2] == asked][:1]
    near = [parts.get(name, name) for name in difflib.get_close_matches(asked, [*known, *parts], n=3)]
    close = dict.fromkeys([*exact, *near])
    hint = f"did you mean {' or '.join(close)}?" if close else "`regimes derive --list` lists all"
    raise ValueError(f"derive: no formula, number, symbol or curve is called {asked!r}; {hint}")


def _of_number(asked: str, key: str, number: NumberLinks) -> Found:
    mains = [main for case in number.cases if (main := main_formula(key, case.formulas))]
    names = tuple(dict.fromkeys([*mains, *number.formulas]))
    return Found(asked, names, mains[0] if mains else None, number)


def _plain(symbol: str) -> str:
    """One spelling for t_S, tS, $t_S$, t_{S}; for epsilon*, eps_star, epsilon^*."""
    for letter, word in _GREEK.items():
        symbol = symbol.replace(letter, word)
    return re.sub(r"[^a-z]", "", re.sub(r"\beps(?=_|\b)", "epsilon", symbol).lower())
