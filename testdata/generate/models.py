"""Keras models with fixed weights, and their outputs; SavedModel directories. io has inputs and outputs as {shape,
values}. A float32 is printed with the fewest digits that identify it.
"""
import pathlib

import numpy as np
import tensorflow as tf
import tf_keras
from tensorflow import keras

from .case import case
from .objects import var


def fill(weights):
    """Gives each of a model's weights the next values of a fixed sequence without repetitions."""
    state = np.random.RandomState(5)
    for w in weights:
        w.assign((state.randint(-512, 512, size=w.shape) / 512).astype("f4"))


def array(values):
    values = np.asarray(values)
    return {"shape": list(values.shape), "values": [float(str(v)) for v in values.reshape(-1)]}


def answers(model, *shape):
    inputs = (np.random.RandomState(6).randint(-256, 256, size=shape) / 128).astype("f4")
    return {"inputs": array(inputs), "outputs": array(model(tf.constant(inputs)))}


def mlp(k):
    return k.Sequential([k.layers.Input([4]), k.layers.Dense(6, activation="relu", name="hidden"),
                         k.layers.Dense(3, activation="softmax", use_bias=False, name="scores")])


@case("keras3-mlp", "Dense weights are children _kernel and bias of the layers; a Sequential also reaches them as a Functional's.")
def keras3_mlp():
    model = mlp(keras)
    fill(model.weights)
    tf.train.Checkpoint(model).write("ckpt")
    return {"prefix": "ckpt", "io": answers(model, 5, 4), "weights": [[w.path, list(w.shape)] for w in model.weights]}


@case("keras3-mlp-trained", "With its optimizer beside it: the shortest path to a kernel is optimizer/_trainable_variables/N.")
def keras3_mlp_trained():
    model, optimizer = mlp(keras), keras.optimizers.Adam(0.01)
    fill(model.weights)
    optimizer.apply([tf.ones(w.shape) for w in model.trainable_weights], model.trainable_weights)
    tf.train.Checkpoint(model=model, optimizer=optimizer).save("train/ckpt")
    return {"prefix": "train/ckpt-1", "io": answers(model, 5, 4)}


class Regressor(keras.Model):
    """A subclassed model. Its edges have the names of its attributes."""

    def __init__(self):
        super().__init__()
        self.input_transform = keras.layers.Dense(10, activation="tanh")
        self.head = keras.layers.Dense(1)

    def call(self, inputs):
        return self.head(self.input_transform(inputs))


@case("keras3-subclass")
def keras3_subclass():
    model = Regressor()
    model(tf.zeros([1, 3]))
    fill(model.weights)
    tf.train.Checkpoint(model=model).save("ckpt")
    return {"prefix": "ckpt-1", "io": answers(model, 4, 3)}


@case("tf-keras-mlp", "Model.save_weights of Keras 2: layer-N and layer_with_weights-N edges, the keys by the latter; a state file.")
def tf_keras_mlp():
    model = mlp(tf_keras)
    fill(model.weights)
    model.save_weights("weights", save_format="tf")
    tf.train.Checkpoint(model=model).save("train/ckpt")
    return {"prefix": "weights", "others": ["train/ckpt-1"], "io": answers(model, 5, 4)}


@case("saved-model-module", "tf.saved_model.save of a module: variables/variables, function nodes without values.")
def saved_model_module():
    class Net(tf.Module):
        def __init__(self):
            super().__init__()
            self.w = var([[1.0], [2.0]], "w")
            self.parts = [var([0.5], "part0"), var([0.25], "part1")]

        @tf.function(input_signature=[tf.TensorSpec([None, 2])])
        def __call__(self, x):
            return x @ self.w + self.parts[0]

    net = Net()
    tf.saved_model.save(net, "saved")
    settle("saved")
    return {"prefix": "saved/variables/variables", "io": answers(net, 3, 2)}


@case("saved-model-keras3", "model.export of Keras 3, which lists all variables in the order of a Python set.", stable=False)
def saved_model_keras3():
    model = mlp(keras)
    fill(model.weights)
    model.export("saved", verbose=False)
    settle("saved")
    return {"prefix": "saved/variables/variables", "io": answers(model, 5, 4)}


def settle(directory):
    """Removes the only file that differs between runs: fingerprint.pb has a random id."""
    (pathlib.Path(directory) / "fingerprint.pb").unlink()
    assets = pathlib.Path(directory) / "assets"
    if assets.exists():
        assets.rmdir()                          # empty, so version control ignores it
