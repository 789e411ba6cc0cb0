"""The clone probability of a symmetric mixture: two trajectories born at one x_t end in the same class.

Everything depends on r = sqrt(kappa), the distance of the noised centre from the origin in units of the
standard deviation of the noised class; y is x_t along the axis of the centres in the same units.
"""

from __future__ import annotations

import sympy
from sympy import Integral, Interval, Rational, S, cos, cosh, exp, floor, log, oo, pi, sech, sqrt, tanh

from regimes.theory.formula.formula import Formula, Step, Variable, equation, log1p
from regimes.theory.formula.symbols import POSITIVE, kappa, r, u, y

__all__ = [
    "CLASS_ENTROPY",
    "CLASS_ENTROPY_INTEGRAND",
    "CLASS_INFORMATION_SLOPE",
    "CLONE_DISAGREEMENT",
    "CLONE_DISAGREEMENT_FROM_MEAN_SECH",
    "CLONE_PROBABILITY",
    "LOG_CLONE_DISAGREEMENT_FROM_MEAN_SECH",
    "MEAN_SECH_DUAL_ARGUMENT",
    "MEAN_SECH_DUAL_FACTOR",
    "MEAN_SECH_INTEGRAND",
    "NORMALISED_CLONE_PROBABILITY",
]

R = Variable(r, "square root of kappa: distance of the noised centre from the origin in standard deviations", POSITIVE)
_KAPPA = Variable(kappa, "signal-to-noise ratio of the class in x_t", POSITIVE)
_phi = sympy.Symbol("phi", positive=True)
_mean_sech = sympy.Symbol("J", positive=True)
_J = Variable(_mean_sech, "mean of sech(r u) over a standard normal u", Interval.open(0, 1))
_U = Variable(u, "standard normal variable", S.Reals)
_Y = Variable(y, "x_t along the axis, in standard deviations of the noised class", S.Reals)
_k = sympy.Symbol("k", real=True)
_g = sympy.Symbol("g", real=True)
_class = "two classes of equal weight and equal isotropic covariance"


def _normal(z: sympy.Expr) -> sympy.Expr:
    return exp(-(z**2) / 2) / sqrt(2 * pi)


_root = sqrt(kappa)
_plus, _minus = _normal(y - _root), _normal(y + _root)

CLONE_PROBABILITY = Formula(
    name="clone_probability",
    title="Probability that two clones born at the same x_t end in the same class",
    symbol=_phi,
    inputs=(_KAPPA,),
    expr=(1 + Integral(tanh(kappa + _root * _g) * _normal(_g), (_g, -oo, oo))) / 2,
    source="biroli2024 (integral form of phi); the Nishimori form derived in docs/theory",
    assumes=(_class, "exact scores: the clones are independent draws from the posterior P(class | x_t)"),
    steps=(
        Step(
            "P(+|x)^2 + P(-|x)^2 averaged over the noised mixture (the integral of biroli2024)",
            Integral((_plus**2 + _minus**2) / (2 * (_plus + _minus)), (y, -oo, oo)),
        ),
        Step(
            "P(+|x) = (1 + tanh(sqrt(kappa) y))/2",
            Integral((1 + tanh(_root * y) ** 2) / 2 * (_plus + _minus) / 2, (y, -oo, oo)),
        ),
        Step(
            "tanh^2 is even: averaging over class + alone gives the same",
            Integral((1 + tanh(_root * y) ** 2) / 2 * _plus, (y, -oo, oo)),
        ),
        Step(
            "Nishimori identity: the density of class + times (tanh^2 - tanh) is odd in y, hence integrates to zero",
            equation(
                _plus * (tanh(_root * y) ** 2 - tanh(_root * y)) + _minus * (tanh(_root * y) ** 2 + tanh(_root * y)),
                0,
            ),
            extra=(_Y,),
        ),
        Step(
            "so tanh^2 becomes tanh",
            Integral((1 + tanh(_root * y)) / 2 * _plus, (y, -oo, oo)),
        ),
    ),
)

CLONE_DISAGREEMENT = Formula(
    name="clone_disagreement",
    title="Probability that two clones end in different classes",
    symbol=sympy.Symbol("psi", positive=True),
    inputs=(R,),
    expr=exp(-(r**2) / 2) / 2 * Integral(sech(r * u) * _normal(u), (u, -oo, oo)),
    source="derived in docs/theory",
    assumes=(_class,),
    steps=(
        Step(
            "one minus the Nishimori form",
            Integral((1 - tanh(r * y)) / 2 * _normal(y - r), (y, -oo, oo)),
        ),
        Step(
            "(1 - tanh(v))/2 = exp(-v) sech(v)/2",
            Integral(exp(-r * y) * sech(r * y) / 2 * _normal(y - r), (y, -oo, oo)),
        ),
        Step(
            "exp(-r y) shifts the normal density: exp(-r y) N(y; r, 1) = exp(-r^2/2) N(y; 0, 1)",
            equation(exp(-r * y) * _normal(y - r), exp(-(r**2) / 2) * _normal(y)),
            extra=(_Y,),
        ),
    ),
)

_shift = floor(16 * r) / 16

CLONE_DISAGREEMENT_FROM_MEAN_SECH = Formula(
    name="clone_disagreement_from_mean_sech",
    title="1 - phi from the mean J of sech(r u)",
    symbol=sympy.Symbol("psi", positive=True),
    inputs=(R, _J),
    expr=exp(-(r**2) / 2) * _mean_sech / 2,
    source="derived in docs/theory (clone_disagreement)",
    # The exponential makes the rounding error of r^2 larger, r^2/2 times; splitting r leaves exact parts.
    stable=exp(-(_shift**2) / 2) * exp(-(r - _shift) * (r + _shift) / 2) * _mean_sech / 2,
    assumes=(_class,),
    steps=(
        Step(
            "the square splits at any q: r^2 = q^2 + (r-q)(r+q), here q = floor(16 r)/16",
            exp(-(_shift**2 + (r - _shift) * (r + _shift)) / 2) * _mean_sech / 2,
        ),
    ),
)

LOG_CLONE_DISAGREEMENT_FROM_MEAN_SECH = Formula(
    name="log_clone_disagreement_from_mean_sech",
    title="log(1 - phi) from the mean J of sech(r u)",
    symbol=sympy.Symbol("log_psi", real=True),
    inputs=(R, _J),
    expr=log(_mean_sech / 2) - r**2 / 2,
    source="derived in docs/theory (clone_disagreement)",
    assumes=(_class,),
    steps=(Step("logarithm of the product", log(exp(-(r**2) / 2) * _mean_sech / 2)),),
)

MEAN_SECH_INTEGRAND = Formula(
    name="mean_sech_integrand",
    title="Integrand of the mean of sech(r u) over a standard normal u",
    symbol=sympy.Symbol("j", positive=True),
    inputs=(R, _U),
    expr=sech(r * u) * _normal(u),
    source="derived in docs/theory (clone_disagreement)",
    steps=(Step("sech by exponentials", 2 / (exp(r * u) + exp(-r * u)) * _normal(u)),),
    stable=2 * exp(-r * sympy.Abs(u)) / (1 + exp(-2 * r * sympy.Abs(u))) * _normal(u),
)

_fourier = Integral(sech(pi * _k / (2 * r)) * cos(_k * u) / (2 * r), (_k, -oo, oo))

MEAN_SECH_DUAL_ARGUMENT = Formula(
    name="mean_sech_dual_argument",
    title="Argument of the dual of the mean of sech",
    symbol=sympy.Symbol("r_dual", positive=True),
    inputs=(R,),
    expr=pi / (2 * r),
    source="derived in docs/theory: Mordell's self-dual integral",
    assumes=("J(r) = sqrt(pi/2)/r J(pi/(2r)); the fixed point is r = sqrt(pi/2)",),
    steps=(
        Step("the dual of the dual is r", equation(pi / (2 * (pi / (2 * r))), r)),
        Step("it is the argument of sech at k = 1 in the Fourier transform of sech(r u)", (pi / 2) / r),
    ),
)

MEAN_SECH_DUAL_FACTOR = Formula(
    name="mean_sech_dual_factor",
    title="Ratio of the mean of sech at r to the mean of sech at the dual argument pi/(2r)",
    symbol=sympy.Symbol("c_dual", positive=True),
    inputs=(R,),
    expr=sqrt(pi / 2) / r,
    source="derived in docs/theory: Mordell's self-dual integral",
    assumes=("only r <= sqrt(pi/2) is ever integrated, where sech(r u) is smooth on the scale of the normal",),
    steps=(
        Step(
            "sech is its own Fourier transform: sech(r u) is an integral over cos(k u) (here at u = 1)",
            equation(_fourier.subs(u, 1), sech(r)),
        ),
        Step(
            "the mean of cos(k u) over a standard normal u is exp(-k^2/2) (here at k = 1)",
            equation(Integral(cos(u) * _normal(u), (u, -oo, oo)), exp(-Rational(1, 2))),
        ),
        Step(
            "exchanging both integrals, J(r) is 1/(2r) times the integral of sech(pi k/(2r)) exp(-k^2/2)",
            equation(
                Integral(sech(r * u) * _normal(u), (u, -oo, oo)),
                Integral(sech(pi * _k / (2 * r)) * exp(-(_k**2) / 2) / (2 * r), (_k, -oo, oo)),
            ),
        ),
        Step(
            "which is J at the dual argument, times sqrt(2 pi)/(2r)",
            Integral(sech(r * u) * _normal(u), (u, -oo, oo))
            / Integral(sech(pi * u / (2 * r)) * _normal(u), (u, -oo, oo)),
        ),
        Step("collected", sqrt(2 * pi) / (2 * r)),
    ),
)

_one = sympy.Symbol("phi_inf", positive=True)

NORMALISED_CLONE_PROBABILITY = Formula(
    name="normalised_clone_probability",
    title="Order parameter of speciation for any number of classes",
    symbol=sympy.Symbol("m_phi", real=True),
    inputs=(
        Variable(_phi, "clone probability", Interval(0, 1)),
        Variable(_one, "its value at infinite noise: the sum of the squared class weights", Interval.open(0, 1)),
    ),
    expr=(_phi - _one) / (1 - _one),
    source="derived in docs/theory",
    assumes=("0 when x_t says nothing about the class, 1 when it says all",),
    where=(_phi >= _one,),
    steps=(Step("both ends", 1 - (1 - _phi) / (1 - _one)),),
)


def _entropy_kernel(v: sympy.Expr) -> sympy.Expr:
    """Even part of exp(v) log(1 + exp(-2v))."""
    return (exp(v) * log(1 + exp(-2 * v)) + exp(-v) * log(1 + exp(2 * v))) / 2


_entropy = sympy.Symbol("H", positive=True)

CLASS_ENTROPY = Formula(
    name="class_entropy",
    title="Conditional entropy of the class given x_t, in nats",
    symbol=_entropy,
    inputs=(R,),
    expr=exp(-(r**2) / 2) * Integral(_entropy_kernel(r * u) * _normal(u), (u, -oo, oo)),
    source="derived in docs/theory",
    assumes=(_class,),
    steps=(
        Step(
            "-log P(+|x) averaged over class +",
            Integral(log(1 + exp(-2 * r * y)) * _normal(y - r), (y, -oo, oo)),
        ),
        Step(
            "shift the density, N(y; r, 1) = exp(r y - r^2/2) N(y; 0, 1)",
            exp(-(r**2) / 2) * Integral(exp(r * y) * log(1 + exp(-2 * r * y)) * _normal(y), (y, -oo, oo)),
        ),
    ),
)

_v = r * sympy.Abs(u)
_capped = sympy.Min(_v, 200)

CLASS_ENTROPY_INTEGRAND = Formula(
    name="class_entropy_integrand",
    title="Integrand of exp(r^2/2) H(class | x_t)",
    symbol=sympy.Symbol("h", positive=True),
    inputs=(R, _U),
    expr=_entropy_kernel(r * u) * _normal(u),
    source="derived in docs/theory (class_entropy)",
    assumes=("even in u",),
    steps=(
        Step(
            "log(1 + exp(2v)) = 2v + log(1 + exp(-2v)), at v = r |u|",
            (cosh(_v) * log(1 + exp(-2 * _v)) + _v * exp(-_v)) * _normal(u),
        ),
    ),
    # exp(v) log1p(exp(-2v)) would be inf * 0 at large v; beyond 200 it is exp(-v) to 170 digits, and that
    # exponential continues it.
    stable=(
        exp(_capped) * log1p(exp(-2 * _capped)) * exp(_capped - _v) / 2
        + exp(-_v) * log1p(exp(-2 * _v)) / 2
        + _v * exp(-_v)
    )
    * _normal(u),
)

CLASS_INFORMATION_SLOPE = Formula(
    name="class_information_slope",
    title="Slope in kappa of the information about the class (I-MMSE)",
    symbol=sympy.Symbol("dI_dkappa", positive=True),
    inputs=(R,),
    expr=exp(-(r**2) / 2) * Integral(sech(r * u) * _normal(u), (u, -oo, oo)) / 2,
    source="Guo, Shamai, Verdu 2005 (I-MMSE); derived in docs/theory",
    assumes=(
        _class,
        "kappa = r^2; dI/dkappa is half of 2 (1 - phi), the mean squared error of the class sign",
    ),
    steps=(
        Step(
            "differentiate I = log 2 - H under the integral, dr/dkappa = 1/(2r)",
            -(
                -r * exp(-(r**2) / 2) * Integral(_entropy_kernel(r * u) * _normal(u), (u, -oo, oo))
                + exp(-(r**2) / 2)
                * Integral(
                    u
                    * (
                        exp(r * u) * log(1 + exp(-2 * r * u))
                        - 2 * exp(-r * u) / (1 + exp(-2 * r * u))
                        - exp(-r * u) * log(1 + exp(2 * r * u))
                        + 2 * exp(r * u) / (1 + exp(2 * r * u))
                    )
                    / 2
                    * _normal(u),
                    (u, -oo, oo),
                )
            )
            / (2 * r),
        ),
    ),
)
