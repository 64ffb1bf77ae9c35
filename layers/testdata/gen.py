"""Writes the golden files of the layers' tests with real Keras: python layers/testdata/gen.py [FAMILY ...]

Made with TensorFlow 2.21.0, Keras 3.15.1, tf_keras 2.21.0. A family is a module gen_FAMILY.py beside this file, with a
function cases(g) that calls g.layer(...) for each case; it gives FAMILY.golden. No family named: all of them. Runs give
the same bytes: random numbers depend on the case's name alone.

A golden file is one line of JSON, an array of cases, and behind it float32 values in little-endian order. Where the JSON
has {"shape", "dtype", "at"}, the values begin at float number `at` behind the line; integers and booleans are stored as
float32 too. A case:

  name, class, config   the Keras class and its get_config()
  weights               per weight its values, and the edge paths that lead to it from the layer in the object graph
                        that tf.train.Checkpoint saves: keras3, and tf2 where the case has a tf_keras layer
  inputs, outputs       in Keras's order, nested ones flattened; an input that is null was None
  kwargs                what else the layer was called with: arrays as tensors, the rest as JSON
"""

import importlib
import json
import os
import pathlib
import sys
import tempfile
import zlib

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="", TF_ENABLE_ONEDNN_OPTS="0")

import keras
import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import trackable_object_graph_pb2

HERE = pathlib.Path(__file__).resolve().parent


def edge_paths(layer, limit=8):
    """Returns (value, paths) for each variable that a checkpoint of the layer has. paths are all paths to it that do not visit an
    object twice."""
    with tempfile.TemporaryDirectory() as directory:
        prefix = tf.train.Checkpoint(layer=layer).write(os.path.join(directory, "c"))
        reader = tf.train.load_checkpoint(prefix)
        graph = trackable_object_graph_pb2.TrackableObjectGraph()
        graph.ParseFromString(reader.get_tensor("_CHECKPOINTABLE_OBJECT_GRAPH"))
        found = {}

        def walk(node, path, seen):
            for child in graph.nodes[node].children:
                if child.node_id in seen:
                    continue
                here = path + [child.local_name]
                for attribute in graph.nodes[child.node_id].attributes:
                    found.setdefault(attribute.checkpoint_key, []).append("/".join(here))
                walk(child.node_id, here, seen | {child.node_id})

        (root,) = [c.node_id for c in graph.nodes[0].children if c.local_name == "layer"]
        walk(root, [], {0, root})
        return [(reader.get_tensor(key), sorted(paths, key=lambda p: (p.count("/"), p))[:limit]) for key, paths in found.items()]


def lean(config):
    """The configuration without the options for initial weights and training."""
    if isinstance(config, dict):
        dropped = ("_initializer", "_regularizer", "_constraint")
        return {k: lean(v) for k, v in keras.saving.serialize_keras_object(config).items() if not k.endswith(dropped) and k != "dtype"}
    return [lean(v) for v in config] if isinstance(config, (list, tuple)) else config


class Golden:
    """Collects the cases of one family."""

    def __init__(self):
        self.cases = []
        self.blob = []
        self.at = 0

    def rng(self, name):
        """The source of random numbers for the case called name."""
        return np.random.default_rng(zlib.crc32(name.encode()))

    def input(self, name, *shape, scale=1.0):
        """Normally distributed values for an input of the case called name. They depend on the shape,
        too."""
        return self.rng(f"{name} {shape}").normal(0, scale, shape).astype("float32")

    def array(self, value):
        value = np.asarray(value)
        data = value.astype("<f4")
        entry = {"shape": list(value.shape), "dtype": value.dtype.name, "at": self.at}
        self.blob.append(data.tobytes())
        self.at += data.size
        return entry

    def layer(self, name, layer, *inputs, tf2=None, weights=None, tolerance=1e-4, config=None, **kwargs):
        """Adds a case: layer called with inputs (arrays, lists of arrays for one argument, None) and kwargs.

        Every weight gets random values, unless weights(variable, rng) returns others. tf2 is the same layer of tf_keras,
        for its edges. It must give the same outputs. config replaces the layer's configuration.
        """
        rng = self.rng(name)
        arguments = [i if i is None else tf.nest.map_structure(tf.constant, i) for i in inputs]
        call = {k: tf.constant(v) if isinstance(v, np.ndarray) else v for k, v in kwargs.items()}
        layer(*arguments, **call)  # builds
        for variable in layer.weights:
            value = weights(variable, rng) if weights else None
            if value is None:
                value = rng.uniform(0.5, 2, variable.shape) if "variance" in variable.path else rng.normal(0, 0.5, variable.shape)
            variable.assign(np.asarray(value, variable.dtype))
        outputs = [np.asarray(o) for o in tf.nest.flatten(layer(*arguments, **call))]

        paths = edge_paths(layer)
        paths2 = []
        if tf2 is not None:
            tf2(*arguments, **call)
            tf2.set_weights(layer.get_weights())
            for ours, theirs in zip(outputs, tf.nest.flatten(tf2(*arguments, **call))):
                np.testing.assert_allclose(theirs, ours, rtol=tolerance, atol=tolerance, err_msg=name)
            paths2 = edge_paths(tf2)

        def lookup(found, value):
            return [p for v, ps in found if v.shape == value.shape and v.dtype == value.dtype and np.array_equal(v, value) for p in ps]

        entry = {
            "name": name,
            "class": type(layer).__name__,
            "config": config or lean(layer.get_config()),
            "weights": [],
            "inputs": [i if i is None else self.array(i) for argument in inputs for i in ([None] if argument is None else tf.nest.flatten(argument))],
            "outputs": [self.array(o) for o in outputs],
            "kwargs": {k: self.array(v) if isinstance(v, np.ndarray) else v for k, v in kwargs.items()},
        }
        for variable in layer.weights:
            value = np.asarray(variable)
            weight = self.array(value) | {"keras3": lookup(paths, value)}
            if tf2 is not None:
                weight["tf2"] = lookup(paths2, value)
                assert weight["tf2"], f"{name}: tf_keras does not save {variable.path}"
            entry["weights"].append(weight)
        self.cases.append(entry)

    def write(self, path):
        index = json.dumps(keras.saving.serialize_keras_object(self.cases), separators=(",", ":"), sort_keys=True)
        path.write_bytes(index.encode() + b"\n" + b"".join(self.blob))
        print(f"{path.name}: {len(self.cases)} cases, {path.stat().st_size} bytes", file=sys.stderr)


def main(families):
    sys.path.insert(0, str(HERE))
    for family in families or sorted(p.stem.removeprefix("gen_") for p in HERE.glob("gen_*.py")):
        g = Golden()
        importlib.import_module("gen_" + family).cases(g)
        g.write(HERE / f"{family}.golden")


if __name__ == "__main__":
    main(sys.argv[1:])
