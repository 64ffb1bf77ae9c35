"""TensorFlow's results for a checkpoint that may make it crash. It runs in a separate process.

As a program, it reads commands, one JSON list [name, prefix, …] per line, and answers with one JSON
value per line.
"""
import json
import os
import signal
import subprocess
import sys

BASE = {"w": ("float32", [4, 3]), "b": ("float64", [5]), "n": ("int64", []), "s": ("string", [3])}


def key_of(name):
    return name + "/.ATTRIBUTES/VARIABLE_VALUE"


class Probe:
    """A TensorFlow process that is started again after a crash."""

    def __init__(self):
        self.process = None

    def ask(self, *command):
        if self.process is None:
            self.process = subprocess.Popen([sys.executable, "-B", "-m", "generate.probe"], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                            cwd=os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if answer:
            return json.loads(answer)
        died = signal.Signals(-self.process.wait()).name
        self.process = None
        return "dies of " + died

    def close(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()
            self.process = None


def describe(probe, prefix):
    """TensorFlow's results for a damaged copy of the base checkpoint: for listing its keys, for reading each tensor, and for
    restoring everything. "ok" means the base's values."""
    prefix = os.path.abspath(prefix)
    return {
        "list": probe.ask("list", prefix),
        "read": {key_of(name): probe.ask("read", prefix, name) for name in BASE},
        "restore": probe.ask("restore", prefix),
    }


def serve():
    import numpy as np
    import tensorflow as tf
    from tensorflow.python.training import py_checkpoint_reader

    base = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden", "damaged-none", "ckpt")

    def stored(prefix, name):
        return tf.raw_ops.RestoreV2(prefix=prefix, tensor_names=[key_of(name)], shape_and_slices=[""],
                                    dtypes=[BASE[name][0]])[0].numpy()

    def list_keys(prefix):
        py_checkpoint_reader.NewCheckpointReader(prefix).get_variable_to_dtype_map()
        return "ok"

    def read(prefix, name):
        return "ok" if np.array_equal(stored(prefix, name), stored(base, name)) else "other values"

    def restore(prefix):
        program = {name: tf.Variable(tf.zeros(shape, dtype) if dtype != "string" else [""] * shape[0])
                   for name, (dtype, shape) in BASE.items()}
        tf.train.Checkpoint(**program).read(prefix).assert_consumed()
        return "ok" if all(np.array_equal(v.numpy(), stored(base, name)) for name, v in program.items()) else "other values"

    commands = {"list": list_keys, "read": read, "restore": restore}
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        try:
            answer = commands[name](*arguments)
        except Exception as e:  # any exception: its kind is the answer
            answer = type(e).__name__
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    serve()
