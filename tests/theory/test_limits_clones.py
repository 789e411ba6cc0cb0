"""The clone probability and the class entropy: limits, duality, I-MMSE, and quadrature by another library."""

import math
from collections.abc import Iterator
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from regimes import formula
from regimes.numerics.compiled.compile import compile_formula

DISTANCES = [0.05, 0.3, 1.0, 1.7, 3.0, 6.0]  # r = sqrt(kappa)


@pytest.fixture(autouse=True, scope="module")
def sixty_digits() -> Iterator[None]:
    """Arithmetic between reference values."""
    with mpmath.workdps(60):
        yield


def mp(name: str, *inputs: Any) -> Any:
    """Twenty digits: these are integrals."""
    return formula(name).mp(*inputs, dps=20)


def over_classes(function: Any, r: float) -> float:
    """Mean over x_t of a function of the posterior of class +, with both classes at +-r and unit variance."""

    def integrand(y: float) -> float:
        likelihoods = norm.pdf([y - r, y + r])
        return float(likelihoods.mean() * function(likelihoods / likelihoods.sum()))

    return float(quad(integrand, -r - 12, r + 12, points=[-r, 0, r], limit=400, epsabs=1e-13, epsrel=1e-13)[0])


@pytest.mark.parametrize("r", DISTANCES)
def test_clone_probability_by_bayes_rule(r: float) -> None:
    direct = over_classes(lambda posterior: np.sum(posterior**2), r)
    assert float(mp("clone_probability", mpmath.mpf(r) ** 2)) == pytest.approx(direct, rel=1e-11)
    assert float(mp("clone_disagreement", r)) == pytest.approx(1 - direct, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("r", DISTANCES)
def test_class_entropy_by_bayes_rule(r: float) -> None:
    def entropy(posterior: Any) -> float:
        return -float(np.sum(posterior * np.log(np.maximum(posterior, 1e-300))))

    assert float(mp("class_entropy", r)) == pytest.approx(over_classes(entropy, r), rel=1e-9)


def test_clone_probability_at_both_ends() -> None:
    small = mpmath.mpf(10) ** -8
    assert abs((mp("clone_probability", small) - 0.5) / small - 0.5) < 1e-7  # phi = 1/2 + kappa/2 + ...
    assert abs(mp("clone_probability", 400) - 1) < mpmath.exp(-200)
    assert abs(mp("class_entropy", small) - mpmath.log(2)) < small
    assert mp("class_entropy", 20) < mpmath.exp(-200)


def test_clone_probability_and_entropy_are_monotone() -> None:
    disagreement = [mp("clone_disagreement", r) for r in DISTANCES]
    entropy = [mp("class_entropy", r) for r in DISTANCES]
    assert disagreement == sorted(disagreement, reverse=True)
    assert entropy == sorted(entropy, reverse=True)
    # 1 - phi <= -log phi <= H: the entropy of a collision is at most Shannon's.
    assert all(psi < h for psi, h in zip(disagreement, entropy, strict=True))


@pytest.mark.parametrize("r", DISTANCES)
def test_information_grows_by_i_mmse(r: float) -> None:
    kappa, step = mpmath.mpf(r) ** 2, mpmath.mpf(10) ** -12

    def information(value: Any) -> Any:
        return mpmath.log(2) - formula("class_entropy").mp(mpmath.sqrt(value), dps=45)

    slope = (information(kappa + step) - information(kappa - step)) / (2 * step)
    assert abs(slope / mp("clone_disagreement", r) - 1) < 1e-15  # half of 2 (1 - phi), the error of the class sign


def mean_sech(r: float) -> float:
    return float(
        quad(lambda u: norm.pdf(u) / math.cosh(r * u), -40 / (1 + r), 40 / (1 + r), epsabs=1e-14, limit=200)[0]
    )


@pytest.mark.parametrize("r", [0.2, 0.7, math.sqrt(math.pi / 2), 2.0, 5.0])
def test_mean_of_sech_is_dual_to_itself(r: float) -> None:
    """J(r) = sqrt(pi/2)/r J(pi/(2r)), both sides by quadrature."""
    dual = float(mp("mean_sech_dual_argument", r))
    assert mean_sech(r) == pytest.approx(float(mp("mean_sech_dual_factor", r)) * mean_sech(dual), rel=1e-10)


def test_duality_has_its_fixed_point_at_the_root_of_half_pi() -> None:
    fixed = mpmath.sqrt(mpmath.pi / 2)
    assert abs(mp("mean_sech_dual_argument", fixed) - fixed) < 1e-19
    assert abs(mp("mean_sech_dual_factor", fixed) - 1) < 1e-19


@pytest.mark.parametrize("r", DISTANCES)
def test_integrands_integrate_to_their_integrals(r: float) -> None:
    sech, entropy = (compile_formula(f"{name}_integrand", target="numpy") for name in ("mean_sech", "class_entropy"))
    nodes = np.linspace(-9, 9, 4001) if r < 4 else np.linspace(-6, 6, 8001)
    step = nodes[1] - nodes[0]
    mean = float(np.sum(sech(r, nodes)) * step)
    disagreement = float(compile_formula("clone_disagreement_from_mean_sech", target="numpy")(r, mean))
    assert disagreement == pytest.approx(float(mp("clone_disagreement", r)), rel=1e-8)
    logarithm = float(compile_formula("log_clone_disagreement_from_mean_sech", target="numpy")(r, mean))
    assert logarithm == pytest.approx(math.log(disagreement), rel=1e-12)
    total = math.exp(-(r**2) / 2) * float(np.sum(entropy(r, nodes)) * step)
    assert total == pytest.approx(float(mp("class_entropy", r)), rel=1e-8)


@given(weight=st.floats(0.01, 0.99), value=st.floats(0, 1))
def test_order_parameter_runs_from_zero_to_one(weight: float, value: float) -> None:
    floor = weight**2 + (1 - weight) ** 2
    phi = floor + value * (1 - floor)
    normalised = compile_formula("normalised_clone_probability", target="numpy")
    assert float(normalised(floor, floor)) == 0
    assert float(normalised(1.0, floor)) == 1
    assert float(normalised(min(phi, 1.0), floor)) == pytest.approx(value, abs=1e-12)
