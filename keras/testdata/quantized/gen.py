"""Writes models that Keras 3 quantized or extended by low-rank additions, and io.json with their
inputs and outputs.

    pip install keras tensorflow-cpu
    python keras/testdata/quantized/gen.py
"""

import json
import pathlib

import keras
import numpy as np

L = keras.layers
here = pathlib.Path(__file__).parent
rng = np.random.default_rng(20261127)


def tokens():
    ids = keras.Input((4,), dtype="int32")
    x = L.Embedding(9, 6)(ids)
    x = L.MultiHeadAttention(2, 3)(x, x)
    x = L.EinsumDense("abc,cde->abde", (4, 2, 2), bias_axes="de")(x)
    return keras.Model(ids, L.Dense(3, activation="tanh")(L.Flatten()(x))), rng.integers(0, 9, (3, 4)).astype("float32")


def numbers(policy=None):
    rows = keras.Input((2, 5))
    x = L.EinsumDense("abc,cd->abd", (2, 4), dtype=policy)(rows)
    return keras.Model(rows, L.Dense(3, activation="relu", dtype=policy)(x)), rng.standard_normal((4, 2, 5)).astype("float32")


def random(model, low, high):
    for w in model.weights:
        if w.dtype == "float32":
            w.assign(rng.uniform(low, high, w.shape))


def added(model):
    for layer in model.layers:
        if hasattr(layer, "enable_lora"):
            layer.enable_lora(2)
            layer.weights[-1].assign(rng.uniform(-1, 1, layer.weights[-1].shape))
            layer.weights[-2].assign(rng.uniform(-1, 1, layer.weights[-2].shape))


io = {}
for name in "int8", "int4", "lora", "float8":
    if name == "float8":
        model, x = numbers(keras.dtype_policies.QuantizedFloat8DTypePolicy("float8", "float32", amax_history_length=2))
        random(model, 0.01, 0.5)
    else:
        model, x = numbers() if name == "int4" else tokens()
        random(model, -1, 1)
    if name == "lora":
        added(model)
    if "int" in name:
        model.quantize(name)
    model.save(here / f"{name}.keras")
    y = model.predict(x, verbose=0)

    def listed(t):
        return {"shape": list(t.shape), "values": [float(f"{v:.9g}") for v in t.flatten().tolist()]}

    io[name] = {"input": listed(x), "output": listed(y)}
(here / "io.json").write_text(json.dumps(io) + "\n")
