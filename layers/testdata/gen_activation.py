"""Activation functions over a wide range of values, and the activation layers."""

import keras
import numpy as np
from keras.src.activations import ALL_OBJECTS_DICT

# Both sides of every kink of a function, and values for which an exponential is almost 0 or very
# large.
NEAR = np.array(
    [-6.5, -3.001, -3, -2.999, -2.5, -1.001, -1, -0.999, -0.5, -0.4, -1e-3, -1e-7, 0, 1e-7, 1e-3, 0.3, 0.5, 0.501, 0.999, 1, 1.001]
    + [1.7, 2.5, 2.999, 3, 3.001, 5.999, 6, 6.5],
    "float32",
)
FAR = np.array([-1e4, -200, -88.5, -20, -9, 9, 20, 87], "float32")


def cases(g):
    for name in sorted(set(ALL_OBJECTS_DICT) - {"threshold", "glu"}):
        g.layer(f"{name} at its kinks", keras.layers.Activation(name), NEAR[:, None])
        g.layer(f"{name} far out", keras.layers.Activation(name), FAR[:, None])
    for name in ("softmax", "log_softmax", "sparsemax", "glu"):
        g.layer(f"{name} along rows", keras.layers.Activation(name), g.input(name, 3, 5, 14, scale=3))
    g.layer("softmax of large values", keras.layers.Activation("softmax"), g.input("large", 3, 7, scale=300))

    x = g.input("relu", 3, 5, 7, scale=4)
    for options in (
        {},
        {"max_value": 6.0},
        {"max_value": 1.25},
        {"negative_slope": 0.1},
        {"threshold": 0.75},
        {"max_value": 2.0, "negative_slope": 0.1, "threshold": 0.5},
        {"max_value": 0.5, "negative_slope": 0.3, "threshold": 1.5},
        {"max_value": 6.0, "negative_slope": 0.2},
        {"max_value": 0.0, "negative_slope": 0.2},
    ):
        g.layer(f"ReLU {options}", keras.layers.ReLU(**options), x)
    g.layer("LeakyReLU", keras.layers.LeakyReLU(), x)
    g.layer("LeakyReLU of slope 0", keras.layers.LeakyReLU(negative_slope=0.0), x)
    g.layer("LeakyReLU of slope 0.05", keras.layers.LeakyReLU(negative_slope=0.05), x)
    g.layer("ELU", keras.layers.ELU(), x)
    g.layer("ELU of alpha 0.7", keras.layers.ELU(alpha=0.7), x)

    y = g.input("softmax", 2, 3, 5, 7)
    for axis in (-1, 1, -2, 0, [1, 3], [-1, 1], [0, 1, 2, 3]):
        g.layer(f"Softmax axis {axis}", keras.layers.Softmax(axis=axis), y)
    mask = g.rng("mask").random((3, 5, 7)) > 0.4
    mask[1, 2] = False  # a row with all values masked
    g.layer("Softmax with a mask", keras.layers.Softmax(), y[0], mask=mask)
    g.layer("Softmax along two axes with a mask that stretches", keras.layers.Softmax(axis=[1, 2]), y[0], mask=mask[:, :1])
    g.layer("Softmax with a mask of lower rank", keras.layers.Softmax(axis=1), y[0], mask=mask[0])
