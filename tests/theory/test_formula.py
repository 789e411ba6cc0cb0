"""The formula object: values, domains, sampling, and the text of its errors."""

import math
import random
import re
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import assume, given
from hypothesis import strategies as st
from sympy import Interval, Rational, S, Symbol, exp, oo

from regimes import Formula, catalogue, formula
from regimes.theory import Step, Variable
from regimes.theory.formula.formula import equation

X = Symbol("x", positive=True)
Y = Symbol("y", real=True)
POSITIVE_X = Variable(X, "length in metres", Interval.open(0, oo))


def toy(**changes: Any) -> Formula:
    values: dict[str, Any] = {
        "name": "toy",
        "title": "Square",
        "symbol": Symbol("area", positive=True),
        "inputs": (POSITIVE_X,),
        "expr": X**2,
        "source": "Euclid, book 1, proposition 46",
    }
    return Formula(**(values | changes))


@pytest.mark.parametrize("place", ["expr", "stable"])
def test_stray_symbols_are_refused(place: str) -> None:
    stray = Symbol("x") ** 2 + Symbol("b")  # this x is not the positive one
    with pytest.raises(ValueError, match=r"^Formula toy: every free symbol must be an input, got \['b', 'x'\] besides"):
        toy(**{place: stray})


@pytest.mark.parametrize("place", ["expr", "stable"])
def test_floats_are_refused(place: str) -> None:
    with pytest.raises(ValueError, match="^Formula toy: the expression must be exact, got floats; use Rational$"):
        toy(**{place: 0.5 * X})


@pytest.mark.parametrize("name", ["two words", "../toy", "1st", "größe", ""])
def test_names_that_no_function_can_have_are_refused(name: str) -> None:
    text = re.escape(f"names must be ASCII identifiers, since generated functions carry them, got {name!r}; use ")
    with pytest.raises(ValueError, match=text):
        toy(name=name)
    with pytest.raises(ValueError, match=text):
        toy(inputs=(Variable(Symbol(name), "anything", S.Reals),), expr=Symbol(name))


def test_two_inputs_of_one_name_are_refused() -> None:
    inputs = (POSITIVE_X, Variable(Symbol("x"), "another x", S.Reals))
    with pytest.raises(ValueError, match="^Formula toy: the names of the inputs must differ, got x, x$"):
        toy(inputs=inputs)


def test_bound_symbols_are_not_inputs() -> None:
    total = sympy.Integral(Y * X, (Y, 0, 1))
    assert float(toy(expr=total).mp(3)) == 1.5


def test_float_form_is_the_stable_one() -> None:
    assert toy().float_form == X**2
    assert toy(stable=X * X + 0 * X, expr=X**2).float_form == X**2
    assert toy(expr=exp(X) - 1, stable=sympy.codegen.cfunctions.expm1(X)).float_form.func.__name__ == "expm1"


@pytest.mark.parametrize("values", [(), (1, 2)])
def test_number_of_values(values: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=rf"^toy: takes 1 values \(x\), got {len(values)}$"):
        toy().mp(*values)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(-1, "-1"), (0, "0"), (math.inf, "inf"), (math.nan, "nan"), (1j, "1j"), (None, "None"), (mpmath.mpf(-2), "-2.0")],
)
def test_values_outside_the_domain(value: Any, shown: str) -> None:
    text = rf"^toy: x \(length in metres\) must lie in Interval.open\(0, oo\), got {re.escape(shown)}$"
    with pytest.raises(ValueError, match=text):
        toy().mp(value)
    with pytest.raises(ValueError, match=text):
        toy().check(x=value)


def test_arrays_are_not_numbers() -> None:
    with pytest.raises(ValueError, match=r"must lie in Interval.open\(0, oo\), got \[1. 2.\]$"):
        toy().mp(np.array([1.0, 2.0]))


def test_unknown_input() -> None:
    with pytest.raises(ValueError, match="^snr: no input is called time; the inputs are t$"):
        formula("snr").check(time=1)


def test_inputs_that_are_not_named_are_not_checked() -> None:
    formula("collapse_time").check(n=2)
    with pytest.raises(ValueError, match=r"^collapse_time: n \(number of training points\) must lie in Interval.open"):
        formula("collapse_time").check(n=1)


def test_integer_domains() -> None:
    schedule = formula("linear_beta")
    for three in (3, 3.0, np.int64(3), sympy.Integer(3)):
        assert schedule.mp(three, 11, 0.1, 0.2) == schedule.mp(3, 11, 0.1, 0.2)
    with pytest.raises(ValueError, match=r"^linear_beta: k \(0-based step\) must lie in Naturals0, got 2.5$"):
        schedule.mp(2.5, 11, 0.1, 0.2)
    with pytest.raises(ValueError, match="must lie in Naturals0, got -1$"):
        schedule.mp(-1, 11, 0.1, 0.2)


def test_unknown_formula_suggests_a_close_name() -> None:
    with pytest.raises(
        ValueError, match="^formula: there is no formula called 'colapse_time'; did you mean collapse_time"
    ):
        formula("colapse_time")
    with pytest.raises(ValueError, match="called 'xyzzy'; `regimes derive --list` lists all$"):
        formula("xyzzy")


@pytest.mark.parametrize("dps", [5, 20, 50, 200])
def test_digits_are_the_digits_asked_for(dps: int) -> None:
    with mpmath.workdps(dps + 30):
        exact = 1 / mpmath.expm1(2)
        assert abs(formula("snr").mp(1, dps=dps) / exact - 1) < mpmath.mpf(10) ** (1 - dps)


@pytest.mark.parametrize("t", [1e-30, 1e-300, mpmath.mpf(10) ** -600])
def test_digits_do_not_depend_on_cancellation(t: Any) -> None:
    """1 - exp(-2t) loses 600 digits at t = 1e-600; the reference must not."""
    with mpmath.workdps(80):
        time = mpmath.mpf(t)
        assert abs(formula("noise_variance").mp(t) / (2 * time) - 1) < 2 * time + mpmath.mpf(10) ** -49


def test_a_value_of_zero_is_zero() -> None:
    assert formula("speciation_time").mp(1) == 0
    assert formula("overlap_drift").mp(0, 1, 10, 1, 1) == 0


def test_floats_are_the_binary_numbers_that_they_are() -> None:
    tenth = formula("time_from_alpha_bar").mp(0.1)
    assert tenth == formula("time_from_alpha_bar").mp(Rational(0.1))
    assert tenth == formula("time_from_alpha_bar").mp(sympy.Float(0.1))
    assert tenth != formula("time_from_alpha_bar").mp(Rational(1, 10))
    assert formula("time_from_alpha_bar").mp(np.float32(0.5)) == formula("time_from_alpha_bar").mp(0.5)


def test_multiple_precision_values_keep_all_their_digits() -> None:
    with mpmath.workdps(60):
        close_to_one = 1 - mpmath.mpf(10) ** -40
    with mpmath.workdps(15):  # the digits at the time of the call are not those of the number
        assert abs(formula("time_from_alpha_bar").mp(close_to_one) * 2 * mpmath.mpf(10) ** 40 - 1) < 1e-14


DOMAINS = st.one_of(
    st.just(Interval.open(0, oo)),
    st.just(S.Reals),
    st.just(Interval.open(0, 1)),
    st.just(S.Naturals0),
    st.just(S.Naturals),
    st.just(S.Integers),
    st.builds(lambda low: Interval(low, oo), st.integers(-5, 50)),
    st.builds(lambda high: Interval.open(-oo, high), st.integers(-50, 5)),
    st.builds(lambda low, width: Interval(low, low + width), st.integers(-9, 9), st.fractions(1, 9)),
    st.builds(lambda low, width: sympy.Range(low, low + width), st.integers(-9, 9), st.integers(1, 99)),
    st.builds(lambda high: sympy.Range(-oo, high), st.integers(-9, 9)),
)


@given(domain=DOMAINS, seed=st.integers(0, 10**6))
def test_samples_lie_in_the_domain(domain: sympy.Set, seed: int) -> None:
    drawn = Variable(Symbol("a"), "anything", domain).sample(random.Random(seed))
    assert isinstance(drawn, sympy.Rational)
    assert domain.contains(drawn) is sympy.true


@given(domain=DOMAINS)
def test_samples_spread_over_the_domain(domain: sympy.Set) -> None:
    rng = random.Random(0)
    variable = Variable(Symbol("a"), "anything", domain)
    drawn = {variable.sample(rng) for _ in range(60)}
    assume(not (isinstance(domain, sympy.Range) and domain.size < 30))
    assert len(drawn) > 15


@pytest.mark.parametrize(
    ("name", "values", "relation", "got"),
    [
        (
            "hierarchy_threshold_pair",
            (30, 32),
            r"2\*m < v \+ 1 must hold \(v is the number of symbols; m is the number",
            "v = 30, m = 32",
        ),
        ("hierarchy_threshold_pair", (32, 1), "m >= 2 must hold", "m = 1"),
        ("linear_beta", (10, 10, 0.1, 0.2), "k <= K - 1 must hold", "k = 10, K = 10"),
        ("overlap_step_mean", (0.1, 1, 1, 4, 1, 1), "dt < t must hold", "t = 1, dt = 1"),
        ("hierarchy_upward", (0.5, 4, 5, 2), r"m <= v\*\*\(s - 1\) must hold", "v = 4, m = 5, s = 2"),
    ],
)
def test_values_that_do_not_go_together(name: str, values: tuple[float, ...], relation: str, got: str) -> None:
    with pytest.raises(ValueError, match=rf"^{name}: {relation}.*, got {got}$"):
        formula(name).mp(*values)


def test_relations_to_inputs_that_are_not_named_are_not_checked() -> None:
    formula("hierarchy_threshold_pair").check(m=1000)
    with pytest.raises(ValueError, match="m >= 2 must hold"):
        formula("hierarchy_threshold_pair").check(m=1)


def test_a_relation_is_held_to_the_last_digit() -> None:
    formula("hierarchy_upward").check(p=0.5, v=3, m=9, s=3)
    with pytest.raises(ValueError, match="must hold"):
        formula("hierarchy_upward").check(p=0.5, v=3, m=mpmath.mpf(9) + mpmath.mpf(10) ** -14, s=3)


def test_stray_symbols_of_a_relation_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^Formula toy: every free symbol must be an input, got \['y'\] besides"):
        toy(where=(Y < X,))


def test_points_of_the_joint_domain() -> None:
    rng = random.Random(2)
    for entry in catalogue():
        for _ in range(5 if entry.where else 1):
            point = entry.sample(rng)
            entry.check(**{v.name: value for v, value in zip(entry.inputs, point, strict=True)})
    with pytest.raises(ValueError, match="points drawn, none with"):
        toy(where=(sympy.Lt(X, -1, evaluate=False),)).sample(rng)


def test_text_of_a_derivation_is_escaped() -> None:
    steps = (
        Step("50% of {x_1} & #2 at $5 ~ 2^3 \\ done", equation(Symbol("area", positive=True), X**2)),
        Step("product", X * X),
    )
    text = toy(steps=steps).derivation_latex()
    assert r"\text{50\% of \{x\_1\} \& \#2 at \$5 \~{} 2\^{}3 \textbackslash{} done}" in text
    assert text.splitlines()[1].startswith("area &= x^{2} && ")
    assert toy().latex() == "area = x^{2}"


def test_formulas_are_frozen_and_compare_by_content() -> None:
    assert toy() == toy()
    assert toy() != toy(title="Area")
    with pytest.raises(AttributeError):
        toy().name = "other"  # type: ignore[misc]


def test_equations_are_not_decided_on_the_spot() -> None:
    assert isinstance(equation(X, X), sympy.Eq)
    assert isinstance(equation(1, 2), sympy.Eq)
