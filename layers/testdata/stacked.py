"""Writes testdata/stacked: checkpoints of an RNN over stacked cells by tf.train.Checkpoint, with Keras 3 and with
tf_keras.

python layers/testdata/stacked.py, with the versions that gen.py names.
"""

import os
import pathlib

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")

import keras
import tensorflow as tf
import tf_keras

for package in (keras, tf_keras):
    layers = package.layers
    rnn = layers.RNN([layers.LSTMCell(2), layers.GRUCell(3)], name="r")
    rnn(tf.zeros((1, 2, 4)))
    for weight in rnn.weights:
        weight.assign(tf.fill(weight.shape, 0.25))
    tf.train.Checkpoint(model=rnn).write(str(pathlib.Path(__file__).resolve().parent / "stacked" / package.__name__))
