"""TensorFlow's side of bench/layers: models of one layer each, and how long they take.

Started with a directory. It writes each model's JSON and weights there, prints one line of JSON that lists the models, and then answers
each line {"case": name, "seconds": s} with {"seconds": median time of a call}, calling for that long.
"""
import json
import os
import pathlib
import statistics
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
import keras  # noqa: E402

tf.config.threading.set_intra_op_parallelism_threads(2)  # before anything starts them
tf.config.threading.set_inter_op_parallelism_threads(2)
L = keras.layers


def attend(heads, key_dim):
    layer = L.MultiHeadAttention(heads, key_dim)
    return lambda x: layer(x, x)


CASES = {  # name: input shape, layer
    "Dense 512, batch 1": ((1, 512), L.Dense(512, "relu")),
    "Dense 512, batch 32": ((32, 512), L.Dense(512, "relu")),
    "Dense 1024, batch 256": ((256, 1024), L.Dense(1024, "relu")),
    "Conv2D 3x3 1→32, batch 1": ((1, 28, 28, 1), L.Conv2D(32, 3, activation="relu")),
    "Conv2D 3x3 64→64, batch 8": ((8, 56, 56, 64), L.Conv2D(64, 3, padding="same")),
    "Conv2D 1x1 128→256, batch 8": ((8, 28, 28, 128), L.Conv2D(256, 1)),
    "Conv1D 5 64→64, batch 8": ((8, 400, 64), L.Conv1D(64, 5)),
    "Conv2DTranspose 3x3 by 2, batch 8": ((8, 28, 28, 64), L.Conv2DTranspose(32, 3, strides=2, padding="same")),
    "DepthwiseConv2D 3x3, batch 8": ((8, 56, 56, 64), L.DepthwiseConv2D(3, padding="same")),
    "MaxPooling2D, batch 8": ((8, 112, 112, 64), L.MaxPooling2D()),
    "BatchNormalization, batch 8": ((8, 56, 56, 64), L.BatchNormalization()),
    "LayerNormalization, batch 8": ((8, 128, 256), L.LayerNormalization()),
    "LSTM 128, batch 1": ((1, 50, 128), L.LSTM(128)),
    "LSTM 128, batch 32": ((32, 50, 128), L.LSTM(128)),
    "GRU 128, batch 32": ((32, 50, 128), L.GRU(128)),
    "MultiHeadAttention 4x16, batch 1": ((1, 16, 64), attend(4, 16)),
    "MultiHeadAttention 8x32, batch 8": ((8, 128, 256), attend(8, 32)),
}


def main(directory):
    calls, listed = {}, []
    for i, (name, (shape, layer)) in enumerate(CASES.items()):
        keras.utils.set_random_seed(i)
        x = keras.Input(shape[1:])
        model = keras.Model(x, layer(x))
        base = pathlib.Path(directory) / str(i)
        base.with_suffix(".json").write_text(model.to_json())
        tf.train.Checkpoint(model=model).write(str(base))
        value = tf.constant(np.random.RandomState(i).standard_normal(shape).astype("f4"))
        call = tf.function(lambda v, m=model: m(v, training=False), jit_compile=False).get_concrete_function(value)
        call(value)
        calls[name] = (call, value)
        listed.append({"name": name, "shape": shape, "file": str(base)})
    print(json.dumps(listed), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        call, value = calls[asked["case"]]
        times, end = [], time.perf_counter() + asked["seconds"]
        while not times or time.perf_counter() < end:
            start = time.perf_counter()
            call(value).numpy()
            times.append(time.perf_counter() - start)
        print(json.dumps({"seconds": statistics.median(times)}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
