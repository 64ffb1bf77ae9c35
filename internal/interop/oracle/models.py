"""Models of Keras 3 and of tf_keras, and their outputs with weights that either side has written."""
import numpy as np
import tensorflow as tf
import tf_keras
from tensorflow import keras

from .registry import asked


def mlp(k):
    return k.Sequential([k.layers.Input([4]), k.layers.Dense(8, activation="relu"), k.layers.Dense(3, activation="softmax")])


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.input_transform = keras.layers.Dense(6, activation="tanh")
        self.head = keras.layers.Dense(2, use_bias=False)

    def call(self, inputs):
        return self.head(self.input_transform(inputs))


class Block(keras.layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.projection = keras.layers.Dense(units)

    def build(self, shape):
        self.scale = self.add_weight(shape=shape[-1:], name="scale")
        self.shifts = [self.add_weight(shape=shape[-1:], name="shift") for _ in range(2)]

    def call(self, x):
        return self.projection(x * self.scale + self.shifts[0] - self.shifts[1])


class Composed(keras.Model):
    """A model with layers in public, private and shared attributes, in lists, in a dict and in nested
    lists."""
    def __init__(self):
        super().__init__()
        self.dense1 = keras.layers.Dense(4, activation="tanh")
        self.again = self.dense1
        self.blocks = [Block(4), keras.layers.LayerNormalization(), Block(4)]
        self.heads = {"left": keras.layers.Dense(3), "right": keras.layers.Dense(3)}
        self.nested = [[keras.layers.Dense(3)], [keras.layers.Dense(3, use_bias=False)]]
        self.body = keras.Sequential([keras.layers.Dense(5), keras.layers.LayerNormalization(), keras.layers.Dense(2)])
        self._hidden = keras.layers.Dense(4)

    def call(self, x):
        x = self._hidden(self.again(self.dense1(x)))
        for block in self.blocks:
            x = block(x)
        x = self.heads["left"](x) + self.heads["right"](x)
        for row in self.nested:
            for layer in row:
                x = layer(x)
        return self.body(x)


MODELS = {"keras3_mlp": lambda: mlp(keras), "tf_keras_mlp": lambda: mlp(tf_keras), "keras3_subclassed": Subclassed, "keras3_composed": Composed}
INPUTS = (np.random.RandomState(3).randint(-256, 256, size=[5, 4]) / 128).astype("f4")


def built(model, seed):
    """The model with random weights."""
    made = MODELS[model]()
    made(INPUTS)
    random = np.random.RandomState(seed)
    for w in made.weights:
        w.assign((random.randint(-512, 512, size=w.shape) / 512).astype("f4"))
    return made


def answers(model):
    return {"inputs": INPUTS.reshape(-1).tolist(), "outputs": np.asarray(model(INPUTS)).reshape(-1).tolist()}


@asked
def model_writes(model, prefix, how, seed=1, train=False):
    """Writes a model: how is "root", "keyword" (as model=, with its optimizer where it is trained), "weights", "h5" or "export"."""
    made = built(model, seed)
    keywords = {}
    if train:
        optimizer = keras.optimizers.Adam(0.01)
        optimizer.apply([tf.ones(w.shape) for w in made.trainable_weights], made.trainable_weights)
        keywords["optimizer"] = optimizer
    if how == "root":
        tf.train.Checkpoint(made).write(prefix)
    elif how == "keyword":
        tf.train.Checkpoint(model=made, **keywords).save(prefix)
    elif how == "weights":
        made.save_weights(prefix, save_format="tf")
    elif how == "h5":
        made.save_weights(prefix)
    elif how == "export":
        made.export(prefix, verbose=False)
    return answers(made)


@asked
def model_reads(model, prefix, how):
    """Restores a model from files that the other side wrote. how is "root", "weights" or "h5"."""
    made = built(model, 99)
    if how == "h5":
        made.load_weights(prefix)
    elif how == "weights":
        made.load_weights(prefix).assert_consumed()
    else:
        tf.train.Checkpoint(made).read(prefix).assert_existing_objects_matched().expect_partial()
    return answers(made)


@asked
def saved_model(directory):
    """A SavedModel of a plain module."""
    class Net(tf.Module):
        def __init__(self):
            super().__init__()
            self.w = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
            self.parts = [tf.Variable([0.5]), (tf.Variable(2, dtype=tf.int64),)]

        @tf.function(input_signature=[tf.TensorSpec([None, 2])])
        def __call__(self, x):
            return x @ self.w + self.parts[0]

    tf.saved_model.save(Net(), directory)
