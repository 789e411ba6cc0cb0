"""Every experiment in a form that takes seconds, run once in a session."""

import importlib
from dataclasses import replace

import pytest

CASE = {"training_steps": 12, "clones": 40, "steps": 6, "generated": 20, "control": 40, "probes": 128}


def _mixture_clones(form):
    return replace(
        form,
        dimensions=(16, 256),
        pairs=200,
        step=0.1,
        dimensions_in_full=32,
        pairs_in_full=60,
        step_in_full=0.1,
        offsets_in_full=(0.0,),
        pairs_of_samplers=200,
        step_of_samplers=0.1,
    )


def _empirical_clones(form):
    first = replace(form.data[0], n=60, d=8, mu=0.7, pairs=600, paths=400, halved=150, steps=60, probes=4000)
    return replace(
        form,
        data=(
            replace(first, levels=(0.9, 0.6, 0.2)),
            replace(first, source="iris", pairs=400, paths=300, halved=100, levels=(0.8, 0.4)),
        ),
    )


def _learned_mixture(form):
    return replace(
        form,
        d=8,
        width=16,
        training_steps=20,
        batch=32,
        offsets=(-0.3, 0.3, 0.6),
        pairs=300,
        halved=100,
        step=0.15,
        test_points=512,
        loss_times=5,
    )


def _digits_speciation(form):
    case = replace(form.case, patience=12, **CASE)
    return replace(form, width=16, classifier_steps=20, trainings=2, multiples=(0.4, 0.8, 1.2, 1.6), case=case)


def _digits_collapse(form):
    memoriser, generaliser = replace(form.memoriser, **CASE), replace(form.generaliser, patience=12, **CASE)
    return replace(form, few=16, held_out_of_many=1700, width=16, memoriser=memoriser, generaliser=generaliser)


def _features(form):
    hierarchy = replace(form.hierarchy, points=60, steps=10, width=32)
    tree = replace(form.learned.denoiser, training_steps=20, evaluate_every=10, width=8)
    learned = replace(form.learned, points=60, steps=6, width=16, denoiser=tree)
    denoiser = replace(form.images[0].denoiser, width=16, steps=20, patience=20)
    images = (replace(form.images[0], denoiser=denoiser),)
    return replace(form, hierarchy=hierarchy, learned=learned, images=images, points=60, steps=4)


def _class_tree(form):
    source = form.sources[0]
    denoiser = replace(source.image.denoiser, width=16, steps=20, patience=20)
    source = replace(source, image=replace(source.image, denoiser=denoiser), starts=100, iterated=4)
    return replace(form, sources=(source,), steps=4, redraws=6, permutations=5)


def _guidance_window(form):
    source = form.sources[0]
    labelled = replace(source.labelled, trained=200, held_out=100, channels=4, steps=20, batch=8)
    source = replace(source, labelled=labelled, classifier=replace(source.classifier, steps=20), generated=20, steps=4)
    exact = replace(form.exact, mixtures=form.exact.mixtures[:1], steps=30, samples=2000, bands=3)
    return replace(form, exact=exact, sources=(source,))


def _uturns(form):
    exact = replace(form.exact, points=200, steps=20, probes=256, redraws=2)
    source = form.sources[0]
    labelled = replace(source.labelled, channels=4, steps=10, batch=8)
    sizes = {"turned": 40, "steps": 4, "memorised": 60, "memorised_steps": 8}
    return replace(form, exact=exact, sources=(replace(source, labelled=labelled, **sizes),))


def _hierarchy_exact(form):
    first, second = form.models
    return replace(
        form,
        models=(replace(first, L=2, depths=(1, 2)), replace(second, depths=(1, 2))),
        u_turns=replace(form.u_turns, multiples=(0.5, 1.3), rules=3, starts=200, iterated=120, step=0.2),
        depths=replace(form.depths, multiples=(0.2, 0.6, 1.5, 4.0), rules=3, starts=16, population=200),
        chains=replace(form.chains, multiples=(0.5, 2.5), rules=3, turns=(1, 4, 12)),
    )


def _hierarchy_learned(form):
    sizes = {"training_steps": 40, "evaluate_every": 20, "snapshots": (10, 40), "held_out": 32, "width": 8}
    return replace(form, L=2, sizes=(8, 24), loss_points=64, turns=40, steps=6, generated=60, **sizes)


def _bump_phases(form):
    training = replace(form.training, channels=4, steps=20, batch=8, snapshots=(5, 20))
    return replace(form, training=training, sampling_steps=3, looked=16)


def _bump_imbalance(form):
    training = replace(form.training, channels=4, steps=20, batch=8, snapshots=(5, 20))
    return replace(form, training=training, sampling_steps=3, looked=24)


def _bump_factorisation(form):
    training = replace(form.training, channels=4, steps=20, batch=8)
    return replace(form, training=training, layers=("condition", "down.2"), sampling_steps=3)


def _bump_composition(form):
    training = replace(form.training, channels=4, steps=20, batch=8, snapshots=(5, 20))
    return replace(form, training=training, looks=(5, 20), sampling_steps=3, looked=8)


def _bump_data(form):
    training = replace(form.training, channels=4, steps=20, batch=8, snapshots=(5, 20))
    return replace(form, training=training, sampling_steps=3, looked=8, learned=0.0)


def _bump_percolation(form):
    training = replace(form.training, channels=4, steps=10, batch=8, snapshots=(5, 10))
    settings = tuple(replace(each, steps=10) for each in form.settings)
    return replace(form, settings=settings, training=training, sampling_steps=2, looked=8, orders=20)


def _hierarchy_masked(form):
    first, second = form.models
    training = replace(form.training, steps=40, evaluate_every=20)
    models = (replace(first, L=2, rules=2, sizes=(8, 24)), replace(second, L=2, rules=2))
    sizes = {"strings": 60, "turns": 60, "generated": 60, "population": 200, "held_out": 32, "width": 8}
    return replace(
        form, models=models, training=training, steps=(2,), masked=(0.3, 0.6, 0.8, 1.0), blocks=(0.8,), **sizes
    )


def _steps(form):
    labelled = replace(form.images[0].labelled, channels=4, steps=20, batch=8)
    images = replace(form.images[0], labelled=labelled, calls=(4,), generated=24, fine=6, permutations=10, levels=6)
    return replace(
        form,
        calls=(4, 8),
        levels=40,
        gaussian=replace(form.gaussian, d=6, samples=400, paths=100),
        line=replace(form.line, samples=2000, paths=200, bins=6, nodes=401),
        hierarchy=replace(form.hierarchy, strings=100, paths=100),
        images=(images,),
    )


def _copied_points(form):
    training = replace(form.sources[0].training, channels=4, steps=20, batch=8, snapshots=(10, 20))
    return replace(form, sources=(replace(form.sources[0], training=training, samples=40),), steps=4, least=1)


def _data_needed(form):
    training = replace(form.sources[0].training, channels=4, steps=20, batch=8, snapshots=(10, 20))
    return replace(form, sources=(replace(form.sources[0], training=training, samples=20),), steps=4)


def _training_spectrum(form):
    return replace(form, levels=20, dimensions=(20, 40), repetitions=(2, 2))


def _training_losses(form):
    descent = replace(form.descent, d=6, points=12, tau=(3.0, 15.0))
    return replace(form, levels=12, dimensions=(12, 24), far=(8.0,), descent=descent)


def _training_networks(form):
    training = replace(form.sources[0].training, channels=4, steps=20, batch=8, snapshots=(5, 10, 20))
    return replace(form, sources=(replace(form.sources[0], training=training, samples=20),), steps=4, noises=3)


TINY = {
    "bump-phases": (_bump_phases, 1),
    "bump-imbalance": (_bump_imbalance, 1),
    "bump-factorisation": (_bump_factorisation, 1),
    "bump-composition": (_bump_composition, 1),
    "bump-data": (_bump_data, 1),
    "bump-percolation": (_bump_percolation, 1),
    "mixture-clones": (_mixture_clones, 0),
    "mixture-entropy": (
        lambda form: replace(form, dimensions=(16, 48), n=300, redraws=20, probes=64, samples=400, pilot=64),
        0,
    ),
    "empirical-clones": (_empirical_clones, 0),
    "learned-mixture": (_learned_mixture, 3),
    "potential": (lambda form: replace(form, pairs=1500, trajectories=400, step=0.02, histogram_bins=8), 3),
    "digits-speciation": (_digits_speciation, 1),
    "digits-collapse": (_digits_collapse, 1),
    "features": (_features, 1),
    "class-tree": (_class_tree, 1),
    "guidance-window": (_guidance_window, 1),
    "uturns": (_uturns, 1),
    "hierarchy-exact": (_hierarchy_exact, 0),
    "hierarchy-learned": (_hierarchy_learned, 1),
    "hierarchy-masked": (_hierarchy_masked, 1),
    "steps": (_steps, 1),
    "copied-points": (_copied_points, 1),
    "data-needed": (_data_needed, 1),
    "training-spectrum": (_training_spectrum, 1),
    "training-losses": (_training_losses, 1),
    "training-networks": (_training_networks, 1),
}


def tiny_plan(name):
    plan = importlib.import_module(f"regimes.validation.experiments.{name.replace('-', '_')}.experiment").PLAN
    return replace(plan, quick=TINY[name][0](plan.quick))


@pytest.fixture(scope="session")
def plan_of():
    return tiny_plan


@pytest.fixture(scope="session")
def run_tiny():
    from regimes.validation.experiments.runner.run import run_plan

    def run(name, *, plan=None, rng=None, **options):
        seed = TINY[name][1] if rng is None else rng
        return run_plan(plan or tiny_plan(name), quick=True, device="cpu", rng=seed, **options)

    return run


@pytest.fixture(scope="session")
def tiny(run_tiny):
    kept = {}

    def result(name):
        if name not in kept:
            kept[name] = run_tiny(name)
        return kept[name]

    return result
