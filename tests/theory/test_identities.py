"""One identity test over all formulas, and proof that a wrong formula does not pass it."""

from typing import Any

import pytest
import sympy
from sympy import exp, log

from regimes import Formula, catalogue, formula
from regimes.theory import Step, Variable
from regimes.theory.formula.formula import equation, expm1
from regimes.theory.formula.symbols import POSITIVE, t

NAMES = [entry.name for entry in catalogue()]

# Lines that sympy cannot reduce to zero and that 50-digit arithmetic alone carries: integrals of hyperbolic functions,
# branches, absolute values, nested roots, Lambert's W, and sums over pixels and points of a grid. Counted from 0, the
# float-safe form last. A line that leaves the proven ones must be noticed; one that joins them may be struck off here.
NUMERIC = {
    "clone_probability": {0, 1, 2, 4},
    "clone_disagreement": {0, 1},
    "class_entropy": {0, 1},
    "class_entropy_integrand": {0, 1},
    "collapse_gap_integrand": {0, 1},
    "collapse_margin_ratio": {0, 1},
    "collapse_width": {1},
    "cosine_beta": {2},
    "disc_neighbours": {0},
    "exploding_start_divergence": {3},
    "flow_class_survival": {0},
    "frozen_mean_divergence": {7},
    "hidden_log_noise": {0},
    "hidden_log_noise_spread": {0, 2},
    "hidden_variance_density": {2},
    "kept_sign_probability": {1},
    "landau_curvature": {0},
    "largest_density_product": {2, 3},
    "log_odds_mean": {1},
    "log_pixel_share": {0, 1},
    "mean_sech_dual_factor": {0, 2, 3},
    "mean_sech_integrand": {1},
    "overlap_coefficient": {0, 1},
    "overlap_distribution": {2},
    "overlap_potential": {1},
    "overlap_step_variance": {4},
    "pixel_cosine_overlap": {1, 2},
    "pixel_density_product": {1, 2},
    "pixel_sum": {0, 1, 2},
    "preserving_start_divergence": {2},
    "random_energy_rate": {2},
    "random_energy_tilt": {1},
    "relu_own_variance": {1},
    "sign_clone_integrand": {1},
    "sign_clone_slope": {0, 1},
    "student_mean_deviation": {1},
    "variance_deficit_divergence": {1},
}


@pytest.mark.parametrize("name", NAMES)
def test_every_step_and_the_float_safe_form_hold(name: str) -> None:
    entry = formula(name)
    checks = entry.verify()
    failed = [f"{check.reason}: {check}" for check in checks if check.method == "failed"]
    assert not failed
    assert len(checks) == len(entry.steps) + (entry.stable is not None)
    assert all(check.digits >= 45 and check.points >= 1 for check in checks)
    # What sympy proves stays proven. (A test of its own would check it all again, in another process.)
    numeric = {place for place, check in enumerate(checks) if check.method != "symbolic"}
    assert numeric <= NUMERIC.get(name, set())


def test_names_are_unique_and_found() -> None:
    assert len(set(NAMES)) == len(NAMES) >= 50
    assert all(formula(name).name == name for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_formula_is_documented(name: str) -> None:
    entry = formula(name)
    assert entry.title
    assert entry.source
    assert entry.steps
    assert all(step.reason for step in entry.steps)
    assert all(variable.meaning for variable in entry.inputs)
    assert len({variable.name for variable in entry.inputs}) == len(entry.inputs)


@pytest.mark.parametrize("name", NAMES)
def test_every_line_is_exact(name: str) -> None:
    assert not any(step.claim.atoms(sympy.Float) for step in formula(name).steps)


@pytest.mark.parametrize("name", NAMES)
def test_every_derivation_prints(name: str) -> None:
    entry = formula(name)
    assert entry.latex().startswith(f"{sympy.latex(entry.symbol)} = ")
    text = entry.derivation_latex()
    assert text.startswith("\\begin{align*}\n")
    assert text.endswith(f"{sympy.latex(entry.expr)}\n\\end{{align*}}")
    assert text.count("\\\\\n") == len(entry.steps)
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")


TIME = Variable(t, "time", POSITIVE)
DECAY = sympy.Symbol("y", positive=True)


def toy(**changes: Any) -> Formula:
    values: dict[str, Any] = {
        "name": "toy",
        "title": "Decay",
        "symbol": DECAY,
        "inputs": (TIME,),
        "expr": 1 - exp(-2 * t),
        "source": "definition",
        "steps": (
            Step("product form", (1 - exp(-t)) * (1 + exp(-t))),
            Step("it solves exp(-2t) = 1 - y", equation(exp(-2 * t), 1 - DECAY)),
        ),
        "stable": -expm1(-2 * t),
    }
    return Formula(**(values | changes))


def methods(entry: Formula) -> list[str]:
    return [check.method for check in entry.verify()]


def test_a_right_formula_passes() -> None:
    assert methods(toy()) == ["symbolic", "symbolic", "symbolic"]


def test_a_wrong_step_is_caught() -> None:
    assert methods(toy(steps=(Step("wrong", (1 - exp(-t)) ** 2),))) == ["failed", "symbolic"]


def test_a_wrong_last_step_is_caught_even_if_the_chain_agrees() -> None:
    square = (1 - exp(-t)) ** 2
    assert methods(toy(steps=(Step("one", square), Step("the same again", square)))) == [
        "symbolic",
        "failed",
        "symbolic",
    ]


def test_a_wrong_formula_fails_at_the_end_of_its_chain() -> None:
    assert methods(toy(expr=1 - exp(-3 * t), stable=None)) == ["failed", "failed"]


def test_a_wrong_equation_is_caught() -> None:
    steps = (Step("wrong", equation(exp(-2 * t), 1 + DECAY)),)
    assert methods(toy(steps=steps)) == ["failed", "symbolic"]


def test_a_wrong_float_safe_form_is_caught() -> None:
    assert methods(toy(stable=-expm1(-2 * t) + sympy.Rational(1, 10**40)))[-1] == "failed"


def test_a_form_that_is_wrong_on_one_branch_is_caught() -> None:
    stable = sympy.Piecewise((2 * t, t < sympy.Rational(1, 10)), (-expm1(-2 * t), True))
    assert methods(toy(stable=stable))[-1] == "failed"


@pytest.mark.parametrize(
    "claim",
    [sympy.zoo * t, log(-t) + 1 - exp(-2 * t), (1 - exp(-2 * t)) / (t - sympy.Max(t, 0)), sympy.nan * t],
    ids=["infinite", "complex", "division by zero", "nan"],
)
def test_a_step_without_a_real_value_is_caught(claim: sympy.Expr) -> None:
    assert methods(toy(steps=(Step("undefined", claim),))) == ["failed", "symbolic"]


def test_a_difference_is_held_against_its_terms() -> None:
    steps = (Step("both sides cancel", equation(exp(-2 * t) - (1 - DECAY), 0)),)
    check = toy(steps=steps).verify()[0]
    assert check.method == "symbolic"
    steps = (Step("almost", equation(exp(-2 * t) - (1 - DECAY), sympy.Rational(1, 10**44))),)
    assert methods(toy(steps=steps))[0] == "failed"


def test_a_symbol_without_a_domain_is_refused() -> None:
    steps = (Step("stray", 1 - exp(-2 * sympy.Symbol("t"))),)
    with pytest.raises(ValueError, match=r"^step 'stray': symbols without a domain: \['t'\]$"):
        toy(steps=steps).verify()


def test_checks_tell_how_they_were_made() -> None:
    assert str(toy().verify()[0]) == "proven by sympy, and at 3 random points to 50 digits"
    assert str(toy(steps=(Step("wrong", t),)).verify()[0]).startswith("FAILED: equal to ")
    assert str(formula("mean_sech_integrand").verify()[1]) == "equal at 3 random points to 50 digits"
