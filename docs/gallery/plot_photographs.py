"""
Two photographs in pieces
=========================

4000 pieces of 8 x 8 pixels, half from a photograph of a temple and half from one of a flower. How bright a piece is
decides itself early: that is the direction. From which photograph it comes is a class that held-out pieces hardly tell,
and a model with the exact score knows it from the pieces that it has seen.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_images

import regimes

rng, pieces = np.random.default_rng(0), []
for image in load_sample_images()["images"]:
    grey = image[:424].mean(axis=2).reshape(53, 8, 80, 8).swapaxes(1, 2).reshape(-1, 64)
    pieces.append(rng.permutation(grey)[:2000] / 127.5 - 1)
data = regimes.load_dataset(np.concatenate(pieces), np.repeat(["temple", "flower"], 2000), name="photographs")

result = regimes.predict(data)
for sentence in (*result.sentences, *result.warnings):
    print(sentence)

# %%
# The three times of the criterion, and what they are of.

for key in ("speciation.spectral_time", "speciation.class_time", "speciation.class_time_memorised"):
    number = result[key]
    print(f"{number.label}: {'none' if number.value is None else f't = {number.value:.3f}'}")

# %%
# The curves: where the pieces are told apart, and where the photographs are.

_, axes = plt.subplots(2, figsize=(7, 6.4), sharex=True, layout="constrained")
figure = result.plot(axes)
