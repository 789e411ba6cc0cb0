"""The experiments by name: what each holds against simulation."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["EXPERIMENTS", "Experiment"]


@dataclass(frozen=True)
class Experiment:
    """An experiment that can be run.

    Attributes
    ----------
    name : str
        On the command line; the folder has underscores for dashes.
    compares : str
        What is held against what.
    reproduces : str
        The published figure, empty where there is none.
    """

    name: str
    compares: str
    reproduces: str = ""


EXPERIMENTS = {
    each.name: each
    for each in (
        Experiment(
            "mixture-clones",
            "clone probability of two Gaussian classes: closed form against backward diffusion with the exact score",
            "biroli2024, figure 2",
        ),
        Experiment(
            "mixture-entropy",
            "excess entropy of two Gaussian classes: random energy model at finite d against data drawn in full",
            "biroli2024, figure 3",
        ),
        Experiment(
            "empirical-clones",
            "clones and last change of nearest neighbour under the exact empirical score: posterior against "
            "trajectories",
            "biroli2024, figure 5 (top)",
        ),
        Experiment(
            "learned-mixture",
            "clones of a denoiser trained on two Gaussian classes: closed form against the learned score, and what its "
            "error explains",
        ),
        Experiment(
            "digits-speciation",
            "class commitment of denoisers trained on pairs of digits: measured times against 1/2 log Lambda, class "
            "means and posterior",
            "biroli2024, figure 4",
        ),
        Experiment(
            "digits-collapse",
            "collapse of a denoiser that has memorised digits and of one that has not: exact empirical score and train/"
            "test gap",
            "biroli2024, figure 5",
        ),
        Experiment(
            "bump-phases",
            "conditional denoisers of a bump along their training: bumps drawn, places right, position read from "
            "layers, by step of the grid",
            "liang2024a, phases of learning",
        ),
        Experiment(
            "bump-imbalance",
            "conditional denoisers of a bump whose steps, or frequencies, differ between x and y: whether the two are "
            "learned apart or together",
            "liang2024a, imbalanced data",
        ),
        Experiment(
            "bump-factorisation",
            "layers of conditional denoisers of a bump on a torus: how x and y are written, beside ideal "
            "codes and the network before training",
            "liang2024b, figures 2 and 3",
        ),
        Experiment(
            "bump-composition",
            "conditional denoisers of sums of stripes: combinations and values that are held out, with and without "
            "single stripes, as the held-out range widens",
            "liang2024b, figures 4, 11 and 12, in small",
        ),
        Experiment(
            "bump-data",
            "how many bumps a conditional denoiser needs before it draws those held out, against positions per axis, "
            "alone and with all single stripes",
            "liang2024b, figure 5, in small",
        ),
        Experiment(
            "bump-percolation",
            "kept share from which on denoisers of bumps make held-out images, under controlled variation: percolation "
            "of images, noised images and codes, number, time",
            "liang2024b, figure 6",
        ),
        Experiment(
            "features",
            "layers of classifiers under U-turns: where each changes and how sharply, on hierarchical data (against "
            "belief propagation; exact score and trained denoiser), digits and MNIST (scale by scale too)",
            "sclocchi2024, U-turns of ImageNet models, in small",
        ),
        Experiment(
            "class-tree",
            "tree of class times predicted from labelled digits and MNIST: order and size of the times at which clones "
            "and U-turns of trained denoisers part by class and by group of classes",
            "sclocchi2024, class transition of images, against superclasses",
        ),
        Experiment(
            "guidance-window",
            "guidance inside the noise interval that advise names, elsewhere and everywhere: exact mixtures under two "
            "processes, trained denoisers of digits",
        ),
        Experiment(
            "uturns",
            "class survival and retained scales after U-turns, stochastic and deterministic: prediction from the "
            "training images against exact scores and trained denoisers of digits",
        ),
        Experiment(
            "hierarchy-learned",
            "tree-shaped denoisers trained on few to many data of random hierarchies: posterior mean, U-turns, rules "
            "obeyed by level, copies, against belief propagation",
            "sclocchi2024, U-turns of trained models",
        ),
        Experiment(
            "hierarchy-masked",
            "masked diffusion of random hierarchies: networks against belief propagation, U-turns, changed blocks, and "
            "plans of unmasking several leaves at once",
            "sclocchi2025, masked diffusion of text, in small",
        ),
        Experiment(
            "steps",
            "grids of sampling steps: predicted divergence of paths and of final samples against exact scores, and "
            "whether the best grid helps trained denoisers of digits",
        ),
        Experiment(
            "copied-points",
            "denoisers that copy part of few training images: return time, plain distance and density, from the data "
            "alone, as rankings of what is copied; counts of copies",
        ),
        Experiment(
            "data-needed",
            "copies among samples of denoisers by number of training images and by passes, beside the number at which "
            "the exact score would stop",
        ),
        Experiment(
            "training-spectrum",
            "spectrum of the covariance of random features: equations against Gaussian matrices, and against nonlinear "
            "features of data of several covariances",
            "bonnaire2025, figure of the spectrum",
        ),
        Experiment(
            "training-losses",
            "random features under gradient flow: training and test loss, times at which they generalise and memorise, "
            "against equations, by number of points",
            "bonnaire2025, times of random features",
        ),
        Experiment(
            "training-networks",
            "copies and losses of denoisers along their training, by number of images: memorising in proportion to it, "
            "generalising at a time that stays, least held-out loss before or after the first copies",
            "bonnaire2025, memorisation time in proportion to n, in small",
        ),
        Experiment(
            "potential",
            "drift, noise and law of the overlap: potential against noised pairs and backward trajectories",
        ),
        Experiment(
            "hierarchy-exact",
            "U-turns of random hierarchies under the exact score: belief propagation against iterated backward "
            "diffusion and draws from the posterior, level by level",
            "sclocchi2024, U-turns of the random hierarchy model; sclocchi2025, susceptibility",
        ),
    )
}
"""By name, in the order in which they build on each other."""
