"""Every symbol of the theory, defined once: sympy symbols of one name differ if their assumptions do."""

from __future__ import annotations

import sympy
from sympy import Interval, oo

from regimes.theory.formula.formula import Variable, expm1

__all__ = [
    "BELIEF",
    "CHILDREN",
    "CLASSES",
    "DIMENSION",
    "DISTANCE",
    "EPSILON",
    "KEPT",
    "LAMBDA",
    "MU",
    "PARENT_FITS",
    "POSITIVE",
    "RADIUS",
    "RULES",
    "RULES_FIT",
    "SAMPLES",
    "SIGMA",
    "SNR_VALUE",
    "STEP_LENGTH",
    "SYMBOLS",
    "TIME",
    "WIDTH",
    "Delta",
    "Delta_stable",
    "Gamma",
    "Gamma_stable",
    "Lambda",
    "R",
    "alpha",
    "alpha_bar",
    "d",
    "epsilon",
    "h",
    "kappa",
    "lambda_",
    "m",
    "mu",
    "n",
    "n_c",
    "p",
    "q",
    "r",
    "s",
    "sigma",
    "snr",
    "step",
    "t",
    "tau",
    "u",
    "v",
    "x",
    "y",
    "z",
]

POSITIVE = Interval.open(0, oo)

t = sympy.Symbol("t", positive=True)
d = sympy.Symbol("d", positive=True)
n = sympy.Symbol("n", positive=True)
mu = sympy.Symbol("mu", positive=True)
sigma = sympy.Symbol("sigma", positive=True)
Lambda = sympy.Symbol("Lambda", positive=True)
snr = sympy.Symbol("snr", positive=True)
h = sympy.Symbol("h", positive=True)
alpha = sympy.Symbol("alpha", positive=True)
alpha_bar = sympy.Symbol("alpha_bar", positive=True)
kappa = sympy.Symbol("kappa", positive=True)
r = sympy.Symbol("r", positive=True)
x = sympy.Symbol("x", real=True)
y = sympy.Symbol("y", real=True)
u = sympy.Symbol("u", real=True)

# The random hierarchy model.
v = sympy.Symbol("v", positive=True)
m = sympy.Symbol("m", positive=True)
s = sympy.Symbol("s", positive=True)
n_c = sympy.Symbol("n_c", positive=True)
epsilon = sympy.Symbol("epsilon", nonnegative=True)
p = sympy.Symbol("p", positive=True)
q = sympy.Symbol("q", positive=True)

# Percolation of bumps; `lambda` is a word of Python.
tau = sympy.Symbol("tau", positive=True)
step = sympy.Symbol("step", positive=True)
R = sympy.Symbol("R", positive=True)
z = sympy.Symbol("z", positive=True)
lambda_ = sympy.Symbol("lambda", positive=True)

Delta = 1 - sympy.exp(-2 * t)
"""Noise variance Delta_t as an expression in t."""
Gamma = Delta + sigma**2 * sympy.exp(-2 * t)
"""Variance Gamma_t of one noised Gaussian cluster, as an expression in t and sigma."""
Delta_stable = -expm1(-2 * t)
"""Delta_t without the difference that loses all digits at small t; for float-safe forms."""
Gamma_stable = sigma**2 * sympy.exp(-2 * t) + Delta_stable
"""Gamma_t from Delta_stable; for float-safe forms."""

TIME = Variable(t, "Ornstein-Uhlenbeck time", POSITIVE)
STEP_LENGTH = Variable(h, "length of the step in Ornstein-Uhlenbeck time", POSITIVE)
DIMENSION = Variable(d, "dimension of the data", Interval(1, oo))
SAMPLES = Variable(n, "number of training points", Interval.open(1, oo))
MU = Variable(mu, "distance of a class centre from the origin, per square root of the dimension", POSITIVE)
SIGMA = Variable(sigma, "standard deviation of a class in every direction", POSITIVE)
LAMBDA = Variable(Lambda, "top eigenvalue of the covariance of the data", POSITIVE)
SNR_VALUE = Variable(snr, "signal-to-noise ratio exp(-2t)/Delta_t", POSITIVE)

SYMBOLS = Variable(v, "number of symbols", Interval(2, oo))
RULES = Variable(m, "number of rules of a symbol", Interval(1, oo))
CHILDREN = Variable(s, "number of children of a symbol", Interval(2, oo))
CLASSES = Variable(n_c, "number of symbols of the root, the classes", Interval(1, oo))
RULES_FIT = (m <= v ** (s - 1),)
"""All v symbols of a level have m tuples each, and no tuple serves two of them."""
PARENT_FITS = (m <= v**s,)
"""One symbol has m tuples, however many symbols its level has."""
EPSILON = Variable(epsilon, "noise of the epsilon-process", Interval(0, 1))
BELIEF = Variable(p, "belief in the true symbol from the leaves below, the same for all children", Interval.Lopen(0, 1))

WIDTH = Variable(sigma, "width of a bump, in pixels", POSITIVE)
DISTANCE = Variable(r, "distance of the centres of two bumps, in pixels", Interval(0, oo))
RADIUS = Variable(R, "distance up to which points connect, in steps of the grid", POSITIVE)
KEPT = Variable(lambda_, "fraction of the grid that is kept", Interval.open(0, 1))
