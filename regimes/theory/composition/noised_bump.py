"""How far apart two bumps may be before noise no longer hides which of them an image shows.

Noised images of one bump are a Gaussian cloud of variance Delta_t around its shrunken image, so that all that tells two
clouds apart is the distance of their centres in standard deviations of the noise. That of narrow bumps is soon as large
as it can be; that of wide ones grows with the distance alike, whatever their width.
"""

from __future__ import annotations

import sympy
from sympy import Integral, exp, log, oo, pi, sqrt

from regimes.theory.composition.bump_overlap import COSINE_OVERLAP
from regimes.theory.formula.formula import Formula, Step, Variable, equation, log1p
from regimes.theory.formula.symbols import DISTANCE, POSITIVE, WIDTH, r, sigma, x, y

__all__ = ["NOISED_RADIUS"]

_h = sympy.Symbol("h", positive=True)
_radius = sympy.Symbol("r_c", positive=True)

_HIDDEN = Variable(_h, "squared difference of two images that noise still hides, in squared pixels", POSITIVE)


def _profile(away: sympy.Expr) -> sympy.Expr:
    return exp(-(away**2) / (2 * sigma**2))


NOISED_RADIUS = Formula(
    name="noised_radius",
    title="Distance up to which noise hides the difference of two bumps",
    symbol=_radius,
    inputs=(_HIDDEN, WIDTH),
    expr=2 * sigma * sqrt(-log(1 - _h / (2 * pi * sigma**2))),
    source="derived",
    assumes=(
        "both images extend over the whole plane, and pixels are much smaller than sigma",
        "bumps have brightness 1; of brightness A, h = delta^2/(A^2 snr) if clouds delta standard deviations apart are "
        "still taken for one another",
        "noise hides all differences of bumps of width sigma once h is 2 pi sigma^2",
    ),
    where=(_h < 2 * pi * sigma**2,),
    steps=(
        Step(
            "squared difference of two images, along the axis through both centres times across it",
            equation(
                Integral((_profile(x - r / 2) - _profile(x + r / 2)) ** 2, (x, -oo, oo))
                * Integral(_profile(y) ** 2, (y, -oo, oo)),
                2 * pi * sigma**2 * (1 - COSINE_OVERLAP.expr),
            ),
            extra=(DISTANCE,),
        ),
        Step("it is h at this distance", equation(2 * pi * sigma**2 * (1 - COSINE_OVERLAP.expr.subs(r, _radius)), _h)),
    ),
    stable=2 * sigma * sqrt(-log1p(-_h / (2 * pi * sigma**2))),
)
