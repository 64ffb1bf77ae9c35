"""TensorFlow's side of bench/layers. It also writes the models for the other peers.

Its argument is a directory. It writes each model's JSON, weights and input there, prints one line of JSON that lists
the models, and then answers each line {"case": name, "seconds": s} with {"seconds": median time of a call, "cpu":
processor's time of a call}, calling for that long.
"""
import json
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
import keras  # noqa: E402

tf.config.threading.set_intra_op_parallelism_threads(2)  # set it before anything starts the threads, such as a layer of models
tf.config.threading.set_inter_op_parallelism_threads(2)

import models  # noqa: E402
import timing  # noqa: E402


def spread_weights(model, seed):
    """Gives biases, means and variances different values, so that the comparison shows a layer that
    confuses them."""
    r = np.random.RandomState(seed)
    for w in model.weights:
        if len(w.shape) == 1:
            w.assign(w.numpy() + 0.1 * r.rand(*w.shape).astype("f4"))


def main(directory):
    calls, listed = {}, []
    for i, (name, shape, make, threads) in enumerate(models.CASES):
        keras.utils.set_random_seed(i)
        model = make(shape)
        spread_weights(model, i)
        base = pathlib.Path(directory) / str(i)
        base.with_suffix(".json").write_text(model.to_json())
        tf.train.Checkpoint(model=model).write(str(base))
        weights = {f"{layer.name}:{j}": w for layer in model.layers for j, w in enumerate(layer.get_weights())}
        np.savez(base.with_suffix(".npz"), **weights)
        x = np.random.RandomState(i).standard_normal(shape).astype("<f4")
        x.tofile(base.with_suffix(".input"))
        flops, moved = models.work(model, shape[0])
        value = tf.constant(x)
        call = tf.function(lambda v, m=model: m(v, training=False), jit_compile=False).get_concrete_function(value)
        call(value).numpy().astype("<f4").tofile(base.with_suffix(".output"))
        if threads == 2:  # the number of threads applies to all of TensorFlow
            calls[name] = lambda call=call, value=value: call(value).numpy()
        listed.append({"name": name, "shape": shape, "file": str(base), "threads": threads, "flops": flops, "bytes": moved})
    (pathlib.Path(directory) / "models.json").write_text(json.dumps(listed))
    timing.answer(listed, calls)


if __name__ == "__main__":
    main(sys.argv[1])
