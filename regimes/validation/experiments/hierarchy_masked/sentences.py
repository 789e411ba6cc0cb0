"""What masked diffusion of hierarchies says, in sentences."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from regimes.numerics.compiled.compile import compile_formula
from regimes.validation.experiments.hierarchy_masked.analysis import BlockRow, blocks_of
from regimes.validation.experiments.hierarchy_masked.form import MaskedForm
from regimes.validation.experiments.hierarchy_masked.runs import LawRun, ModelFound
from regimes.validation.outcome.agreement import ChiSquare

__all__ = ["sentences"]

_SURE = 2.0  # standard errors
_CERTAIN = 1e-9


def sentences(
    form: MaskedForm,
    found: Sequence[ModelFound],
    tables: Mapping[str, Any],
    tests: Sequence[ChiSquare],
    z: Sequence[float],
) -> list[str]:
    """State tests, what is lost where, what plans save, how far networks come, and blocks."""
    first, table = found[0], tables[found[0].model.name]
    least, below, ways = _margins(form, found)
    lines = [
        "; ".join(f"{test.quantity}: chi-square {test.value:.1f} over {test.dof} (p = {test.p:.2g})" for test in tests),
        f"Mean z of exact U-turns {z[0]:.3f}({z[1]:.3f}).",
        *(_lost(each, tables[each.model.name]) for each in found),
        *(f"{name}: {_plans(tables[name]['exact']['plans'])}." for name in tables),
        f"Generated data obey all rules less often than exp(-loss), the least share, by two standard errors in {below} "
        f"of {ways} ways; least margin {least:.1f}.",
    ]
    ladder = ", ".join(f"{nats:.2f}" for nats in table["known_heights_nats"])
    lines += [
        f"Nats above the exact law, leaf by leaf: {'; '.join(_size(each) for each in table['sizes'])}; belief "
        f"propagation with 0, 1, ... of the lowest heights {ladder}.",
        f"U-turns against the posterior: {'; '.join(_kept(each) for each in table['sizes'])}.",
    ]
    groups = [(each.model.name, each.exact) for each in found]
    groups += [(f"{n} points", runs) for n, runs in zip(first.model.sizes[-1:], first.learned[-1:], strict=True)]
    lines.append(
        f"Changed leaves below the highest changed latent: {'; '.join(_blocks(form, *each) for each in groups)}."
    )
    lines.append(
        f"Susceptibility is largest at {'; '.join(_peak(form, tables[each.model.name], each) for each in found)}."
    )
    return lines


def _lost(found: ModelFound, table: Mapping[str, Any]) -> str:
    levels, at = table["exact"]["levels"], found.threshold
    last = found.model.L
    return (
        f"{found.model.name}: half of the class is lost at {_value(levels['half_lost'][0], 3)} of the leaves masked "
        f"(density evolution at this depth {at.half:.3f}({at.half_se:.3f}), of deep trees {at.deep:.3f}"
        f"({at.deep_se:.3f})), half of the leaves at {_value(levels['half_lost'][last], 3)}; the class falls from "
        f"three quarters to one over {_value(levels['width'][0], 3)}, the leaves over "
        f"{_value(levels['width'][last], 3)}, difference {_value(levels['class_less_leaves'], 3)}."
    )


def _plans(plans: Sequence[Mapping[str, Any]]) -> str:
    def row(plan: Mapping[str, Any]) -> str:
        equal, planned = plan["equal"], plan["planned"]
        return (
            f"{plan['steps']} steps lose {_value(equal['loss_nats'])} nats if equal, {_value(plan['gain_nats'], 3)} "
            f"less if planned ({_value(equal['whole'], 3)} and {_value(planned['whole'], 3)} of the data obey "
            "all rules)"
        )

    return "; ".join(row(plan) for plan in plans[:-1])


def _size(size: Mapping[str, Any]) -> str:
    last = size["plans"][-1]["planned"]
    return (
        f"{size['n']} points {_value(size['excess_nats'])} ({_value(last['whole'], 3)} obey all rules, "
        f"{_value(size['copies'], 3)} are copies)"
    )


def _kept(size: Mapping[str, Any]) -> str:
    test, less = size["kept_test"], size["kept_less_posterior"]
    worst = [
        max(zip(each["value"], each["se"], strict=True), key=lambda pair: abs(pair[0])) for each in (less[0], less[-1])
    ]
    (of_class, class_se), (leaves, leaves_se) = worst
    mean, se = size["kept_mean_z"]
    return (
        f"{size['n']} points, chi-square {test['value']:.0f} over {test['dof']}, mean z {mean:.2f}({se:.2f}), class at "
        f"most {of_class:+.3f}({class_se:.3f}), leaves {leaves:+.3f}({leaves_se:.3f}) away; width of the class "
        f"{_value(size['levels']['width'][0], 3)}, of the leaves {_value(size['levels']['width'][-1], 3)}"
    )


def _blocks(form: MaskedForm, name: str, runs: Sequence[LawRun]) -> str:
    def row(masked: float) -> str:
        rows = blocks_of(form, runs, masked)
        listed = ", ".join(f"{each.below:.2f}({each.below_se:.2f})" for each in rows)
        heights = ", ".join(str(each.height) for each in rows)
        return f"at {masked:g} masked, heights {heights}: {listed}"

    steps = [step for masked in form.blocks for step in _rises(blocks_of(form, runs, masked))]
    sure = sum(step > _SURE for step in steps)
    listed = "; ".join(row(masked) for masked in form.blocks)
    return (
        f"{name} {listed}; {sure} of {len(steps)} steps up by more than two errors, least {min(steps, default=0):.1f}"
    )


def _rises(rows: Sequence[BlockRow]) -> list[float]:
    """Rises from one height to the next, in their errors."""
    return [
        (high.below - low.below) / max(math.hypot(high.below_se, low.below_se), _CERTAIN)
        for low, high in itertools.pairwise(rows)
    ]


def _peak(form: MaskedForm, table: Mapping[str, Any], found: ModelFound) -> str:
    chi = table["exact"]["chi"]
    place = int(np.argmax(chi["value"]))
    at = f"{form.masked[place]:g} masked, {chi['value'][place]:.2f}({chi['se'][place]:.2f}), {found.model.name}"
    for size in table["sizes"][-1:]:
        learned = size["chi"]
        other = int(np.argmax(learned["value"]))
        value, se = learned["value"][other], learned["se"][other]
        at += f" ({size['n']} points {form.masked[other]:g}, {value:.2f}({se:.2f}))"
    return at


def _margins(form: MaskedForm, found: Sequence[ModelFound]) -> tuple[float, int, int]:
    """Smallest difference of a share that obeys all rules from its bound, in errors; how many are below, of all.

    Left out are bounds of 1, below which nothing from the exact law can be, and of less than one of the generated data.
    """
    least_share, margins = compile_formula("supported_share", target="numpy"), []
    for each in found:
        for runs in (each.exact, *each.learned):
            count, strings = form.generated * len(runs), len(runs) * (form.strings - form.strings // 2)
            losses = np.mean([run.by_curve.mean(axis=2) for run in runs], axis=0)
            errors = np.mean([run.by_curve.std(axis=2) for run in runs], axis=0) / math.sqrt(strings)
            shares, bounds = np.mean([run.whole for run in runs], axis=0), least_share(losses)
            drawn = np.maximum(np.sqrt(shares * (1 - shares) / count), 0.5 / count)
            told = (bounds * count >= 1) & (bounds < 1 - _CERTAIN)
            margins += ((shares - bounds) / np.hypot(drawn, bounds * errors))[told].tolist()
    return min(margins), sum(margin < -_SURE for margin in margins), len(margins)


def _value(found: Mapping[str, Any], digits: int = 2) -> str:
    if found["value"] is None:
        return "none"
    error = "" if found["se"] is None else f"({found['se']:.{digits}f})"
    return f"{found['value']:.{digits}f}{error}"
