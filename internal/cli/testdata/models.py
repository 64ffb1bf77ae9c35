#!/usr/bin/env python3
"""Makes the models that the tests of `ckpt run` and `ckpt gen` run.

    python cmd/ckpt/testdata/models.py

It writes one directory per model next to itself. A directory has model.json, the checkpoint model.index and
model.data-00000-of-00001 of tf.train.Checkpoint(model=model), and io.json with inputs and Keras's outputs.
"""
import json
import os
import pathlib
import shutil

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")     # results that do not depend on the number of threads

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from keras import layers  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent


def mixed(random):
    """Two inputs of different dtypes, a mask, a layer that is used twice, two outputs of different dtypes."""
    words = keras.Input((5,), name="words", dtype="int32")
    numbers = keras.Input((3,), name="numbers")
    x = layers.Embedding(11, 4, mask_zero=True, name="embedding")(words)
    x = layers.Bidirectional(layers.GRU(3), name="reader")(x)
    shared = layers.Dense(6, activation="tanh", name="shared")
    y = layers.Concatenate(name="both")([shared(x), shared(layers.Dense(6, name="widen")(numbers))])
    scores = layers.Dense(4, activation="softmax", name="scores")(y)
    model = keras.Model([words, numbers], [scores, keras.ops.argmax(scores, axis=-1)], name="mixed")
    return model, {"words": random.randint(0, 11, size=(3, 5)).astype("i4"), "numbers": normal(random, 3, 3)}


def unnamed(random):
    """A Sequential model. Keras chooses the name of its input."""
    model = keras.Sequential([keras.Input((7, 2)), layers.Conv1D(3, 3, activation="relu"),
                              layers.TimeDistributed(layers.Dense(4)), layers.LSTM(5), layers.Dense(2)])
    return model, {"x": normal(random, 2, 7, 2)}


def wide(random):
    """Most layers with weights, so that gen handles each of them once."""
    x = keras.Input((12, 10, 4), name="x")
    y = layers.Normalization(mean=0.5, variance=2.0)(x)
    y = layers.Conv2D(6, 3, name="entry")(y)
    y = layers.BatchNormalization()(y)
    y = layers.PReLU(shared_axes=[1, 2])(y)
    y = layers.DepthwiseConv2D(3, padding="same")(y)
    y = layers.GroupNormalization(groups=2)(y)
    y = layers.SeparableConv2D(8, 3, strides=2)(y)
    y = layers.Conv2DTranspose(6, 2, strides=2)(y)
    y = layers.Reshape((-1, 6))(y)
    y = layers.RMSNormalization()(y)
    y = layers.SeparableConv1D(6, 3)(y)
    y = layers.DepthwiseConv1D(3)(y)
    y = layers.EinsumDense("abc,cde->abde", output_shape=(None, 2, 3), bias_axes="de")(y)
    y = layers.Reshape((-1, 6))(y)
    y = y + layers.MultiHeadAttention(2, 3)(y, y)
    y = y + layers.GroupQueryAttention(3, 4, 2)(y, y)
    y = layers.LayerNormalization()(y)
    y = layers.SimpleRNN(5, return_sequences=True)(y)
    y = layers.RNN(layers.LSTMCell(4), return_sequences=True)(y)
    y = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(y)
    y = layers.GRU(4, reset_after=False)(y)
    return keras.Model(x, keras.Sequential([layers.Dense(3, name="last")], name="head")(y), name="wide"), {"x": normal(random, 2, 12, 10, 4)}


def normal(random, *shape):
    return random.normal(size=shape).astype("f4").round(3)


def main():
    for make in (mixed, unnamed, wide):
        keras.utils.set_random_seed(1)
        random = np.random.RandomState(1)
        model, inputs = make(random)
        for variable in model.weights:      # biases and similar weights would be zeros
            if "seed" not in variable.path:
                variable.assign(random.uniform(0.1, 1.0, size=variable.shape) if "variance" in variable.path
                                else random.normal(scale=0.4, size=variable.shape))
        outputs = model(inputs if len(inputs) > 1 else next(iter(inputs.values())))
        outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
        names = getattr(model, "output_names", None) if make is not unnamed else None
        folder = HERE / make.__name__
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        tf.train.Checkpoint(model=model).write(str(folder / "model"))
        (folder / "model.json").write_text(model.to_json() + "\n")
        record = {"inputs": [array(name, v) for name, v in inputs.items()],
                  "outputs": [array(names[i] if names else "y%d" % i, y.numpy()) for i, y in enumerate(outputs)]}
        (folder / "io.json").write_text(json.dumps(record) + "\n")


def array(name, values):
    """A float32 is printed with the fewest digits that identify it."""
    return {"name": name, "dtype": str(values.dtype), "shape": list(values.shape),
            "values": [v if isinstance(v, int) else float(str(np.float32(v))) for v in values.reshape(-1).tolist()]}


if __name__ == "__main__":
    main()
