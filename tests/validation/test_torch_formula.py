"""Formulas on tensors against the numpy target, and against 50-digit arithmetic where both could be wrong."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes import catalogue, formula  # noqa: E402
from regimes.numerics.compiled.compile import compile_formula  # noqa: E402
from regimes.validation.scores.torch_formula import torch_formula  # noqa: E402

WITHOUT_NUMPY = {"disc_neighbours"}
WITHOUT_TORCH = {"coefficient_radius": "erfcinv", "coefficient_width": "erfcinv", "student_mean_deviation": "gamma"}
USED = [
    "exploding_scale",
    "flow_scale",
    "gaussian_log_density",
    "gaussian_posterior_mean",
    "gaussian_score",
    "mixture_score",
    "posterior_mean_from_noise",
    "posterior_mean_from_score",
    "posterior_mean_from_v",
    "posterior_mean_from_velocity",
    "score_from_noise",
    "score_from_posterior_mean",
    "score_from_v",
    "score_from_velocity",
]


def compiled_names():
    import sympy

    parts = (sympy.Integral, sympy.Sum, sympy.Product, sympy.Derivative)
    skipped = WITHOUT_NUMPY | set(WITHOUT_TORCH)
    return [f.name for f in catalogue() if not f.float_form.has(*parts) and f.name not in skipped]


def sample(name, count=40):
    """Points inside the domain, one column an input; where a formula assumes more, its value may be nan."""
    rng = np.random.default_rng([2024, *name.encode()])
    columns = []
    for variable in formula(name).inputs:
        low, high = variable.domain.inf, variable.domain.sup
        u = rng.uniform(0.05, 0.95, count)
        if low.is_finite and high.is_finite:
            columns.append(float(low) + float(high - low) * u)
        elif low.is_finite:
            columns.append(float(low) + 3 * u)
        else:
            columns.append(4 * u - 2)
    return np.array(columns)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("name", compiled_names())
def test_tensors_and_numbers_agree_with_numpy(name):
    columns = sample(name)
    expected = compile_formula(name, target="numpy")(*columns)
    function = torch_formula(name)
    np.testing.assert_allclose(function(*map(torch.from_numpy, columns)).numpy(), expected, rtol=2e-13, atol=1e-15)
    numbers = [function(*column) for column in columns.T]
    assert all(isinstance(number, float) for number in numbers)
    np.testing.assert_allclose(numbers, expected, rtol=2e-13, atol=1e-15)


@pytest.mark.parametrize("name", USED)
def test_single_precision(name):
    columns = sample(name).astype(np.float32)
    expected = compile_formula(name, target="numpy")(*columns)
    result = torch_formula(name)(*map(torch.from_numpy, columns))
    assert result.dtype == torch.float32
    np.testing.assert_allclose(result.numpy(), expected, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("t", [1e-12, 1e-3, 1.0, 200.0])
def test_what_depends_on_the_time_alone_is_computed_in_double(t):
    noise = torch.tensor([1.0, -0.375], dtype=torch.float32)
    exact = [float(formula("score_from_noise").mp(z, t)) for z in (1.0, -0.375)]
    # Two roundings to 24 bits: of the number that meets the tensor, and of the quotient.
    np.testing.assert_allclose(torch_formula("score_from_noise")(noise, t).double().numpy(), exact, rtol=2 * 2**-24)


def test_both_branches_of_a_condition():
    values = torch.tensor([-700.0, -1.0, 0.0, 1.0, 700.0], dtype=torch.float64)
    exact = [float(formula("time_from_log_snr").mp(float(value))) for value in values]
    np.testing.assert_allclose(torch_formula("time_from_log_snr")(values).numpy(), exact, rtol=1e-14)
    assert torch_formula("time_from_log_snr")(-700) == pytest.approx(350.0)


def test_broadcasting_and_the_type_of_the_result():
    x, t = torch.zeros(3, 1), torch.tensor([0.5, 1.0])
    result = torch_formula("score_from_posterior_mean")(x, 1.0, t)
    assert result.shape == (3, 2)
    assert result.dtype == torch.float32
    assert torch_formula("score_from_posterior_mean")(x.double(), 1.0, t).dtype == torch.float64
    assert torch_formula("score_from_noise")(torch.zeros(2), torch.tensor(1.0, dtype=torch.float64)).dtype == x.dtype
    assert torch_formula("snr")(torch.tensor(1.0)).shape == ()


def test_the_gradient_of_a_log_density_is_a_score():
    x = torch.linspace(-3, 3, 7, dtype=torch.float64, requires_grad=True)
    density = torch_formula("gaussian_log_density")(x - 0.4, 2.5)
    (gradient,) = torch.autograd.grad(density.sum(), x)
    np.testing.assert_allclose(gradient.numpy(), (0.4 - x.detach().numpy()) / 2.5, rtol=1e-14)


def test_made_once():
    assert torch_formula("snr") is torch_formula("snr")
    assert torch_formula("mixture_score").arguments == ("x", "t", "m", "sigma")


@pytest.mark.parametrize("name", WITHOUT_TORCH)
def test_functions_that_torch_lacks(name):
    with pytest.raises(
        ValueError, match=f"^torch_formula: torch has no scipy.special.{WITHOUT_TORCH[name]}, which {name} needs; use"
    ):
        torch_formula(name)


def test_errors():
    with pytest.raises(ValueError, match="^formula: there is no formula called 'snrr'; did you mean snr"):
        torch_formula("snrr")
    with pytest.raises(ValueError, match=r"^snr: takes 1 values \(t\), got 2$"):
        torch_formula("snr")(1.0, 2.0)
    with pytest.raises(ValueError, match="^snr: t must be a tensor of floating point, got torch.int64; convert it"):
        torch_formula("snr")(torch.tensor([1]))
    for wrong in (np.ones(2), [1.0], "1", None):
        with pytest.raises(ValueError, match="^snr: t must be a tensor or a number, got "):
            torch_formula("snr")(wrong)
