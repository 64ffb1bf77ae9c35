#!/usr/bin/env python3
"""Trains a small convolutional network to classify drawn shapes, and writes the files for
examples/cnn.

    python testdata/cnn/train.py

Writes next to itself: train/ (the checkpoint with its state file), model.json (Keras's description of the model)
and predictions.json (pictures, Keras's predictions and the right answers): {"inputs": [{"name", "dtype", "shape",
"values"}], "outputs": [the same], "labels": [...], "classes": [...]}.
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

HERE = pathlib.Path(__file__).resolve().parent
HEIGHT, WIDTH, KEPT = 18, 22, 9
CLASSES = ["circle", "square", "triangle", "cross"]


def build():
    """A typical network: plain and separable convolutions, both kinds of pooling, and batch normalization."""
    layers = keras.layers
    picture = keras.Input((HEIGHT, WIDTH, 1), name="picture")
    x = layers.Conv2D(8, 3, padding="same", use_bias=False, name="conv1")(picture)
    x = layers.BatchNormalization(name="norm1")(x)
    x = layers.ReLU(name="relu1")(x)
    x = layers.MaxPooling2D(2, name="pool1")(x)
    x = layers.SeparableConv2D(16, 3, padding="same", use_bias=False, name="conv2")(x)
    x = layers.BatchNormalization(name="norm2")(x)
    x = layers.ReLU(name="relu2")(x)
    x = layers.MaxPooling2D(2, name="pool2")(x)
    x = layers.Conv2D(24, 3, strides=2, activation="relu", name="conv3")(x)
    x = layers.GlobalAveragePooling2D(name="pool3")(x)
    x = layers.Dropout(0.2, name="dropout")(x)
    return keras.Model(picture, layers.Dense(len(CLASSES), activation="softmax", name="classes")(x), name="shapes")


def draw(random, count):
    """Outlines of shapes with noise. They have any size and any position in the picture."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype("f4")
    labels = random.randint(len(CLASSES), size=count)
    pictures = np.zeros((count, HEIGHT, WIDTH, 1), "f4")
    for i, label in enumerate(labels):
        radius = random.uniform(4, 7.5)
        dy = y - random.uniform(radius, HEIGHT - radius)
        dx = x - random.uniform(radius, WIDTH - radius)
        if label == 0:
            distance = np.abs(np.hypot(dx, dy) - radius)
        elif label == 1:
            distance = np.abs(np.maximum(np.abs(dx), np.abs(dy)) - radius * 0.85)
        elif label == 2:
            distance = np.abs(np.maximum(np.abs(dx) * 0.87 - dy * 0.5, dy) - radius * 0.55)
        else:
            distance = np.maximum(np.minimum(np.abs(dx), np.abs(dy)), np.maximum(np.abs(dx), np.abs(dy)) - radius)
        pictures[i, :, :, 0] = np.clip(1.5 - distance, 0, 1) * random.uniform(0.6, 1)
    return pictures + random.normal(scale=0.15, size=pictures.shape).astype("f4"), labels


def main():
    keras.utils.set_random_seed(1)
    random = np.random.RandomState(1)
    model = build()
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(*draw(random, 6000), batch_size=50, epochs=12, verbose=0)
    shutil.rmtree(HERE / "train", ignore_errors=True)
    tf.train.CheckpointManager(tf.train.Checkpoint(model=model), str(HERE / "train"), max_to_keep=1,
                               checkpoint_name="shapes").save()
    (HERE / "model.json").write_text(model.to_json() + "\n")
    pictures, labels = draw(np.random.RandomState(2), KEPT)
    pictures = pictures.round(3)
    answers = model(pictures).numpy()
    record = {"inputs": [array("picture", pictures)], "outputs": [array("classes", answers)],
              "labels": labels.tolist(), "classes": CLASSES}
    (HERE / "predictions.json").write_text(json.dumps(record) + "\n")
    print("accuracy: %.3f" % model.evaluate(*draw(np.random.RandomState(3), 2000), verbose=0)[1])


def array(name, values):
    """A float32 is printed with the fewest digits that identify it."""
    return {"name": name, "dtype": str(values.dtype), "shape": list(values.shape),
            "values": [float(str(v)) for v in values.reshape(-1)]}


if __name__ == "__main__":
    main()
