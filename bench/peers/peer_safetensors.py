"""safetensors.numpy. load_file returns new arrays."""

import os

from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from measure import values


def load(task):
    arrays = load_file(os.path.join(task["Dir"], "model.safetensors"))
    return [arrays[f"list.{i}"] for i in range(task["Tensors"])]


class Peer:
    pattern = "safetensors.model"

    def __init__(self, task):
        self.task, self.stored = task, os.path.join(task["Dir"], "model.safetensors")
        if task["Kind"] == "model":
            self.arrays = {f"list/{i}": values(task, i) for i in range(task["Tensors"])}
        elif task["Kind"] == "pick":
            self.file = safe_open(self.stored, "numpy")

    def forget(self):
        self.arrays = None

    def do_save(self, directory):
        save_file(self.arrays, os.path.join(directory, self.pattern))

    def do_restore(self, directory):
        self.arrays = load_file(os.path.join(directory, self.pattern))

    def do_open_and_find(self, _):
        for pick in self.task["Picks"]:
            with safe_open(self.stored, "numpy") as f:
                f.get_slice(str(pick["Index"])).get_shape()

    def do_open_and_list(self, _):
        with safe_open(self.stored, "numpy") as f:
            assert len(f.keys()) == self.task["Tensors"]

    def do_read_one(self, _):
        for pick in self.task["Picks"]:
            self.file.get_tensor(str(pick["Index"]))

    def do_open_and_read_one(self, _):
        for pick in self.task["Picks"]:
            with safe_open(self.stored, "numpy") as f:
                f.get_tensor(str(pick["Index"]))
