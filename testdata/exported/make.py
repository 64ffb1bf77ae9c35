"""Writes exports of Keras models, with an input and the output of each. Exports have lists of variables, but no
objects.

    python make.py DIRECTORY

saved_model.pb is left empty, because the programs of a SavedModel are large and not read. Needs keras 3 and
tensorflow.
"""

import json
import os
import shutil
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
from keras import layers


class Regress(keras.Model):
    """The names of its attributes differ from those of its layers."""

    def __init__(self):
        super().__init__()
        self.input_transform = layers.Dense(3, activation="tanh")
        self.blocks = [layers.Dense(3), layers.Dense(3)]
        self.drop = layers.Dropout(0.3)
        self.norm = layers.BatchNormalization()
        self.prediction = layers.Dense(1, use_bias=False)
        self.scale = self.add_weight(name="scale", shape=(2,), initializer="ones")

    def call(self, x):
        x = self.input_transform(x * self.scale)
        for block in self.blocks:
            x = block(x)
        return self.prediction(self.norm(self.drop(x)))


def functional():
    x = inputs = keras.Input((5, 3))
    x = layers.Bidirectional(layers.LSTM(4, return_sequences=True), name="both")(x)
    x = layers.MultiHeadAttention(2, 3)(x, x)
    x = layers.LayerNormalization()(x)
    x = keras.Sequential([layers.GRU(2), layers.Dense(2)], name="inner")(x)
    return keras.Model(inputs, layers.Dense(1, name="head")(x))


def write(directory, name, model, *shape):
    path = os.path.join(directory, name)
    shutil.rmtree(path, ignore_errors=True)
    rng = np.random.default_rng(1)
    x = rng.standard_normal(shape, dtype=np.float32)
    model(x)
    for v in model.variables:
        if "seed_generator" not in v.path:
            v.assign(rng.uniform(0.1, 1, v.shape))
    model.export(path, verbose=False)
    shutil.rmtree(os.path.join(path, "assets"))
    os.remove(os.path.join(path, "fingerprint.pb"))
    with open(os.path.join(path, "saved_model.pb"), "w"):
        pass
    if not isinstance(model, Regress):
        with open(os.path.join(path, "model.json"), "w") as f:
            f.write(model.to_json())
    y = np.asarray(model(x))
    with open(os.path.join(path, "io.json"), "w") as f:
        json.dump({"x": x.ravel().tolist(), "y": y.ravel().tolist(), "shape": list(shape)}, f)


if __name__ == "__main__":
    write(sys.argv[1], "functional", functional(), 2, 5, 3)
    write(sys.argv[1], "subclassed", Regress(), 4, 2)
