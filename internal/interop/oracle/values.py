"""Variables with their real values, or with zeros of the same shape and type for a restore to fill."""
import numpy as np
import tensorflow as tf


class Values:
    def __init__(self, fill):
        self.fill = fill

    def var(self, full_name, value, dtype="float32"):
        """A variable called exactly full_name. TensorFlow would change the name to one that is valid in
        a graph."""
        dtype = tf.as_dtype(dtype)
        if dtype == tf.string:
            value = np.asarray(value, dtype=object)
            value = value if self.fill else np.full(value.shape, b"", object)
        else:
            value = np.asarray(value).astype(dtype.as_numpy_dtype)
            value = value if self.fill else np.zeros(value.shape, value.dtype)
        return named(tf.Variable(value, dtype=dtype), full_name)

    def state(self, value):
        return State(value if self.fill else b"")


def named(variable, full_name):
    variable._handle_name = full_name + ":0"
    return variable


class State(tf.train.experimental.PythonState):
    def __init__(self, value):
        self.value = value

    def serialize(self):
        return self.value

    def deserialize(self, value):
        self.value = value


class Group(tf.__internal__.tracking.AutoTrackable):
    """An object with its children tracked in the given order."""

    def __init__(self, **children):
        for name, child in children.items():
            setattr(self, name, child)
