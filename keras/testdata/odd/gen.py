"""Writes models with unusual names of weights in their files, packed with gzip, each with an input and its
output.

    pip install tensorflow tf_keras
    python keras/testdata/odd/gen.py
"""

import gzip
import json
import os
import pathlib
import tempfile

os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np
import tensorflow as tf
import tf_keras

here = pathlib.Path(__file__).parent
rng = np.random.default_rng(20261127)


def write(name, model, x, endings, saved):
    for w in model.weights:
        w.assign(rng.normal(size=w.shape) * 0.5 if "variance" not in w.name else rng.uniform(0.5, 1.5, w.shape))
    y = np.asarray(model(x))
    tensors = {k: {"Shape": list(t.shape), "Values": [float(f"{v:.9g}") for v in t.flatten().tolist()]} for k, t in (("Input", x), ("Output", y))}
    (here / (name + ".io.json")).write_text(json.dumps(tensors) + "\n")
    (here / (name + ".json")).write_text(model.to_json() + "\n")
    with tempfile.TemporaryDirectory() as dir:
        for ending in endings:
            file = pathlib.Path(dir) / (name + ending)
            saved(model, str(file))
            for part in sorted(pathlib.Path(dir).glob(name + ending + "*")):
                if part.name.endswith((".h5", ".keras", ".index", "-00001")):
                    (here / (part.name + ".gz")).write_bytes(gzip.compress(part.read_bytes(), mtime=0))
            for part in pathlib.Path(dir).iterdir():
                part.unlink()


def summarize(name, model):
    model.save(here / (name + ".keras"))
    packed = here / (name + ".keras")
    (here / (name + ".keras.gz")).write_bytes(gzip.compress(packed.read_bytes(), mtime=0))
    packed.unlink()
    printed = []
    model.summary(line_length=76, print_fn=lambda text, **_: printed.append(text))
    (here / (name + ".summary.txt")).write_text("".join(printed))


L = keras.layers
i = L.Input((4, 3))
x = L.Masking()(i)  # saved as the operators NotEqual and Any
x = L.Bidirectional(L.LSTM(2, return_sequences=True), backward_layer=L.LSTM(2, return_sequences=True, go_backwards=True))(x)
x = L.RNN([L.LSTMCell(3), L.GRUCell(2)], return_sequences=True)(x)
x = keras.ops.relu(x * 2.0) + x  # the operators Multiply, Relu and Add; two of them are also layers
x = L.SpectralNormalization(L.Dense(3))(x)
sample = rng.normal(size=(2, 4, 3)).astype("float32")
sample[0, 2:] = 0
write("keras3", keras.Model(i, x), sample, [".h5", ".keras"], lambda m, file: m.save(file))

L = tf_keras.layers
inner = tf_keras.Sequential([L.Dense(3), tf_keras.Sequential([L.Dense(2), tf_keras.Sequential([L.Dense(2), L.BatchNormalization()])])])
i = L.Input((3, 4))
x = L.TimeDistributed(L.Reshape((2, 2)))(i)  # has no weights
x = L.TimeDistributed(L.Flatten())(x)
x = L.TimeDistributed(tf_keras.Sequential([L.Dense(3), L.Dense(2)]))(x)
x = inner(x)
sample = rng.normal(size=(2, 3, 4)).astype("float32")
write("tf_keras", tf_keras.Model(i, x), sample, [".h5", ""], lambda m, file: m.save_weights(file))

keras.backend.clear_session()
L = keras.layers
a, b = L.Input((5,), name="a"), L.Input((4,), name="b")
shared = L.Dense(4, name="shared")
x, y = shared(L.Dense(4)(a)), shared(b)
z = L.Concatenate()([x, y])
z = L.Add()([z, L.Dense(8, use_bias=False, name="a_layer_with_a_name_beyond_its_column")(z)])
summarize("graph", keras.Model([a, b], [L.Dense(300)(z), L.Subtract()([x, y])]))

i = L.Input((9, 8, 3))
x = L.Conv2D(6, 3, strides=2, padding="same")(L.Rescaling(0.5)(i))
x = L.DepthwiseConv2D(3, depth_multiplier=2)(L.BatchNormalization(scale=False)(x))
summarize("chain", keras.Model(i, L.GlobalAveragePooling2D(keepdims=True)(L.MaxPooling2D(2, padding="same")(x))))
summarize("sequential", keras.Sequential([L.Input((7,)), L.Embedding(9, 4), L.Bidirectional(L.LSTM(3)), L.Dropout(0.1), L.Dense(2, trainable=False)]))
