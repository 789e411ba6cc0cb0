"""
In which order do digits part?
==============================

A sample that is drawn from noise does not choose among ten digits at once. The tree shows which of them part first as
noise falls, and which last.
"""

import matplotlib.pyplot as plt

import regimes

tree = regimes.predict_classes("digits")

# %%
# Sampling runs from right to left. Dots are lower bounds on the time at which two groups part, from class posteriors
# that have not seen the point; the red lines reach down to their one-sided limit.

_, axis = plt.subplots(figsize=(7, 4.2), layout="constrained")
figure = tree.plot(axis)

# %%
# In words, and for the two digits that part last:

for sentence in tree.sentences:
    print(sentence)
for name in ("bound", "overlap", "log_odds", "means"):
    number = tree[f"classes.last.{name}"]
    print(f"{number.label}: t = {number.value:.3f}, standard error {number.error:.3f}")
