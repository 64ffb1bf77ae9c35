"""Optimizers with slot variables, and those of Keras 3 without them."""
import tensorflow as tf
import tf_keras
from tensorflow import keras

from .registry import asked
from .values import named


def momentum():
    w, b = named(tf.Variable([[1.0, 2.0], [3.0, 4.0]]), "model/w"), named(tf.Variable([0.5, -0.5]), "model/b")
    return w, b, tf.compat.v1.train.MomentumOptimizer(0.5, 0.9)


def momentum_checkpoint(w, b, optimizer):
    model = tf.__internal__.tracking.AutoTrackable()
    model.w, model.b = w, b
    return tf.train.Checkpoint(model=model, optimizer=optimizer)


@asked
def momentum_writes(prefix):
    w, b, optimizer = momentum()
    optimizer.apply_gradients([(tf.ones_like(w), w), (2 * tf.ones_like(b), b)])
    return momentum_checkpoint(w, b, optimizer).write(prefix)


@asked
def momentum_reads(prefix):
    """Restores model and slots, and makes a step with them. All values of the checkpoint must be
    used."""
    w, b, optimizer = momentum()
    momentum_checkpoint(w, b, optimizer).read(prefix).assert_consumed()
    slots = [optimizer.get_slot(v, "momentum").numpy().tolist() for v in (w, b)]
    optimizer.apply_gradients([(tf.ones_like(w), w), (tf.ones_like(b), b)])
    return {"momentum": slots, "w": w.numpy().tolist(), "b": b.numpy().tolist()}


@asked
def adam_writes(prefix, generation):
    """A model with an optimizer of one generation: "v1" or "legacy" (slots), "tf_keras" or "keras3" (lists)."""
    model, optimizer, w = adam(generation)
    step(optimizer, generation, w)
    return tf.train.Checkpoint(model=model, optimizer=optimizer).write(prefix)


@asked
def adam_continues(prefix, generation):
    """Restores everything, makes a step, and returns the weights."""
    model, optimizer, w = adam(generation)
    step(optimizer, generation, w)                  # makes the optimizer's variables
    tf.train.Checkpoint(model=model, optimizer=optimizer).read(prefix).assert_consumed()
    step(optimizer, generation, w)
    return tf.convert_to_tensor(w).numpy().tolist()


def adam(generation):
    model = tf.__internal__.tracking.AutoTrackable()
    if generation == "keras3":
        w = keras.Variable([1.0, 2.0, 3.0], name="w")
        optimizer = keras.optimizers.Adam(0.1)
    else:
        w = tf.Variable([1.0, 2.0, 3.0], name="w")
        make = {"v1": tf.compat.v1.train.AdamOptimizer, "legacy": tf_keras.optimizers.legacy.Adam, "tf_keras": tf_keras.optimizers.Adam}
        optimizer = make[generation](0.1)
    model.w = w
    return model, optimizer, w


def step(optimizer, generation, w):
    gradient = tf.constant([1.0, -1.0, 0.5])
    if generation == "keras3":
        optimizer.apply([gradient], [w])
    else:
        optimizer.apply_gradients([(gradient, w)])
