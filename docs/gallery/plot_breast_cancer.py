"""
A direction is not a class
==========================

569 tumours with 30 features: the largest direction of the data is the size of the cell, and it stands out of the noise
long before benign and malignant part. The criterion 1/2 log Lambda gives the time of the direction.
"""

import matplotlib.pyplot as plt

import regimes

result = regimes.predict("breast_cancer")
for sentence in (*result.sentences, *result.warnings):
    print(sentence)

# %%
# The class clone probability of a model that has memorised the points, and of one that generalises: a lower bound, from
# class posteriors that are held out. The regions are drawn at the bound.

_, axes = plt.subplots(2, figsize=(7, 6.4), sharex=True, layout="constrained")
figure = result.plot(axes)

# %%
# All directions that stand out, with the time of each: a cascade, in which that of the classes is one among many.

for block in result.curves["directions"][:5]:
    print(f"{block['count']} of eigenvalue {block['Lambda']:.2f}: t = {block['time'] or float('nan'):.2f}")
