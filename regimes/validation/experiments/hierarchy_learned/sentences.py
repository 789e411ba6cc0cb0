"""What denoisers of hierarchies did, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from regimes.validation.experiments.hierarchy_learned.form import HierarchyForm
from regimes.validation.outcome.agreement import ChiSquare

__all__ = ["sentences"]


def sentences(form: HierarchyForm, tables: Mapping[str, Any], tests: Sequence[ChiSquare]) -> list[str]:
    """Say what was found."""
    listed = "; ".join(
        f"{test.quantity}: chi-square {test.value:.1f} over {test.dof}, p = {test.p:.2g}" for test in tests
    )
    sizes = tables["sizes"]
    ladder = ", ".join(f"{_value(each)}" for each in tables["exact"]["ladder_nats"])
    above = ", ".join(f"{each['n']}: {_value(each['excess_nats'])}" for each in sizes)
    return [
        f"U-turns against the posterior at the same noised points. {listed}.",
        f"Nats above the exact denoiser, by training points: {above}. One that knew the rules of none, one, ... of "
        f"the lowest heights exactly would have {ladder}.",
        "Share of obeyed rules from chance (0) to the law (1), heights 1 to "
        f"{form.L}: {'; '.join(_obeyed(each) for each in sizes)}.",
        f"Learned from: {'; '.join(_learned(each) for each in tables['heights'])}.",
        _slopes(form, tables),
        f"At the minimum of the held-out loss: {'; '.join(_minimum(each) for each in sizes)}.",
        f"Along the training: {'; '.join(_order(each) for each in sizes)}.",
    ]


def _obeyed(size: Mapping[str, Any]) -> str:
    return f"{size['n']} points {', '.join(_value(each) for each in size['obeyed'])}"


def _learned(height: Mapping[str, Any]) -> str:
    expected, log_n = height["expected"], height["log_n"]
    rule = f"height {height['height']} (v m^{height['height'] + 1} = {expected})"
    if log_n["value"] is None:
        return f"{rule} {_places(height['learned_from'])}, by seed"
    n, factor = math.exp(log_n["value"]), math.exp(log_n["se"] or 0.0)
    return f"{rule} {n:.0f} points, within a factor {factor:.2f} (one error), {n / expected:.2f} of it"


def _slopes(form: HierarchyForm, tables: Mapping[str, Any]) -> str:
    def words(name: str) -> str:
        found = tables["slopes"][name]
        of = {"class": found["levels"][0], "leaves": found["levels"][form.L]}
        listed = ", ".join(
            f"{key} {_value(each['width'])} (steepest {_value(each['steepest'])})" for key, each in of.items()
        )
        difference = found["class_less_leaves"]
        return f"{listed}, difference {_value(difference['width'])} ({_value(difference['steepest'])})"

    most = str(form.sizes[-1])
    return (
        f"Width of the rise in log-SNR, and largest change by log-SNR: exact {words('exact')}; "
        f"{most} points {words(most)}."
    )


def _minimum(size: Mapping[str, Any]) -> str:
    safe = size["safe"]
    return (
        f"{size['n']} points: step {_value(size['best_step'], 0)}, copies {_value(size['copies'])}, overlap with "
        f"the nearest training point {_value(size['overlap_less_fresh'], 3)} above that of fresh data, gap "
        f"{_value(size['gap_nats'])} nats, memory {_value(size['memory'])} (z of copies {safe['copies_z']:.1f}, of "
        f"the gap {safe['gap_z']:.1f}, of memory {safe['memory_z']:.1f}): "
        f"{'safe' if safe['safe'] else 'not safe'}"
    )


def _order(size: Mapping[str, Any]) -> str:
    heights = ", ".join(_places(each) for each in size["learned_from_step"])
    return (
        f"{size['n']} points obey heights half way from steps {heights}, have a gap from "
        f"{_places(size['gap_from_step'])}, memory from {_places(size['memory_from_step'])} "
        f"({_value(size['memory_at_the_end'])} at the end), copy from {_places(size['copying_from_step'])} "
        f"({_value(size['copies_at_the_end'])} at the end)"
    )


def _places(found: Sequence[float | str]) -> str:
    return "/".join(each if isinstance(each, str) else f"{each:.0f}" for each in found)


def _value(found: Mapping[str, Any], digits: int = 2) -> str:
    if found["value"] is None:
        return "none"
    error = "" if found["se"] is None else f"({found['se']:.{digits}f})"
    return f"{found['value']:.{digits}f}{error}"
