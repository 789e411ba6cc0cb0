"""What a denoiser may predict of x_t = exp(-t) a + sqrt(Delta_t) z, and the score and the posterior mean behind it.

A network trained on squared error gives a posterior mean: of the data point a, of the noise z, or of a fixed
combination of both. Given x_t each determines the others.
"""

from __future__ import annotations

import sympy
from sympy import Derivative, S, exp, log, sqrt

from regimes.theory.formula.formula import Formula, Step, Variable, equation
from regimes.theory.formula.symbols import SIGMA, TIME, Delta, Delta_stable, Gamma, Gamma_stable, sigma, t, x
from regimes.theory.process.forward import SCORE_FROM_POSTERIOR_MEAN

__all__ = [
    "EXPLODING_SCALE",
    "FLOW_SCALE",
    "GAUSSIAN_POSTERIOR_MEAN",
    "GAUSSIAN_SCORE",
    "POSTERIOR_MEAN_FROM_NOISE",
    "POSTERIOR_MEAN_FROM_SCORE",
    "POSTERIOR_MEAN_FROM_V",
    "POSTERIOR_MEAN_FROM_VELOCITY",
    "SCORE_FROM_NOISE",
    "SCORE_FROM_V",
    "SCORE_FROM_VELOCITY",
]

_a = sympy.Symbol("a", real=True)
_z = sympy.Symbol("z", real=True)
_v = sympy.Symbol("v_t", real=True)
_u = sympy.Symbol("u", real=True)
_m = sympy.Symbol("m", real=True)
_score = sympy.Symbol("score", real=True)
_mean = sympy.Symbol("posterior_mean", real=True)
_scale = sympy.Symbol("scale", positive=True)
_rescaled = sympy.Symbol("y", real=True)

_X = Variable(x, "component of the noised point x_t", S.Reals)
_DATA = Variable(_a, "posterior mean of the component of the data point, given x_t", S.Reals)
_NOISE = Variable(_z, "posterior mean of the component of the noise, given x_t", S.Reals)
_V = Variable(_v, "posterior mean of v_t = exp(-t) z - sqrt(Delta_t) a, given x_t", S.Reals)
_VELOCITY = Variable(_u, "posterior mean of the velocity z - a, given x_t", S.Reals)
_SCORE = Variable(_score, "score of the law of x_t, one component", S.Reals)
_CENTRE = Variable(_m, "component of the centre of the class", S.Reals)

_observed = exp(-t) * _a + sqrt(Delta) * _z
_kernel = exp(-((x - exp(-t) * _a) ** 2) / (2 * Delta))
_law = "the law of the data is any; x_t = exp(-t) a + sqrt(Delta_t) z holds for the posterior means as well"
_v_source = "salimans2022 (v-prediction)"
_flow_source = "lipman2022 (linear path)"
_total = exp(-t) + sqrt(Delta)
_total_stable = exp(-t) + sqrt(Delta_stable)

SCORE_FROM_NOISE = Formula(
    name="score_from_noise",
    title="Score of the noised law from the posterior mean of the noise",
    symbol=_score,
    inputs=(_NOISE, TIME),
    expr=-_z / sqrt(Delta),
    source="ho2020 (noise prediction), with the forward process of biroli2024",
    assumes=(_law,),
    steps=(
        Step(
            "Tweedie's formula with x_t written by its two parts",
            SCORE_FROM_POSTERIOR_MEAN.expr.subs(x, _observed),
            extra=(_DATA,),
        ),
    ),
    stable=-_z / sqrt(Delta_stable),
)

SCORE_FROM_V = Formula(
    name="score_from_v",
    title="Score of the noised law from the posterior mean of v_t",
    symbol=_score,
    inputs=(_X, _V, TIME),
    expr=-x - exp(-t) * _v / sqrt(Delta),
    source=_v_source,
    assumes=(_law,),
    steps=(
        Step(
            "(a, z) -> (x_t, v_t) is a rotation, exp(-2t) + Delta_t = 1, so that z = sqrt(Delta_t) x_t + exp(-t) v_t",
            equation(sqrt(Delta) * _observed + exp(-t) * (exp(-t) * _z - sqrt(Delta) * _a), _z),
            extra=(_DATA, _NOISE),
        ),
        Step("the score is -z/sqrt(Delta_t)", -(sqrt(Delta) * x + exp(-t) * _v) / sqrt(Delta)),
    ),
    stable=-x - exp(-t) * _v / sqrt(Delta_stable),
)

SCORE_FROM_VELOCITY = Formula(
    name="score_from_velocity",
    title="Score of the noised law from the posterior mean of the velocity of linear flow matching",
    symbol=_score,
    inputs=(_X, _VELOCITY, TIME),
    expr=-(x + exp(-t) * _u) / (sqrt(Delta) * _total),
    source=_flow_source,
    assumes=(_law, "the velocity is that of the path (1-s) a + s z, whatever the coordinates of x_t"),
    steps=(
        Step(
            "x_t + exp(-t) (z - a) = (exp(-t) + sqrt(Delta_t)) z",
            equation(_observed + exp(-t) * (_z - _a), _total * _z),
            extra=(_DATA, _NOISE),
        ),
        Step("the score is -z/sqrt(Delta_t)", -((x + exp(-t) * _u) / _total) / sqrt(Delta)),
    ),
    stable=-(x + exp(-t) * _u) / (sqrt(Delta_stable) * _total_stable),
)

POSTERIOR_MEAN_FROM_NOISE = Formula(
    name="posterior_mean_from_noise",
    title="Posterior mean of the data point from that of the noise",
    symbol=_mean,
    inputs=(_X, _NOISE, TIME),
    expr=(x - sqrt(Delta) * _z) * exp(t),
    source="ho2020 (noise prediction), with the forward process of biroli2024",
    assumes=(_law,),
    steps=(Step("it solves x_t = exp(-t) a + sqrt(Delta_t) z", equation(exp(-t) * _mean + sqrt(Delta) * _z, x)),),
    stable=(x - sqrt(Delta_stable) * _z) * exp(t),
)

POSTERIOR_MEAN_FROM_V = Formula(
    name="posterior_mean_from_v",
    title="Posterior mean of the data point from that of v_t",
    symbol=_mean,
    inputs=(_X, _V, TIME),
    expr=exp(-t) * x - sqrt(Delta) * _v,
    source=_v_source,
    assumes=(_law,),
    steps=(
        Step(
            "the other row of the rotation: exp(-t) x_t - sqrt(Delta_t) v_t = a",
            equation(exp(-t) * _observed - sqrt(Delta) * (exp(-t) * _z - sqrt(Delta) * _a), _a),
            extra=(_DATA, _NOISE),
        ),
        Step("Tweedie's formula solved for a, with the score from v_t", exp(t) * (x + Delta * SCORE_FROM_V.expr)),
    ),
    stable=exp(-t) * x - sqrt(Delta_stable) * _v,
)

POSTERIOR_MEAN_FROM_VELOCITY = Formula(
    name="posterior_mean_from_velocity",
    title="Posterior mean of the data point from that of the velocity of linear flow matching",
    symbol=_mean,
    inputs=(_X, _VELOCITY, TIME),
    expr=(x - sqrt(Delta) * _u) / _total,
    source=_flow_source,
    assumes=(_law,),
    steps=(
        Step(
            "x_t - sqrt(Delta_t) (z - a) = (exp(-t) + sqrt(Delta_t)) a",
            equation(_observed - sqrt(Delta) * (_z - _a), _total * _a),
            extra=(_DATA, _NOISE),
        ),
        Step(
            "Tweedie's formula solved for a, with the score from the velocity",
            exp(t) * (x + Delta * SCORE_FROM_VELOCITY.expr),
        ),
    ),
    stable=(x - sqrt(Delta_stable) * _u) / _total_stable,
)

POSTERIOR_MEAN_FROM_SCORE = Formula(
    name="posterior_mean_from_score",
    title="Posterior mean of the data point from the score of the noised law",
    symbol=_mean,
    inputs=(_X, _SCORE, TIME),
    expr=(x + Delta * _score) * exp(t),
    source="Tweedie's formula (score_from_posterior_mean), solved for the mean",
    assumes=("the law of the data is any",),
    steps=(
        Step("it solves score = (exp(-t) a - x_t)/Delta_t", equation((exp(-t) * _mean - x) / Delta, _score)),
        Step("the noise is -sqrt(Delta_t) times the score", (x - sqrt(Delta) * (-sqrt(Delta) * _score)) * exp(t)),
    ),
    stable=(x + Delta_stable * _score) * exp(t),
)


def _chain_rule(scale: sympy.Expr) -> Step:
    own = exp(-((_rescaled - scale * exp(-t) * _a) ** 2) / (2 * scale**2 * Delta))
    return Step(
        "chain rule: the score of x_t is the factor times the score of the rescaled point (here data of one point)",
        equation(
            sympy.Subs(scale * Derivative(log(own), _rescaled), _rescaled, scale * x), Derivative(log(_kernel), x)
        ),
        extra=(_X, _DATA),
    )


EXPLODING_SCALE = Formula(
    name="exploding_scale",
    title="Factor from x_t to the variance-exploding point a + sigma z",
    symbol=_scale,
    inputs=(TIME,),
    expr=exp(t),
    source="karras2022, with the forward process of biroli2024",
    steps=(
        Step("exp(t) x_t = a + sigma z with sigma = exp(t) sqrt(Delta_t)", 1 / exp(-t)),
        _chain_rule(exp(t)),
    ),
)

FLOW_SCALE = Formula(
    name="flow_scale",
    title="Factor from x_t to the point (1-s) a + s z of linear flow matching",
    symbol=_scale,
    inputs=(TIME,),
    expr=1 / _total,
    source=f"{_flow_source}, with the forward process of biroli2024",
    steps=(
        Step(
            "the factors of a and z must add to 1, and their ratio is that in x_t",
            equation(_scale * exp(-t) + _scale * sqrt(Delta), 1),
        ),
        _chain_rule(1 / _total),
    ),
    stable=1 / _total_stable,
)

_class_density = exp(-((x - exp(-t) * _m) ** 2) / (2 * Gamma))

GAUSSIAN_SCORE = Formula(
    name="gaussian_score",
    title="Score of one noised isotropic Gaussian class",
    symbol=_score,
    inputs=(_X, _CENTRE, TIME, SIGMA),
    expr=(exp(-t) * _m - x) / Gamma,
    source="biroli2024 (noised mixture), one class",
    assumes=("the class is isotropic with standard deviation sigma",),
    steps=(Step("logarithmic derivative of its density", Derivative(log(_class_density), x)),),
    stable=(exp(-t) * _m - x) / Gamma_stable,
)

GAUSSIAN_POSTERIOR_MEAN = Formula(
    name="gaussian_posterior_mean",
    title="Posterior mean of a data point of one isotropic Gaussian class",
    symbol=_mean,
    inputs=(_X, _CENTRE, TIME, SIGMA),
    expr=(Delta * _m + sigma**2 * exp(-t) * x) / Gamma,
    source="derived",
    assumes=("the class is isotropic with standard deviation sigma",),
    steps=(
        Step(
            "Tweedie's formula solved for a, with the score of the class",
            exp(t) * (x + Delta * GAUSSIAN_SCORE.expr),
        ),
        Step(
            "the centre, and the share sigma^2 exp(-2t)/Gamma_t of the deviation from it",
            _m + sigma**2 * exp(-2 * t) / Gamma * (exp(t) * x - _m),
        ),
    ),
    stable=(Delta_stable * _m + sigma**2 * exp(-t) * x) / Gamma_stable,
)
