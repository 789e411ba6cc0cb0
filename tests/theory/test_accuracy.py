"""Compiled formulas against 50-digit arithmetic, over the whole domain and to its ends.

This holds the float-safe form, the printer and the compiler; the physics is held in the other modules.
"""

from collections.abc import Callable
from functools import cache
from itertools import islice
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from numpy.typing import NDArray

from regimes import catalogue, formula
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.compiled.formula_files import Target
from regimes.theory.formula.verification import DIGITS, evaluate
from regimes.theory.formula.written import written

REQUIRED = 1e-13
REQUIRED_OF_CONDITIONED = 1e-14
LARGEST = 1e300
SMALLEST = 1e-300  # towards 1e-308 float64 runs out of digits; 0 and anything as small are accepted
POINTS = 100
CORNERS = 32
CROSSINGS = 3
DIGITS_THROUGHOUT = 800  # more than any float64 input can make cancel

UNCOMPILED = ["disc_neighbours"]  # points of a grid are counted, not computed
COMPILED = [f.name for f in catalogue() if not f.float_form.has(sympy.Integral) and f.name not in UNCOMPILED]
NUMPY_ALONE = ["coefficient_radius", "coefficient_width"]  # numba has no inverse of erfc
INTEGRALS = [f.name for f in catalogue() if f.float_form.has(sympy.Integral)]

Ladder = Callable[[float], float]


def between(low: float, high: float) -> Ladder:
    """Geometric, with exact ends."""
    return lambda u: low * (high / low) ** u if 0 < u < 1 else (low, high)[int(u)]


def above_one(low: float, high: float) -> Ladder:
    return lambda u: 1 + between(low, high)(u)


def from_zero(low: float, high: float) -> Ladder:
    return lambda u: between(low, high)(u) if u > 0 else 0.0


def inside_unit(edge: float) -> Ladder:
    """From edge to 1 - edge, geometric towards both."""
    return lambda u: between(edge, 0.5)(2 * u) if u < 0.5 else 1 - between(edge, 0.5)(2 - 2 * u)


def both_signs(low: float, high: float) -> Ladder:
    return lambda u: -between(low, high)(1 - 2 * u) if u < 0.5 else between(low, high)(2 * u - 1)


def whole(low: int, high: int) -> Ladder:
    return lambda u: float(round(low - 1 + between(1, high - low + 1)(u)))


LADDERS: dict[str, Ladder] = {
    "A": between(1e-8, 1e8),
    "D": from_zero(1e-12, 1e12),
    "D_target": between(1e-12, 1e12),
    "D_S": from_zero(1e-12, 1e12),
    "D_m": from_zero(1e-12, 1e12),
    "Delta_t": inside_unit(1e-15),
    "F": between(1e-8, 1e12),
    "H_joint": from_zero(1e-12, 1e6),
    "H_one": from_zero(1e-12, 1e3),
    "I": between(1e-8, 1e6),
    "I_gauss": between(1e-8, 1e6),
    "I_class": from_zero(1e-12, 0.6931),
    "J": inside_unit(1e-15),
    "J_gain": between(1e-12, 1e12),
    "K": whole(2, 10**6),
    "Lambda": between(1e-6, 1e12),
    "Q": from_zero(1e-12, 1e12),
    "S": lambda u: between(0.5, 1e8)(u) - 1,
    "S_class": between(1e-12, 1e12),
    "S_classes": from_zero(1e-12, 1e12),
    "S_own": between(1e-12, 1e12),
    "S_rest": between(1e-12, 1e12),
    "S_squares": between(1e-12, 1e12),
    "M": from_zero(1e-12, 1e6),
    "M_1": from_zero(1e-12, 1e6),
    "M_2": from_zero(1e-12, 1e6),
    "V": from_zero(1e-12, 1e12),
    "V_1": between(1e-12, 1e12),
    "V_2": between(1e-12, 1e12),
    "W": from_zero(1e-12, 1e12),
    "a": both_signs(1e-8, 1e4),
    "alpha": between(1e-6, 1e3),
    "alpha_bar": inside_unit(1e-15),
    "b": between(1e-6, 1e3),
    "beta_min": between(1e-6, 1e3),
    "beta_range": between(1e-6, 1e3),
    "c": inside_unit(1e-12),
    "c_rest": both_signs(1e-8, 0.999999),
    "b2": from_zero(1e-12, 1e6),
    "clock": between(1e-8, 1e8),
    "d": between(1, 1e6),
    "deficit_slope": both_signs(1e-8, 1e8),
    "delta": both_signs(1e-6, 1e3),
    "distance": between(1e-8, 1e6),
    "dof_share": lambda u: inside_unit(1e-12)(u) if 0 < u < 1 else u,
    "dof_slope": from_zero(1e-12, 1e6),
    "dof_squares": lambda u: inside_unit(1e-12)(u) if 0 < u < 1 else u,
    "dt": between(1e-8, 300),
    "e": between(1e-3, 1e3),
    "exponent": between(1e-6, 1e3),
    "ell": both_signs(1e-8, 1e4),
    "ell_m": from_zero(1e-12, 1e4),
    "fall": between(1e-8, 1e8),
    "few_tokens": between(1, 1e3),
    "first": inside_unit(1e-6),
    "freedom": between(1, 1e6),
    "g": both_signs(1e-12, 0.999999),
    "g_0": inside_unit(1e-12),
    "g_z": both_signs(1e-8, 1e4),
    "h": between(1e-6, 36),
    "high_shift": between(1e-3, 1e2),
    "k": whole(0, 10**6),
    "kappa": between(1e-12, 1e3),
    "lambda": between(1e-8, 1e8),
    "kept": between(1e-8, 1e8),
    "kurtosis": lambda u: between(1e-6, 1e6)(u) - 2,
    "lacking": from_zero(1e-12, 1e8),
    "last": inside_unit(1e-6),
    "log_1S": between(1e-12, 1e6),
    "left_out": between(1e-6, 1e6),
    "leverage": inside_unit(1e-12),
    "log_sigma": both_signs(1e-8, 30),
    "log_S": both_signs(1e-6, 1e6),
    "log_snr": both_signs(1e-8, 600),
    "loss": from_zero(1e-12, 1e12),
    "low_shift": between(1e-3, 1e2),
    "m": between(1e-3, 1e5),
    "m_k": between(1e-12, 1e6),
    "many_tokens": between(1, 1e5),
    "mmse_before": between(1e-8, 1e8),
    "mmse_here": between(1e-8, 1e8),
    "mu": between(1e-3, 1e3),
    "n": above_one(1e-9, 1e12),
    "nearest": between(1e-12, 1e6),
    "nu": lambda u: 4 + between(1e-6, 296)(u),
    "offset": between(1e-6, 1e2),
    "outside": between(1e-12, 1e6),
    "p_other": inside_unit(1e-15),
    "p_same": inside_unit(1e-15),
    "phi": inside_unit(1e-15),
    "psi_p": between(1e-3, 1e6),
    "points_ratio": from_zero(1e-9, 1e3),
    "rate": between(1e-8, 1e3),
    "ridge": between(1e-8, 1e8),
    "phi_inf": inside_unit(1e-15),
    "place": lambda u: inside_unit(1e-12)(u) if 0 < u < 1 else u,
    "ratio": between(1e-8, 1e8),
    "q": both_signs(1e-8, 1e4),
    "q_own": inside_unit(1e-15),
    "q_s": both_signs(1e-8, 1e4),
    "q_squares": inside_unit(1e-15),
    "quantile": lambda u: inside_unit(1e-12)(u) if 0 < u < 1 else u,
    "r": between(1e-3, 37),
    "rho": between(0.1, 50),
    "s": inside_unit(1e-15),
    "s2": between(1e-12, 1e6),
    "s_e": both_signs(1e-6, 1e2),
    "s_t": both_signs(1e-6, 1e2),
    "score": both_signs(1e-8, 1e6),
    "share": inside_unit(1e-15),
    "shift": between(1e-8, 1e8),
    "sigma": between(1e-3, 1e3),
    "sigma_edm": between(1e-8, 1e8),
    "slope": between(1e-3, 1e6),
    "snr": between(1e-12, 1e12),
    "snr_step": between(1e-12, 1e12),
    "spread": from_zero(1e-12, 1e3),
    "step_before": between(1e-12, 1e12),
    "t": between(1e-8, 300),
    "terminal": inside_unit(1e-6),
    "times": from_zero(1e-12, 1e6),
    "tokens": between(1, 1e5),
    "transform": between(1e-6, 1e6),
    "tau": between(1e-8, 1e12),
    "tau_1": both_signs(1e-8, 1e6),
    "tau_2": from_zero(1e-12, 1e12),
    "u": both_signs(1e-8, 40),
    "v": between(1e-12, 1e12),
    "v2": from_zero(1e-12, 1e6),
    "v_t": both_signs(1e-8, 1e4),
    "w": between(1e-3, 1e3),
    "weight": both_signs(1e-6, 100),
    "x": both_signs(1e-8, 1e5),
    "xi": both_signs(1e-8, 9),
    "y": both_signs(1e-8, 1e4),
    "z": both_signs(1e-8, 1e4),
}

# The random hierarchy model has short names of its own.
HIERARCHY_LADDERS: dict[str, Ladder] = {
    "e": inside_unit(1e-15),
    "epsilon": inside_unit(1e-15),
    "h": whole(1, 60),
    "kappa_s": both_signs(1e-12, 0.25),
    "lambda": above_one(1e-6, 1e3),
    "m": whole(1, 10**4),
    "n_c": whole(1, 10**4),
    "p": inside_unit(1e-15),
    "pi_true": inside_unit(1e-15),
    "q": inside_unit(1e-15),
    "s": between(2, 8),
    "v": whole(2, 10**4),
}

# So does percolation.
PERCOLATION_LADDERS: dict[str, Ladder] = {
    "N": between(1, 1e6),
    "R": between(1, 1e6),
    "a": both_signs(1e-6, 30),
    "b": both_signs(1e-6, 30),
    "c": both_signs(1e-6, 30),
    "h": between(1e-6, 600),
    "j": lambda u: float(round(both_signs(0.4, 60)(u))),
    "k": whole(1, 10**5),
    "lambda": inside_unit(1e-12),
    "lambda_c": inside_unit(1e-6),
    "n": whole(1, 10**6),
    "omega": between(1e-2, 4),
    "r": from_zero(1e-6, 1e4),
    "sigma": between(1e-2, 10),
    "step": between(1e-3, 1e3),
    "tau": lambda u: between(1e-300, 0.5)(2 * u) if u < 0.5 else 1 - between(1e-15, 0.5)(2 - 2 * u),
    "u": both_signs(1e-6, 1e3),
    "w_1": between(1e-3, 1e3),
    "z": between(1, 1e6),
}

# And so do the steps of samplers.
SAMPLER_LADDERS: dict[str, Ladder] = {
    "eta": lambda u: inside_unit(1e-12)(u) if 0 < u < 1 else u,
    "h": between(1e-12, 300),
    "s": from_zero(1e-12, 300),
}


def ladder(name: str, variable: str) -> Ladder:
    place = written()[name]
    if place.subject == "composition":
        return PERCOLATION_LADDERS[variable]
    if place.module.endswith((".samplers", ".ancestral")):
        return SAMPLER_LADDERS[variable]
    return HIERARCHY_LADDERS[variable] if name.startswith("hierarchy_") else LADDERS[variable]


# Quantities that change sign: near the zero no arithmetic on rounded terms keeps relative accuracy. There the error
# is held against what a relative change of the inputs does to the value, sum |x df/dx|, and against the largest term.
CONDITIONED: dict[str, str] = {
    "class_log_ratio": "zero where the posterior is the weight of the class",
    "class_part_information": "zero where the class is as all points",
    "class_quadratic_score": "zero where the posterior is wrong by as much as it is right",
    "clone_partial_correlation": "zero where the field at both sites explains what the clone has in common there",
    "covariance_class_time": "zero where the covariances part in the data themselves",
    "four_sign_slope": "odd in the correlation",
    "collapse_gap_integrand": "tail of the normal law: a change of z = delta/w + c xi counts z^2 times",
    "excess_entropy": "zero at the collapse time",
    "excess_entropy_corrected": "zero at the corrected collapse time",
    "excess_entropy_definition": "zero at the collapse time",
    "excess_entropy_from_information": "zero where I = log n",
    "frozen_loss_divergence": "zero where losses do not fall within the step",
    "feature_balance": "zero on the spectrum",
    "feature_balance_by_ridge": "zero where the points stop to hold a direction",
    "feature_balance_by_transform": "zero where the branches of the transform meet",
    "feature_point": "zero where the transform is taken at 0",
    "feature_point_by_ridge": "zero where the branches of the transform meet",
    "feature_point_by_transform": "zero at an edge",
    "finite_size_threshold": "zero where a shift to below is as large as the threshold",
    "gaussian_log_density": "zero where the density is 1",
    "gaussian_posterior_mean": "zero where noise and centre cancel",
    "gaussian_score": "zero at the noised centre",
    "hidden_log_noise": "zero at unit variance",
    "hierarchy_sibling_covariance": "negative below a wrong parent, positive below a right one",
    "index_entropy": "zero where x_t tells the index",
    "landau_curvature": "zero at the speciation time",
    "leave_one_out_excess_entropy": "zero near the collapse time",
    "log_snr": "zero at snr = 1",
    "log_odds_mean": "trace and determinant cancel as the classes become the same",
    "mixture_score": "zero at the noised centres",
    "overlap_curvature_time": "zero where the double well exists at t = 0 only",
    "overlap_drift": "zero at the wells",
    "overlap_drift_from_step": "zero where the overlap decays as without a score",
    "overlap_potential": "zero where the confining and the splitting part cancel",
    "path_divergence_slope": "zero at the best grid",
    "point_log_weight": "zero where the noise has brought x_t as near to the other point",
    "posterior_mean_from_noise": "zero where x_t is noise alone",
    "posterior_mean_from_score": "zero where x_t is noise alone",
    "posterior_mean_from_v": "zero where x_t is noise alone",
    "posterior_mean_from_velocity": "zero where x_t is noise alone",
    "random_energy_annealed": "zero where alpha = -g",
    "random_energy_tilt": "zero at the mean energy",
    "score_from_posterior_mean": "zero where x_t is the noised posterior mean",
    "score_from_v": "zero where x_t is signal alone",
    "score_from_velocity": "zero where x_t is signal alone",
    "separated_entropy": "zero at small noise",
    "variance_deficit_slope": "zero at the best grid",
}

# Quantities that keep their sign and that a relative change of the inputs changes many times as much: an argument of an
# exponential that is rounded to 16 digits leaves fewer of the exponential. Held as above, the change by differences.
STEEP: dict[str, str] = {
    "bump_profile": "tail of a bump",
    "chain_mean_cluster_size": "exponential in k",
    "cosine_overlap": "tail of a bump",
    "density_product": "tail of a bump",
    "hidden_variance_density": "tails of the logistic law",
    "overlap_coefficient": "tail of a bump",
    "overlap_distribution": "tails of normal laws",
    "pixel_correction": "exponential in sigma^2",
    "pixel_cosine_overlap": "tail of a bump",
    "pixel_density_product": "tail of a bump",
    "pixel_sum": "tail of a bump",
    "poisson_sum_gap_integrand": "exponential in x",
    "relu_own_variance": "in proportion to what is left of a correlation near 1",
    "sign_clone_integrand": "tails of normal laws",
    "sign_posterior": "tail of the normal law",
}
STEP = mpmath.mpf(2) ** -100


def values_at(name: str, place: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(ladder(name, v.name)(float(u)) for v, u in zip(formula(name).inputs, place, strict=True))


def allowed(name: str, values: tuple[float, ...]) -> bool:
    """Whether the values go together; each of them is in its own domain."""
    symbols = [variable.symbol for variable in formula(name).inputs]
    return formula(name)._domain.broken(dict(zip(symbols, values, strict=True))) is None


@cache
def sweep(name: str) -> tuple[tuple[tuple[float, ...], Any, Any], ...]:
    """Inputs, exact value, and the size against which an error is held.

    Corners of the domain, points inside, and points as close to a change of sign as the ladder gets.
    """
    count = len(formula(name).inputs)
    rng = np.random.default_rng(2024)
    corners = np.array(np.meshgrid(*[(0.0, 1.0)] * count)).reshape(count, -1).T
    if len(corners) > CORNERS:
        corners = rng.permutation(corners)[:CORNERS]
    candidates = (*corners, *rng.random((40 * POINTS, count)))
    places = list(islice((place for place in candidates if allowed(name, values_at(name, place))), POINTS))
    exact = [formula(name).mp(*values_at(name, place)) for place in places]
    negative = [place for place, value in zip(places, exact, strict=True) if value < 0]
    positive = [place for place, value in zip(places, exact, strict=True) if value > 0]
    for ends in list(zip(negative, positive, strict=False))[-CROSSINGS:]:
        places.append(crossing(name, *ends))
        exact.append(formula(name).mp(*values_at(name, places[-1])))
    parts = terms(name)
    result = []
    for place, value in zip(places, exact, strict=True):
        values = values_at(name, place)
        sizes = [abs(evaluate(part, values, DIGITS_THROUGHOUT, adaptive=False)) for part in parts]
        if name in CONDITIONED or (name in STEEP and abs(value) >= SMALLEST):
            sizes.append(sensitivity(name, values))
        result.append((values, value, max([abs(value), *sizes])))
    return tuple(result)


def crossing(name: str, negative: NDArray[np.float64], positive: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bisect between a point with a negative and one with a positive value."""
    for _ in range(50):
        middle = (negative + positive) / 2
        if formula(name).mp(*values_at(name, middle), dps=15) < 0:
            negative = middle
        else:
            positive = middle
    return positive


def terms(name: str) -> list[Callable[..., Any]]:
    """Of a quantity that changes its sign."""
    entry = formula(name)
    if name not in CONDITIONED or not isinstance(entry.expr, sympy.Add):
        return []
    symbols = [variable.symbol for variable in entry.inputs]
    return [sympy.lambdify(symbols, part, modules="mpmath") for part in entry.expr.args]


def sensitivity(name: str, values: tuple[float, ...]) -> Any:
    """Sum |x df/dx| over the inputs that are no whole numbers, by one-sided differences."""
    entry, total = formula(name), mpmath.mpf(0)
    for place, variable in enumerate(entry.inputs):
        if not variable.domain.is_subset(sympy.S.Integers):
            with mpmath.workdps(3 * DIGITS):
                moved = (*values[:place], mpmath.mpf(values[place]) * (1 - STEP), *values[place + 1 :])
                ends = [evaluate(entry._evaluator, point, 2 * DIGITS, adaptive=False) for point in (values, moved)]
                total += abs(ends[0] - ends[1]) / STEP
    return total


def check_sweep(name: str) -> None:
    """The points cover the domain, and what an error is held against is what the formula needs."""
    columns = np.array([values for values, _, _ in sweep(name)]).T
    assert columns.shape[1] >= POINTS
    for variable, column in zip(formula(name).inputs, columns, strict=True):
        ends = {ladder(name, variable.name)(0.0), ladder(name, variable.name)(1.0)}
        if not formula(name).where and 2 ** len(columns) <= CORNERS:
            assert ends <= set(column.tolist())
        assert column.min() < np.quantile(column, 0.3) < np.quantile(column, 0.7) < column.max()
    exact = [value for _, value, _ in sweep(name)]
    if name in CONDITIONED:  # quantities that change their sign
        assert min(exact) < 0 < max(exact) or name == "collapse_gap_integrand"
    if name in STEEP:  # quantities that keep it, and are steep somewhere
        assert any(size > 10 * abs(value) for _, value, size in sweep(name))
        assert len({value > 0 for value in exact if value != 0}) == 1


# All that needs the exact values of a formula one after the other, so that one process has them for all.
@pytest.mark.parametrize(("name", "target"), [(name, target) for name in COMPILED for target in ("numpy", "numba")])
def test_compiled_function_is_accurate_over_the_whole_domain(name: str, target: Target) -> None:
    if target == "numba" and name in NUMPY_ALONE:
        with pytest.raises(
            ValueError, match=f"^{name}: the expression has no float64 form: numba has no inverse of erfc"
        ):
            compile_formula(name, target=target)
        return
    check_sweep(name)
    columns = np.array([values for values, _, _ in sweep(name)]).T
    computed = compile_formula(name, target=target)(*columns)
    worst, where = 0.0, None
    for number, (values, exact, size) in zip(computed, sweep(name), strict=True):
        if abs(exact) < SMALLEST and abs(number) < SMALLEST:
            continue
        if abs(exact) > LARGEST and number > LARGEST:
            continue
        assert np.isfinite(number), f"{name}{values} is {number}, should be {mpmath.nstr(exact, 15)}"
        error = float(abs(mpmath.mpf(float(number)) - exact) / size)
        if error > worst:
            worst, where = error, values
    required = REQUIRED_OF_CONDITIONED if name in CONDITIONED or name in STEEP else REQUIRED
    assert worst <= required, f"{name}{where}: relative error {worst:.1e}"


@pytest.mark.parametrize("name", UNCOMPILED)
@pytest.mark.parametrize("target", ["numpy", "numba"])
def test_counts_are_refused(name: str, target: Target) -> None:
    with pytest.raises(ValueError, match=f"^{name}: the expression has no float64 form: "):
        compile_formula(name, target=target)


def test_rate_and_tilt_are_accurate_around_the_mean_energy() -> None:
    entry = formula("random_energy_rate")
    for delta, s2, spread in [(0.5, 0.25, 1.0), (1e-6, 1.0, 1.0), (0.999, 1e-9, 3.0), (0.1, 1e4, 1e-4)]:
        mean = (s2 + spread) / (2 * delta)
        for offset in (-1e-3, -1e-9, -1e-15, 0.0, 1e-15, 1e-9, 1e-3):
            values = (mean * (1 + offset), delta, s2, spread)
            exact = entry.mp(*values)
            tilt = abs(formula("random_energy_tilt").mp(*values))
            for target in ("numpy", "numba"):
                error = abs(float(compile_formula(entry.name, target=target)(*values)) - exact)
                assert error <= REQUIRED * tilt * mean  # the rate is a difference of parts of the size |tilt| e


@pytest.mark.parametrize("name", INTEGRALS)
@pytest.mark.parametrize("target", ["numpy", "numba"])
def test_integrals_are_refused(name: str, target: Target) -> None:
    with pytest.raises(ValueError, match=f"^{name}: integrals, sums and derivatives are not compiled; compile the"):
        compile_formula(name, target=target)


def test_integrals_are_the_formulas_that_solvers_evaluate() -> None:
    assert INTEGRALS == [
        "clone_probability",
        "clone_disagreement",
        "class_entropy",
        "sign_clone_disagreement",
    ]
