"""Low-rank additions to kernels and tables (enable_lora), and weights of the policy int8."""

import keras
import numpy as np

L = keras.layers


def built(layer, x, rank, alpha):
    layer(x)
    layer.enable_lora(rank, lora_alpha=alpha)
    return layer


def quantized(layer, x, mode="int8"):
    layer(x)
    layer.quantize(mode)
    return layer


def int8_weights(variable, rng):
    if variable.dtype == "int8":
        return rng.integers(-127, 128, variable.shape)
    if "scale" in variable.path:
        return rng.uniform(40, 200, variable.shape)
    return None


def float8_weights(variable, rng):
    if "scale" in variable.path:
        return rng.uniform(0.005, 0.02, variable.shape)
    if "history" in variable.path:
        return np.zeros(variable.shape)
    return None


def described(layer):
    return {k: v for k, v in keras.saving.serialize_keras_object(layer)["config"].items() if not k.endswith(("_initializer", "_regularizer", "_constraint"))}


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
        g.layer(title, layer, x, weights=int8_weights, config=described(layer))
    layer = built(quantized(L.Dense(5), x2), x2, 2, 3)
    g.layer("int8 and a low-rank addition", layer, x2, weights=int8_weights, config=described(layer))

    for title, layer, x in (
        ("int8, heads", L.EinsumDense("abc,cde->abde", [None, 2, 3], bias_axes="de"), x3),
        ("int8, from heads", L.EinsumDense("abcd,cde->abe", [None, 3], activation="relu"), g.input("heads", 2, 4, 3, 5)),
        ("int8, the summed axis not the last", L.EinsumDense("abc,bd->acd", [7, 2]), x3),
    ):
        layer = quantized(layer, x)
        g.layer(title, layer, x, weights=int8_weights, config=described(layer))
    for title, layer, x in (
        ("float8", L.Dense(5, activation="tanh", dtype=keras.dtype_policies.QuantizedFloat8DTypePolicy("float8", "float32", amax_history_length=2)), x2),
        ("float8, heads", L.EinsumDense("abc,cde->abde", [None, 2, 3], bias_axes="de",
                                        dtype=keras.dtype_policies.QuantizedFloat8DTypePolicy("float8", "float32", amax_history_length=2)), x3),
    ):
        layer(x)
        g.layer(title, layer, x, weights=float8_weights, config=described(layer))
