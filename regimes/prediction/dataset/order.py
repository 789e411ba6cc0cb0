"""What the order of the times says, and where it cannot be trusted."""

from __future__ import annotations

from regimes.numerics.interface.result import Number

__all__ = ["order_warnings"]


def order_warnings(numbers: dict[str, Number]) -> tuple[str, ...]:
    """Warnings about the leave-one-out zero above its bound, and about collapse before speciation."""

    def time(key: str) -> float | None:
        return numbers[key].value if key in numbers else None

    zero, bound = time("collapse.time"), time("collapse.bound")
    if zero is None or bound is None:
        return ()
    warnings = []
    if zero > bound:
        warnings.append(
            f"the leave-one-out zero (t = {zero:.3g}) lies above the bound that holds for the population "
            f"(t = {bound:.3g}, from the sample covariance): its finite-size bias, which the interval does not cover, "
            "is at least of that size"
        )
    first, what = time("speciation.class_time_memorised"), "the decision between classes"
    if first is None:
        first, what = time("speciation.spectral_time"), "speciation"
    if first is None or zero < first:
        return tuple(warnings)
    if min(zero, bound) < first:
        warnings.append(
            f"{what} (t = {first:.3g}) lies between the bound on collapse and its leave-one-out zero: their order "
            "in the backward process is open"
        )
    else:
        warnings.append(
            f"collapse (t = {zero:.3g}) comes before {what} (t = {first:.3g}) in the backward process: there is no "
            "generalising regime between them; more data would lower the collapse time"
        )
    return tuple(warnings)
