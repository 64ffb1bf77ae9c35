#!/usr/bin/env python3
"""Trains the Regress model of tf.train.Checkpoint's documentation, and writes the files for
examples/regress.

    python testdata/regress/train.py

Writes next to itself: train/ (the last checkpoint with its state file) and predictions.json (inputs and TensorFlow's
predictions: {"inputs": {"shape", "values"}, "predictions": {…}, "steps", "loss"}).
"""
import json
import os
import pathlib
import shutil

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")     # results that do not depend on the number of threads

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
STEPS = 400


class Regress(tf.keras.Model):
    """The documentation's model, completed."""

    def __init__(self):
        super().__init__()
        self.input_transform = tf.keras.layers.Dense(10, activation="tanh")
        self.hidden = tf.keras.layers.Dense(8, activation="relu")
        self.prediction = tf.keras.layers.Dense(1)

    def call(self, inputs):
        x = self.input_transform(inputs)
        x = self.hidden(x)
        return self.prediction(x)


def sample(random, count):
    """Points of a plane, and the values of the function that the model learns."""
    x = random.uniform(-2, 2, size=(count, 2)).astype("f4")
    y = (np.sin(x[:, :1]) * x[:, 1:] + 0.5 * x[:, :1]).astype("f4")
    return x, y


def main():
    tf.keras.utils.set_random_seed(1)
    random = np.random.RandomState(1)
    model, optimizer = Regress(), tf.keras.optimizers.Adam(0.01)
    step = tf.Variable(0, dtype=tf.int64, name="step")
    shutil.rmtree(HERE / "train", ignore_errors=True)
    manager = tf.train.CheckpointManager(tf.train.Checkpoint(model=model, optimizer=optimizer, step=step),
                                         str(HERE / "train"), max_to_keep=1, checkpoint_name="regress")
    for _ in range(STEPS):
        x, y = sample(random, 64)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(x) - y))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        step.assign_add(1)
        if int(step) % (STEPS // 2) == 0:
            manager.save()
    x, y = sample(np.random.RandomState(2), 16)
    answer = model(x).numpy()
    record = {"inputs": array(x), "predictions": array(answer), "steps": STEPS, "loss": float(np.mean((answer - y) ** 2))}
    (HERE / "predictions.json").write_text(json.dumps(record, indent=1) + "\n")
    print("loss after %d steps: %.4f" % (STEPS, record["loss"]))


def array(values):
    """A float32 is printed with the fewest digits that identify it."""
    return {"shape": list(values.shape), "values": [float(str(v)) for v in values.reshape(-1)]}


if __name__ == "__main__":
    main()
