"""Prints the float-safe form of a formula as Python source that numpy and numba both accept."""

from __future__ import annotations

from typing import Any, ClassVar

import sympy
from sympy.printing.codeprinter import PrintMethodNotImplementedError
from sympy.printing.numpy import NumPyPrinter
from sympy.printing.precedence import PRECEDENCE

from regimes.theory.formula.formula import Formula

__all__ = ["formula_source"]

_SPECIAL = {f"{module}.{name}" for module in ("math", "scipy.special") for name in ("erf", "erfc", "gamma")}
_SPECIAL |= {"scipy.special.erfcinv"}


class _Printer(NumPyPrinter):  # type: ignore[misc]  # sympy has no type information
    """Functions of float64 that numpy has for arrays and numba for scalars."""

    _default_settings: ClassVar[dict[str, Any]] = {**NumPyPrinter._default_settings, "numba": False}

    def _print_Piecewise(self, expr: Any) -> str:
        *branches, (last, always) = expr.args
        if always is not sympy.true:
            raise ValueError("a Piecewise must end with an unconditional branch")
        # numba's where makes an array of scalars of different types, and evaluates both branches besides.
        pattern = "({1} if {0} else {2})" if self._settings["numba"] else "numpy.where({0}, {1}, {2})"
        text = self._print(last)
        for value, condition in reversed(branches):
            text = pattern.format(self._print(condition), self._print(value), text)
        return str(text)

    def _print_Pow(self, expr: Any, rational: bool = False) -> str:
        base, exponent = expr.args
        if self._settings["numba"] and exponent.is_Integer and exponent.is_negative:  # x**(-2.0) would call pow
            return f"(1.0/{self.parenthesize(base**-exponent, PRECEDENCE['Mul'], strict=True)})"
        return str(super()._print_Pow(expr, rational=rational))

    def _print_And(self, expr: Any) -> str:
        return self._nested("numpy.logical_and", expr.args)

    def _print_Or(self, expr: Any) -> str:
        return self._nested("numpy.logical_or", expr.args)

    def _print_Min(self, expr: Any) -> str:
        return self._nested("numpy.minimum", expr.args)

    def _print_Max(self, expr: Any) -> str:
        return self._nested("numpy.maximum", expr.args)

    def _print_erfc(self, expr: Any) -> str:
        # numba has no scipy.special, numpy has no erfc; both are correct to rounding over the whole line.
        module = "math" if self._settings["numba"] else "scipy.special"
        return f"{self._module_format(f'{module}.{expr.func.__name__}')}({self._print(expr.args[0])})"

    _print_erf = _print_erfc
    _print_gamma = _print_erfc

    def _print_erfcinv(self, expr: Any) -> str:
        if self._settings["numba"]:
            raise ValueError("numba has no inverse of erfc; compile it with target='numpy'")
        return self._print_erfc(expr)

    def _nested(self, function: str, arguments: Any) -> str:
        text = self._print(arguments[0])
        for argument in arguments[1:]:
            text = f"{function}({text}, {self._print(argument)})"
        return str(text)


def _print(printer: _Printer, value: Any, formula: Formula) -> str:
    try:
        text = str(printer.doprint(value))
    except (PrintMethodNotImplementedError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"{formula.name}: the expression has no float64 form: {reason}") from error
    functions = {f"{module}.{name}" for module, names in printer.module_imports.items() for name in names}
    missing = {name for name in functions if name.startswith(("math.", "scipy.special."))} - _SPECIAL
    if missing or value.has(sympy.I):
        what = ", ".join(sorted(missing)) or "it is complex"
        raise ValueError(f"{formula.name}: the expression has no float64 form: {what}; rewrite it as `stable`")
    return text


def formula_source(formula: Formula, target: str) -> str:
    """Source of a module with ``ARGUMENTS``, ``scalar`` and ``elementwise``; refused where there is no float64 form."""
    form = formula.float_form
    if form.has(sympy.Integral, sympy.Sum, sympy.Product, sympy.Derivative):
        raise ValueError(
            f"{formula.name}: integrals, sums and derivatives are not compiled; compile the integrand and call "
            "the solver that integrates it"
        )
    printer = _Printer({"fully_qualified_modules": True, "allow_unknown_functions": False, "numba": target == "numba"})
    arguments = [variable.name for variable in formula.inputs]
    printed = {v.symbol: sympy.Symbol(f"{v.name}_") for v in formula.inputs}  # trailing _: `lambda` is taken
    shared, (result,) = sympy.cse(form.xreplace(printed), symbols=sympy.numbered_symbols("shared"))
    body = [f"    {symbol} = {_print(printer, value, formula)}" for symbol, value in shared]
    body.append(f"    return {_print(printer, result, formula)}")
    signature = ", ".join(f"{name}_" for name in arguments)
    types = ", ".join("float64" for _ in arguments)
    origin = f"Generated by regimes from the formula {formula.name} ({formula.title}). Do not edit."
    lines = [repr(origin), ""]
    lines += [f"import {name}" for name in sorted({"numpy", *printer.module_imports})] + [""]
    if target == "numba":
        lines += ["from regimes.numerics.compiled.kernels import kernel", ""]
    lines += [f"ARGUMENTS = {arguments!r}", ""]
    if target == "numba":
        lines += ["", f'@kernel(signature="float64({types})")']
    lines += [f"def scalar({signature}):", *body, ""]
    if target == "numba":
        at = ", ".join(f"{name}_[place]" for name in arguments)
        lines += ["", "@kernel()", f"def elementwise({signature}, values_):"]
        lines += ["    for place in range(values_.size):", f"        values_[place] = scalar({at})"]
    else:
        lines += ["", "elementwise = scalar"]
    return "\n".join(lines) + "\n"
