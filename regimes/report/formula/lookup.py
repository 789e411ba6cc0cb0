"""What a person may call a formula: its name, the key of a number that it made, or a symbol of the papers."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from regimes.report.formula.places import NumberLinks, number_links
from regimes.theory.formula.written import written

__all__ = ["SYMBOLS", "Found", "look_up"]

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

_GREEK = {"φ": "phi", "ϕ": "phi", "ε": "epsilon", "ϵ": "epsilon", "λ": "lambda", "*": "_star"}


@dataclass(frozen=True)
class Found:
    """Names of formulas, and the number's key with its links where a key was asked for."""

    formulas: tuple[str, ...]
    key: str | None = None
    links: NumberLinks | None = None


def look_up(asked: str) -> Found:
    """Find a formula's name, a number's key or a symbol; a name goes first."""
    if asked in written():
        return Found((asked,))
    numbers = number_links()
    for key in (asked, re.sub(r"\d+", "N", asked)):
        if key in numbers:
            return Found(numbers[key].formulas, asked, numbers[key])
    symbols = {_plain(symbol): names for symbol, names in SYMBOLS.items()}
    if _plain(asked) in symbols:
        return Found(symbols[_plain(asked)])
    close = difflib.get_close_matches(asked, [*written(), *numbers, *SYMBOLS], n=3)
    hint = f"did you mean {' or '.join(close)}?" if close else "`regimes derive --list` lists all"
    raise ValueError(f"derive: no formula, number or symbol is called {asked!r}; {hint}")


def _plain(symbol: str) -> str:
    """One spelling for t_S, tS, $t_S$, t_{S}; for epsilon*, eps_star, epsilon^*."""
    for letter, word in _GREEK.items():
        symbol = symbol.replace(letter, word)
    return re.sub(r"[^a-z]", "", re.sub(r"\beps(?=_|\b)", "epsilon", symbol).lower())
