"""Reads the files of several libraries with these libraries."""
import hashlib

import numpy as np
import tensorflow as tf

from .registry import asked


def tensorflow(path):
    reader = tf.train.load_checkpoint(path)
    return {key: reader.get_tensor(key) for key in reader.get_variable_to_shape_map() if key != "_CHECKPOINTABLE_OBJECT_GRAPH"}


def safetensors(path):
    from safetensors.numpy import load_file
    return load_file(path)


def npz(path):
    with np.load(path) as file:
        return dict(file)


def hdf5(path):
    import h5py
    found = {}
    with h5py.File(path, "r") as file:
        file.visititems(lambda name, item: found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return found


READERS = {"tensorflow": tensorflow, "safetensors": safetensors, "npz": npz, "hdf5": hdf5}


@asked
def file_tensors(path, format):
    """The contents of a file: for each name, the dtype, the shape and the hash of the bytes."""
    return {name: [value.dtype.name, list(value.shape), hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()]
            for name, value in READERS[format](path).items()}


@asked
def object_graph_restores(path, values):
    """Restores a checkpoint of tf.train.Checkpoint by objects. values are nested dicts of lists of numbers."""
    def objects(tree):
        if isinstance(tree, dict):
            made = tf.train.Checkpoint()
            for name, child in tree.items():
                setattr(made, name, objects(child))
            return made
        return tf.Variable(tf.zeros(np.shape(tree)))

    def check(made, tree):
        for name, child in tree.items():
            if isinstance(child, dict):
                check(getattr(made, name), child)
            else:
                np.testing.assert_array_equal(getattr(made, name).numpy(), np.array(child, "f4"))
    root = objects(values)
    root.read(path).assert_consumed()
    check(root, values)
