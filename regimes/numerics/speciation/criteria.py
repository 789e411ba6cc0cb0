"""Speciation times from the top eigenvalue alone, and the level at which a sample counts as committed."""

from __future__ import annotations

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import as_given, positive_number
from regimes.numerics.speciation.clone_probability import clone_probability
from regimes.theory.formula.record import remembered

__all__ = ["CRITERIA", "checked_eigenvalue", "normalised_clone_level", "speciation_times"]

CRITERIA = {
    "leading": "speciation_time",
    "noise_matched": "speciation_time_noise_matched",
    "potential": "speciation_time_potential",
}
"""Formula of each criterion, for data of which only the top eigenvalue is known."""


@remembered
def normalised_clone_level() -> float:
    """Level of ``(phi - phi_inf)/(1 - phi_inf)`` at which a sample counts as committed: two equal classes at kappa = 1.

    Examples
    --------
    >>> round(normalised_clone_level(), 7)
    0.5504005
    """
    order_parameter = compile_formula("normalised_clone_probability", target="numpy")
    return float(order_parameter(clone_probability(1.0), 0.5))


def checked_eigenvalue(Lambda: float) -> float:
    """Refuse an eigenvalue from which no speciation follows."""
    value = positive_number("speciation_time", "Lambda", "top covariance eigenvalue", Lambda)
    if value <= 1:
        raise ValueError(
            f"speciation_time: Lambda (top covariance eigenvalue) must exceed 1, got {as_given(value)}: no direction "
            "of the data stands out of the unit noise, so there is no speciation at this scale; check centring and "
            "scaling"
        )
    return value


def speciation_times(Lambda: float) -> dict[str, float]:
    """Speciation time in three conventions, for any data.

    Parameters
    ----------
    Lambda : float
        Top eigenvalue of the covariance of the centred data; above 1.

    Returns
    -------
    dict
        ``leading`` 1/2 log Lambda, ``noise_matched`` 1/2 log(1 + Lambda), ``potential`` 1/2 log(2 Lambda).

    Raises
    ------
    ValueError
        If Lambda is not a number above 1.

    Notes
    -----
    Source: biroli2024, eq. 6, and its potential; how they differ: ``speciation_time`` and its neighbours.

    Examples
    --------
    >>> {name: round(t, 3) for name, t in speciation_times(7.66).items()}
    {'leading': 1.018, 'noise_matched': 1.079, 'potential': 1.365}
    """
    value = checked_eigenvalue(Lambda)
    return {name: float(compile_formula(formula, target="numpy")(value)) for name, formula in CRITERIA.items()}
