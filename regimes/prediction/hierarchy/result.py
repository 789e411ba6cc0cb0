"""What a prediction for a hierarchy holds."""

from __future__ import annotations

from regimes.numerics.hierarchy.problem import Hierarchy
from regimes.numerics.interface.result import Result

__all__ = ["HierarchyPrediction"]


class HierarchyPrediction(Result):
    """When each level of a hierarchy is forgotten.

    ``numbers``: those of :class:`regimes.hierarchy.HierarchyTransition`; ``threshold.value``, where a deep tree loses
    its root under the noise asked for (for Gaussian noise as ``sqrt(snr)``, with the Ornstein-Uhlenbeck time as
    ``threshold.time``; for masking with ``threshold.step`` of an even schedule), which ``covers`` says by which method;
    with exact curves ``threshold.exact.level_0``, the root, to ``threshold.exact.level_L``, where half of the
    normalised clone probability is lost: interpolated between the noise levels of the curves, so no better than these
    are dense, and the error is that over sets of rules; ``tree.leaves``.

    ``curves`` over ``noise_level``, those of the levels of the tree with a row for each, 0 the root: ``mean_field``
    (for real noise of the epsilon-process of the same mean belief at the leaves, from which real noise is known to
    differ); for real noise ``density_evolution`` with ``density_evolution_se``; with exact curves ``exact`` (by belief
    propagation, the probability that the symbol comes back), ``clone_probability`` and ``conditional_entropy`` (in
    nats), each with ``_se`` over sets of rules, over samples for a single one. ``susceptibility_mean_field``, and with
    exact curves ``susceptibility_exact`` with ``susceptibility_exact_se``, of the leaves, changed or unchanged by a
    U-turn: chi = sum_ij C_ij/sum_i C_ii, nan where nothing changes.
    """

    kind = "hierarchy"
    problem_type = Hierarchy
