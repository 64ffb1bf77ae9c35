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


def stepped(optimizers, model, apply):
    """One step of each optimizer on the same variables. Returns the arguments of
    tf.train.Checkpoint."""
    for name, optimizer in optimizers.items():
        apply(optimizer)
    tf.train.Checkpoint(model=model, **optimizers).write("ckpt")
    return {"prefix": "ckpt"}


GRADIENTS = [np.array([[1.0, -1.0, 0.5], [0.25, 2.0, -0.5]], "f4"), np.array([0.5, -0.5, 1.0], "f4")]


@case("optimizers-keras3", "Every optimizer of Keras 3 with lists of variables, one with a schedule, one that scales the loss.")
def all_of_keras3():
    o = keras.optimizers
    model = group(w=keras.Variable(np.ones([2, 3], "f4"), name="w"), b=keras.Variable(np.ones(3, "f4"), name="b"))
    optimizers = {
        "adadelta": o.Adadelta(0.1, name="adadelta"), "adafactor": o.Adafactor(0.1, name="adafactor"),
        "adagrad": o.Adagrad(0.1, name="adagrad"), "adam": o.Adam(0.1, amsgrad=True, name="adam"),
        "adam_w": o.AdamW(0.1, use_ema=True, gradient_accumulation_steps=2, name="adam_w"), "adamax": o.Adamax(0.1, name="adamax"),
        "ftrl": o.Ftrl(0.1, name="ftrl"), "lamb": o.Lamb(0.1, name="lamb"), "lion": o.Lion(0.1, name="lion"),
        "nadam": o.Nadam(0.1, name="nadam"), "plain": o.SGD(0.1, name="plain"),
        "rm_sprop": o.RMSprop(0.1, momentum=0.9, centered=True, name="rm_sprop"),
        "scaled": o.LossScaleOptimizer(o.Adam(0.1, name="inner"), name="scaled"),
        "scheduled": o.Adam(o.schedules.ExponentialDecay(0.1, 10, 0.9), name="scheduled"), "sgd": o.SGD(0.1, momentum=0.9, name="sgd"),
    }
    return stepped(optimizers, model, lambda optimizer: optimizer.apply([tf.constant(g) for g in GRADIENTS], [model.w, model.b]))


@case("optimizers-tf-keras", "Every optimizer of tf_keras 2.11 and later.")
def all_of_tf_keras():
    o = tf_keras.optimizers
    model = group(w=var(np.ones([2, 3], "f4"), "w"), b=var(np.ones(3, "f4"), "b"))
    optimizers = {
        "adadelta": o.Adadelta(0.1), "adafactor": o.Adafactor(0.1), "adagrad": o.Adagrad(0.1), "adam": o.Adam(0.1, amsgrad=True),
        "adam_w": o.AdamW(0.1, use_ema=True), "adamax": o.Adamax(0.1), "ftrl": o.Ftrl(0.1), "lion": o.Lion(0.1),
        "nadam": o.Nadam(0.1), "rms_prop": o.RMSprop(0.1, momentum=0.9, centered=True), "sgd": o.SGD(0.1),
        "scheduled": o.Adam(o.schedules.ExponentialDecay(0.1, 10, 0.9)),
    }

    def apply(optimizer):
        optimizer.build([model.w, model.b])
        optimizer.apply_gradients(list(zip(map(tf.constant, GRADIENTS), [model.w, model.b])))
    return stepped(optimizers, model, apply)


@case("optimizers-legacy", "Every optimizer of tf.keras.optimizers.legacy, with slot variables.")
def all_of_legacy():
    o = tf_keras.optimizers.legacy
    model = group(w=var(np.ones([2, 3], "f4"), "w"), b=var(np.ones(3, "f4"), "b"))
    optimizers = {
        "adadelta": o.Adadelta(0.1), "adagrad": o.Adagrad(0.1), "adam": o.Adam(0.1, amsgrad=True), "adamax": o.Adamax(0.1),
        "ftrl": o.Ftrl(0.1), "nadam": o.Nadam(0.1), "rms_prop": o.RMSprop(0.1, momentum=0.9, centered=True), "sgd": o.SGD(0.1, momentum=0.9),
    }
    return stepped(optimizers, model, lambda optimizer: optimizer.apply_gradients(list(zip(map(tf.constant, GRADIENTS), [model.w, model.b]))))


@case("optimizers-v1", "Every optimizer of tf.compat.v1.train whose slots work without a graph.")
def all_of_v1():
    o = tf.compat.v1.train
    model = group(w=var(np.ones([2, 3], "f4"), "kernel"), b=var(np.ones(3, "f4"), "bias"))
    optimizers = {
        "adadelta": o.AdadeltaOptimizer(0.1), "adagrad": o.AdagradOptimizer(0.1), "adam": o.AdamOptimizer(0.1), "ftrl": o.FtrlOptimizer(0.1),
        "gradient_descent": o.GradientDescentOptimizer(0.1), "momentum": o.MomentumOptimizer(0.1, 0.9),
        "proximal_adagrad": o.ProximalAdagradOptimizer(0.1), "rms_prop": o.RMSPropOptimizer(0.1, momentum=0.9, centered=True),
    }
    return stepped(optimizers, model, lambda optimizer: optimizer.apply_gradients(list(zip(map(tf.constant, GRADIENTS), [model.w, model.b]))))
