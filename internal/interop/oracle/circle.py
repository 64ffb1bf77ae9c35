"""Layers and modules of Keras 3, tf_keras, Sonnet and TensorFlow for a round trip to the other side and
back."""
import numpy as np
import sonnet as snt
import tensorflow as tf
import tf_keras
from tensorflow import keras

from .registry import asked

random = np.random.RandomState(7)
ROWS, STEPS = random.randn(3, 4).astype("f4"), random.randn(2, 5, 4).astype("f4")
IMAGES, VOLUMES, FRAMES = random.randn(1, 6, 6, 3).astype("f4"), random.randn(1, 4, 4, 4, 2).astype("f4"), random.randn(1, 3, 5, 5, 2).astype("f4")


def adapted(k):
    layer = k.layers.Normalization()
    layer.adapt(ROWS)
    return layer


LAYERS = {
    "Dense": (lambda k: k.layers.Dense(5), [ROWS]),
    "EinsumDense": (lambda k: k.layers.EinsumDense("abc,cde->abde", (None, 2, 3), bias_axes="de"), [STEPS]),
    "Embedding": (lambda k: k.layers.Embedding(7, 3), [np.array([[1, 2], [0, 3]])]),
    "Conv1D": (lambda k: k.layers.Conv1D(3, 2), [STEPS]),
    "Conv2D": (lambda k: k.layers.Conv2D(3, 2), [IMAGES]),
    "Conv3D": (lambda k: k.layers.Conv3D(3, 2), [VOLUMES]),
    "Conv1DTranspose": (lambda k: k.layers.Conv1DTranspose(3, 2), [STEPS]),
    "Conv2DTranspose": (lambda k: k.layers.Conv2DTranspose(3, 2), [IMAGES]),
    "DepthwiseConv1D": (lambda k: k.layers.DepthwiseConv1D(2), [STEPS]),
    "DepthwiseConv2D": (lambda k: k.layers.DepthwiseConv2D(2), [IMAGES]),
    "SeparableConv1D": (lambda k: k.layers.SeparableConv1D(3, 2), [STEPS]),
    "SeparableConv2D": (lambda k: k.layers.SeparableConv2D(3, 2), [IMAGES]),
    "BatchNormalization": (lambda k: k.layers.BatchNormalization(), [ROWS]),
    "LayerNormalization": (lambda k: k.layers.LayerNormalization(), [ROWS]),
    "GroupNormalization": (lambda k: k.layers.GroupNormalization(2), [ROWS]),
    "Normalization": (adapted, [ROWS]),
    "PReLU": (lambda k: k.layers.PReLU(), [ROWS]),
    "SimpleRNN": (lambda k: k.layers.SimpleRNN(3), [STEPS]),
    "LSTM": (lambda k: k.layers.LSTM(3), [STEPS]),
    "GRU": (lambda k: k.layers.GRU(3), [STEPS]),
    "ConvLSTM2D": (lambda k: k.layers.ConvLSTM2D(2, 2), [FRAMES]),
    "Bidirectional": (lambda k: k.layers.Bidirectional(k.layers.LSTM(3)), [STEPS]),
    "MultiHeadAttention": (lambda k: k.layers.MultiHeadAttention(2, 3), [STEPS, STEPS]),
}


class Sonnet(snt.Module):
    def __init__(self):
        super().__init__()
        self.linear, self.norm, self.core, self.mlp = snt.Linear(3), snt.BatchNorm(True, True), snt.LSTM(3), snt.nets.MLP([4, 2])

    def __call__(self, x):
        x = self.norm(self.linear(tf.constant(x)), is_training=False)
        return self.mlp(self.core(x, self.core.initial_state(len(x)))[0])


class Plain(tf.Module):
    def __init__(self):
        super().__init__()
        self.w, self.items, self.heads = tf.Variable(ROWS), [tf.Variable(1.0), tf.Variable(2.0)], {"left": tf.Variable(3.0)}


def tables():
    root = tf.train.Checkpoint()
    root.words = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, -1)
    root.words.insert(tf.constant(["the", "cat", ""]), tf.constant([3, 1, 2], tf.int64))
    root.ids = tf.lookup.experimental.MutableHashTable(tf.int64, tf.string, "?")
    root.ids.insert(tf.constant([3, 1], tf.int64), tf.constant(["the", "cat"]))
    root.vectors = tf.lookup.experimental.MutableHashTable(tf.int64, tf.float32, [0.0, 0.0])
    root.vectors.insert(tf.constant([5, 6], tf.int64), tf.constant([[1.0, 2.0], [3.0, 4.0]]))
    root.empty = tf.lookup.experimental.MutableHashTable(tf.string, tf.float32, 0.0)
    root.dense = tf.lookup.experimental.DenseHashTable(tf.int64, tf.int64, -1, empty_key=-2, deleted_key=-3)
    root.dense.insert(tf.constant([8, 9], tf.int64), tf.constant([80, 90], tf.int64))
    return root


TABLES = ("words", "ids", "vectors", "empty", "dense")


def made(name):
    """The object called "Keras 3/Dense", with its variables."""
    maker, _, layer = name.partition("/")
    if maker == "tables":
        return tables(), []
    if maker in ("sonnet", "module"):
        module = Sonnet() if maker == "sonnet" else Plain()
        if maker == "sonnet":
            module(ROWS)
        return module, list(module.variables)
    make, inputs = LAYERS[layer]
    made = make(keras if maker == "keras3" else tf_keras)
    made(*inputs)
    return made, list(made.weights)


def held(thing):
    """The contents of the tables, sorted."""
    exported = [getattr(thing, name).export() for name in TABLES]
    return [sorted(zip(k.numpy().tolist(), v.numpy().tolist())) for k, v in exported]


@asked
def circle_writes(name, prefix):
    thing, variables = made(name)
    random = np.random.RandomState(len(name))
    for v in variables:
        if "float" in str(v.dtype):
            v.assign(random.uniform(0.5, 2, v.shape))
    tf.train.Checkpoint(thing=thing).write(prefix)


@asked
def circle_reads(name, theirs, ours):
    """Restores the checkpoint that the other side saved after it had read the one of circle_writes. The answer is the
    number of values that both have."""
    restored, again = made(name), made(name)
    tf.train.Checkpoint(thing=restored[0]).read(theirs).assert_consumed()
    if name == "tables":
        for table in TABLES:
            t = getattr(again[0], table)
            t.remove(t.export()[0]) if table != "dense" else None
    for v in again[1]:
        v.assign(np.zeros(v.shape, v.dtype if isinstance(v.dtype, str) else v.dtype.as_numpy_dtype))
    tf.train.Checkpoint(thing=again[0]).read(ours).assert_consumed()
    if name == "tables":
        assert held(restored[0]) == held(again[0]), (held(restored[0]), held(again[0]))
        return len(TABLES)
    for a, b in zip(restored[1], again[1]):
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))
    return len(again[1])
