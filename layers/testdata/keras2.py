"""Writes keras2.golden.gz: models of Keras 2, made with tf_keras 2.21.0. python layers/testdata/keras2.py

Each line is a model in JSON. It has the name; model, the result of to_json; weights, for each layer the values of
get_weights as nested lists, and for an inner model a dict; inputs and outputs.
"""

import gzip
import json
import os
import pathlib

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="", TF_ENABLE_ONEDNN_OPTS="0")

import numpy as np
import tensorflow as tf
import tf_keras as keras

HERE = pathlib.Path(__file__).resolve().parent
L = keras.layers


def weights_of(model):
    return {
        l.name: weights_of(l) if isinstance(l, keras.Model) else [np.asarray(w).tolist() for w in l.get_weights()]
        for l in model.layers
        if l.weights
    }


def lean(o):
    """The description without the options for initial weights and training."""
    if isinstance(o, list):
        return [lean(v) for v in o]
    if not isinstance(o, dict):
        return o
    return {k: lean(v) for k, v in o.items() if not k.endswith(("_initializer", "_regularizer", "_constraint")) and k != "build_config"}


def case(name, model, *inputs):
    rng = np.random.default_rng(len(name))
    model.set_weights([rng.uniform(0.5, 1.5, w.shape).astype("float32") if w.ndim == 1 else rng.normal(0, 0.5, w.shape).astype("float32") for w in model.get_weights()])
    outputs = model(list(inputs) if len(inputs) > 1 else inputs[0], training=False)
    outputs = [np.asarray(o) for o in (outputs if isinstance(outputs, (list, tuple)) else [outputs])]
    return {
        "name": name,
        "model": lean(json.loads(model.to_json())),
        "weights": weights_of(model),
        "inputs": [{"shape": i.shape, "dtype": str(i.dtype), "values": i.ravel().tolist()} for i in inputs],
        "outputs": [{"shape": o.shape, "dtype": str(o.dtype), "values": o.ravel().tolist()} for o in outputs],
    }


def models():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(2, 5, 4)).astype("float32")
    row = rng.normal(size=(2, 4)).astype("float32")
    image = rng.normal(size=(2, 6, 5, 3)).astype("float32")
    words = rng.integers(0, 7, (2, 5)).astype("int32")

    yield case("a chain without an input layer", keras.Sequential([L.Dense(3, activation="hard_sigmoid", input_shape=(4,)), L.LeakyReLU(0.2), L.Dense(2, activation="softmax")]), row)
    yield case("a chain with a chain within", keras.Sequential([L.InputLayer((4,)), keras.Sequential([L.Dense(3), L.ReLU()]), L.Dense(2)]), row)

    i = L.Input((6, 5, 3))
    h = L.BatchNormalization()(L.Conv2D(4, 3, padding="same", use_bias=False)(i))
    h = L.Add()([h, L.DepthwiseConv2D(3, padding="same")(h)])
    h = L.SeparableConv2D(3, 2)(L.Activation("relu")(h))
    h = L.Concatenate()([L.GlobalAveragePooling2D()(h), L.GlobalMaxPooling2D()(h)])
    yield case("convolutions", keras.Model(i, L.Dense(2, activation="gelu")(h)), image)

    i = L.Input((5,), dtype="int32")
    e = L.Embedding(7, 4, mask_zero=True)(i)
    s, h, c = L.LSTM(3, return_sequences=True, return_state=True, recurrent_activation="hard_sigmoid")(e)
    d = L.LSTM(3)(e, initial_state=[h, c])
    yield case("states that go from layer to layer", keras.Model(i, [d, L.Bidirectional(L.GRU(2))(s), L.TimeDistributed(L.Dense(2))(s)]), words)

    q, v = L.Input((5, 4)), L.Input((5, 4))
    a = L.MultiHeadAttention(2, 3)(q, v)
    a = L.LayerNormalization()(L.Add()([q, a]))
    yield case("arguments by name", keras.Model([q, v], [a, L.Attention()([q, v])]), x, x[:, ::-1].copy())

    i = L.Input((4,))
    inner = keras.Model(i, [L.Dense(3, activation="selu")(i), L.Dense(2)(i)], name="inner")
    shared = L.Dense(4, name="shared")
    a, b = L.Input((4,)), L.Input((4,))
    p, _ = inner(shared(a))
    _, r = inner(shared(b))
    yield case("a model called twice", keras.Model([a, b], [p, r, L.Multiply()([shared(a), b])]), row, row + 1)


def functions():
    """Models with functions of TensorFlow. Keras 2 turns these into the layers TFOpLambda and
    SlicingOpLambda."""
    x = np.random.default_rng(2).normal(size=(2, 6, 4)).astype("float32")
    cases = {
        "numbers on both sides": lambda h, i: 1.0 - h * 2.0 / (tf.abs(i) + 3.0),
        "activations": lambda h, i: tf.nn.relu(h) + tf.nn.gelu(i) + tf.nn.leaky_relu(h) + tf.nn.silu(i) + tf.nn.elu(h) + tf.nn.softmax(i) + tf.sigmoid(h) - tf.tanh(-i) + tf.math.softplus(h),
        "mathematics": lambda h, i: tf.sqrt(tf.abs(h)) + tf.square(i) + tf.exp(-tf.abs(i)) + tf.pow(tf.abs(h), 1.5) + tf.math.log(tf.abs(i) + 1.0) + tf.maximum(h, i) - tf.minimum(h, 0.1) + tf.sin(h) + tf.math.rsqrt(tf.abs(h) + 1.0),
        "reductions": lambda h, i: tf.reduce_mean(h, axis=1, keepdims=True) + tf.reduce_sum(i, [1], keepdims=True) * tf.reduce_max(h, -1, keepdims=True) - tf.reduce_min(i, axis=2, keepdims=True) + tf.math.reduce_std(h),
        "slices": lambda h, i: tf.concat([h[:, 1:5:2], i[:, -2:, :], h[..., :4][:, :1], i[:, tf.newaxis, 0]], axis=1),
        "one index": lambda h, i: h[:, 0] + i[:, -1],
        "shapes": lambda h, i: tf.reshape(tf.transpose(h, [0, 2, 1]), [-1, 24]) + tf.squeeze(tf.reshape(tf.expand_dims(i, -1), (tf.shape(i)[0], -1, 1)), -1),
        "lists": lambda h, i: tf.stack(tf.split(h, [1, 1, 2], axis=-1)[:2] + tf.split(i, 4, axis=2)[:1], axis=1),
        "one tensor in a list": lambda h, i: tf.concat([h], -1) + tf.stack([i], 0)[0],
        "products": lambda h, i: tf.matmul(h, i, transpose_b=True) + h @ tf.transpose(i, [0, 2, 1]),
        "choices": lambda h, i: tf.where(h > 0, h, i) + tf.cast(tf.logical_and(h >= 0.1, i < 0.5), tf.float32) + tf.cast(tf.equal(h, i), "float32"),
        "limits and norms": lambda h, i: tf.clip_by_value(h, -0.5, 0.5) + tf.nn.l2_normalize(i, axis=-1),
        "copies": lambda h, i: tf.tile(tf.pad(h, [[0, 0], [1, 1], [0, 0]]), [1, 2, 1])[:, :6] + tf.gather(i, [5, 0, 2, 2, 1, 0], axis=1),
    }
    for name, function in cases.items():
        i = L.Input((6, 4))
        yield case("functions: " + name, keras.Model(i, function(L.Dense(4)(i), i)), x)


def main():
    lines = [json.dumps(c, separators=(",", ":"), sort_keys=True) for c in [*models(), *functions()]]
    with open(HERE / "keras2.golden.gz", "wb") as file:
        with gzip.GzipFile("", "wb", 9, file, mtime=0) as out:
            out.write("\n".join(lines).encode() + b"\n")
    print(len(lines), "models")


if __name__ == "__main__":
    main()
