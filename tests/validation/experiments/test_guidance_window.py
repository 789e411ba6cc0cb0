"""Guidance by its place: exact laws by other methods, and readings of planted trainings."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes.numerics.speciation.clone_probability import class_information  # noqa: E402
from regimes.validation.experiments.guidance_window.comparison import (  # noqa: E402
    band_centre,
    between_processes,
    compared,
    kept_and_spared,
    verdict,
)
from regimes.validation.experiments.guidance_window.exact import MixtureFound  # noqa: E402
from regimes.validation.experiments.guidance_window.experiment import PLAN  # noqa: E402
from regimes.validation.experiments.guidance_window.form import MixtureForm  # noqa: E402
from regimes.validation.experiments.guidance_window.generated import GuidedTraining, measures  # noqa: E402
from regimes.validation.experiments.guidance_window.mixtures import (  # noqa: E402
    PROCESSES,
    GuidedMixture,
    Law,
    end_densities,
    simulated,
    step_weights,
)
from regimes.validation.experiments.guidance_window.places import (  # noqa: E402
    PlacedGuidance,
    acts,
    bands_of,
    places_of,
)
from regimes.validation.experiments.guidance_window.readings import read, reading  # noqa: E402
from regimes.validation.experiments.guidance_window.summary import (  # noqa: E402
    GuidanceFound,
    numbers_of,
    sentences,
    tables_of,
)
from regimes.validation.experiments.runner.helping import claim  # noqa: E402
from regimes.validation.sampling import NoiseStream, backward_times  # noqa: E402

FORM = replace(PLAN.quick, sources=())
TWO = MixtureForm("two", (-1.5, 1.5), told=1)
TIMES = backward_times(4.0, steps=40)


def time_of(log_snr):
    return float(np.log1p(np.exp(-log_snr)) / 2)


def test_inside_and_outside_are_all_and_moved_windows_are_as_long():
    places = places_of(time_of(1.0), time_of(-3.0))
    assert np.array(places["inside"]) == pytest.approx(np.array([[-3.0, 1.0]]))
    assert np.array(places["moved up"]) == pytest.approx(np.array([[-5.0, -1.0]]))
    assert np.array(places["moved down"]) == pytest.approx(np.array([[-1.0, 3.0]]))
    for log_snr in (-6.0, -2.0, 0.9, 1.1, 4.0):
        t = time_of(log_snr)
        here = {name: acts(where, t) for name, where in places.items()}
        assert here["always"]
        assert not here["none"]
        assert [here["inside"], here["above"], here["below"]].count(True) == 1
        assert here["outside"] == (not here["inside"]) == (here["above"] or here["below"])
    bands = np.array(bands_of(time_of(-8.0), time_of(4.0), 6))
    assert bands == pytest.approx(np.column_stack([np.arange(-8.0, 4.0, 2), np.arange(-6.0, 5.0, 2)]))


def test_guidance_acts_in_its_place_alone():
    score = PlacedGuidance(lambda x, t: 0 * x, lambda x, t: 0 * x + 1, ((-1.0, 1.0),))
    assert [float(score(torch.zeros(1), time_of(each))) for each in (-1.1, -0.9, 0.9, 1.1)] == [0, 1, 1, 0]


def test_class_information_of_two_classes_is_the_closed_form():
    t, found = GuidedMixture(TWO).information()
    assert found == pytest.approx(class_information(1.5**2 * np.exp(-2 * t)), abs=1e-12)


@pytest.mark.parametrize("process", PROCESSES)
def test_without_guidance_the_end_law_is_the_gaussian_of_the_recursion(process):
    mixture, weights = GuidedMixture(TWO), step_weights(process, TIMES)
    x = mixture.grid(3.0, weights)
    law = mixture.law(x, end_densities(mixture, 3.0, [()], TIMES, weights, x)[0])
    mean, variance = 0.0, 1.0
    for t, s in pairwise(TIMES):
        if process == "preserving":  # the score held fixed, dx = (x + 2 score) dt + sqrt(2) dW solved over the step
            grown, weight, noise = np.exp(t - s), 2 * np.expm1(t - s), np.expm1(2 * (t - s))
        else:
            added = np.expm1(2 * t) - np.expm1(2 * s)
            grown, weight, noise = np.exp(t - s), np.exp(-t - s) * added, np.exp(-2 * s) * added
        mean = (grown - weight) * mean + weight * np.exp(-t) * 1.5
        variance = (grown - weight) ** 2 * variance + noise
    assert law.mean[0] == pytest.approx(mean, abs=1e-9)
    assert law.covariance[0, 0] == pytest.approx(variance, rel=1e-8)
    divergence = (variance + (mean - 1.5) ** 2 - 1 - np.log(variance)) / 2
    assert law.divergence == pytest.approx(divergence, abs=1e-8)


def test_guided_paths_of_both_processes_end_with_their_laws_and_finer_grids_change_nothing():
    mixture = GuidedMixture(MixtureForm("three", (-2.0, 0.0, 1.0), told=1))
    where = places_of(time_of(1.0), time_of(-3.0))["inside"]
    plain, guided = (mixture.score_of(3.0, guided=each) for each in (False, True))
    for number, process in enumerate(PROCESSES):
        weights = step_weights(process, TIMES)
        x = mixture.grid(3.0, weights)
        fine = np.linspace(x[0], x[-1], 2 * x.size - 1)
        law, same = (
            mixture.law(grid, end_densities(mixture, 3.0, [where], TIMES, weights, grid)[0]) for grid in (x, fine)
        )
        assert law.mean == pytest.approx(same.mean, abs=1e-7)
        assert law.divergence == pytest.approx(same.divergence, abs=1e-7)
        score = PlacedGuidance(plain, guided, where)
        end = simulated(process, score, TIMES, 4000, NoiseStream(901).substream(number))
        z = (mixture.averages(end) - law.mean) / np.sqrt(np.diag(law.covariance) / 4000)
        assert np.abs(z).max() < 3.5


def test_measures_of_images_are_those_of_loops_over_pairs():
    rng = np.random.default_rng(902)
    labels, held_labels = np.arange(12) % 2, np.arange(10) % 2
    images, held = rng.normal(size=(12, 3)), rng.normal(size=(10, 3)) + 1.0
    classified = labels.copy()
    classified[:3] = 1 - classified[:3]
    accuracy, diversity, distance = measures(images, labels, classified, held, held_labels)
    assert accuracy == pytest.approx(0.75)
    ratios, energies = [], []
    for k in (0, 1):
        own, real = images[labels == k], held[held_labels == k]
        pairs = [
            np.mean(
                [
                    np.linalg.norm(a - b)
                    for i, a in enumerate(one)
                    for j, b in enumerate(two)
                    if one is not two or i != j
                ]
            )
            for one, two in ((own, own), (real, real), (own, real))
        ]
        ratios.append(pairs[0] / pairs[1])
        energies.append((2 * pairs[2] - pairs[0] - pairs[1]) / pairs[1])
    assert (diversity, distance) == pytest.approx((np.mean(ratios), np.mean(energies)))
    assert measures(held, held_labels, held_labels, held, held_labels)[:2] == pytest.approx((1.0, 1.0))


def training(seed, always, inside, moved=(0.9, 0.9, 0.2)):
    """One training at weight 2: accuracy, diversity and distance always and inside; none has .8, 1 and 0."""
    keys = ("accuracy", "diversity", "distance")
    at = {"none": (0.8, 1.0, 0.0), "always": always, "inside": inside}
    at |= dict.fromkeys(("outside", "above", "below", "moved up", "moved down"), moved)
    found = {place: dict(zip(keys, values, strict=True)) for place, values in at.items()}
    return GuidedTraining(seed, 0.1, 1.7, 0.96, 100, {"2": found})


def test_the_window_helps_where_it_keeps_the_gain_and_spares_the_damage():
    runs = [training(k, (1.0, 0.7, 0.3), (0.99 + e, 0.8 + e, 0.2)) for k, e in enumerate((0.0, 0.001, -0.001))]
    values = read(runs, "2")
    assert values["gain"] == pytest.approx([0.2] * 3)
    assert values["kept"] == pytest.approx([0.01, 0.011, 0.009])
    assert values["spared.diversity"] == pytest.approx([0.1, 0.101, 0.099])
    assert values["spared.distance"] == pytest.approx([0.1] * 3)
    assert values["gain.moved_up"] == pytest.approx([0.09, 0.091, 0.089])
    assert values["spared.diversity.moved_down"] == pytest.approx([-0.1, -0.099, -0.101])
    assert reading(values, "diversity") == reading(values, "distance") == "helps"


def test_the_window_does_not_help_where_one_of_both_fails_and_scatter_tells_nothing():
    def said(kept, spared):
        return reading({"kept": kept, "spared.distance": spared}, "distance")

    assert said([-0.02, -0.021, -0.019], [0.1, 0.1, 0.11]) == "does not help"
    assert said([0.02, 0.021, 0.019], [-0.1, -0.1, -0.11]) == "does not help"
    assert said([0.02, 0.021, 0.019], [0.1, -0.1, 0.3]) == "not told"
    assert said([0.02], [0.1]) == "not told"
    # Three trainings with an error of 1/3.2 of the mean: a normal law would have told.
    assert said([0.01, 0.02, 0.03], [0.1, 0.1, 0.11]) == "not told"
    assert claim(["helps", "helps"]) == "helps"
    assert claim(["helps", "not told"]) == "not told"
    assert claim(["helps", "not told", "does not help"]) == "does not help"
    assert claim([]) == "not told"


def planted_mixture(accuracies, divergences, apart=0.0):
    """Limits at none, always, inside and two bands; the other process ends elsewhere by ``apart``."""
    names = ("none", "always", "inside", "outside", "band 0", "band 1")
    limits = {
        process: {
            name: {"mean": 1.5, "accuracy": accuracy, "divergence": divergence + shift}
            for name, accuracy, divergence in zip(names, accuracies, divergences, strict=True)
        }
        for process, shift in zip(PROCESSES, (0.0, apart), strict=True)
    }
    law = Law(np.array([1.5, 1.0, 0.9]), np.diag([1.0, 2.0, 0.01]), 0.0)
    sure = Law(np.array([1.5, 1.0, 1 - 1e-5]), np.diag([1.0, 2.0, 1e-6]), 0.0)
    laws = {process: {"none": law, "always": sure} for process in PROCESSES}
    beyond = np.array([0.0, 0.0, 6 * 0.1 / np.sqrt(10_000)])
    averages = {
        PROCESSES[0]: {"none": law.mean, "always": sure.mean},
        PROCESSES[1]: {"none": law.mean + beyond, "always": sure.mean + beyond},
    }
    curve = np.linspace(-8, 4, 13)
    return MixtureFound(
        TWO, 0.1, 1.7, curve, np.linspace(0, 0.6, 13), {"band 0": -3.0, "band 1": 1.0}, laws, limits, averages
    )


def test_mixtures_are_read_by_the_same_rule_and_paths_are_tested_where_they_can_be():
    good = planted_mixture((0.9, 1.0, 0.995, 0.92, 0.91, 0.93), (0.0, 0.3, 0.2, 0.1, 0.1, 0.3), apart=0.01)
    assert kept_and_spared(good) == pytest.approx((0.005, 0.1))
    assert verdict(good) == "helps"
    assert verdict(planted_mixture((0.9, 1.0, 0.98, 0.9, 0.9, 0.9), (0, 0.3, 0.2, 0, 0, 0.1))) == "does not help"
    assert verdict(planted_mixture((0.9, 1.0, 1.0, 0.9, 0.9, 0.9), (0, 0.3, 0.31, 0, 0, 0.1))) == "does not help"
    assert verdict(planted_mixture((0.9991, 1.0, 1.0, 1, 1, 1), (0, 0.3, 0.2, 0, 0, 0.1))) == "no gain to keep"
    assert band_centre(good, PROCESSES[0]) == pytest.approx(0.0)
    assert between_processes([good]) == pytest.approx({"mean": 0.0, "accuracy": 0.0, "divergence": 0.01})
    agreement, tests = compared([good], 10_000)
    # Where next to no path is wrong the posterior is left out.
    assert [each.quantity.startswith("posterior") for each in agreement].count(True) == 2
    assert [test.dof for test in tests] == [5, 5]
    assert tests[0].value == pytest.approx(0)
    assert tests[1].value == pytest.approx(36)


def test_what_is_said_is_what_was_found():
    runs = [training(k, (1.0, 0.7, 0.3), (0.99 + e, 0.8 + e, 0.35)) for k, e in enumerate((0.0, 0.001, -0.001))]
    mixture = planted_mixture((0.9, 1.0, 0.995, 0.92, 0.91, 0.93), (0.0, 0.3, 0.2, 0.1, 0.1, 0.3))
    found = GuidanceFound([mixture], {"digits": runs}, ["mnist"])
    tables = tables_of(replace(FORM, weights=(2.0,)), found)
    said = " ".join(sentences(tables, found))
    assert "two: helps (accuracy none 0.900, always 1.000, inside 0.995, outside 0.920;" in said
    assert "1.700 (0.000), 0.100 (0.000)) helps by diversity; does not help by distance." in said
    assert "right on 0.960 (0.000) of the images held out" in said
    assert "Not run: mnist." in said
    numbers = numbers_of(tables, found)
    assert numbers["measure.spared.distance.w2.digits"].value == pytest.approx(-0.05)
    assert numbers["measure.kept.two"].value == pytest.approx(0.005)


def test_forms_without_guidance_are_refused():
    with pytest.raises(ValueError, match="weights must exceed 1"):
        replace(FORM, weights=(1.0, 2.0))
    with pytest.raises(ValueError, match="tell one of them, got class 2 of 2"):
        replace(FORM, exact=replace(FORM.exact, mixtures=(replace(TWO, told=2),)))
    source = PLAN.quick.sources[0]
    with pytest.raises(ValueError, match="leaves out some classes, and not all, got unconditional = 1 for digits"):
        replace(FORM, sources=(replace(source, labelled=replace(source.labelled, unconditional=1.0)),))
