"""Low-rank additions to kernels and tables (enable_lora), and weights of the policy int8."""

import keras
import numpy as np

L = keras.layers


def built(layer, x, rank, alpha):
    layer(x)
    layer.enable_lora(rank, lora_alpha=alpha)
    return layer


def quantized(layer, x):
    layer(x)
    layer.quantize("int8")
    return layer


def int8_weights(variable, rng):
    if variable.dtype == "int8":
        return rng.integers(-127, 128, variable.shape)
    if "scale" in variable.path:
        return rng.uniform(40, 200, variable.shape)
    return None


def cases(g):
    ids = g.rng("ids").integers(0, 11, (3, 5)).astype("int32")
    x2, x3 = g.input("rows", 4, 7), g.input("steps", 2, 5, 7)
    images, planes = g.input("images", 2, 6, 5, 4), g.input("planes", 1, 4, 3, 5, 2)
    for title, layer, x in (
        ("a row each", L.Dense(5, activation="relu"), x2),
        ("any rank", L.Dense(5, use_bias=False), x3),
        ("heads", L.EinsumDense("abc,cde->abde", [None, 2, 3], bias_axes="de"), x3),
        ("indices", L.Embedding(11, 6), ids),
        ("a window", L.Conv1D(6, 3, padding="same"), x3),
        ("a window with groups and steps", L.Conv2D(6, 3, strides=2, groups=2), images),
        ("a group for each channel", L.Conv2D(4, 3, groups=4), images),
        ("a volume", L.Conv3D(3, 2), planes),
    ):
        g.layer(title, built(layer, x, 2, 3), x)
    g.layer("by the description", L.Dense(5, lora_rank=2), x2)

    for title, layer, x in (
        ("int8", L.Dense(5, activation="tanh"), x2),
        ("int8 without bias, any rank", L.Dense(6, use_bias=False), x3),
        ("int8", L.Embedding(11, 6), ids),
    ):
        layer = quantized(layer, x)
        config = {k: v for k, v in keras.saving.serialize_keras_object(layer)["config"].items() if not k.endswith(("_initializer", "_regularizer", "_constraint"))}
        g.layer(title, layer, x, weights=int8_weights, config=config)
    layer = built(quantized(L.Dense(5), x2), x2, 2, 3)
    config = {k: v for k, v in keras.saving.serialize_keras_object(layer)["config"].items() if not k.endswith(("_initializer", "_regularizer", "_constraint"))}
    g.layer("int8 and a low-rank addition", layer, x2, weights=int8_weights, config=config)
