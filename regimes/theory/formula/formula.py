"""The central object: a formula with its source, its domain and a derivation that a machine has checked."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import mpmath
import sympy
from sympy.codegen.cfunctions import expm1, log1p

from regimes.theory.formula.joint_domain import JointDomain
from regimes.theory.formula.record import note
from regimes.theory.formula.special_functions import EVALUATION
from regimes.theory.formula.variable import Variable
from regimes.theory.formula.verification import DIGITS, StepCheck, compare, evaluate

__all__ = ["DIGITS", "Formula", "Step", "StepCheck", "Variable", "equation", "expm1", "log1p"]

_LATEX_ESCAPES = {character: rf"\{character}" for character in "_%&#${}"} | {
    "\\": r"\textbackslash{}",
    "^": r"\^{}",
    "~": r"\~{}",
}


@dataclass(frozen=True)
class Step:
    """One line of a derivation.

    ``claim`` is either an expression, equal to the expression before it and finally to the formula, or an
    equation, true identically once the formula's own symbol is replaced by its expression (this is how a
    criterion that the formula solves, or a lemma that a later line uses, is stated).

    Attributes
    ----------
    reason : str
        Why the line follows.
    claim : sympy.Expr or sympy.Eq
        The line itself.
    extra : tuple of Variable
        Variables that occur in this line alone.
    """

    reason: str
    claim: Any
    extra: tuple[Variable, ...] = ()


@dataclass(frozen=True)
class Formula:
    """An exact formula with its provenance.

    Attributes
    ----------
    name : str
        Identifier used by the compiler and the command line.
    title : str
        What it is, in a few words.
    symbol : sympy.Symbol
        The quantity that the formula gives.
    inputs : tuple of Variable
        Arguments, in the order in which they are passed.
    expr : sympy.Expr
        The exact expression: no floats.
    source : str
        Key of ``references.bib`` with the place, ``derived`` where the steps are the derivation, or ``definition``.
    assumes : tuple of str
        What must hold for the formula to be true.
    where : tuple of relations
        What must hold between the inputs, beside the domain of each: ``2 <= m``, ``2 m < v + 1``.
    steps : tuple of Step
        The derivation, each line checked by :meth:`verify`.
    stable : sympy.Expr, optional
        An equal form that is safe in float64, written by hand; ``expr`` where it is safe already.
    """

    name: str
    title: str
    symbol: sympy.Symbol
    inputs: tuple[Variable, ...]
    expr: sympy.Expr
    source: str
    assumes: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    where: tuple[Any, ...] = ()
    stable: sympy.Expr | None = field(default=None)

    def __post_init__(self) -> None:
        names = [variable.name for variable in self.inputs]
        for name in (self.name, *names):
            if not (name.isidentifier() and name.isascii()):
                raise ValueError(
                    f"Formula {self.name}: names must be ASCII identifiers, since generated functions carry "
                    f"them, got {name!r}; use letters, digits and underscores"
                )
        if len(set(names)) != len(names):
            raise ValueError(f"Formula {self.name}: the names of the inputs must differ, got {', '.join(names)}")
        known = {variable.symbol for variable in self.inputs}
        for form in (self.expr, self.stable, *self.where):
            if form is None:
                continue
            stray = form.free_symbols - known
            if stray:
                raise ValueError(
                    f"Formula {self.name}: every free symbol must be an input, got {sorted(map(str, stray))} "
                    "besides; symbols are defined once, in regimes.theory.formula.symbols"
                )
            if form.atoms(sympy.Float):
                raise ValueError(f"Formula {self.name}: the expression must be exact, got floats; use Rational")

    @property
    def float_form(self) -> sympy.Expr:
        """The form that is compiled: ``stable`` if there is one, else ``expr``."""
        return self.expr if self.stable is None else self.stable

    @cached_property
    def _evaluator(self) -> Any:
        return sympy.lambdify([v.symbol for v in self.inputs], self.expr, modules=EVALUATION)

    @cached_property
    def _domain(self) -> JointDomain:
        return JointDomain(self.inputs, self.where)

    def mp(self, *values: Any, dps: int = DIGITS) -> Any:
        """Evaluate the exact expression in multiple precision.

        Parameters
        ----------
        *values : number
            One value for each input, in order; floats are taken as the exact binary numbers that they are.
        dps : int
            Decimal digits of the result.

        Returns
        -------
        mpmath.mpf
            The value, correct to about ``dps`` digits.

        Raises
        ------
        ValueError
            If the number of values is wrong, a value lies outside its domain, or values do not go together.

        Examples
        --------
        >>> from regimes import formula
        >>> import mpmath
        >>> mpmath.nstr(formula("snr").mp(1, dps=20), 18)
        '0.156517642749665652'
        """
        if len(values) != len(self.inputs):
            names = ", ".join(v.name for v in self.inputs)
            raise ValueError(f"{self.name}: takes {len(self.inputs)} values ({names}), got {len(values)}")
        self.check(**{v.name: value for v, value in zip(self.inputs, values, strict=True)})
        note(self.name)
        return evaluate(self._evaluator, values, dps, adaptive=not self.expr.has(sympy.Integral))

    def check(self, **values: Any) -> None:
        """Check that values lie in the domains of the inputs, and go together.

        Parameters
        ----------
        **values : number
            Values by the name of the input; inputs not named are not checked, nor relations to them.

        Raises
        ------
        ValueError
            Naming the input, its meaning, its domain and the value given, or the relation and its values.
        """
        variables: Mapping[str, Variable] = {v.name: v for v in self.inputs}
        for name, value in values.items():
            if name not in variables:
                raise ValueError(f"{self.name}: no input is called {name}; the inputs are {', '.join(variables)}")
            variable = variables[name]
            number = sympy.sympify(_with_own_precision(value))
            real = getattr(number, "is_extended_real", None) is True
            if not real or not _contains(variable.domain, number):
                domain = sympy.sstr(variable.domain)
                raise ValueError(f"{self.name}: {name} ({variable.meaning}) must lie in {domain}, got {value}")
        broken = self._domain.broken({variables[name].symbol: value for name, value in values.items()})
        if broken is not None:
            given = {v.name: values[v.name] for v in self.inputs if v.symbol in broken.free_symbols}
            meanings = "; ".join(f"{name} is the {variables[name].meaning}" for name in given)
            got = ", ".join(f"{name} = {value}" for name, value in given.items())
            raise ValueError(f"{self.name}: {sympy.sstr(broken)} must hold ({meanings}), got {got}")

    def sample(self, rng: random.Random) -> tuple[sympy.Rational, ...]:
        """Draw an exact rational point of the joint domain, one value for each input."""
        return self._domain.sample(rng)

    def verify(self, *, seed: int = 0) -> tuple[StepCheck, ...]:
        """Check every step, and the float-safe form, by algebra and by 50-digit arithmetic.

        Parameters
        ----------
        seed : int
            Seed of the random points.

        Returns
        -------
        tuple of StepCheck
            One for each step, then one for ``stable`` if there is one.
        """
        note(self.name)
        checks = []
        chain = [step.claim for step in self.steps if not _is_equation(step.claim)] + [self.expr]
        place = 0
        for step in self.steps:
            if _is_equation(step.claim):
                own = {self.symbol: self.expr} if self.symbol not in {v.symbol for v in self.inputs} else {}
                left, right = step.claim.lhs.subs(own), step.claim.rhs.subs(own)
            else:
                place += 1
                left, right = step.claim, chain[place]
            domain = JointDomain(self.inputs + step.extra, self.where)
            checks.append(compare(step.reason, left, right, domain, seed))
        if self.stable is not None:
            checks.append(compare("float-safe form", self.stable, self.expr, self._domain, seed))
        return tuple(checks)

    def latex(self) -> str:
        """LaTeX of the formula, ``symbol = expression``.

        Returns
        -------
        str
            Without math delimiters.
        """
        return f"{sympy.latex(self.symbol)} = {sympy.latex(self.expr)}"

    def derivation_latex(self) -> str:
        """LaTeX of the whole derivation.

        Returns
        -------
        str
            An ``align*`` environment, one line a step with its reason, the formula last.
        """
        lines = []
        for step in self.steps:
            lead = sympy.latex(step.claim.lhs) if _is_equation(step.claim) else sympy.latex(self.symbol)
            body = step.claim.rhs if _is_equation(step.claim) else step.claim
            lines.append(rf"{lead} &= {sympy.latex(body)} && \text{{{_latex_text(step.reason)}}}")
        lines.append(rf"{sympy.latex(self.symbol)} &= {sympy.latex(self.expr)}")
        return "\\begin{align*}\n" + " \\\\\n".join(lines) + "\n\\end{align*}"


def equation(left: Any, right: Any) -> sympy.Eq:
    """State an equation without letting sympy decide it on the spot."""
    return sympy.Eq(left, right, evaluate=False)


def _contains(domain: sympy.Set, number: sympy.Expr) -> bool:
    """Whether a number lies in a set; an interval by itself makes relations first, at 20 times the cost."""
    if not isinstance(domain, sympy.Interval):
        return bool(domain.contains(number))
    after = number > domain.start if domain.left_open else number >= domain.start
    return bool(after) and bool(number < domain.end if domain.right_open else number <= domain.end)


def _latex_text(text: str) -> str:
    return "".join(_LATEX_ESCAPES.get(character, character) for character in text)


def _is_equation(claim: Any) -> bool:
    return isinstance(claim, sympy.Eq)


def _with_own_precision(value: Any) -> Any:
    """Every digit of a multiple precision number: its text stops at the digits of the moment."""
    if not isinstance(value, mpmath.mpf) or not mpmath.isfinite(value):
        return str(value) if isinstance(value, mpmath.mpf) else value
    sign, mantissa, exponent, _ = value._mpf_
    return (-1) ** sign * sympy.Integer(int(mantissa)) * sympy.Integer(2) ** exponent
