"""Makes the files of this directory with Keras 3 and tf_keras.

    $(.ci/venv) format/keras/testdata/gen.py

model.* and sharded.* are one model in the forms of Keras 3. model.json is its description. model.io.json has an input,
its output and the weights by Keras's paths. keras2.* is the same for a model of tf_keras.
"""

import json
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import ml_dtypes
import numpy as np
import tf_keras

HERE = pathlib.Path(__file__).parent
rng = np.random.default_rng(1)


def randomize(model):
    for w in model.weights:
        v = w.numpy()
        if v.dtype.kind == "f":
            w.assign(np.abs(rng.normal(size=v.shape)).astype(v.dtype) + 0.1)


def record(name, model, shape):
    x = rng.normal(size=shape).astype("float32")
    y = np.asarray(model(x))
    weights = {w.path if hasattr(w, "path") else w.name: list(w.shape) for w in model.weights}
    (HERE / (name + ".io.json")).write_text(json.dumps({
        "input": {"shape": shape, "values": x.ravel().tolist()},
        "output": {"shape": list(y.shape), "values": y.ravel().tolist()},
        "weights": weights,
    }) + "\n")


def build(k, inner):
    """A model with the difficult cases for names: layers in layers and in models, options that omit variables, and one layer
    that is used twice."""
    L = k.layers
    x = L.Input((4, 3), name="steps")
    y = L.Bidirectional(L.LSTM(2, return_sequences=True), name="both_ways")(x)
    y = L.MultiHeadAttention(2, 2, name="attend")(y, y)
    y = L.TimeDistributed(L.Dense(3, use_bias=False), name="each")(y)
    twice = L.Dense(3, activation="tanh", name="dense_1")
    y = twice(twice(y))
    y = L.LayerNormalization(center=False, name="norm")(y)
    y = L.GlobalAveragePooling1D(name="pool")(y)
    y = inner(y)
    y = L.Dense(2, name="dense")(y)
    return k.Model(x, y, name="everything")


def inner(k):
    return k.Sequential([
        k.layers.Input((3,)),
        k.layers.Dense(4, name="hidden"),
        k.layers.BatchNormalization(scale=False, name="norm"),
        k.layers.Dense(3, name="last"),
    ], name="inside")


model = build(keras, inner(keras))
randomize(model)
record("model", model, [2, 4, 3])
(HERE / "model.json").write_text(model.to_json() + "\n")
model.save(HERE / "model.keras")
model.save_weights(HERE / "sharded.weights.json", max_shard_size=400 / 1024**3)
model.save(HERE / "model.h5")

old = tf_keras.Sequential([
    tf_keras.layers.Input((5, 3)),
    tf_keras.layers.Conv1D(4, 2, name="conv"),
    tf_keras.layers.BatchNormalization(center=False),
    tf_keras.layers.GRU(2, name="gru"),
    tf_keras.layers.Dense(1, name="out"),
], name="keras2")
randomize(old)
record("keras2", old, [2, 5, 3])
old.save(HERE / "keras2.h5")
old.save_weights(HERE / "keras2_weights.h5")
old.save(HERE / "keras2.keras")

half = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(2, dtype="bfloat16", name="half")])
half.save_weights(HERE / "bfloat16.weights.h5")
