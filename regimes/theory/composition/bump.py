"""The images of the composition data: one bump, or a sum of stripes, on a grid of pixels."""

from __future__ import annotations

import sympy
from sympy import exp

from regimes.theory.formula.formula import Formula, Step, Variable, equation
from regimes.theory.formula.symbols import WIDTH, sigma, u, x, y

__all__ = ["BUMP_PROFILE"]


def _gaussian(square: sympy.Expr) -> sympy.Expr:
    return exp(-square / (2 * sigma**2))


BUMP_PROFILE = Formula(
    name="bump_profile",
    title="Brightness of a stripe at a distance from its centre line, and along each axis of a bump",
    symbol=sympy.Symbol("b", positive=True),
    inputs=(Variable(u, "distance from the centre along the axis, in pixels", sympy.S.Reals), WIDTH),
    expr=_gaussian(u**2),
    source="liang2024b (data: Gaussian bumps and sums of stripes)",
    assumes=("the brightest value is 1; amplitude multiplies the image",),
    steps=(
        Step(
            "a bump is the product of the profiles of both axes: it depends on the distance from its centre alone",
            equation(_gaussian(x**2) * _gaussian(y**2), _gaussian(x**2 + y**2)),
            extra=(
                Variable(x, "distance from the centre along x, in pixels", sympy.S.Reals),
                Variable(y, "distance from the centre along y, in pixels", sympy.S.Reals),
            ),
        ),
    ),
)
