"""The public API, pinned: a change here is a change for users."""

import inspect
import re
from importlib import import_module

import pytest

import regimes

PUBLIC = {
    "regimes": """
        Advice BumpGrid ClassTree Clock Collapse CompiledFormula DataPercolationPrediction Dataset Formula Hierarchy
        HierarchyPrediction Mixture NotConverged Number PercolationPrediction Prediction Preprocessing Result
        SCHEDULES Schedule Speciation advise builtin_datasets catalogue clock collapse compile_formula composition
        decisions formula hierarchy learning load_dataset noise_schedule predict predict_classes predict_collapse
        predict_data_percolation predict_hierarchy predict_percolation predict_speciation process speciation
        unmasking_loss unmasking_plan validation
    """,
    "regimes.process": """
        Clock SCHEDULES Schedule clock noise_schedule unmasking_loss unmasking_plan
    """,
    "regimes.speciation": """
        CovarianceSpectrum MixtureClones class_entropy class_information clone_disagreement
        clone_probability covariance_spectrum gaussian_class_times log_clone_disagreement mixture_clones
        sign_clone_disagreement sign_clone_probability speciation_times
    """,
    "regimes.collapse": """
        CollapseOfSize CorrectedCollapse InformationBound NearCopies PosteriorCurves SampledExcessEntropy collapse_time
        collapse_time_with_classes collapse_times_by_size corrected_collapse_time finite_size_collapse_time
        gaussian_information information_bound near_copies posterior_curves sampled_excess_entropy
        spectral_collapse_bound
    """,
    "regimes.decisions": """
        Components CopiedPoints HiddenVariance ReturnProbabilities StepGrid best_end_grid best_grid
        copied_points end_divergence gaussian_components hidden_variance path_divergence retained_share
        return_probabilities schedule_grid start_divergence step_grid steps_needed to_diffusers
    """,
    "regimes.learning": """
        ActivationMoments Bulk FeatureSpectrum FeatureTraining FiniteFeatures LearningWindow RandomFeatures
        TrainingClock TrainingLosses Transform activation_moments feature_spectrum feature_support feature_transform
        gaussian_features learning_window predict_training random_features separating_samples training_losses
        true_features
    """,
    "regimes.hierarchy": """
        Beliefs Bisection DensityEvolution FeatureTransitions GaussianFieldUTurn HierarchyBudget HierarchyCorrelations
        HierarchyCurves HierarchyMeanField HierarchyPlane HierarchyRules HierarchySample HierarchyScore
        HierarchyThreshold HierarchyTransition ParsedLeaves PhaseDiagram SpinCorrelations SpinSusceptibility
        UTurnLayers UTurns belief_propagation density_evolution epsilon_threshold feature_transitions
        gaussian_field_correlations gaussian_field_uturns gaussian_log_messages hierarchy_correlations
        hierarchy_curves hierarchy_mean_field hierarchy_phase_diagram hierarchy_score hierarchy_threshold
        hierarchy_transition latent_symbols leaf_messages load_rules parse_leaves power_law_spectrum random_hierarchy
        sample_hierarchy sample_posterior save_rules spin_correlations spin_susceptibility token_mixture_uturns
    """,
    "regimes.composition": """
        BumpStaircase BumpVerdicts ConnectingOverlaps DataPercolation GridSubset ImageGrid KeptComponents Lattice
        LatticePercolation Neighbourhood PercolationSequence PercolationThreshold PointOverlaps Staircase
        StripeVerdicts StripedSubset ThresholdExtrapolation bump_images bump_neighbourhood bump_overlap bump_verdicts
        connecting_overlaps connecting_sigmas connection_radius copying_baseline data_percolation disc_neighbourhood
        extrapolated_threshold hold_out_band hold_out_cross hold_out_square image_grid kept_percolation
        lattice_percolation lattice_threshold percolation_sequence pixel_overlap predict_staircase random_subset
        stripe_verdicts thinned_subset with_stripes
    """,
    "regimes.theory": """
        Step StepCheck Variable
    """,
    "regimes.validation": """
        Agreement Checkpoints ChiSquare CoarseNoise ConditionCode CorrectedCloneProbability Curve EXPERIMENTS
        EmpiricalScore Experiment ExperimentResult HierarchyBeliefScore LossCurve LossInformation MeasuredModel
        MissingTorch MixtureScore NetworkScore NoiseLevels NoiseStream Panel Preconditioned ProjectedMixtureScore
        ResidualMLP SAMPLERS Sampler SmallUNet TrainedClassifier TrainedDenoiser TrainingHistory TransitionMeasurement
        TreeDenoiser backward backward_states backward_times chi_square choose_device clone_pairs
        corrected_clone_probability correlated_chi_square halved_times information_from_losses linear_start
        load_denoiser loss_curve measure_features measure_transitions noised run_experiment sampler schedule_times
        train_classifier train_denoiser u_turn
    """,
}

SIGNATURES = """
regimes.advise(source, labels, *, only, schedule, samples, held_out, losses, nats, classes, scale, rng,
    memory, progress, reading)
regimes.clock(time, *, alpha_bar, snr, log_snr, sigma, flow_time, step, index, schedule, steps)
regimes.predict_collapse(mixture, *, t, schedule)
regimes.compile_formula(formula, *, target)
regimes.load_dataset(source, labels, *, classes, scale, center, name, memory, reading)
regimes.noise_schedule(schedule, *, steps, inference_steps, spacing, strength, tokens, values)
regimes.predict(source, labels, *, classes, scale, center, t, probes, precision, rng, groups, schedule, parts, losses,
    memory, progress, checkpoint, scheduler, reading)
regimes.predict_classes(source, labels, *, classes, scale, center, t, rng, groups, schedule, memory, progress,
    reading)
regimes.predict_hierarchy(hierarchy, *, noise, noise_levels, exact, budget, rng, schedule, progress)
regimes.predict_data_percolation(source, labels, *, tau, overlap, classes, scale, center, orders, lambdas, rng, memory,
    progress, reading)
regimes.predict_percolation(problem, *, runs, lambdas, rng, memory, progress)
regimes.predict_speciation(problem, *, t, schedule)
regimes.speciation.clone_probability(kappa)
regimes.speciation.covariance_spectrum(X, *, top, center, memory)
regimes.speciation.gaussian_class_times(means, covariances, *, criterion)
regimes.speciation.mixture_clones(weights, means, covariances, t, *, samples, rng)
regimes.hierarchy.belief_propagation(rules, messages, *, log, prior, levels)
regimes.hierarchy.density_evolution(hierarchy, noise, levels, *, population, repeats, rng, memory, progress)
regimes.hierarchy.epsilon_threshold(hierarchy)
regimes.hierarchy.feature_transitions(paths, *, layers, memory)
regimes.hierarchy.hierarchy_correlations(hierarchy, epsilon)
regimes.hierarchy.hierarchy_curves(rules, tree, noise, noise_levels, *, rng, memory, progress)
regimes.hierarchy.hierarchy_mean_field(hierarchy, epsilon)
regimes.hierarchy.hierarchy_score(rules, x, t, *, prior)
regimes.hierarchy.hierarchy_threshold(hierarchy, noise, *, population, repeats, search, rng, memory, progress)
regimes.hierarchy.hierarchy_transition(hierarchy)
regimes.hierarchy.leaf_messages(leaves, noise, level, v, *, rng)
regimes.hierarchy.random_hierarchy(hierarchy, *, rng, memory)
regimes.hierarchy.sample_hierarchy(rules, n, *, rng, root, memory)
regimes.hierarchy.sample_posterior(rules, messages, *, log, prior, draws, rng)
regimes.collapse.collapse_times_by_size(X, bound, *, probes, rng, memory)
regimes.collapse.corrected_collapse_time(curves)
regimes.collapse.information_bound(X, n, *, memory)
regimes.collapse.near_copies(X, *, memory)
regimes.collapse.posterior_curves(X, t, *, labels, singles, probes, rng, groups, products, enough, memory, progress,
    checkpoint)
regimes.composition.image_grid(N, sigma, *, dx, dy, amplitude, periodic, margin, kind)
regimes.composition.bump_images(positions, N, sigma, *, kind, amplitude, periodic, memory)
regimes.composition.bump_neighbourhood(sigma, *, tau, overlap, steps, pixels, memory)
regimes.composition.bump_overlap(r, sigma, *, overlap)
regimes.composition.connecting_overlaps(X, *, overlap, memory, progress)
regimes.composition.connection_radius(sigma, *, tau, overlap)
regimes.composition.data_percolation(X, tau, *, overlap, orders, lambdas, rng, memory, progress)
regimes.composition.disc_neighbourhood(radius, *, steps, memory)
regimes.composition.extrapolated_threshold(neighbourhood, *, sizes, runs, periodic, rng, threads, memory, progress)
regimes.composition.kept_percolation(kept, neighbourhood, *, periodic, axis, depth)
regimes.composition.lattice_percolation(lattice, *, runs, lambdas, rng, threads, memory, progress)
regimes.composition.lattice_threshold(neighbourhood)
regimes.composition.percolation_sequence(order, lattice, *, memory)
regimes.composition.pixel_overlap(first, second, sigma, *, overlap, memory)
regimes.composition.random_subset(grid, fraction, *, count, rng)
"""


@pytest.mark.parametrize("facade", PUBLIC)
def test_public_names(facade):
    if facade == "regimes.validation":
        pytest.importorskip("torch")
    module = import_module(facade)
    assert sorted(module.__all__) == PUBLIC[facade].split()
    assert set(module.__all__) <= set(dir(module))
    for name in module.__all__:
        thing = getattr(module, name)
        if inspect.isfunction(thing):
            assert "Returns\n" in inspect.getdoc(thing), name
            assert facade == "regimes.validation" or "Examples\n" in thing.__doc__ or "Notes\n" in thing.__doc__, name
    with pytest.raises(AttributeError, match=f"module '{facade}' has no attribute 'predikt'"):
        module.predikt  # noqa: B018


def test_names_can_be_listed_without_loading_what_they_name():
    assert set(PUBLIC["regimes.validation"].split()) <= set(dir(regimes.validation))


def names_only(function):
    text, starred = [], False
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            text.append("*")
            starred = True
        text.append(parameter.name)
    return f"({', '.join(text)})"


def test_signatures():
    pinned = dict(re.findall(r"([\w.]+)(\(.*?\))", " ".join(SIGNATURES.split())))
    assert len(pinned) > 40
    for path, signature in pinned.items():
        facade, name = path.rsplit(".", 1)
        assert names_only(getattr(import_module(facade), name)) == signature, path
