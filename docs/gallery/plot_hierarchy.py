"""
When is each level of a hierarchy forgotten?
============================================

Data with a tree of symbols above them, the random hierarchy model: a class, the symbols that make it up, and so on
down to the leaves, which are what a diffusion model sees. Noise on the leaves erases the tree from the top.
"""

import matplotlib.pyplot as plt

import regimes

# %%
# Up the tree
# -----------
#
# If every leaf is believed with probability :math:`p`, its parent is believed with probability :math:`F(p)`, averaged
# over the rules. Beliefs above the unstable fixed point :math:`p^*` grow to certainty from level to level, beliefs
# below it fade: this is the transition.

_, axis = plt.subplots(figsize=(6, 6), layout="constrained")
figure = regimes.hierarchy.hierarchy_transition(regimes.Hierarchy(32, 8)).plot(axis)

# %%
# Level by level
# --------------
#
# Above: the probability that a symbol of each level comes back when noise is added and taken away again. Points are
# exact, by belief propagation, averaged over sets of rules, with bars of 1.96 standard errors over these. Below: the
# susceptibility of the leaves, how many of them change together. At :math:`\epsilon = 1` the leaves end above
# :math:`1/v`, since the rules do not use all symbols equally often.

model = regimes.Hierarchy(16, 4, L=6)
budget = regimes.hierarchy.HierarchyBudget(instances=6, samples=48, population=4000)
result = regimes.predict_hierarchy(model, exact=True, budget=budget, rng=1)
_, axes = plt.subplots(2, figsize=(7, 6.4), sharex=True, layout="constrained", height_ratios=(1.7, 1))
figure = result.plot(axes)

# %%
# Real noise
# ----------
#
# Masking leaves some leaves clear and others dark. Mean field knows only the mean belief of a leaf: thin and dotted
# lines are those of the epsilon-process of equal belief. They put the transition elsewhere than density evolution,
# which follows the whole law of the messages, and than the exact curves.

masked = regimes.predict_hierarchy(model, noise="masking", exact=True, budget=budget, rng=1)
_, axes = plt.subplots(2, figsize=(7, 6.4), sharex=True, layout="constrained", height_ratios=(1.7, 1))
figure = masked.plot(axes)

# %%
threshold = masked["threshold.value"]
print(f"masked fraction at the transition: {threshold.value:.3f}, standard error {threshold.error:.3f}")

# %%
# Where there is a transition
# ---------------------------
#
# Too many rules, and a little noise is never corrected; too few, and a little information is never lost. Shades give
# the noise at the transition in between; inside the dots the susceptibility diverges with depth.

_, axes = plt.subplots(1, 3, figsize=(10.4, 3.9), layout="constrained")
figure = regimes.hierarchy.hierarchy_phase_diagram().plot(axes)
