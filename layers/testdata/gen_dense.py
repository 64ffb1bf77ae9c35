"""Dense: ranks, biases, every activation by name and as a layer."""

import keras
import tf_keras
from keras.src.activations import ALL_OBJECTS_DICT


def cases(g):
    def case(name, shape, units, **options):
        g.layer(name, keras.layers.Dense(units, name="d", **options), g.input(name, *shape), tf2=tf_keras.layers.Dense(units, name="d", **options))

    case("a batch of rows", (3, 7), 5)
    case("without bias", (3, 7), 5, use_bias=False)
    case("any rank: the last axis counts", (2, 3, 1, 6), 5, activation="tanh")
    case("one unit, one input", (3, 1), 1)
    case("one row", (1, 13), 61)
    case("a batch of odd sizes", (37, 41), 53, activation="relu")
    for name in sorted(set(ALL_OBJECTS_DICT) - {"threshold"}):
        title = f"activation {name}"
        g.layer(title, keras.layers.Dense(6, activation=name, name="d"), g.input(title, 3, 5, scale=2))
    title = "activation as a layer"
    layer = keras.layers.Dense(5, activation=keras.layers.ReLU(max_value=1.5, negative_slope=0.25), name="d")
    g.layer(title, layer, g.input(title, 3, 4))
