"""
When do digits make up their mind?
==================================

Zeros and sevens among the 8 x 8 digits of scikit-learn: the times at which a sample of a diffusion model commits to one
of the two, and to a single training image.
"""

import matplotlib.pyplot as plt

import regimes

result = regimes.predict("digits", classes=[0, 7])

# %%
# Every time depends on the scale of the data, so the result says what was done to them.

print(result.problem.preprocessing["description"])
for warning in result.warnings:
    print("note:", warning)

# %%
# Sampling runs from right to left. Above: the probability that two samples started from the same noised point end in
# the same class, and in the same training image. Below: how much of the entropy of the training set is left, per
# dimension; left of the collapse time a model with the exact score of these points has decided for one of them.

_, axes = plt.subplots(2, figsize=(7, 6.4), sharex=True, layout="constrained")
figure = result.plot(axes)

# %%
# The numbers behind the marks:

for key in ("speciation.class_time", "collapse.point_time", "collapse.time"):
    print(f"{key} = {result[key].value:.3f}, interval {result[key].interval} of {result[key].covers}")

for sentence in result.sentences:
    print(sentence)
