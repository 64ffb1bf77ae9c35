"""The layers that normalize, and PReLU."""

import keras
import numpy as np
import tf_keras


def cases(g):
    def case(cls, name, shape, tf2=True, scale=1.0, shift=0.0, **options):
        old = getattr(tf_keras.layers, cls)(name="n", **options) if tf2 else None
        x = g.input(name, *shape, scale=scale) + np.float32(shift)
        g.layer(name, getattr(keras.layers, cls)(name="n", **options), x, tf2=old)

    case("BatchNormalization", "channels last", (3, 5, 2, 7))
    case("BatchNormalization", "rows, another epsilon", (5, 3), epsilon=0.3)
    case("BatchNormalization", "channels first", (3, 5, 2, 7), axis=1)
    case("BatchNormalization", "an axis in between, counted from the end", (3, 5, 6, 7), axis=-2)
    case("BatchNormalization", "no beta", (3, 5), center=False)
    case("BatchNormalization", "no gamma", (3, 5), scale=False)
    case("BatchNormalization", "neither", (3, 5), center=False, scale=False)

    case("LayerNormalization", "last axis", (3, 5, 7), shift=3)
    case("LayerNormalization", "two axes", (3, 5, 7), axis=[1, 2], epsilon=0.1)
    case("LayerNormalization", "axes apart, named backwards", (3, 5, 2, 7), tf2=False, axis=[3, 1])
    case("LayerNormalization", "a middle axis", (3, 5, 7), axis=1)
    case("LayerNormalization", "no beta", (3, 5), center=False)
    case("LayerNormalization", "no gamma", (3, 5), scale=False)
    case("LayerNormalization", "neither", (3, 5), center=False, scale=False)
    case("LayerNormalization", "one value", (3, 1))
    case("LayerNormalization", "rms_scaling", (3, 5, 7), tf2=False, rms_scaling=True, shift=2)
    case("LayerNormalization", "axes of both signs", (3, 5, 7), tf2=False, axis=[-1, 1])

    case("RMSNormalization", "last axis", (3, 5, 7), tf2=False)
    case("RMSNormalization", "two axes, another epsilon", (3, 5, 7), tf2=False, axis=[1, 2], epsilon=0.5)
    case("RMSNormalization", "an axis as long as the last, whose scale goes there", (3, 5, 5), tf2=False, axis=1)

    case("GroupNormalization", "three groups", (3, 5, 2, 6), groups=3, shift=2)
    case("GroupNormalization", "32 groups by default", (2, 3, 64))
    case("GroupNormalization", "a group for each channel", (3, 5, 7), groups=-1)
    case("GroupNormalization", "one group, rows", (3, 6), groups=1, epsilon=0.2)
    case("GroupNormalization", "channels first", (3, 6, 5, 2), groups=2, axis=1)
    case("GroupNormalization", "an axis in between, counted from the end", (3, 5, 6, 2), tf2=False, groups=2, axis=-2)
    case("GroupNormalization", "no beta", (3, 5, 6), groups=2, center=False)
    case("GroupNormalization", "no gamma", (3, 5, 6), groups=2, scale=False)

    case("UnitNormalization", "last axis", (3, 5, 7))
    case("UnitNormalization", "two axes", (3, 5, 7), axis=[1, 2])
    case("UnitNormalization", "a middle axis", (3, 5, 7), axis=1)
    g.layer("zeros and what is nearly zero", keras.layers.UnitNormalization(name="n"), np.float32([[0, 0, 0], [1e-13, 0, 0], [1e-25, 0, 0]]))

    def adapted(name, shape, **options):
        x = g.input(name, *shape) * 3 + 1
        layers = [package.layers.Normalization(name="n", **options) for package in (keras, tf_keras)]
        for layer in layers:
            layer.adapt(x)
        g.layer(name, layers[0], x, tf2=layers[1], weights=lambda variable, rng: variable.numpy())

    adapted("last axis", (3, 5, 7))
    adapted("one mean for all", (3, 5), axis=None)
    adapted("two axes", (3, 5, 2, 7), axis=(1, 3))
    adapted("a middle axis", (3, 5, 7), axis=1)
    adapted("inverted", (3, 5), invert=True)
    case("Normalization", "given as numbers", (3, 5, 7), mean=2.0, variance=0.5)
    case("Normalization", "given as lists", (3, 5), mean=[1.0, 2.0, 3.0, 4.0, 5.0], variance=[0.5, 0.0, 2.0, 3.0, 4.0])
    case("Normalization", "given for the last of two axes, inverted", (2, 4, 3), tf2=False, axis=(1, 2), mean=[1.0, 2.0, 3.0], variance=[0.5, 1.0, 2.0], invert=True)
    case("Normalization", "given for all alike", (2, 3), tf2=False, axis=None, mean=1.5, variance=4.0)

    case("PReLU", "a slope for each place", (3, 5, 2, 7))
    case("PReLU", "shared slopes", (3, 5, 2, 7), shared_axes=[1, 2])
    case("PReLU", "shared along the last axis", (3, 5, 7), shared_axes=[2])
    case("PReLU", "rows", (3, 5))

    name = "around Dense"
    g.layer(name, keras.layers.SpectralNormalization(keras.layers.Dense(5, name="d"), power_iterations=2, name="n"), g.input(name, 3, 7))
    name = "around Conv1D"
    g.layer(name, keras.layers.SpectralNormalization(keras.layers.Conv1D(5, 2, name="d"), name="n"), g.input(name, 3, 7, 2))
