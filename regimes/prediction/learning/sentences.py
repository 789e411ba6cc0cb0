"""What the training clock says in words: sentences, labels and warnings."""

from __future__ import annotations

from regimes.datasets.points.dataset import Dataset
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.number import Number
from regimes.numerics.learning.features import RandomFeatures
from regimes.numerics.learning.spectrum import FeatureSpectrum
from regimes.numerics.learning.window import FEWEST, LearningWindow
from regimes.prediction.learning.covariance import Covariance

__all__ = ["fewest", "labels_of", "sentences", "warnings_of"]

_FIRST = "Random features under gradient flow, not a U-Net: "
_LITTLE = 0.01  # of the test loss
_FAR = 10.0  # from 1, of the mean eigenvalue
_POINTS = 10  # a dimension, for a sample's spectrum to stand for that of its law


def fewest(given: RandomFeatures) -> float:
    """The fewest points at which a gap was looked for."""
    return max(1.0, given.dimension / FEWEST)


def labels_of(generalised: float, memorised: float) -> tuple[str, str]:
    """Labels of tau_gen and tau_mem, with the shares that are not the defaults."""
    return (
        "modes of the population are learned"
        if generalised == 1.0
        else f"modes of the population: {_percent(generalised)} are learned",
        "modes of the points begin" if memorised == 0.0 else f"modes of the points: {_percent(memorised)} are learned",
    )


def sentences(
    given: RandomFeatures,
    window: LearningWindow,
    numbers: dict[str, Number],
    least: float,
    generalised: float,
    memorised: float,
    *,
    several: bool,
) -> tuple[str, ...]:
    """Times, the gap, and when to stop; with the noise level where several were asked for."""
    said = [_times(window, generalised, memorised)]
    if window.tau_mem is not None:
        said.append(_gap(given, numbers["learning.separating_samples"].value))
    best = numbers["learning.best_time"].value
    if 1 - least < _LITTLE:
        said.append(
            f"these features learn next to nothing at this noise level and scale (test loss {least:.4f} of untrained)."
        )
    elif best is not None:
        early = ", before the last modes of the population are worth learning" if best < window.tau_gen else ""
        said.append(f"the test loss is least at {best:.3g}: the time to stop{early}.")
    if several:
        return f"{_FIRST}at t = {given.t:.4g}, {said[0]}", *(f"At t = {given.t:.4g}: {each}" for each in said[1:])
    return f"{_FIRST}{said[0]}", *(each[0].upper() + each[1:] for each in said[1:])


def warnings_of(
    given: RandomFeatures,
    spectrum: FeatureSpectrum,
    covariance: Covariance,
    data: Dataset | None,
    rate: float | None,
    least: float,
) -> tuple[str, ...]:
    """What makes the answer doubtful, with what to do."""
    said = []
    if given.mean:
        said.append("the mean of a feature is not 0: one mode more, learned before all others, is left out")
    if rate is not None and rate > (bound := _stable_rate(given, spectrum)):
        said.append(f"rate = {rate:.4g}: gradient descent in this model diverges above {bound:.3g}, take less")
    if 1 - least < _LITTLE:
        mean = float(given.shares @ given.eigenvalues)
        scaled = "--scale standard or --scale feature" if data is not None else "eigenvalues over their mean"
        said.append(
            f"next to nothing is learned, the mean eigenvalue is {mean:.3g}: take {scaled}, or another --time"
            if not 1 / _FAR < mean < _FAR
            else "next to nothing is learned: take another --time, or more points"
        )
    if data is not None and data.n < _POINTS * data.d:
        said.append(
            f"n = {data.n} points in d = {data.d}: their covariance stands for that of their law, whose eigenvalues "
            "spread less: the best time is too late and the test loss too low"
            + ("; directions that no point reaches count as learned" if data.n <= data.d else "")
        )
    return tuple(said)


def _times(window: LearningWindow, generalised: float, memorised: float) -> str:
    whole = generalised == 1.0 and memorised == 0.0
    population = (
        "modes of the population" if generalised == 1.0 else f"{_percent(generalised)} of the population's modes"
    )
    first = f"{population} are learned at training time {window.tau_gen:.3g}"
    if window.tau_mem is None or window.ratio is None:
        return f"{first}; {window.reason}."
    if whole and not window.separate:
        return (
            f"{first}, and right on those of the points: no gap parts them, there is no window between generalising "
            "and memorising."
        )
    points = (
        f"those of the points from {window.tau_mem:.3g} on"
        if memorised == 0.0
        else f"{_percent(memorised)} of the points' modes at {window.tau_mem:.3g}"
    )
    gap = "" if window.separate else "; no gap parts the two groups of modes"
    return f"{first}, {points}, {window.ratio:.3g} times as late{gap}."


def _gap(given: RandomFeatures, least: float | None) -> str:
    if least is None:
        return "at no number of points would a gap part the two with so few features."
    if least > fewest(given):
        return f"a gap parts the two from n = {least:.3g} points on, with these features."
    return "a gap parts the two at any number of points above a tenth of the dimensions, with these features."


def _stable_rate(given: RandomFeatures, spectrum: FeatureSpectrum) -> float:
    """The rate at which descent turns the fastest mode's error over: half a step is its learning time."""
    fastest = max(spectrum.bulks[-1].high, given.features * given.mean**2)
    time = float(compile_formula("learning_time", target="numpy")(given.t, given.psi_p, fastest))
    return 2 * float(compile_formula("learning_steps", target="numpy")(time, given.dimension, 1.0))


def _percent(share: float) -> str:
    return f"{100 * share:.4g}%"
