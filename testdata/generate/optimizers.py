"""Optimizers of every generation, after a step or two, so that their state differs from its initial values."""
import numpy as np
import tensorflow as tf
import tf_keras
from tensorflow import keras

from .case import case
from .objects import var
from .values import group


@case("slots-v1-adam", "Slot variables: nodes after all others, keys below the variable's own.")
def v1_adam():
    model = group(w=var([[1.0, 2.0], [3.0, 4.0]], "w"), b=var([0.5, -0.5], "b"))
    optimizer = tf.compat.v1.train.AdamOptimizer(0.1)
    optimizer.apply_gradients([(tf.ones_like(v), v) for v in (model.w, model.b)])
    tf.train.Checkpoint(model=model, optimizer=optimizer).save("ckpt")
    return {"prefix": "ckpt-1"}


@case("slots-v1-momentum", "A nested optimizer and a shared variable; of the variables not reachable no slot is saved.")
def v1_momentum():
    shared, outside = var([1.0, 2.0], "shared"), var([3.0], "outside")
    optimizer = tf.compat.v1.train.MomentumOptimizer(0.5, 0.9)
    optimizer.apply_gradients([(tf.ones_like(v), v) for v in (shared, outside)])
    root = group(deep=group(er=shared), again=shared, training=group(optimizer=optimizer))
    tf.train.Checkpoint(root).write("ckpt")
    return {"prefix": "ckpt"}


@case("slots-legacy-adam", "tf.keras.optimizers.legacy: slots m and v, and the hyper-parameters as variables.")
def legacy_adam():
    model = group(w=var([1.0, 2.0, 3.0], "w"))
    optimizer = tf_keras.optimizers.legacy.Adam(0.01)
    for _ in range(2):
        optimizer.apply_gradients([(tf.constant([1.0, 0.5, -1.0]), model.w)])
    tf.train.Checkpoint(model=model, optimizer=optimizer).save("ckpt")
    return {"prefix": "ckpt-1"}


@case("optimizer-keras3-sgd", "A Keras 3 optimizer on its own: lists of variables instead of slots.")
def keras3_sgd():
    model = group(w=keras.Variable(np.array([1.0, 2.0], "f4"), name="w"))
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
    optimizer.apply([tf.constant([1.0, -1.0])], [model.w])
    tf.train.Checkpoint(optimizer=optimizer, deep=group(er=model)).write("ckpt")
    return {"prefix": "ckpt"}


@case("optimizer-tf-keras-adam", "The optimizer of tf_keras 2.11 and later: numbered variables.")
def tf_keras_adam():
    model = group(w=var([1.0, 2.0], "w"))
    optimizer = tf_keras.optimizers.Adam(0.01)
    optimizer.build([model.w])
    optimizer.apply_gradients([(tf.constant([1.0, -1.0]), model.w)])
    tf.train.Checkpoint(model=model, optimizer=optimizer).write("ckpt")
    return {"prefix": "ckpt"}
