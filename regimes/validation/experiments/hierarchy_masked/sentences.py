"""What masked diffusion of hierarchies says, in sentences."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from regimes.validation.experiments.hierarchy_masked.analysis import BlockRow, blocks_of
from regimes.validation.experiments.hierarchy_masked.form import MaskedForm
from regimes.validation.experiments.hierarchy_masked.plans import WAYS
from regimes.validation.experiments.hierarchy_masked.runs import LawRun, ModelFound
from regimes.validation.outcome.agreement import ChiSquare

__all__ = ["sentences"]


def sentences(
    form: MaskedForm,
    found: Sequence[ModelFound],
    tables: Mapping[str, Any],
    tests: Sequence[ChiSquare],
    z: Sequence[float],
) -> list[str]:
    """State tests, what is lost where, what plans save, how far networks come, and blocks."""
    first, table = found[0], tables[found[0].model.name]
    least, held = _margin(form, found)
    lines = [
        "; ".join(f"{test.quantity}: chi-square {test.value:.1f} over {test.dof} (p = {test.p:.2g})" for test in tests),
        f"Mean z of exact U-turns {z[0]:.3f}({z[1]:.3f}).",
        *(_lost(each, tables[each.model.name]) for each in found),
        *(f"{name}: {_plans(tables[name]['exact']['plans'])}." for name in tables),
        f"Generated data obey all rules at least as often as exp(-loss) says in {held}; least margin {least:.1f} "
        "standard errors.",
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
        rise = f" (smallest step {_rising(rows):.1f} errors)" if len(rows) > 1 else ""
        return f"at {masked:g} masked, heights {heights}: {listed}{rise}"

    return f"{name} {'; '.join(row(masked) for masked in form.blocks)}"


def _rising(rows: Sequence[BlockRow]) -> float:
    """Smallest rise from one height to the next, in its errors."""
    pairs = list(itertools.pairwise(rows))
    steps = [(high.below - low.below) / max(math.hypot(high.below_se, low.below_se), 1e-9) for low, high in pairs]
    return min(steps)


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


def _margin(form: MaskedForm, found: Sequence[ModelFound]) -> tuple[float, str]:
    """Smallest difference of a share that obeys all rules from its bound, in standard errors, and how many hold."""
    margins = []
    for each in found:
        for runs in (each.exact, *each.learned):
            for number in range(len(runs[0].whole)):
                for way in range(len(WAYS)):
                    losses = [run.by_curve[number, way].mean() for run in runs]
                    least = float(np.exp(-np.mean(losses)))
                    if least > 1 - 1e-9:  # leaf by leaf from the exact law: nothing can be below
                        continue
                    loss_se = np.mean(
                        [run.by_curve[number, way].std(ddof=1) / math.sqrt(form.strings // 2) for run in runs]
                    )
                    share, count = float(np.mean([run.whole[number, way] for run in runs])), form.generated * len(runs)
                    drawn = max(math.sqrt(share * (1 - share) / count), 0.5 / count)
                    margins.append((share - least) / math.hypot(drawn, least * float(loss_se) / math.sqrt(len(runs))))
    held = sum(margin >= 0 for margin in margins)
    return min(margins), f"{held} of {len(margins)} ways"


def _value(found: Mapping[str, Any], digits: int = 2) -> str:
    if found["value"] is None:
        return "none"
    error = "" if found["se"] is None else f"({found['se']:.{digits}f})"
    return f"{found['value']:.{digits}f}{error}"
