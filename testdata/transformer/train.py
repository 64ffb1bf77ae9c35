#!/usr/bin/env python3
"""Trains a small transformer to sort digits, and writes the files for examples/transformer.

    python testdata/transformer/train.py

Writes next to itself: train/ (the checkpoint with its state file) and predictions.json. The latter has rows of tokens
(d+1 for the digit d, and 0 after a row's end) and Keras's logits for the digit at each position of the sorted row:
{"inputs": [{"name", "dtype", "shape", "values"}], "outputs": [the same]}.
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
LENGTH, TOKENS, WIDTH, HEADS, STEPS = 12, 11, 24, 3, 2500


class Block(layers.Layer):
    """A block with the norms first: attention, then two dense layers. The input of each part is
    added to its output."""

    def __init__(self):
        super().__init__()
        self.norm1 = layers.LayerNormalization()
        self.attention = layers.MultiHeadAttention(HEADS, WIDTH // HEADS)
        self.norm2 = layers.LayerNormalization(epsilon=1e-6)
        self.widen = layers.Dense(2 * WIDTH, activation="gelu")
        self.narrow = layers.Dense(WIDTH)

    def call(self, x, present):
        y = self.norm1(x)
        x = x + self.attention(y, y, attention_mask=present)
        return x + self.narrow(self.widen(self.norm2(x)))


class Sorter(keras.Model):
    """Reads all positions at once and predicts the digit at each."""

    def __init__(self):
        super().__init__()
        self.tokens = layers.Embedding(TOKENS, WIDTH)
        self.places = layers.Embedding(LENGTH, WIDTH)
        self.first = Block()        # not a list, because Keras 3 does not save the layers in a model's lists
        self.second = Block()
        self.norm = layers.LayerNormalization()
        self.logits = layers.Dense(TOKENS)

    def call(self, ids):
        present = (ids != 0)[:, None, :]        # ignores the positions after a row's end
        x = self.tokens(ids) + self.places(tf.range(LENGTH))
        x = self.second(self.first(x, present), present)
        return self.logits(self.norm(x))


def sample(random, count):
    """Rows of one or more digits, and the same rows sorted."""
    lengths = random.randint(1, LENGTH + 1, size=count)
    digits = random.randint(1, TOKENS, size=(count, LENGTH))
    beyond = np.arange(LENGTH) >= lengths[:, None]
    rows = np.where(beyond, 0, digits).astype("i4")
    return rows, np.where(beyond, 0, np.sort(np.where(beyond, TOKENS, digits), axis=1)).astype("i4")


def main():
    keras.utils.set_random_seed(1)
    random = np.random.RandomState(1)
    model = Sorter()
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(4e-3, STEPS))
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    @tf.function
    def train(rows, want):
        with tf.GradientTape() as tape:
            loss = loss_of(want, model(rows))
        optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
        return loss

    for step in range(STEPS):
        loss = train(*sample(random, 128))
    shutil.rmtree(HERE / "train", ignore_errors=True)
    tf.train.CheckpointManager(tf.train.Checkpoint(model=model, optimizer=optimizer), str(HERE / "train"), max_to_keep=1,
                               checkpoint_name="sorter").save()
    rows, _ = sample(np.random.RandomState(2), 7)
    record = {"inputs": [array("ids", rows)], "outputs": [array("logits", model(rows).numpy())]}
    (HERE / "predictions.json").write_text(json.dumps(record) + "\n")
    rows, want = sample(np.random.RandomState(3), 2000)
    right = (np.argmax(model(rows).numpy(), axis=-1) == want).all(axis=1).mean()
    print("loss: %.4f, rows sorted: %.3f" % (float(loss), right))


def array(name, values):
    """A float32 is printed with the fewest digits that identify it."""
    return {"name": name, "dtype": str(values.dtype), "shape": list(values.shape),
            "values": [v if isinstance(v, int) else float(str(np.float32(v))) for v in values.reshape(-1).tolist()]}


if __name__ == "__main__":
    main()
