"""numpy.savez and numpy.load. load returns new arrays."""

import os

import numpy as np

from measure import values


def load(task):
    with np.load(os.path.join(task["Dir"], "model.npz")) as file:
        return [file[f"list.{i}"] for i in range(task["Tensors"])]


class Peer:
    pattern = "numpy.npz"

    def __init__(self, task):
        self.arrays = {f"list/{i}": values(task, i) for i in range(task["Tensors"])}

    def forget(self):
        self.arrays = None

    def do_save(self, directory):
        np.savez(os.path.join(directory, self.pattern), **self.arrays)

    def do_restore(self, directory):
        with np.load(os.path.join(directory, self.pattern)) as file:
            self.arrays = dict(file)
